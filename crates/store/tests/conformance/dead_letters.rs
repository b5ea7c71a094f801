//! Dead letters: each written down once, with its own bytes, and settled once.

use muster_store::{DeadLetter, DeadLetterCount, DeadLetterFilter, DeadLetterState, NewDeadLetter, Store, StoreError};

use crate::bed::{Bed, NOW, pages};

fn letter(offset: u64, code: &str) -> NewDeadLetter {
    NewDeadLetter {
        topic: "dead.v1".to_owned(),
        partition: 0,
        offset,
        original_topic: "observation.v1".to_owned(),
        original_partition: Some(2),
        original_offset: None,
        key: None,
        bytes: vec![0, 255, b'{', 0],
        headers: "{}".to_owned(),
        code: code.to_owned(),
        message: "点兵 does not read it".to_owned(),
        fault: r#"{"pointer":"/time","fault":"no-time"}"#.to_owned(),
        received: NOW,
    }
}

async fn put(store: &Store, letters: &[NewDeadLetter]) -> u64 {
    let mut tx = store.begin().await.unwrap();
    let new = tx.dead_letters_put(letters).await.unwrap();
    tx.commit().await.unwrap();
    new
}

async fn mark(store: &Store, id: u64, state: DeadLetterState, note: &str) -> bool {
    let mut tx = store.begin().await.unwrap();
    let marked = tx.dead_letter_mark(id, state, note).await.unwrap();
    tx.commit().await.unwrap();
    marked
}

async fn ids(store: &Store) -> Vec<u64> {
    let page = store.dead_letters(&DeadLetterFilter::default(), 100, None).await.unwrap();
    page.items.iter().map(|row| row.id).collect()
}

pub(crate) async fn a_letter_is_written_down_once(bed: &Bed) {
    let store = bed.store().await;
    let first = [letter(0, "json"), letter(1, "json")];
    assert_eq!(put(&store, &first).await, 2);
    let again = [letter(1, "other"), letter(2, "schema"), NewDeadLetter { partition: 1, ..letter(9, "json") }];
    assert_eq!(put(&store, &again).await, 2);
    let rows = store.dead_letters(&DeadLetterFilter::default(), 100, None).await.unwrap().items;
    let seen: Vec<_> = rows.iter().map(|row| (row.partition, row.offset, row.code.as_str())).collect();
    assert_eq!(seen, [(1, 9, "json"), (0, 2, "schema"), (0, 1, "json"), (0, 0, "json")]);
}

pub(crate) async fn bytes_come_back_as_they_are(bed: &Bed) {
    let store = bed.store().await;
    let all: Vec<u8> = (0..=255).collect();
    for (offset, key, bytes) in [(0, None, vec![]), (1, Some(vec![]), all.clone()), (2, Some(all), vec![7; 1 << 20])] {
        let new = NewDeadLetter { key, bytes, ..letter(offset, "json") };
        assert_eq!(put(&store, std::slice::from_ref(&new)).await, 1);
        let id = ids(&store).await[0];
        let DeadLetter { row, key, bytes } = store.dead_letter(id).await.unwrap().unwrap();
        assert_eq!((&key, &bytes, row.size), (&new.key, &new.bytes, bytes.len() as u64), "letter {offset}");
        assert_eq!((row.original_partition, row.original_offset), (Some(2), None));
        assert_eq!((row.message, row.received, row.note), (new.message, NOW, None));
    }
    assert_eq!(store.dead_letter(1 << 40).await.unwrap(), None);
}

pub(crate) async fn a_letter_is_settled_once(bed: &Bed) {
    let store = bed.store().await;
    put(&store, &[letter(0, "json"), letter(1, "json")]).await;
    let [newer, older] = ids(&store).await[..] else { unreachable!("two were put") };
    assert!(mark(&store, older, DeadLetterState::Replayed, "again").await);
    assert!(!mark(&store, older, DeadLetterState::Dropped, "too late").await);
    assert!(!mark(&store, 1 << 40, DeadLetterState::Dropped, "there is none").await);
    let row = store.dead_letter(older).await.unwrap().unwrap().row;
    assert_eq!((row.state, row.note.as_deref()), (DeadLetterState::Replayed, Some("again")));
    assert_eq!(store.dead_letter_prune(NOW, 9).await.unwrap(), 0);
    assert_eq!(store.dead_letter_prune(NOW + 1, 9).await.unwrap(), 1);
    assert_eq!(ids(&store).await, [newer], "an open one stays");
    put(&store, &[letter(2, "json"), letter(3, "json"), letter(4, "json")]).await;
    for id in ids(&store).await {
        assert!(mark(&store, id, DeadLetterState::Dropped, "").await);
    }
    let pruned = async || store.dead_letter_prune(NOW + 1, 3).await.unwrap();
    assert_eq!((pruned().await, pruned().await, pruned().await), (3, 1, 0), "no more than three at once");
}

/// Copies what a topic holds up to an offset, from where nobody has copied it yet; says how many letters are new.
async fn copy(store: &Store, end: u64) -> u64 {
    let mut tx = store.begin().await.unwrap();
    let from = tx.source_hold("dead.v1:0").await.unwrap().unwrap_or_default();
    let letters: Vec<_> = (from..end).map(|offset| letter(offset, "json")).collect();
    let new = tx.dead_letters_put(&letters).await.unwrap();
    tx.source_move("dead.v1:0", from, end.max(from)).await.unwrap();
    tx.commit().await.unwrap();
    new
}

pub(crate) async fn what_was_copied_once_is_not_copied_again_though_it_is_gone(bed: &Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.source_hold("dead.v1:0").await.unwrap(), None);
    tx.source_move("dead.v1:0", 0, 0).await.unwrap();
    tx.commit().await.unwrap();
    let copiers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { copy(&store, 3).await })
        })
        .collect();
    let mut new = 0;
    for copier in copiers {
        new += copier.await.unwrap();
    }
    assert_eq!((new, store.source_offset("dead.v1:0").await.unwrap()), (3, Some(3)), "whoever copies them");
    for id in ids(&store).await {
        assert!(mark(&store, id, DeadLetterState::Replayed, "").await);
    }
    assert_eq!(store.dead_letter_prune(NOW + 1, 9).await.unwrap(), 3);
    assert_eq!((copy(&store, 3).await, ids(&store).await), (0, vec![]));
    assert_eq!((copy(&store, 4).await, ids(&store).await.len()), (1, 1), "and what comes next is");

    let mut tx = store.begin().await.unwrap();
    tx.dead_letters_put(&[letter(4, "json")]).await.unwrap();
    assert!(matches!(tx.source_move("dead.v1:0", 3, 5).await, Err(StoreError::Fenced { .. })));
    assert!(tx.commit().await.is_err(), "whoever was overtaken writes nothing");
}

pub(crate) async fn letters_are_listed_counted_and_paged(bed: &Bed) {
    let store = bed.store().await;
    let mut letters: Vec<_> = (0..9).map(|n| letter(n, if n % 3 == 0 { "schema" } else { "json" })).collect();
    letters[4].original_topic = "case.v1".to_owned();
    assert_eq!(put(&store, &letters).await, 9);
    let all = ids(&store).await;
    assert!(all.is_sorted_by(|newer, older| newer > older));
    assert!(mark(&store, all[0], DeadLetterState::Dropped, "").await);
    let offsets = async |filter: DeadLetterFilter| {
        let page = store.dead_letters(&filter, 100, None).await.unwrap();
        page.items.iter().map(|row| row.offset).collect::<Vec<_>>()
    };
    let none = DeadLetterFilter::default();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(offsets(DeadLetterFilter { topic: text("case.v1"), ..none.clone() }).await, [4]);
    assert_eq!(offsets(DeadLetterFilter { code: text("schema"), ..none.clone() }).await, [6, 3, 0]);
    assert_eq!(offsets(DeadLetterFilter { state: Some(DeadLetterState::Dropped), ..none.clone() }).await, [8]);
    let open = DeadLetterFilter { state: Some(DeadLetterState::Open), code: text("json"), topic: None };
    assert_eq!(offsets(open).await, [7, 5, 4, 2, 1]);
    for limit in [1, 4, 9] {
        let paged = pages(async |cursor| store.dead_letters(&none, limit, cursor.as_deref()).await.unwrap()).await;
        assert_eq!(paged.iter().map(|row| row.id).collect::<Vec<_>>(), all, "pages of {limit}");
    }
    assert!(store.dead_letters(&none, 4, Some("x")).await.is_err());
    let count = |topic: &str, code: &str, state, letters| DeadLetterCount {
        topic: topic.to_owned(),
        code: code.to_owned(),
        state,
        letters,
    };
    let counts = [
        count("case.v1", "json", DeadLetterState::Open, 1),
        count("observation.v1", "json", DeadLetterState::Dropped, 1),
        count("observation.v1", "json", DeadLetterState::Open, 4),
        count("observation.v1", "schema", DeadLetterState::Open, 3),
    ];
    assert_eq!(store.dead_letter_counts().await.unwrap(), counts);
    assert_eq!(store.oldest_dead_letter().await.unwrap(), Some(NOW), "of those that are open");
}
