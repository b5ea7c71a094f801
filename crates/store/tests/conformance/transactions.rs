//! Transactions: after any call that failed nothing of them is written, whoever passed the failure over.

use muster_store::{CaseEventRow, CaseRow, EpisodeOf, OutboxRow, ReportOf, SeatRow, StoreError, Tx};

use crate::bed::{Bed, LONG, NOW, belief, case, filed, outbox, seat};
use crate::singly::Singly as _;

/// What was written before the failure must not be there after it.
async fn commits_nothing(bed: &Bed, fails: impl AsyncFn(&mut Tx) -> Result<(), StoreError>) {
    let store = bed.open().await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_case(&case("half", "place:half")).await.unwrap().is_inserted());
    fails(&mut tx).await.unwrap_err();
    assert!(matches!(tx.commit().await, Err(StoreError::Refused(_))));
    assert_eq!(store.case_by_id("half").await.unwrap(), None);
}

pub(crate) async fn a_refused_text_gives_the_transaction_up(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    commits_nothing(bed, async |tx| tx.outbox_push(&[outbox("im", "1"), outbox("im", "a\0b")]).await).await;
    commits_nothing(bed, async |tx| tx.seats_put(&[SeatRow { unit: Some("\0".to_owned()), ..seat("s", "a") }]).await)
        .await;
    let entry = CaseEventRow { case: "a".to_owned(), version: 2, at: NOW, doc: "\0".to_owned() };
    commits_nothing(bed, async |tx| tx.case_events_append(std::slice::from_ref(&entry)).await).await;
    commits_nothing(bed, async |tx| tx.vault_put("ref", "\0", NOW).await).await;
    commits_nothing(bed, async |tx| tx.case_by_id("\0").await.map(|_| ())).await;
    commits_nothing(bed, async |tx| tx.move_offset(0, u64::MAX, 0, 1).await).await;
    assert_eq!(store.outbox_pending().await.unwrap().count, 0);
    assert_eq!(store.seats("a").await.unwrap(), []);
}

pub(crate) async fn what_the_tables_lack_is_told_from_what_the_values_are(bed: &Bed) {
    let store = bed.store().await;
    let entry = CaseEventRow { case: "nobody's".to_owned(), version: 1, at: NOW, doc: "{}".to_owned() };
    let append =
        async || store.begin().await.unwrap().case_events_append(std::slice::from_ref(&entry)).await.unwrap_err();
    let refused = append().await;
    assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
    sqlx::query("drop table case_event").execute(&mut bed.driver().await).await.unwrap();
    let refused = append().await;
    assert!(matches!(refused, StoreError::Unfit { .. }), "{refused}");
}

pub(crate) async fn an_overtaken_transaction_is_given_up(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let epoch = store.partition_take(0, "a", LONG, NOW).await.unwrap().unwrap().epoch;
    commits_nothing(bed, async |tx| tx.move_offset(0, epoch + 1, 0, 5).await).await;
    commits_nothing(bed, async |tx| tx.move_offset(0, epoch, 1, 5).await).await;
    commits_nothing(bed, async |tx| tx.hold_lease("nobody's", 1).await).await;
    commits_nothing(bed, async |tx| tx.condition_move(&belief("c", "holding")).await).await;
    commits_nothing(bed, async |tx| tx.condition_withdraw("c").await).await;
    commits_nothing(bed, async |tx| tx.idempotency_finish("me", "unclaimed", "r", (200, "{}"), NOW).await).await;
    let mut tx = store.begin().await.unwrap();
    tx.link_episode("e", "a").await.unwrap();
    tx.commit().await.unwrap();
    commits_nothing(bed, async |tx| tx.link_episode("e", "half").await).await;
    assert_eq!(store.partition(0).await.unwrap().unwrap().offset, 0);
}

pub(crate) async fn what_is_not_committed_leaves_nothing(bed: &Bed) {
    let store = bed.store().await;
    for dropped in [true, false] {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.insert_case(&case("a", "place:1")).await.unwrap().is_inserted());
        assert_eq!(tx.case_by_id("a").await.unwrap(), Some(case("a", "place:1")), "it sees its own writes");
        assert_eq!(store.case_by_id("a").await.unwrap(), None, "nobody else does");
        if dropped {
            drop(tx);
        } else {
            tx.rollback().await;
        }
    }
    filed(&store, &case("a", "place:1")).await;
}

pub(crate) async fn rows_written_together_keep_their_texts(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let epoch = store.lease_acquire("publish", "a", LONG, NOW).await.unwrap().unwrap().epoch;
    let texts = [
        "'; drop table seat; --",
        "\"\\u0000\\",
        "🔥👩‍🚒",
        "a\u{1f}b\r\n\t",
        "",
        "null",
        "{\"a\":[1.0]}",
        "\u{feff}点兵",
    ];
    let rows: Vec<OutboxRow> = texts.iter().map(|text| outbox("im", text)).collect();
    let seats: Vec<SeatRow> = texts
        .iter()
        .zip(1..)
        .map(|(text, n)| SeatRow { ordinal: n, unit: Some((*text).to_owned()), ..seat(&format!("s{n}"), "a") })
        .collect();
    let entries: Vec<CaseEventRow> = texts
        .iter()
        .zip(1..)
        .map(|(text, version)| CaseEventRow { case: "a".to_owned(), version, at: NOW, doc: (*text).to_owned() })
        .collect();
    let mut tx = store.begin().await.unwrap();
    tx.outbox_push(&rows).await.unwrap();
    tx.seats_put(&seats).await.unwrap();
    tx.case_events_append(&entries).await.unwrap();
    tx.commit().await.unwrap();
    store.outbox_number(epoch, 100).await.unwrap();
    let bodies = store.outbox_after("im", 0, 100).await.unwrap().into_iter().map(|row| row.body);
    assert_eq!(bodies.collect::<Vec<_>>(), texts);
    assert_eq!(store.seats("a").await.unwrap(), seats);
    assert_eq!(store.journal("a", 0, 100).await.unwrap(), entries);
}

/// More rows than one statement takes, in sizes that leave a rest.
pub(crate) async fn many_rows_are_written_as_each_alone_would_be(bed: &Bed) {
    let store = bed.store().await;
    let all: Vec<CaseRow> = (0..205).map(|n| case(&format!("c{n:03}"), &format!("place:{n}"))).collect();
    let ids: Vec<&str> = all.iter().map(|row| row.id.as_str()).collect();
    let sorted = |mut rows: Vec<CaseRow>| {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.cases_insert(&all).await.unwrap());
    let links: Vec<_> = ids.iter().map(|id| EpisodeOf { episode: format!("e-{id}"), case: (*id).to_owned() }).collect();
    tx.episodes_link(&links).await.unwrap();
    tx.episodes_link(&links).await.unwrap();
    tx.seats_put(&ids.iter().map(|id| seat(&format!("s-{id}"), id)).collect::<Vec<_>>()).await.unwrap();
    tx.outbox_push(&ids.iter().map(|id| outbox("im", id)).collect::<Vec<_>>()).await.unwrap();
    let entry = |id: &&str| CaseEventRow { case: (*id).to_owned(), version: 1, at: NOW, doc: format!("\"{id}\"") };
    tx.case_events_append(&ids.iter().map(entry).collect::<Vec<_>>()).await.unwrap();
    let report = |id: &&str| ReportOf { source: "s".to_owned(), id: format!("r-{id}"), case: (*id).to_owned() };
    let reports: Vec<_> = ids.iter().map(report).collect();
    tx.reports_link(&reports).await.unwrap();
    tx.reports_settled(&reports).await.unwrap();
    let named: Vec<_> = reports.iter().map(|report| (report.source.clone(), report.id.clone())).collect();
    assert_eq!(tx.cases_of_reports(&named).await.unwrap().len(), ids.len());
    assert_eq!(sorted(tx.cases_by_id(&ids).await.unwrap()), all);
    let wanted: Vec<_> = all.iter().map(|row| (row.kind.clone(), row.subject.clone())).collect();
    assert_eq!(sorted(tx.cases_live(&wanted).await.unwrap()), all);
    assert_eq!(tx.cases_last_ended(&wanted).await.unwrap(), []);
    tx.commit().await.unwrap();
    for id in ["c000", "c063", "c064", "c204"] {
        assert_eq!(store.seats(id).await.unwrap(), [seat(&format!("s-{id}"), id)]);
        assert_eq!(store.journal(id, 0, 9).await.unwrap(), [entry(&id)]);
    }
    let epoch = store.lease_acquire("publish", "a", LONG, NOW).await.unwrap().unwrap().epoch;
    store.outbox_number(epoch, 1_000).await.unwrap();
    let told = store.outbox_after("im", 0, 1_000).await.unwrap();
    assert_eq!(told.iter().map(|row| row.body.as_str()).collect::<Vec<_>>(), ids, "in the order of the list");
    let ended = |row: &CaseRow| (CaseRow { live: false, version: 2, state: "closed".to_owned(), ..row.clone() }, 1);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.cases_update(&all.iter().map(ended).collect::<Vec<_>>()).await.unwrap());
    assert_eq!(tx.cases_live(&wanted).await.unwrap(), []);
    assert_eq!(tx.cases_last_ended(&wanted).await.unwrap().len(), all.len());
    assert!(!tx.cases_update(&all.iter().map(ended).collect::<Vec<_>>()).await.unwrap(), "somebody else was first");
    tx.rollback().await;
    let mut tx = store.begin().await.unwrap();
    let twice = [case("new", "place:new"), case("other", "place:7")];
    assert!(!tx.cases_insert(&twice).await.unwrap(), "place:7 has a live case");
    tx.rollback().await;
}
