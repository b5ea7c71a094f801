//! The settings of the log, checked before anything is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::LogError;

/// Settings of the log; `Default` is the embedded log under `data`.
#[derive(Clone)]
pub struct LogSettings {
    /// `embedded`, or `kafka://host:port,host:port`.
    pub url: String,
    /// First part of every topic's name.
    pub topic_prefix: String,
    /// Partitions of every topic but the dead letters', which have one. An existing intake topic may have another
    /// number, since others write it.
    pub partitions: u32,
    /// Kafka: copies of each topic; default 3 where there are three brokers or more, otherwise 1.
    pub replication: Option<u16>,
    /// Kafka: copies that must have a record before it is acknowledged; default 2 with 3 copies, otherwise 1.
    pub min_insync: Option<u16>,
    /// How long records are kept. The embedded log deletes whole days; on Kafka only topics made here follow it.
    pub retention: Duration,
    /// The data folder; the embedded log keeps its files in `log` below it and locks it.
    pub data_dir: PathBuf,
    /// Embedded: below this share of free disk appends are refused.
    pub free_disk_floor_percent: u8,
    /// Kafka: topics of others that are to be read.
    pub foreign_topics: Vec<String>,
    /// Kafka: whether the identity of the log holds the topics' ids. They come from the controller; only a stand-in for
    /// Kafka that has none needs this off, and then a topic made anew passes for the old one.
    pub topic_ids: bool,
    /// Kafka: how long an append may take before it is given up as unavailable.
    pub append_timeout: Duration,
    /// Kafka: how long a record waits for company before it is sent.
    pub linger: Duration,
    /// Kafka: settings of the client for access: `security.protocol`, `ssl.*`, `sasl.*`, `client.id`, `client.rack`,
    /// `broker.address.family`, `socket.*`. A name ending in `.file` reads its value from that file.
    pub kafka: BTreeMap<String, String>,
}

/// Which log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// SQLite files of its own, one process.
    Embedded,
    /// Apache Kafka.
    Kafka,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings {
            url: "embedded".to_owned(),
            topic_prefix: "muster".to_owned(),
            partitions: 8,
            replication: None,
            min_insync: None,
            retention: Duration::from_secs(7 * 24 * 3600),
            data_dir: PathBuf::from("data"),
            free_disk_floor_percent: 5,
            foreign_topics: Vec::new(),
            topic_ids: true,
            append_timeout: Duration::from_secs(30),
            linger: Duration::from_millis(2),
            kafka: BTreeMap::new(),
        }
    }
}

impl LogSettings {
    /// Which log the URL names.
    ///
    /// # Errors
    /// [`LogError::Refused`] for a URL of neither kind.
    pub fn profile(&self) -> Result<Profile, LogError> {
        match self.url.as_str() {
            "embedded" => Ok(Profile::Embedded),
            url if url.starts_with("kafka://") => Ok(Profile::Kafka),
            url => Err(LogError::refused(
                format!("log.url {url:?} names no log"),
                "write `embedded` or `kafka://host:port,host:port`",
            )),
        }
    }

    /// Checks what can be checked without opening anything.
    ///
    /// # Errors
    /// [`LogError::Refused`] naming the setting and what it may be.
    pub fn check(&self) -> Result<(), LogError> {
        if self.profile()? == Profile::Kafka {
            self.bootstrap_servers()?;
        } else if !self.foreign_topics.is_empty() {
            return Err(LogError::refused(
                "log.foreign_topics names topics, but the embedded log has none of others",
                "set log.url to the Kafka that has them, or leave the list empty",
            ));
        }
        let prefix = &self.topic_prefix;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if prefix.is_empty() || prefix.len() > 200 || !prefix.chars().all(fits) {
            return Err(LogError::refused(
                format!("log.topic_prefix {prefix:?} does not fit"),
                "use 1 to 200 of the characters a-z A-Z 0-9 . _ -",
            ));
        }
        if !(1..=256).contains(&self.partitions) {
            return Err(LogError::refused(
                format!("log.partitions is {}", self.partitions),
                "use 1 to 256; there are 256 slots to spread",
            ));
        }
        if self.free_disk_floor_percent > 90 {
            return Err(LogError::refused(
                format!("log.free_disk_floor_percent is {}", self.free_disk_floor_percent),
                "use 0 to 90",
            ));
        }
        Ok(())
    }

    /// The brokers of the URL, as librdkafka wants them.
    pub(crate) fn bootstrap_servers(&self) -> Result<String, LogError> {
        let refuse = |what: &str| {
            LogError::refused(
                format!("log.url {:?} does not name brokers: {what}", self.url),
                "write `kafka://host:port,host:port`",
            )
        };
        let list = self.url.strip_prefix("kafka://").unwrap_or_default().trim_end_matches('/');
        for broker in list.split(',') {
            let (host, port) = broker.rsplit_once(':').ok_or_else(|| refuse("a port is missing"))?;
            if host.is_empty() || host.contains(['/', '@', '?', ' ']) {
                return Err(refuse("a host name is wrong"));
            }
            if port.parse::<u16>().is_err() {
                return Err(refuse("a port is not a number up to 65535"));
            }
        }
        Ok(list.to_owned())
    }
}

impl fmt::Debug for LogSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The Kafka settings may hold secrets: their names only.
        f.debug_struct("LogSettings")
            .field("url", &self.url)
            .field("topic_prefix", &self.topic_prefix)
            .field("partitions", &self.partitions)
            .field("replication", &self.replication)
            .field("min_insync", &self.min_insync)
            .field("retention", &self.retention)
            .field("data_dir", &self.data_dir)
            .field("foreign_topics", &self.foreign_topics)
            .field("kafka", &self.kafka.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(url: &str) -> LogSettings {
        LogSettings { url: url.to_owned(), ..LogSettings::default() }
    }

    #[test]
    fn urls_are_read_or_refused() {
        assert!(with_url("embedded").check().is_ok());
        assert_eq!(with_url("kafka://a:1,b:2").bootstrap_servers().unwrap(), "a:1,b:2");
        for url in ["", "sqlite:x", "kafka://", "kafka://a", "kafka://a:x", "kafka://u:p@a:1/x", "kafka://a:1,,b:2"] {
            assert!(matches!(with_url(url).check(), Err(LogError::Refused { .. })), "{url}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let kafka = BTreeMap::from([("sasl.password".to_owned(), "hunter2".to_owned())]);
        let printed = format!("{:?}", LogSettings { kafka, ..LogSettings::default() });
        assert!(printed.contains("sasl.password") && !printed.contains("hunter2"), "{printed}");
    }
}
