//! The vault: personal data, reached by reference only.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;
use crate::tx::Tx;

impl Tx {
    /// Puts personal data away under a reference; a reference that is there keeps what it has.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn vault_put(&mut self, reference: &str, doc: &str, at: i64) -> Result<(), StoreError> {
        self.session().run(sql!("vault/insert"), args![reference, doc, at]).await.map(|_| ())
    }

    /// Forgets what is under a reference.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn vault_forget(&mut self, reference: &str) -> Result<(), StoreError> {
        self.session().run(sql!("vault/delete"), args![reference]).await.map(|_| ())
    }
}

impl Store {
    /// Puts personal data away in a transaction of its own; see [`Tx::vault_put`].
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn vault_put(&self, reference: &str, doc: &str, at: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.vault_put(reference, doc, at).await?;
        tx.commit().await
    }

    /// What is under a reference.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn vault_get(&self, reference: &str) -> Result<Option<String>, StoreError> {
        let row = self.read().await?.session().row(sql!("vault/get"), args![reference]).await?;
        row.map(|row| row.get("doc")).transpose()
    }
}
