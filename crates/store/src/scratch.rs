//! A database of its own for a measurement: made beside the one that is named, and dropped afterwards.

use sqlx::AnyConnection;
use sqlx::Connection as _;

use crate::error::StoreError;

/// A database on a PostgreSQL server that nobody else uses.
#[derive(Debug)]
pub struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// Makes an empty database beside that of `url`, whose user must be allowed to. The name has letters, digits and `_`.
    ///
    /// # Errors
    /// [`StoreError`] if the server does not answer or refuses.
    pub async fn make(url: &str, name: &str) -> Result<Self, StoreError> {
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        {
            return Err(StoreError::Refused(format!("{name:?} is no name for a database")));
        }
        let made = Self { server: url.to_owned(), name: name.to_owned() };
        ask(url, format!("create database {name} encoding 'UTF8' template template0")).await?;
        Ok(made)
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        let (address, query) =
            self.server.split_once('?').map_or((self.server.as_str(), ""), |(address, rest)| (address, rest));
        let authority = address.find("://").map_or(0, |at| at + 3);
        let path = address[authority..].find('/').map_or(address.len(), |at| authority + at);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/{}{mark}{query}", &address[..path], self.name)
    }

    /// Lets the server learn what is in it, as it would by itself within minutes.
    ///
    /// # Errors
    /// [`StoreError`] if the server does not answer or refuses.
    pub async fn settle(&self) -> Result<(), StoreError> {
        ask(&self.url(), "vacuum analyze".to_owned()).await
    }

    /// Drops it with all that is in it.
    ///
    /// # Errors
    /// [`StoreError`] if the server does not answer or refuses.
    pub async fn drop(self) -> Result<(), StoreError> {
        ask(&self.server, format!("drop database {} with (force)", self.name)).await
    }
}

/// The text holds a name that was checked, or none: letters, digits and `_` only.
async fn ask(url: &str, text: String) -> Result<(), StoreError> {
    sqlx::any::install_default_drivers();
    let failed = |error| StoreError::from_driver("scratch", error);
    let mut connection = AnyConnection::connect(url).await.map_err(failed)?;
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await;
    connection.close().await.map_err(failed)?;
    done.map(|_| ()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_address_is_that_of_its_neighbour_with_another_name() {
        let at = |server: &str| Scratch { server: server.to_owned(), name: "bench_1".to_owned() }.url();
        assert_eq!(at("postgres://u:p@h:5/db?host=/run"), "postgres://u:p@h:5/bench_1?host=/run");
        assert_eq!(at("postgres://h"), "postgres://h/bench_1");
    }
}
