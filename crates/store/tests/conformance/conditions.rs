//! Conditions: beliefs with their positions, blindness beside them, lists that lose nothing.

use muster_store::{ConditionBlind, ConditionCount, ConditionFilter, ConditionMoved, ConditionRow, Store};

use crate::bed::{Bed, LONG, NOW, belief, moved, pages};
use crate::singly::Singly as _;

fn blind(id: &str, blind: bool, since: i64) -> ConditionBlind {
    let ConditionMoved { id, rule, subject, place, rule_version, kind, severity, grid, .. } = belief(id, "");
    let doc = format!("{{\"blind\":{blind}}}");
    ConditionBlind { id, rule, subject, place, blind, since, rule_version, kind, severity, grid, doc }
}

async fn owned(store: &Store, partition: u32) -> u64 {
    store.partition_take(partition, "a", LONG, NOW).await.unwrap().unwrap().epoch
}

pub(crate) async fn a_belief_is_true_up_to_its_offset(bed: &Bed) {
    let store = bed.store().await;
    let epoch = owned(&store, 1).await;
    let mut tx = moved(&store, 1, epoch, 0, 5).await;
    tx.condition_move(&belief("c", "holding")).await.unwrap();
    tx.commit().await.unwrap();
    let first = ConditionRow {
        id: "c".to_owned(),
        rule: "smoke".to_owned(),
        subject: "place:c".to_owned(),
        place: Some("c".to_owned()),
        state: "holding".to_owned(),
        blind: false,
        since: NOW,
        blind_since: None,
        episode: Some("e".to_owned()),
        partition: 1,
        offset: 5,
        rule_version: 1,
        kind: Some("fire".to_owned()),
        severity: Some(4),
        grid: None,
        doc: Some("{}".to_owned()),
        blind_doc: None,
    };
    assert_eq!(store.condition("c").await.unwrap(), Some(first.clone()));

    let mut tx = moved(&store, 1, epoch, 5, 9).await;
    let next = ConditionMoved {
        since: NOW + 7,
        episode: None,
        severity: None,
        rule_version: 2,
        grid: Some("g".to_owned()),
        ..belief("c", "clear")
    };
    tx.condition_move(&next).await.unwrap();
    tx.commit().await.unwrap();
    let second = ConditionRow {
        state: "clear".to_owned(),
        since: NOW + 7,
        episode: None,
        severity: None,
        rule_version: 2,
        grid: Some("g".to_owned()),
        offset: 9,
        ..first
    };
    assert_eq!(store.condition("c").await.unwrap(), Some(second));

    let mut tx = moved(&store, 1, epoch, 9, 10).await;
    tx.condition_withdraw("c").await.unwrap();
    tx.condition_withdraw("never there").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.condition("c").await.unwrap(), None);
}

pub(crate) async fn blindness_changes_no_state(bed: &Bed) {
    let store = bed.store().await;
    let epoch = owned(&store, 0).await;
    let mut tx = moved(&store, 0, epoch, 0, 5).await;
    tx.condition_move(&belief("c", "holding")).await.unwrap();
    tx.condition_blind(&blind("c", true, NOW + 1)).await.unwrap();
    tx.condition_blind(&blind("new", true, NOW + 2)).await.unwrap();
    tx.commit().await.unwrap();
    let seen = store.condition("c").await.unwrap().unwrap();
    assert_eq!((seen.state.as_str(), seen.since, seen.blind, seen.blind_since), ("holding", NOW, true, Some(NOW + 1)));
    assert_eq!((seen.doc.as_deref(), seen.blind_doc.as_deref()), (Some("{}"), Some("{\"blind\":true}")));
    let new = store.condition("new").await.unwrap().unwrap();
    assert_eq!((new.state.as_str(), new.blind, new.doc), ("unknown", true, None));

    let mut tx = moved(&store, 0, epoch, 5, 6).await;
    tx.condition_move(&belief("c", "clear")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.condition("c").await.unwrap().unwrap().blind, "a verdict does not open its eyes");
    let mut tx = moved(&store, 0, epoch, 6, 7).await;
    tx.condition_blind(&blind("c", false, NOW + 9)).await.unwrap();
    tx.commit().await.unwrap();
    let seen = store.condition("c").await.unwrap().unwrap();
    assert_eq!((seen.state.as_str(), seen.blind, seen.blind_since, seen.offset), ("clear", false, Some(NOW + 9), 7));
}

pub(crate) async fn a_rule_and_subject_have_one_condition(bed: &Bed) {
    let store = bed.store().await;
    let epoch = owned(&store, 0).await;
    let mut tx = moved(&store, 0, epoch, 0, 1).await;
    tx.condition_move(&belief("c", "holding")).await.unwrap();
    let other = ConditionMoved { id: "d".to_owned(), ..belief("c", "holding") };
    assert!(tx.condition_move(&other).await.unwrap_err().is_conflict());
    assert!(tx.commit().await.is_err());
    assert_eq!(store.partition(0).await.unwrap().unwrap().offset, 0);
}

pub(crate) async fn conditions_are_listed_counted_and_paged(bed: &Bed) {
    let store = bed.store().await;
    for partition in 0..2 {
        let epoch = owned(&store, partition).await;
        let mut tx = moved(&store, partition, epoch, 0, 1).await;
        for n in (0..12).filter(|n| n % 2 == partition) {
            let id = format!("c{n:02}");
            let rule = if n < 6 { "smoke" } else { "flood" };
            let state = if n % 3 == 0 { "holding" } else { "clear" };
            tx.condition_move(&ConditionMoved { rule: rule.to_owned(), ..belief(&id, state) }).await.unwrap();
            if n == 3 || n == 4 {
                tx.condition_blind(&ConditionBlind { rule: rule.to_owned(), ..blind(&id, true, NOW) }).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
    let ids = async |filter: ConditionFilter| {
        let rows = store.conditions(&filter, 100, None).await.unwrap().items;
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let none = ConditionFilter::default();
    let all = ids(none.clone()).await;
    assert_eq!(all, (0..12).map(|n| format!("c{n:02}")).collect::<Vec<_>>());
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(ids(ConditionFilter { place: text("c05"), ..none.clone() }).await, ["c05"]);
    assert_eq!(ids(ConditionFilter { state: text("holding"), ..none.clone() }).await, ["c00", "c03", "c06", "c09"]);
    assert_eq!(ids(ConditionFilter { blind: Some(true), ..none.clone() }).await, ["c03", "c04"]);
    assert_eq!(ids(ConditionFilter { blind: Some(false), ..none.clone() }).await.len(), 10);
    let both = ConditionFilter { rule: text("smoke"), state: text("holding"), blind: Some(false), place: None };
    assert_eq!(ids(both).await, ["c00"]);
    assert_eq!(ids(ConditionFilter { rule: text("' or '1' = '1"), ..none.clone() }).await, [""; 0]);

    for limit in [1, 5, 12] {
        let paged = pages(async |cursor| store.conditions(&none, limit, cursor.as_deref()).await.unwrap()).await;
        assert_eq!(paged.into_iter().map(|row| row.id).collect::<Vec<_>>(), all, "pages of {limit}");
    }
    let odd = store.conditions_of_partition(1).await.unwrap();
    assert_eq!(odd.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["c01", "c03", "c05", "c07", "c09", "c11"]);
    assert_eq!(store.conditions_of_partition(2).await.unwrap(), []);
    let count = |rule: &str, state: &str, blind, conditions| ConditionCount {
        rule: rule.to_owned(),
        state: state.to_owned(),
        blind,
        conditions,
    };
    let counts = [
        count("flood", "clear", false, 4),
        count("flood", "holding", false, 2),
        count("smoke", "clear", false, 3),
        count("smoke", "clear", true, 1),
        count("smoke", "holding", false, 1),
        count("smoke", "holding", true, 1),
    ];
    assert_eq!(store.condition_counts().await.unwrap(), counts);
}

pub(crate) async fn many_beliefs_are_written_as_each_alone_would_be(bed: &Bed) {
    let store = bed.store().await;
    let epoch = owned(&store, 1).await;
    let ids: Vec<String> = (0..205).map(|n| format!("c{n:03}")).collect();
    let mut tx = moved(&store, 1, epoch, 0, 5).await;
    let beliefs: Vec<_> = ids.iter().map(|id| belief(id, "holding")).collect();
    tx.conditions_move(&beliefs).await.unwrap();
    let blind: Vec<_> = ids.iter().map(|id| blind(id, true, NOW + 1)).collect();
    tx.conditions_blind(&blind).await.unwrap();
    tx.conditions_withdraw(&ids[..100]).await.unwrap();
    tx.commit().await.unwrap();
    let rows = store.conditions_of_partition(1).await.unwrap();
    assert_eq!(rows.iter().map(|row| &row.id).collect::<Vec<_>>(), ids[100..].iter().collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.state == "holding" && row.blind && row.offset == 5));
}
