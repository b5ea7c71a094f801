//! What all clients of Kafka have in common: their settings, their voice in our log, their errors in our words.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select_ok;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::error::LogError;
use crate::settings::LogSettings;

/// What settings.kafka may hold. Everything else decides about durability, order or memory and is ours.
const OPEN_SETTINGS: [&str; 3] = ["security.protocol", "client.id", "client.rack"];
const OPEN_FAMILIES: [&str; 4] = ["ssl.", "sasl.", "socket.", "broker.address."];

/// Settings of the clients, by what they are for.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) common: ClientConfig,
    pub(super) producer: ClientConfig,
    pub(super) consumer: ClientConfig,
}

impl Settings {
    pub(super) fn new(settings: &LogSettings) -> Result<Settings, LogError> {
        let common = common(settings)?;
        let mut producer = common.clone();
        producer
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", settings.linger.as_millis().to_string())
            .set("message.timeout.ms", settings.append_timeout.as_millis().max(1000).to_string())
            // Ours bound what is on its way (producer.rs); these only must not be in the way.
            .set("queue.buffering.max.messages", "1000000")
            .set("queue.buffering.max.kbytes", "262144");
        let mut consumer = common.clone();
        // Offsets live with whoever reads: nothing is committed, nothing is reset. The rest is measured for bulk
        // reading and for a live tail: small fetches, a short pause when the queue is full.
        consumer
            .set("group.id", format!("{}-log", settings.topic_prefix))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "false")
            .set("allow.auto.create.topics", "false")
            .set("fetch.queue.backoff.ms", "2")
            .set("queued.min.messages", "10000")
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.max.bytes", "1048576")
            .set("fetch.wait.max.ms", "500")
            .set("fetch.min.bytes", "1");
        Ok(Settings { common, producer, consumer })
    }
}

fn common(settings: &LogSettings) -> Result<ClientConfig, LogError> {
    let mut common = ClientConfig::new();
    common
        .set("bootstrap.servers", settings.bootstrap_servers()?)
        .set("client.id", "muster")
        .set("statistics.interval.ms", "0")
        .set("socket.keepalive.enable", "true")
        .set("reconnect.backoff.max.ms", "2000")
        .set("log.connection.close", "false")
        .set_log_level(RDKafkaLogLevel::Info);
    for (name, value) in &settings.kafka {
        let (name, value) = match name.strip_suffix(".file") {
            Some(name) => (name, secret(name, value)?),
            None => (name.as_str(), value.clone()),
        };
        if !OPEN_SETTINGS.contains(&name) && !OPEN_FAMILIES.iter().any(|family| name.starts_with(family)) {
            let open = [&OPEN_SETTINGS[..], &["ssl.*", "sasl.*", "socket.*", "broker.address.*"]].concat().join(", ");
            return Err(LogError::refused(format!("log.kafka may not set {name:?}"), format!("it may set {open}")));
        }
        common.set(name, value);
    }
    Ok(common)
}

fn secret(name: &str, file: &str) -> Result<String, LogError> {
    let read = fs::read_to_string(file).map_err(|error| {
        LogError::refused(format!("{file}, which holds log.kafka {name}, cannot be read"), "check path and rights")
            .because(error)
    })?;
    Ok(read.trim_end_matches(['\r', '\n']).to_owned())
}

/// Hears what a client has to say.
#[derive(Debug, Default, Clone)]
pub(super) struct Voice {
    last_error: Arc<Mutex<Option<String>>>,
    troubles: Arc<AtomicU64>,
}

impl Voice {
    /// The last thing that went wrong, for telling people why no broker answers.
    pub(super) fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often something went wrong so far: a broker that is gone is told here before anything else goes to another.
    pub(super) fn troubles(&self) -> u64 {
        self.troubles.load(Ordering::SeqCst)
    }
}

impl ClientContext for Voice {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        use RDKafkaLogLevel as Level;
        match level {
            Level::Emerg | Level::Alert | Level::Critical | Level::Error | Level::Warning => {
                tracing::warn!(facility, "kafka client: {message}");
            }
            Level::Notice | Level::Info => tracing::info!(facility, "kafka client: {message}"),
            Level::Debug => tracing::debug!(facility, "kafka client: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("kafka client: {reason}");
        self.troubles.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        // That all brokers are down follows from what was said before, such as a wrong password, and says less.
        if last.is_none() || error.rdkafka_error_code() != Some(Code::AllBrokersDown) {
            *last = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Voice {}

/// How many brokers are asked at once what any of them knows; whoever answers first counts. The client by itself would ask the
/// controller, and for seconds after a broker is gone the others go on naming it as that.
pub(super) const ASKED: usize = 3;

/// The ids of the brokers.
pub(super) fn ids_of(metadata: &Metadata) -> Vec<i32> {
    metadata.brokers().iter().map(|broker| broker.id()).collect()
}

/// The settings of topics, as far as they may be read.
pub(super) async fn configs_of(
    admin: &AdminClient<Voice>,
    topics: &[impl AsRef<str>],
    brokers: &[i32],
    within: Duration,
) -> Result<Vec<ConfigResource>, KafkaError> {
    let topics: Vec<_> = topics.iter().map(|name| ResourceSpecifier::Topic(name.as_ref())).collect();
    let answers: Vec<_> = brokers
        .iter()
        .take(ASKED)
        .map(|broker| {
            let options = AdminOptions::new().request_timeout(Some(within)).broker_id(*broker);
            Box::pin(admin.describe_configs(&topics, &options))
        })
        .collect();
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    let (first, _others) = select_ok(answers).await?;
    Ok(first.into_iter().flatten().collect())
}

/// Runs what may block on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(LogError::Closed))
}

/// A client that cannot be made is a matter of settings. librdkafka's own words, but never the value: it may be secret.
pub(super) fn unmade(error: KafkaError) -> LogError {
    let (what, remedy) = match error {
        KafkaError::ClientConfig(_, description, name, _) => {
            (format!("log.kafka {name}: {description}"), format!("correct log.kafka {name}"))
        }
        other => (format!("the Kafka client cannot be made: {other}"), "check log.kafka".to_owned()),
    };
    let needs_tls = ["ssl", "OpenSSL", "SCRAM", "security.protocol"];
    let remedy = if cfg!(not(feature = "tls")) && needs_tls.iter().any(|word| what.contains(word)) {
        "build with `--features tls`, or use a listener that needs neither TLS nor SCRAM".to_owned()
    } else {
        remedy
    };
    LogError::refused(what, remedy)
}

/// An error of Kafka, sorted by what the caller can do.
pub(super) fn trouble(doing: &str, error: KafkaError) -> LogError {
    let denied = [
        Code::TopicAuthorizationFailed,
        Code::ClusterAuthorizationFailed,
        Code::GroupAuthorizationFailed,
        Code::SaslAuthenticationFailed,
        Code::Authentication,
    ];
    match error.rdkafka_error_code() {
        Some(code) if denied.contains(&code) => {
            LogError::refused(doing, "give this user the rights it needs on the broker, or other credentials")
                .because(error)
        }
        _ => LogError::unavailable(doing).because(error),
    }
}

/// Kafka counts partitions with signed numbers.
pub(super) fn number(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn with(name: &str, value: &str) -> LogSettings {
        let kafka = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        LogSettings { url: "kafka://a:1".to_owned(), kafka, ..LogSettings::default() }
    }

    #[test]
    fn why_brokers_are_down_is_not_forgotten_over_their_being_down() {
        let voice = Voice::default();
        let says = |code, words| voice.error(KafkaError::Global(code), words);
        says(Code::AllBrokersDown, "1/1 brokers are down");
        says(Code::Authentication, "SASL authentication error: no such user");
        says(Code::AllBrokersDown, "1/1 brokers are down");
        assert_eq!(voice.last_error().as_deref(), Some("SASL authentication error: no such user"));
    }

    #[test]
    fn access_may_be_set_and_durability_may_not() {
        let settings = Settings::new(&with("security.protocol", "sasl_plaintext")).unwrap();
        assert_eq!(settings.consumer.get("security.protocol"), Some("sasl_plaintext"));
        for name in ["acks", "enable.idempotence", "enable.auto.commit", "bootstrap.servers", "plugin.library.paths"] {
            assert!(matches!(Settings::new(&with(name, "0")), Err(LogError::Refused { .. })), "{name}");
        }
    }

    #[test]
    fn the_settings_found_best_are_those_in_use() {
        let settings = Settings::new(&LogSettings { url: "kafka://a:1".to_owned(), ..LogSettings::default() }).unwrap();
        let producer = [
            ("acks", "-1"),
            ("enable.idempotence", "true"),
            ("compression.type", "lz4"),
            ("linger.ms", "2"),
            ("statistics.interval.ms", "0"),
        ];
        let consumer = [
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("fetch.queue.backoff.ms", "2"),
            ("queued.min.messages", "10000"),
            ("fetch.message.max.bytes", "1048576"),
            ("fetch.max.bytes", "1048576"),
            ("fetch.wait.max.ms", "500"),
            ("fetch.min.bytes", "1"),
            ("statistics.interval.ms", "0"),
        ];
        // As the library itself understood them.
        for (client, wanted) in [(&settings.producer, &producer[..]), (&settings.consumer, &consumer[..])] {
            let taken = client.create_native_config().unwrap();
            for (name, value) in wanted {
                assert_eq!(taken.get(name).as_deref(), Ok(*value), "{name}");
            }
        }
    }

    #[test]
    fn secrets_come_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "hunter2\n").unwrap();
        let settings = Settings::new(&with("sasl.password.file", file.to_str().unwrap())).unwrap();
        assert_eq!(settings.common.get("sasl.password"), Some("hunter2"));
        assert!(Settings::new(&with("sasl.password.file", "/nonexistent/password")).is_err());
    }
}
