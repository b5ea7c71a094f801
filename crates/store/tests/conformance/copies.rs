//! Copies: a living store becomes files, the files become a store, and nothing of it differs.

use std::path::{Path, PathBuf};

use muster_store::{
    CaseEventRow, ConfigRow, Copied, KNOWN_SCHEMA, MediaRow, NewDeadLetter, Store, StoreError, TableFile, ViewingRow,
    check_empty, copy_postgres, copy_sqlite, restore_postgres, sqlite_file,
};
use sqlx::{AnyConnection, Row as _};

use crate::bed::{Bed, LONG, NOW, belief, case, filed, identity, moved, outbox, seat};
use crate::singly::Singly as _;

/// Texts that a form with tabs, lines and escapes of its own could lose.
const HOSTILE: &str = "a\tb\nc\\d\\N \\. \r\n\u{1f} 点🔥 '; drop table vault; --";

/// Something in every table.
async fn fill(store: &Store) {
    store
        .config_put(&ConfigRow {
            version: 1,
            rulebook: HOSTILE.to_owned(),
            catalogue: String::new(),
            by: "ann".to_owned(),
            at: NOW,
        })
        .await
        .unwrap();
    store.source_move("intake", 0, 7).await.unwrap();
    store.skip_put(1, 4, HOSTILE, NOW).await.unwrap();
    store.checkpoint_put(0, 3, NOW, &(0..=255).collect::<Vec<u8>>()).await.unwrap();
    store.lease_acquire("publish", "a", LONG, NOW).await.unwrap();
    store.live_owners("watch", "a", LONG, NOW).await.unwrap();
    filed(store, &case("c1", "place:1")).await;
    let owned = store.partition_take(1, "a", LONG, NOW).await.unwrap().unwrap();
    let mut tx = moved(store, 1, owned.epoch, 0, 5).await;
    tx.next_case_number("street-1", "2026-11-24").await.unwrap();
    tx.condition_move(&belief("k1", "present")).await.unwrap();
    let event = CaseEventRow { case: "c1".to_owned(), version: 1, at: NOW, doc: HOSTILE.to_owned() };
    tx.case_events_append(&[event]).await.unwrap();
    tx.seats_put(&[seat("s1", "c1")]).await.unwrap();
    tx.link_episode("e1", "c1").await.unwrap();
    tx.link_report("12345", "r1", "c1").await.unwrap();
    let _ = tx.report_claim("12345", "r1", "h", NOW).await.unwrap();
    tx.outbox_push(&[outbox("case", HOSTILE), outbox("case", "{}")]).await.unwrap();
    tx.dead_letters_put(&[letter(0), letter(1)]).await.unwrap();
    tx.commit().await.unwrap();
    store.vault_put("v1", HOSTILE, NOW).await.unwrap();
    let media = MediaRow {
        id: "5f".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: 3,
        path: "x".to_owned(),
        uploaded_by: "ann".to_owned(),
        at: NOW,
    };
    store.media_put(&media).await.unwrap();
    store.destination_advance("case", 0, 1, NOW).await.unwrap();
    store.destination_failed("case", 1, NOW, HOSTILE).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let _ = tx.idempotency_begin("ann", "key", "r", NOW, NOW + LONG).await.unwrap();
    tx.commit().await.unwrap();
    store.token_put("h1", "s1", "c1", NOW).await.unwrap();
    store.view(&look()).await.unwrap();
}

fn look() -> ViewingRow {
    ViewingRow { evidence: "5f".to_owned(), who: "ann".to_owned(), case: None, reason: HOSTILE.to_owned(), at: NOW }
}

fn letter(offset: u64) -> NewDeadLetter {
    NewDeadLetter {
        topic: "dead.v1".to_owned(),
        partition: 0,
        offset,
        original_topic: String::new(),
        original_partition: None,
        original_offset: Some(-1),
        key: (offset > 0).then(Vec::new),
        bytes: (0..=255).collect(),
        headers: "{}".to_owned(),
        code: "json".to_owned(),
        message: HOSTILE.to_owned(),
        fault: String::new(),
        received: NOW,
    }
}

/// All rows of all tables, each table's in one order.
async fn everything(bed: &Bed) -> Vec<(String, Vec<Vec<String>>)> {
    let mut driver = bed.driver().await;
    let names = if bed.is_sqlite() {
        "select name from sqlite_schema where type = 'table' and name <> 'sqlite_sequence' order by name"
    } else {
        include_str!("../../sql/copy/tables.sql")
    };
    let names: Vec<String> =
        sqlx::query(names).fetch_all(&mut driver).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut all = Vec::new();
    for name in names {
        let rows = rows(&mut driver, &name).await;
        assert!(!rows.is_empty(), "{name} has no rows: this test proves nothing of it");
        all.push((name, rows));
    }
    all
}

async fn rows(driver: &mut AnyConnection, table: &str) -> Vec<Vec<String>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("select * from {table}"))).fetch_all(driver).await.unwrap();
    let value = |row: &sqlx::any::AnyRow, at| {
        let text = row.try_get::<Option<String>, _>(at).map(|text| format!("{text:?}"));
        let text = text.or_else(|_| row.try_get::<Option<i64>, _>(at).map(|number| format!("{number:?}")));
        text.or_else(|_| row.try_get::<Option<Vec<u8>>, _>(at).map(|bytes| format!("{bytes:?}"))).unwrap()
    };
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| (0..row.len()).map(|at| value(row, at)).collect()).collect();
    rows.sort();
    rows
}

/// Copies the store of a bed to files.
async fn copied_out(bed: &Bed, folder: &Path) -> Result<Copied, StoreError> {
    match sqlite_file(bed.url()) {
        Some(file) => copy_sqlite(&file, &folder.join("copy.db"), false).await,
        None => copy_postgres(bed.url(), |name| folder.join(name), |_| ()).await,
    }
}

fn files(copied: &Copied, folder: &Path) -> Vec<TableFile> {
    let file = |(name, rows): &(String, u64)| TableFile { name: name.clone(), path: folder.join(name), rows: *rows };
    copied.tables.iter().map(file).collect()
}

/// A store of the files.
async fn copied_in(bed: &Bed, copied: &Copied, folder: &Path) -> Option<Bed> {
    if bed.is_sqlite() {
        return Some(Bed::of_file(folder.join("copy.db")));
    }
    let other = Bed::postgres()?;
    restore_postgres(other.url(), copied.schema, &files(copied, folder), NOW, |_| ()).await.unwrap();
    Some(other)
}

pub(crate) async fn a_copy_holds_every_row_and_goes_on(bed: &Bed) {
    let store = bed.store().await;
    fill(&store).await;
    let folder = tempfile::tempdir().unwrap();
    // Somebody is in the middle of writing.
    let mut writing = store.begin().await.unwrap();
    writing.insert_case(&case("c2", "place:2")).await.unwrap();
    let copied = copied_out(bed, folder.path()).await.unwrap();
    writing.rollback().await;
    assert_eq!((copied.schema, &copied.identity), (KNOWN_SCHEMA, &Some(identity())));
    assert_eq!((&copied.offsets[..], &copied.evidence[..]), (&[0, 5, 0][..], &["5f".to_owned()][..]));
    let before = everything(bed).await;
    store.view(&look()).await.unwrap();
    let Some(other) = copied_in(bed, &copied, folder.path()).await else { return };
    let after = everything(&other).await;
    for (was, is) in before.iter().zip(&after).filter(|(was, _)| was.0 != "migration") {
        assert_eq!(was, is);
    }
    let store = other.open().await;
    store.check_version().await.unwrap();
    store.pin_identity(&identity()).await.unwrap();
    assert_eq!(store.migrate(NOW).await.unwrap(), 0);
    // Numbers that the database deals out go on behind those that it got.
    let mut tx = store.begin().await.unwrap();
    tx.outbox_push(&[outbox("case", "{}")]).await.unwrap();
    assert_eq!(tx.dead_letters_put(&[letter(2)]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    store.view(&look()).await.unwrap();
    assert_eq!(store.viewings("5f", 10).await.unwrap().len(), 2);
}

pub(crate) async fn what_cannot_be_copied_is_told(bed: &Bed) {
    let folder = tempfile::tempdir().unwrap();
    let store = bed.open().await;
    let nothing = copied_out(bed, folder.path()).await.unwrap_err().to_string();
    assert!(nothing.contains("nothing to back up"), "{nothing}");
    store.migrate(NOW).await.unwrap();
    let nowhere: PathBuf = folder.path().join("nowhere");
    let error = copied_out(bed, &nowhere).await.unwrap_err();
    assert!(matches!(&error, StoreError::File { path, .. } if path.starts_with(&nowhere)), "{error:?}");
    let folder = tempfile::tempdir().unwrap();
    let copied = copied_out(bed, folder.path()).await.unwrap();
    assert_eq!((copied.identity, copied.offsets.len()), (None, 0));
}

#[tokio::test]
async fn only_an_empty_database_of_postgresql_is_filled_and_all_of_it() {
    let Some(bed) = Bed::postgres() else { return };
    fill(&bed.store().await).await;
    let folder = tempfile::tempdir().unwrap();
    let copied = copied_out(&bed, folder.path()).await.unwrap();
    let mut files = files(&copied, folder.path());
    let refused = check_empty(bed.url()).await.unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");
    let refused = restore_postgres(bed.url(), KNOWN_SCHEMA, &files, NOW, |_| ()).await.unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");
    let Some(other) = Bed::postgres() else { return };
    let refused = async |schema, files: &[TableFile]| {
        let refused = restore_postgres(other.url(), schema, files, NOW, |_| ()).await.unwrap_err();
        check_empty(other.url()).await.unwrap();
        refused.to_string()
    };
    assert!(refused(KNOWN_SCHEMA + 1, &files).await.contains("run the newer program"));
    assert!(refused(KNOWN_SCHEMA, &files[1..]).await.contains("config_version"));
    assert!(refused(2, &files).await.contains("dead_letter"), "an older schema has other columns");
    let at = files.iter().position(|file| file.name == "outbox").unwrap();
    files[at].rows += 1;
    assert!(refused(KNOWN_SCHEMA, &files).await.contains("has 2 rows, and 3 were copied out"));
    files[at].rows -= 1;
    let text = std::fs::read_to_string(&files[at].path).unwrap();
    std::fs::write(&files[at].path, text.replacen("destination", "destinatiom", 1)).unwrap();
    assert!(refused(KNOWN_SCHEMA, &files).await.contains("cannot be put into the table outbox"));
}
