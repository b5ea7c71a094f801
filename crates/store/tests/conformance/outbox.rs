//! The outbox: numbers without gaps, effects once, a cursor for each destination.

use muster_store::{OutboxRow, Store, StoreError};

use crate::bed::{Bed, LONG, NOW, outbox};

fn row(destination: &str, body: &str, effect: Option<&str>) -> OutboxRow {
    OutboxRow { effect: effect.map(str::to_owned), ..outbox(destination, body) }
}

async fn push(store: &Store, rows: &[OutboxRow]) {
    let mut tx = store.begin().await.unwrap();
    tx.outbox_push(rows).await.unwrap();
    tx.commit().await.unwrap();
}

async fn lease(store: &Store, owner: &str, ttl: i64) -> u64 {
    store.lease_acquire("publish", owner, ttl, NOW).await.unwrap().unwrap().epoch
}

pub(crate) async fn numbers_have_no_gaps_in_the_order_of_the_rows(bed: &Bed) {
    let store = bed.store().await;
    let epoch = lease(&store, "a", LONG).await;
    assert_eq!(store.outbox_number(epoch, 10).await.unwrap().last, None);
    push(&store, &[row("case", "1", None), row("case", "2", None), row("case", "3", None)]).await;
    assert_eq!(store.outbox_after("case", 0, 10).await.unwrap(), []);
    assert_eq!(store.outbox_number(epoch, 2).await.unwrap().last, Some(2));
    assert_eq!(store.outbox_number(epoch, 10).await.unwrap().last, Some(3));
    let published = store.outbox_after("case", 0, 10).await.unwrap();
    let seen: Vec<_> = published.iter().map(|row| (row.publish_no, row.body.as_str())).collect();
    assert_eq!(seen, [(1, "1"), (2, "2"), (3, "3")]);
    store.destination_advance("case", 0, 3, NOW).await.unwrap();
    let pruned = async || store.outbox_prune(NOW + 1, 2).await.unwrap();
    assert_eq!((pruned().await, pruned().await, pruned().await), (2, 1, 0), "no more than two at once");
    push(&store, &[row("case", "4", None)]).await;
    assert_eq!(store.outbox_number(epoch, 10).await.unwrap().last, Some(4), "a number is never given again");
}

pub(crate) async fn an_effect_is_there_once(bed: &Bed) {
    let store = bed.store().await;
    push(&store, &[row("im", "1", Some("e")), row("im", "2", Some("e")), row("sms", "3", Some("e"))]).await;
    push(&store, &[row("im", "4", Some("e")), row("im", "5", None), row("im", "5", None)]).await;
    assert_eq!(store.outbox_pending().await.unwrap().count, 4);
}

pub(crate) async fn two_numberers_give_no_number_twice(bed: &Bed) {
    let store = bed.store().await;
    let epoch = lease(&store, "a", LONG).await;
    let mut tasks = Vec::new();
    for pusher in 0..4 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..10 {
                push(&store, &[row("case", &format!("{pusher}-{n}"), None)]).await;
                store.outbox_number(epoch, 3).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    while store.outbox_number(epoch, 3).await.unwrap().count > 0 {}
    let numbers: Vec<u64> =
        store.outbox_after("case", 0, 100).await.unwrap().iter().map(|row| row.publish_no).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
}

pub(crate) async fn an_overtaken_numberer_is_refused(bed: &Bed) {
    let store = bed.store().await;
    let old = lease(&store, "a", -1).await;
    lease(&store, "b", LONG).await;
    push(&store, &[row("case", "1", None)]).await;
    assert!(matches!(store.outbox_number(old, 10).await, Err(StoreError::Fenced { .. })));
    assert_eq!(store.outbox_after("case", 0, 10).await.unwrap(), []);
}

pub(crate) async fn each_destination_has_a_cursor_of_its_own(bed: &Bed) {
    let store = bed.store().await;
    store.destination_advance("im", 0, 7, NOW).await.unwrap();
    assert!(matches!(store.destination_advance("im", 0, 9, NOW).await, Err(StoreError::Fenced { .. })));
    store.destination_failed("im", 7, NOW + 5, "no").await.unwrap();
    let im = store.destination("im").await.unwrap();
    assert_eq!((im.cursor, im.attempts, im.retry_at, im.last_error.as_deref()), (7, 1, NOW + 5, Some("no")));
    assert_eq!(store.destination("sms").await.unwrap().cursor, 0);
    store.destination_advance("im", 7, 9, NOW + 6).await.unwrap();
    store.destination_advance("app", 0, 1, NOW).await.unwrap();
    let all = store.destinations().await.unwrap();
    let seen: Vec<_> = all.iter().map(|row| (row.name.as_str(), row.cursor, row.moved, row.attempts)).collect();
    assert_eq!(seen, [("app", 1, NOW, 0), ("im", 9, NOW + 6, 0)], "what it has had heals what failed");
    assert!(matches!(store.destination_failed("im", 7, NOW, "no").await, Err(StoreError::Fenced { .. })));
}

pub(crate) async fn only_what_was_had_is_removed(bed: &Bed) {
    let store = bed.store().await;
    let ends = async || store.outbox_ends().await.map(|ends| (ends.first, ends.last)).unwrap();
    assert_eq!((ends().await, store.outbox_pending().await.unwrap().oldest), ((None, None), None));
    let later = OutboxRow { created: NOW + 5, ..outbox("im", "3") };
    push(&store, &[outbox("im", "1"), outbox("sms", "2"), later, outbox("im", "4")]).await;
    let epoch = lease(&store, "a", LONG).await;
    store.outbox_number(epoch, 3).await.unwrap();
    store.destination_advance("im", 0, 9, NOW).await.unwrap();
    let pending = store.outbox_pending().await.unwrap();
    assert_eq!((pending.count, pending.oldest), (2, Some(NOW)), "sms had nothing, the last row has no number");
    assert_eq!(store.outbox_prune(NOW, 9).await.unwrap(), 0);
    assert_eq!(store.outbox_prune(NOW + 1, 9).await.unwrap(), 1, "what came later stays, and what was not had");
    assert_eq!(ends().await, (Some(2), Some(3)));
}

pub(crate) async fn screens_follow_cases_conditions_and_dead_letters(bed: &Bed) {
    let store = bed.store().await;
    let epoch = lease(&store, "a", LONG).await;
    let not_after = OutboxRow { not_after: Some(NOW + 1), ordering_key: "k".to_owned(), ..outbox("case", "3") };
    push(&store, &[outbox("case", "1"), outbox("im", "2"), not_after, outbox("condition", "4"), outbox("letter", "5")])
        .await;
    assert_eq!(store.feed_after(0, 10).await.unwrap(), []);
    store.outbox_number(epoch, 10).await.unwrap();
    let bodies = async |after, limit| {
        let rows = store.feed_after(after, limit).await.unwrap();
        rows.into_iter().map(|row| row.body).collect::<Vec<_>>()
    };
    assert_eq!(bodies(0, 10).await, ["1", "3", "4", "5"]);
    assert_eq!(bodies(1, 1).await, ["3"]);
    assert_eq!(bodies(5, 10).await, [""; 0]);
    let row = store.outbox_after("case", 1, 10).await.unwrap().remove(0);
    assert_eq!((row.publish_no, row.ordering_key.as_str(), row.not_after), (3, "k", Some(NOW + 1)));
    assert_eq!((row.destination.as_str(), row.effect, row.created), ("case", None, NOW));
}
