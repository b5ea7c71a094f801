//! Reports: claimed once, settled once, amended by other content.

use muster_store::{ReportClaim, Store, StoreError};

use crate::bed::{Bed, NOW};
use crate::singly::Singly as _;

async fn claim(store: &Store, source: &str, id: &str, content: &str, at: i64) -> ReportClaim {
    let mut tx = store.begin().await.unwrap();
    let claim = tx.report_claim(source, id, content, at).await.unwrap();
    tx.commit().await.unwrap();
    claim
}

pub(crate) async fn a_report_is_pending_until_it_is_settled(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(claim(&store, "12345", "r", "h1", NOW).await, ReportClaim::New);
    let again = claim(&store, "12345", "r", "h1", NOW + 1).await;
    assert!(matches!(again, ReportClaim::Same { settled: false, .. }));
    let mut tx = store.begin().await.unwrap();
    tx.report_settled("12345", "r", "case-1").await.unwrap();
    tx.commit().await.unwrap();
    let again = claim(&store, "12345", "r", "h1", NOW + 2).await;
    assert!(matches!(again, ReportClaim::Same { settled: true, before } if before.case.as_deref() == Some("case-1")));
    assert_eq!(claim(&store, "other", "r", "h1", NOW).await, ReportClaim::New);
}

pub(crate) async fn other_content_is_an_amendment(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(claim(&store, "s", "r", "h1", NOW).await, ReportClaim::New);
    let mut tx = store.begin().await.unwrap();
    tx.report_refused("s", "r", "outside", NOW).await.unwrap();
    tx.commit().await.unwrap();
    let amended = claim(&store, "s", "r", "h2", NOW + 1).await;
    assert!(matches!(amended, ReportClaim::Amended { before } if before.reason.as_deref() == Some("outside")));
    let now = store.report("s", "r").await.unwrap().unwrap();
    assert_eq!((now.state.as_str(), now.content.as_str(), now.reason, now.at), ("pending", "h2", None, NOW + 1));
}

pub(crate) async fn a_refusal_is_known_and_takes_no_case_away(bed: &Bed) {
    let store = bed.store().await;
    let refuse = async |id: &str| {
        let mut tx = store.begin().await.unwrap();
        tx.report_refused("s", id, "nowhere", NOW).await.unwrap();
        tx.commit().await.unwrap();
        let row = store.report("s", id).await.unwrap().unwrap();
        (row.state, row.reason, row.case)
    };
    let refused = ("refused".to_owned(), Some("nowhere".to_owned()), None);
    assert_eq!(refuse("never-claimed").await, refused);
    assert!(matches!(claim(&store, "s", "never-claimed", "h1", NOW).await, ReportClaim::Amended { .. }));
    assert_eq!(refuse("never-claimed").await, refused, "what it was before is no duplicate of what was refused");
    assert!(matches!(claim(&store, "s", "never-claimed", "h1", NOW).await, ReportClaim::Amended { .. }));
    let mut tx = store.begin().await.unwrap();
    tx.report_settled("s", "never-claimed", "case-1").await.unwrap();
    tx.commit().await.unwrap();
    let answered = refuse("never-claimed").await;
    assert_eq!(answered, ("case".to_owned(), None, Some("case-1".to_owned())), "only the amendment was refused");
}

pub(crate) async fn one_of_many_claims_is_new(bed: &Bed) {
    let store = bed.store().await;
    let mut claims = Vec::new();
    for _ in 0..8 {
        let store = store.clone();
        claims.push(tokio::spawn(async move { claim(&store, "s", "r", "h", NOW).await }));
    }
    let mut new = 0;
    for claim in claims {
        new += usize::from(claim.await.unwrap() == ReportClaim::New);
    }
    assert_eq!(new, 1);
}

pub(crate) async fn hostile_texts_come_back_as_they_are(bed: &Bed) {
    let store = bed.store().await;
    let long = "点".repeat(64 * 1024 / 3);
    for text in ["'; drop table vault; --", "\"\\u0000\\", "🔥👩‍🚒", "a\u{1f}b\r\n\t", "", long.as_str()] {
        store.vault_put(text, text, NOW).await.unwrap();
        assert_eq!(store.vault_get(text).await.unwrap().as_deref(), Some(text));
    }
    let refused = store.vault_put("nul", "a\0b", NOW).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(ref why) if why.contains("NUL")), "{refused}");
    assert_eq!(store.vault_get("nul").await.unwrap(), None);
}
