//! A store to test on: of which database, where it is, and short words for what every case does.

use muster_store::{CaseRow, ConditionMoved, Identity, OutboxRow, Page, SeatRow, Store, StoreSettings, Tx};
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;

use crate::singly::Singly as _;

/// When the tests take place, in microseconds since 1970.
pub(crate) const NOW: i64 = 1_795_478_400_000_000;
/// A lease that does not run out during a test.
pub(crate) const LONG: i64 = 3_600_000_000;

/// Where the store of one test is; the database goes with this value.
pub(crate) struct Bed {
    url: String,
    _folder: Option<TempDir>,
    _database: Option<muster_tests::Database>,
}

impl Bed {
    pub(crate) fn sqlite() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        Bed { url, _folder: Some(folder), _database: None }
    }

    /// `None` where no PostgreSQL runs for the tests: the test is then counted as skipped.
    pub(crate) fn postgres() -> Option<Bed> {
        let database = muster_tests::database()?;
        Some(Bed { url: database.url(), _folder: None, _database: Some(database) })
    }

    /// An SQLite store whose file somebody else keeps.
    pub(crate) fn of_file(file: std::path::PathBuf) -> Bed {
        Bed { url: format!("sqlite:{}", file.display()), _folder: None, _database: None }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Another opening of the same store, without its tables if nobody has made them.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&StoreSettings { url: self.url.clone(), max_connections: 6 }).await.unwrap()
    }

    /// The database past the store, to do what no store does: call it after one was opened.
    pub(crate) async fn driver(&self) -> AnyConnection {
        AnyConnection::connect(&self.url).await.unwrap()
    }

    /// The store with its tables and its log pinned.
    pub(crate) async fn store(&self) -> Store {
        let store = self.open().await;
        store.migrate(NOW).await.unwrap();
        store.pin_identity(&identity()).await.unwrap();
        store
    }
}

pub(crate) fn identity() -> Identity {
    Identity {
        profile: "kafka".to_owned(),
        cluster: "cluster-1".to_owned(),
        topics: vec!["muster.observation.v1=a".to_owned(), "muster.case.v1=b".to_owned()],
        generation: "g1".to_owned(),
        partitions: 3,
    }
}

/// A live case of one kind.
pub(crate) fn case(id: &str, subject: &str) -> CaseRow {
    CaseRow {
        id: id.to_owned(),
        number: format!("n-{id}"),
        jurisdiction: "street-1".to_owned(),
        kind: "rubbish".to_owned(),
        subject: subject.to_owned(),
        grid: None,
        state: "filed".to_owned(),
        outcome: None,
        live: true,
        severity: 3,
        version: 1,
        filed: NOW,
        changed: NOW,
        next_due: None,
        overdue: false,
        wants_seat: false,
        lon: None,
        lat: None,
        search: String::new(),
        doc: "{}".to_owned(),
    }
}

/// A seat that waits for a unit.
pub(crate) fn seat(id: &str, case: &str) -> SeatRow {
    SeatRow {
        id: id.to_owned(),
        case: case.to_owned(),
        ordinal: 1,
        unit: None,
        role: "lead".to_owned(),
        competence: "fire".to_owned(),
        state: "wanted".to_owned(),
        changed: NOW,
        held: false,
    }
}

/// What the watch believes of a place.
pub(crate) fn belief(id: &str, state: &str) -> ConditionMoved {
    ConditionMoved {
        id: id.to_owned(),
        rule: "smoke".to_owned(),
        subject: format!("place:{id}"),
        place: Some(id.to_owned()),
        state: state.to_owned(),
        since: NOW,
        episode: Some("e".to_owned()),
        rule_version: 1,
        kind: Some("fire".to_owned()),
        severity: Some(4),
        grid: None,
        doc: "{}".to_owned(),
    }
}

/// A row of the outbox that is no effect.
pub(crate) fn outbox(destination: &str, body: &str) -> OutboxRow {
    OutboxRow {
        destination: destination.to_owned(),
        ordering_key: "key".to_owned(),
        effect: None,
        body: body.to_owned(),
        created: NOW,
        not_after: None,
    }
}

/// All rows of a list, page by page.
pub(crate) async fn pages<T>(ask: impl AsyncFn(Option<String>) -> Page<T>) -> Vec<T> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = ask(cursor).await;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

/// A case that has been committed.
pub(crate) async fn filed(store: &Store, row: &CaseRow) {
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_case(row).await.unwrap().is_inserted(), "{} is there already", row.id);
    tx.commit().await.unwrap();
}

/// A transaction that has taken its place at an offset.
pub(crate) async fn moved(store: &Store, partition: u32, epoch: u64, from: u64, to: u64) -> Tx {
    let mut tx = store.begin().await.unwrap();
    tx.move_offset(partition, epoch, from, to).await.unwrap();
    tx
}
