//! Evidence and who looked at it, the vault, field links, and who is there.

use muster_store::{Inserted, MediaRow, ViewingRow};

use crate::bed::{Bed, LONG, NOW};

pub(crate) async fn the_same_content_is_the_same_file(bed: &Bed) {
    let store = bed.store().await;
    let row = MediaRow {
        id: "5f".to_owned(),
        media_type: "image/jpeg".to_owned(),
        bytes: 5_000_000_000,
        path: "5f/5f.jpg".to_owned(),
        uploaded_by: "ann".to_owned(),
        at: NOW,
    };
    assert_eq!(store.media_put(&row).await.unwrap(), Inserted::Inserted);
    let again = MediaRow { uploaded_by: "bob".to_owned(), at: NOW + 1, ..row.clone() };
    assert_eq!(store.media_put(&again).await.unwrap(), Inserted::Exists);
    assert_eq!(store.media("5f").await.unwrap(), Some(row));
    assert_eq!(store.media("60").await.unwrap(), None);
}

pub(crate) async fn every_look_is_in_the_ledger(bed: &Bed) {
    let store = bed.store().await;
    let look = |evidence: &str, who: &str, case: Option<&str>| ViewingRow {
        evidence: evidence.to_owned(),
        who: who.to_owned(),
        case: case.map(str::to_owned),
        reason: "核查".to_owned(),
        at: NOW,
    };
    let looks = [look("5f", "ann", Some("a")), look("5f", "bob", None), look("5f", "ann", Some("a"))];
    for row in looks.iter().chain([&look("60", "ann", None)]) {
        store.view(row).await.unwrap();
    }
    let [first, second, third] = looks;
    assert_eq!(store.viewings("5f", 10).await.unwrap(), [third.clone(), second, first], "one look twice is two looks");
    assert_eq!(store.viewings("5f", 1).await.unwrap(), [third]);
    assert_eq!(store.viewings("none", 10).await.unwrap(), []);
}

pub(crate) async fn a_link_is_bound_once_and_dies_once(bed: &Bed) {
    let store = bed.store().await;
    for (hash, seat, created) in [("h2", "s", NOW + 1), ("h1", "s", NOW), ("h3", "other", NOW), ("h1", "stolen", NOW)] {
        store.token_put(hash, seat, "a", created).await.unwrap();
    }
    assert!(store.token_bind("h1", "device", "王", NOW + 2).await.unwrap());
    assert!(!store.token_bind("h1", "thief", "李", NOW + 3).await.unwrap());
    assert!(!store.token_bind("none", "device", "王", NOW).await.unwrap());
    let bound = store.token("h1").await.unwrap().unwrap();
    assert_eq!((bound.seat.as_str(), bound.case.as_str(), bound.created), ("s", "a", NOW));
    assert_eq!((bound.device.as_deref(), bound.person.as_deref()), (Some("device"), Some("王")));
    assert_eq!((bound.bound, bound.revoked), (Some(NOW + 2), None));

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.tokens_revoke("s", NOW + 4).await.unwrap(), 2);
    assert_eq!(tx.tokens_revoke("s", NOW + 5).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert!(!store.token_bind("h2", "device", "王", NOW + 6).await.unwrap(), "a dead link is not bound");
    let links = store.tokens("s").await.unwrap();
    let seen: Vec<_> = links.iter().map(|link| (link.hash.as_str(), link.revoked)).collect();
    assert_eq!(seen, [("h1", Some(NOW + 4)), ("h2", Some(NOW + 4))]);
    assert_eq!(store.token("h3").await.unwrap().unwrap().revoked, None);
    assert_eq!(store.token("none").await.unwrap(), None);
}

pub(crate) async fn who_is_there_is_counted_by_role(bed: &Bed) {
    let store = bed.store().await;
    let there = async |role: &str, owner: &str, ttl| store.live_owners(role, owner, ttl, NOW).await.unwrap();
    assert_eq!(there("watch", "a", LONG).await, 1);
    assert_eq!(there("watch", "b", LONG).await, 2);
    assert_eq!(there("watch", "a", LONG).await, 2, "a second word is no second process");
    assert_eq!(there("admit", "a", LONG).await, 1);
    assert_eq!(there("watch", "c", -1).await, 2, "whose time has run out is not there");
    assert_eq!(there("watch", "d", LONG).await, 3);
    store.owner_leaves("watch", "b").await.unwrap();
    store.owner_leaves("watch", "nobody").await.unwrap();
    assert_eq!(there("watch", "a", LONG).await, 2);
    assert_eq!(there("admit", "a", LONG).await, 1);
}

pub(crate) async fn the_vault_keeps_what_it_has_until_it_forgets(bed: &Bed) {
    let store = bed.store().await;
    store.vault_put("ref", "王", NOW).await.unwrap();
    store.vault_put("ref", "李", NOW + 1).await.unwrap();
    assert_eq!(store.vault_get("ref").await.unwrap().as_deref(), Some("王"));
    let mut tx = store.begin().await.unwrap();
    tx.vault_forget("ref").await.unwrap();
    tx.vault_forget("none").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.vault_get("ref").await.unwrap(), None);
}
