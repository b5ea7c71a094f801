//! Idempotency keys: a repeated request gets the first answer, and another one gets none.

use muster_store::{IdempotencyAnswer, Store};

use crate::bed::{Bed, LONG, NOW};

/// What a request is told that keeps what it claims.
async fn begin(store: &Store, caller: &str, request: &str, now: i64) -> IdempotencyAnswer {
    let mut tx = store.begin().await.unwrap();
    let answer = tx.idempotency_begin(caller, "key", request, now, now + LONG).await.unwrap();
    tx.commit().await.unwrap();
    answer
}

/// A request that is carried out, unless it was before.
async fn once(store: &Store, request: &str, now: i64) -> IdempotencyAnswer {
    let mut tx = store.begin().await.unwrap();
    let answer = tx.idempotency_begin("ann", "key", request, now, now + LONG).await.unwrap();
    if answer == IdempotencyAnswer::New {
        tx.idempotency_finish("ann", "key", request, (201, "{\"id\":\"点\"}"), now + LONG).await.unwrap();
    }
    tx.commit().await.unwrap();
    answer
}

fn done() -> IdempotencyAnswer {
    IdempotencyAnswer::Done { status: 201, body: "{\"id\":\"点\"}".to_owned() }
}

pub(crate) async fn a_repeated_request_gets_the_first_answer(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(once(&store, "r1", NOW).await, IdempotencyAnswer::New);
    assert_eq!(once(&store, "r1", NOW).await, done());
    assert_eq!(begin(&store, "bob", "r2", NOW).await, IdempotencyAnswer::New, "a key is its caller's");
    assert_eq!(once(&store, "r2", NOW).await, IdempotencyAnswer::Different);
    let mut tx = store.begin().await.unwrap();
    let twice = tx.idempotency_finish("ann", "key", "r1", (500, ""), NOW + LONG).await;
    assert!(twice.unwrap_err().is_conflict());
    tx.rollback().await;
    assert_eq!(once(&store, "r1", NOW).await, done(), "an answer is not forgotten");
}

pub(crate) async fn a_key_whose_request_came_to_nothing_is_free(bed: &Bed) {
    let store = bed.store().await;
    for dropped in [true, false] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.idempotency_begin("ann", "key", "r1", NOW, NOW + LONG).await.unwrap(), IdempotencyAnswer::New);
        tx.idempotency_finish("ann", "key", "r1", (200, "{}"), NOW + LONG).await.unwrap();
        if dropped {
            drop(tx);
        } else {
            tx.rollback().await;
        }
    }
    assert_eq!(begin(&store, "ann", "r1", NOW).await, IdempotencyAnswer::New);
    assert_eq!(once(&store, "r2", NOW).await, IdempotencyAnswer::New, "one that nobody answered keeps nobody out");
    assert_eq!(once(&store, "r2", NOW).await, done());
}

pub(crate) async fn a_key_that_ran_out_is_free(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(once(&store, "r1", NOW).await, IdempotencyAnswer::New);
    assert_eq!(once(&store, "r2", NOW + LONG - 1).await, IdempotencyAnswer::Different);
    assert_eq!(begin(&store, "ann", "r2", NOW + LONG).await, IdempotencyAnswer::New);
    let mut tx = store.begin().await.unwrap();
    let late = tx.idempotency_finish("ann", "key", "r1", (200, ""), NOW + LONG).await;
    assert!(late.unwrap_err().is_conflict(), "whose key it was learns it");
    tx.rollback().await;
    assert_eq!(once(&store, "r3", NOW + LONG).await, IdempotencyAnswer::New, "no old answer is left over");
    for caller in ["bob", "cat"] {
        assert_eq!(begin(&store, caller, "r", NOW).await, IdempotencyAnswer::New);
    }
    assert_eq!(store.idempotency_prune(NOW + LONG - 1, 2).await.unwrap(), 0);
    let pruned = async || store.idempotency_prune(NOW + LONG + LONG, 2).await.unwrap();
    assert_eq!((pruned().await, pruned().await, pruned().await), (2, 1, 0), "no more than two at once");
}

pub(crate) async fn one_of_many_requests_has_the_key(bed: &Bed) {
    let store = bed.store().await;
    let callers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { once(&store, "r", NOW).await })
    });
    let mut new = 0;
    for caller in callers.collect::<Vec<_>>() {
        match caller.await.unwrap() {
            IdempotencyAnswer::New => new += 1,
            answer => assert_eq!(answer, done()),
        }
    }
    assert_eq!(new, 1);
}
