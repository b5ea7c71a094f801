//! The settings as types: what was typed has become what it means.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use muster_domain::time::Span;
use muster_pipeline::admit::LEAST_IN_FLIGHT;
use muster_pipeline::roles::Role;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::SettingsError;

/// All settings of a process.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) roles: Vec<Role>,
    pub(crate) store: Store,
    pub(crate) log: Log,
    pub(crate) http: Http,
    pub(crate) rules: Rules,
    pub(crate) auth: Auth,
    pub(crate) street: Street,
    pub(crate) intake: Intake,
    pub(crate) trace: Trace,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) url: String,
    pub(crate) max_connections: u32,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) url: String,
    pub(crate) topic_prefix: String,
    pub(crate) partitions: u32,
    pub(crate) replication: u32,
    #[serde(with = "span")]
    pub(crate) retention: Span,
    pub(crate) free_disk_percent: u8,
    pub(crate) kafka: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    #[serde(with = "maybe_address")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    #[serde(with = "span")]
    pub(crate) linger: Span,
    pub(crate) max_connections: u32,
    pub(crate) max_streams: u32,
    #[serde(with = "span")]
    pub(crate) header_timeout: Span,
    #[serde(with = "span")]
    pub(crate) body_timeout: Span,
    #[serde(with = "span")]
    pub(crate) stall_timeout: Span,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) tokens_file: PathBuf,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Street {
    pub(crate) jurisdiction: String,
    pub(crate) time_zone: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intake {
    #[serde(with = "span")]
    pub(crate) skew: Span,
    #[serde(with = "span")]
    pub(crate) late_after: Span,
    pub(crate) in_flight_mib: u32,
    pub(crate) topics: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trace {
    pub(crate) filter: String,
    pub(crate) json: bool,
}

impl Settings {
    pub(super) fn from_table(table: Table) -> Result<Self, SettingsError> {
        let settings: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| SettingsError::named("settings", error.message().to_owned()))?;
        settings.check()
    }

    /// What belongs together must fit together.
    fn check(mut self) -> Result<Self, SettingsError> {
        if self.store.url.is_empty() && self.log.url == "embedded" {
            self.store.url = format!("sqlite:{}", self.data_dir.join("muster.db").display());
        }
        let embedded = self.log.url == "embedded";
        if !embedded && !self.log.url.starts_with("kafka://") {
            return Err(SettingsError::named("log.url", "must be `embedded` or kafka://host:port,host:port"));
        }
        let sqlite = self.store.url.starts_with("sqlite:");
        let postgres = self.store.url.starts_with("postgres://") || self.store.url.starts_with("postgresql://");
        if !sqlite && !postgres && !self.store.url.is_empty() {
            return Err(SettingsError::named("store.url", "must be sqlite:PATH or postgres://…"));
        }
        if embedded != sqlite || !(embedded || postgres) {
            let what = "the embedded log goes with SQLite and Kafka with PostgreSQL, and no other way; \
                        set MUSTER_LOG__URL and MUSTER_STORE__URL to fit";
            return Err(SettingsError::NoPair(Box::new(SettingsError::named("store.url", what))));
        }
        if !(1..=1024).contains(&self.log.partitions) {
            return Err(SettingsError::named("log.partitions", "must be 1 to 1024"));
        }
        let least = LEAST_IN_FLIGHT.div_ceil(1 << 20);
        if (self.intake.in_flight_mib as usize) < least {
            let what = format!("must be {least} or more: so much may be sent at once");
            return Err(SettingsError::named("intake.in_flight_mib", what));
        }
        if self.http.max_connections == 0 || self.http.max_streams == 0 {
            return Err(SettingsError::named("http.max_connections", "must be 1 or more, as must http.max_streams"));
        }
        let spans = [self.http.header_timeout, self.http.body_timeout, self.http.stall_timeout];
        if spans.iter().any(|span| span.micros() <= 0) {
            let what = "must be longer than nothing, as must http.header_timeout and http.stall_timeout";
            return Err(SettingsError::named("http.body_timeout", what));
        }
        if self.roles.is_empty() {
            return Err(SettingsError::named(
                "roles",
                "must name at least one of admit, watch, publish, console, tick",
            ));
        }
        if embedded && !Role::ALL.iter().all(|role| self.roles.contains(role)) {
            let what = "the embedded log is for one process, which must take all roles; \
                        to spread them use Kafka and PostgreSQL";
            return Err(SettingsError::named("roles", what));
        }
        Ok(self)
    }

    pub(super) fn to_toml_without_secrets(&self) -> String {
        let mut shown = self.clone();
        shown.store.url = without_password(&self.store.url);
        for (key, value) in &mut shown.log.kafka {
            if ["password", "secret", "key", "pem", "jaas", "oauthbearer"].iter().any(|word| key.contains(word)) {
                "(hidden)".clone_into(value);
            }
        }
        toml::to_string(&shown).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

/// A URL whose password is hidden, in its user part and in its query.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The user's part first: a password may hold a question mark that nobody wrote as %3F.
    let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
    let user = user.map(|user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:(hidden)@"),
        None => format!("{user}@"),
    });
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let rest = user.unwrap_or_default() + rest;
    match query {
        Some(query) if query.to_ascii_lowercase().contains("pass") => format!("{scheme}://{rest}?(hidden)"),
        Some(query) => format!("{scheme}://{rest}?{query}"),
        None => format!("{scheme}://{rest}"),
    }
}

mod span {
    //! Spans as people write them.

    use muster_domain::time::Span;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(span)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        Span::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

mod maybe_address {
    //! An address, or an empty text for none.

    use std::net::SocketAddr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(address: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => to.collect_str(address),
            None => to.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| serde::de::Error::custom(format!("`{text}` is not an address and port")))
    }
}
