//! An upgrade: a database with work in it, as an older program left it, is brought up by this one, which goes on with it.

use std::cell::Cell;
use std::time::Duration;

use muster_log::Topic;
use muster_store::KNOWN_SCHEMA;
use muster_tests::{eventually, root};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::way::{now, replays, the_case};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{PARTITIONS, Stage, book};

/// The oldest schema that has an outbox. Every step since is taken over the rows of this test.
const OLD: u32 = 2;

#[tokio::test]
async fn an_embedded_database_of_an_older_schema_is_brought_up_by_the_start_and_goes_on() {
    let stage = Stage::embedded();
    let left = worked(&stage).await;
    age(&stage).await;
    goes_on(&stage, &left).await;
}

#[tokio::test]
async fn a_postgresql_database_of_an_older_schema_is_brought_up_by_migrate_and_goes_on() {
    let Some(stage) = Stage::kafka() else { return };
    let left = worked(&stage).await;
    age(&stage).await;
    let output = stage.command(&["migrate", "--json"]).output().unwrap();
    let applied: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(applied, json!({ "applied": KNOWN_SCHEMA - OLD }), "{output:?}");
    goes_on(&stage, &left).await;
}

/// What the program before left behind.
struct Left {
    id: String,
    case: Value,
    condition: Value,
    /// Where the topic of cases ended, partition by partition.
    ends: Vec<u64>,
}

/// A case that was accepted, and a condition that is present.
async fn worked(stage: &Stage) -> Left {
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    let (id, seat) = (case["id"].as_str().unwrap().to_owned(), &case["seats"][0]["id"]);
    assert_eq!(api.order(&id, &json!({ "command": "accept", "seat": seat })).await.status, 200);
    let (case, condition) = (now(&api, &id).await, condition(&api).await);
    assert!(server.terminate().success());
    let (log, store) = stage.open().await;
    let mut ends = Vec::new();
    for partition in 0..PARTITIONS {
        ends.push(log.bounds(&Topic::Case, partition).await.unwrap().end);
    }
    log.close().await;
    store.close().await;
    Left { id, case, condition, ends }
}

/// With this program: the same case and condition, the next entries in its journal, and everything told in order.
async fn goes_on(stage: &Stage, left: &Left) {
    let server = stage.serve();
    let api = Api::new(server.url());
    let Left { id, case, .. } = left;
    assert_eq!((&now(&api, id).await, &condition(&api).await), (case, &left.condition));
    let done = api.order(id, &json!({ "command": "done", "seat": case["seats"][0]["id"] })).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(now(&api, id).await["version"].as_u64() > case["version"].as_u64());
    let sent = Cell::new(0);
    let closed = eventually("the case to close", PATIENCE, async || {
        sent.set(sent.get() + 1);
        api.observe(&[seen(1, &format!("clear-{}", sent.get()), 0, false)]).await;
        Some(now(&api, id).await).filter(|case| case["state"] == "closed")
    });
    let closed = closed.await;
    replays(&api, &closed).await;
    assert_eq!(api.list("/api/v1/cases").await.len(), 1, "one incident, one case");
    let sent = async || api.get("/metrics").await.text().contains("\nmuster_outbox_pending 0\n").then_some(());
    eventually("what had waited to be sent", PATIENCE, sent).await;
    assert!(server.terminate().success());
    let versions: Vec<u64> = (1..=closed["version"].as_u64().unwrap()).collect();
    assert_eq!(published(stage, left).await, versions, "each entry of the journal once, in order");
}

async fn condition(api: &Api) -> Value {
    api.list("/api/v1/conditions?place=lane-1&rule=lane").await.pop().unwrap()
}

/// The versions of the case that its topic has told of since.
async fn published(stage: &Stage, left: &Left) -> Vec<u64> {
    let (log, store) = stage.open().await;
    let mut versions = Vec::new();
    for (partition, from) in (0..PARTITIONS).zip(&left.ends) {
        let bounds = log.bounds(&Topic::Case, partition).await.unwrap();
        let mut reader = log.reader(&Topic::Case, partition, *from).await.unwrap();
        let mut at = *from;
        while at < bounds.end {
            let batch = reader.next(500, 1 << 20, Duration::from_secs(5)).await.unwrap();
            for found in batch.records {
                let text = String::from_utf8(found.record.payload.to_vec()).unwrap();
                let (event, case) = muster_wire::case::read_changed(&text).unwrap();
                versions.extend((case.id.as_str() == left.id).then_some(event.version));
            }
            at = batch.next;
        }
    }
    log.close().await;
    store.close().await;
    versions
}

/// Puts the database back to what a program of the old schema would have left: its tables, with what has a place in them.
async fn age(stage: &Stage) {
    sqlx::any::install_default_drivers();
    let embedded = stage.bootstrap().is_empty();
    let (mine, newer) = (stage.folder().join("muster.db"), stage.folder().join("newer.db"));
    if embedded {
        std::fs::rename(&mine, &newer).unwrap();
    }
    let url = if embedded { format!("sqlite:{}?mode=rwc", mine.display()) } else { stage.database().url() };
    let mut database = AnyConnection::connect(&url).await.unwrap();
    // Rows come table by table, in any order.
    let aside = format!("attach '{}' as newer; pragma foreign_keys = off", newer.display());
    let renamed = "alter schema public rename to newer; create schema public; set session_replication_role = replica";
    run(&mut database, if embedded { &aside } else { renamed }).await;
    run(&mut database, &sql("sql/migration/table.sql")).await;
    for version in 1..=OLD {
        run(&mut database, &step(version, embedded)).await;
    }
    run(&mut database, &format!("insert into migration select * from newer.migration where version <= {OLD}")).await;
    let tables = if embedded {
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'".to_owned()
    } else {
        sql("sql/copy/tables.sql")
    };
    for table in names(&mut database, &tables).await.iter().filter(|table| *table != "migration") {
        let columns = if embedded {
            format!("select name from pragma_table_info('{table}')")
        } else {
            format!(
                "select cast(column_name as text) from information_schema.columns
                 where table_schema = 'public' and table_name = '{table}'"
            )
        };
        let columns = names(&mut database, &columns).await.join(", ");
        let numbers = if embedded { "" } else { "overriding system value" };
        let copy = format!("insert into {table} ({columns}) {numbers} select {columns} from newer.{table}");
        run(&mut database, &copy).await;
    }
    // As if it had ended before it sent any of this. How far dead letters were copied, that schema had no row for.
    let before = "update outbox set publish_no = null; delete from destination; \
                  delete from source_offset where name like '%.dlq:%'";
    run(&mut database, before).await;
    if !embedded {
        run(&mut database, &sql("sql/copy/numbers.sql")).await;
        run(&mut database, "drop schema newer cascade").await;
    }
    database.close().await.unwrap();
    let doctor = stage.command(&["doctor", "--json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("\"schema-older\""), "{doctor:?}");
}

async fn run(database: &mut AnyConnection, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(database).await;
    done.unwrap_or_else(|error| panic!("{error}: {statements}"));
}

/// The first column of what is asked.
async fn names(database: &mut AnyConnection, question: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(question.to_owned())).fetch_all(database).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {question}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// A text of the store.
fn sql(path: &str) -> String {
    std::fs::read_to_string(root().join("crates/store").join(path)).unwrap()
}

/// One step of the schema, in the words of the database.
fn step(version: u32, embedded: bool) -> String {
    let other = if embedded { ".pg.sql" } else { ".sqlite.sql" };
    let files = std::fs::read_dir(root().join("crates/store/migrations")).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| name.starts_with(&format!("{version:04}_")) && !name.ends_with(other)).unwrap();
    sql(&format!("migrations/{name}"))
}
