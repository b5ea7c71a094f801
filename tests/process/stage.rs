//! The two profiles, set up from nothing for one test: folder or database, log, rules and catalogue.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use muster_domain::catalogue::Catalogue;
use muster_log::{EventLog, LogSettings};
use muster_pipeline::clock::Clock;
use muster_pipeline::configs::{Configs, RuleFiles};
use muster_pipeline::pair;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::table::{Encoding, Table};
use muster_store::{Store, StoreSettings};
use muster_tests::{Database, Server, database, need, root, until};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic};
use rdkafka::client::DefaultClientContext;
use tempfile::TempDir;

use crate::api::PATIENCE;

/// Enough that places spread, few enough that a start is quick.
pub(crate) const PARTITIONS: u32 = 4;

/// A catalogue as CSV.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatalogueFiles<'a> {
    pub(crate) grid: &'a str,
    pub(crate) places: &'a str,
    pub(crate) devices: &'a str,
    pub(crate) units: &'a str,
}

/// A log and a store of one test's own.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: TempDir,
    /// Kafka and PostgreSQL; without them it is embedded.
    shared: Option<Shared>,
    prefix: String,
}

/// Kafka's bootstrap servers with PostgreSQL's database.
#[derive(Debug)]
struct Shared {
    bootstrap: String,
    database: Database,
    /// The way of the program to the database, where it is not the straight one: `host:port`.
    way: Option<String>,
}

impl Stage {
    pub(crate) fn embedded() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), shared: None, prefix: "muster".to_owned() }
    }

    /// `None` means skipped.
    pub(crate) fn kafka() -> Option<Self> {
        let (bootstrap, database) = (need("MUSTER_TEST_KAFKA", "Apache Kafka"), database());
        Some(Self::on(bootstrap?, database?))
    }

    /// On a Kafka and in a database of the test's own.
    pub(crate) fn on(bootstrap: String, database: Database) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let shared = Shared { bootstrap, database, way: None };
        Self { folder: tempfile::tempdir().unwrap(), shared: Some(shared), prefix }
    }

    /// Embedded, in a folder below one that is there already, such as a disk of its own.
    pub(crate) fn below(folder: &Path) -> Self {
        Self { folder: TempDir::new_in(folder).unwrap(), shared: None, prefix: "muster".to_owned() }
    }

    /// On the same log, in another database and with another data folder.
    pub(crate) fn beside(&self, database: Database) -> Self {
        let shared = Shared { bootstrap: self.bootstrap().to_owned(), database, way: None };
        Self { folder: tempfile::tempdir().unwrap(), shared: Some(shared), prefix: self.prefix.clone() }
    }

    /// Lets the program reach the database by another way: `host:port`.
    pub(crate) fn by_way_of(mut self, address: &str) -> Self {
        self.shared.as_mut().unwrap().way = Some(address.to_owned());
        self
    }

    /// Kafka's bootstrap servers.
    pub(crate) fn bootstrap(&self) -> &str {
        self.shared.as_ref().map_or("", |shared| &shared.bootstrap)
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database, which an embedded stage has not.
    pub(crate) fn database(&self) -> &Database {
        &self.shared.as_ref().unwrap().database
    }

    /// What the names of its topics begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The intake topic.
    pub(crate) fn intake(&self) -> String {
        self.topic("intake.v1")
    }

    /// A client that looks after Kafka's topics.
    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", self.bootstrap()).create().unwrap()
    }

    /// Makes topics, and waits until the broker tells of them: it has them before that, and who asks at once finds none.
    pub(crate) async fn make_topics(&self, topics: &[NewTopic<'_>]) {
        let (admin, names) = (self.admin(), topics.iter().map(|topic| topic.name.to_owned()).collect::<Vec<_>>());
        for made in admin.create_topics(topics, &AdminOptions::new()).await.unwrap() {
            made.unwrap();
        }
        let told = move || {
            let metadata = admin.inner().fetch_metadata(None, PATIENCE).ok()?;
            let told =
                |name: &String| metadata.topics().iter().any(|topic| topic.name() == name && topic.error().is_none());
            names.iter().all(told).then_some(())
        };
        let all = move || until("the broker to tell of the topics", PATIENCE, told);
        tokio::task::spawn_blocking(all).await.unwrap();
    }

    /// A topic of ours by what follows its prefix.
    pub(crate) fn topic(&self, stem: &str) -> String {
        format!("{}.{stem}", self.prefix)
    }

    /// Puts rules and catalogue where a server finds them.
    pub(crate) async fn adopt(&self, rules: &RuleFiles, files: CatalogueFiles<'_>) {
        let (log, store) = self.open().await;
        store.migrate(Clock::real().micros()).await.unwrap();
        // As a start does, before the first record: else the store would be taken for lost.
        if store.identity().await.unwrap().is_none() {
            pair::pin(&log, &store).await.unwrap();
        }
        let configs = Configs::new(store.clone());
        configs.adopt(&log, &Clock::real(), rules, &catalogue(files), "test").await.unwrap();
        log.close().await;
        store.close().await;
    }

    /// The log and the store themselves, while no server runs on them.
    pub(crate) async fn open(&self) -> (Arc<dyn EventLog>, Store) {
        let settings = LogSettings {
            url: self.log_url(),
            topic_prefix: self.prefix.clone(),
            partitions: PARTITIONS,
            data_dir: self.folder.path().to_path_buf(),
            // As the program itself would make the topics.
            retention: std::time::Duration::from_secs(30 * 24 * 3600),
            ..LogSettings::default()
        };
        let log = muster_log::open(&settings).await.unwrap();
        let store = Store::open(&StoreSettings { url: self.store_url(), max_connections: 4 }).await.unwrap();
        (log, store)
    }

    /// A command of the program on this stage, and on nothing else that the environment may name.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .env("MUSTER_DATA_DIR", self.folder.path())
            .env("MUSTER_HTTP__LISTEN", "127.0.0.1:0")
            .env("MUSTER_STORE__URL", self.way_to_store())
            .env("MUSTER_LOG__URL", self.log_url())
            .env("MUSTER_LOG__TOPIC_PREFIX", &self.prefix)
            .env("MUSTER_LOG__PARTITIONS", PARTITIONS.to_string());
        command
    }

    pub(crate) fn serve(&self) -> Server {
        Server::start(&mut self.command(&["serve"]))
    }

    fn log_url(&self) -> String {
        self.shared.as_ref().map_or_else(|| "embedded".to_owned(), |shared| format!("kafka://{}", shared.bootstrap))
    }

    fn store_url(&self) -> String {
        let sqlite = || format!("sqlite:{}", self.folder.path().join("muster.db").display());
        self.shared.as_ref().map_or_else(sqlite, |shared| shared.database.url())
    }

    fn way_to_store(&self) -> String {
        let url = self.store_url();
        let Some(way) = self.shared.as_ref().and_then(|shared| shared.way.as_ref()) else { return url };
        let (user, rest) = url.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        format!("{user}@{way}/{name}")
    }
}

/// The program with a clean environment: what is set for the tests is not meant for it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Server::command();
    let kept = ["PATH", "HOME", "TMPDIR", "LANG", "RUST_LOG"];
    command.env_clear().envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.args(arguments);
    command
}

/// One file as a rule book.
pub(crate) fn book(text: &str) -> RuleFiles {
    vec![("rules.toml".to_owned(), text.to_owned())]
}

/// The rule book of `deploy/rules`.
pub(crate) fn example_rules() -> RuleFiles {
    let folder = root().join("deploy/rules");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read_to_string(&path).unwrap());
    paths.into_iter().map(read).collect()
}

fn catalogue(files: CatalogueFiles<'_>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let parts = [
        (Kind::Grid, files.grid),
        (Kind::Units, files.units),
        (Kind::Places, files.places),
        (Kind::Devices, files.devices),
    ];
    for (kind, text) in parts {
        let table = Table::read(kind.name(), text.as_bytes(), Encoding::Utf8).unwrap();
        read_into(&mut catalogue, kind, &table, false).unwrap();
    }
    catalogue
}
