//! Batches that the client cannot unpack, such as one of a compression that it was built without: passed over as a whole,
//! for a reader that stood still before one would stand there for ever, and anybody who may write could see to that.

use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::time::{Instant, timeout};

use super::client::trouble;
use super::consumer::Subscription;
use crate::error::LogError;

/// What the client says of such a batch.
const PACKED: [Code; 2] = [Code::NotImplemented, Code::BadCompression];
/// How long a look at one offset may take.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait for word that something has come.
const WORD: Duration = Duration::from_millis(20);

/// Whether an error is about a batch that cannot be unpacked.
pub(super) fn is_packed(error: &KafkaError) -> bool {
    error.rdkafka_error_code().is_some_and(|code| PACKED.contains(&code))
}

/// Where the batch ends in which `from` lies and that cannot be unpacked; `from` itself if it can be read after all. The
/// client tells where a batch begins and not where it ends: looked for in leaps, then by halves. Every offset before the
/// answer was seen to lie in that very batch or between two that do, so that no record of another is passed over.
/// Afterwards the subscription goes on at the answer.
pub(super) async fn end_of_batch(subscription: &Subscription, from: u64, end: u64) -> Result<u64, LogError> {
    let batch = look(subscription, from).await?;
    let mut answer = from;
    if batch.is_some() {
        let (mut inside, mut beyond, mut leap) = (from, end.max(from + 1), 1);
        while beyond - inside > 1 {
            let at = inside + leap.min((beyond - inside) / 2).max(1);
            if look(subscription, at).await? == batch {
                (inside, leap) = (at, leap.saturating_mul(2));
            } else {
                (beyond, leap) = (at, u64::MAX);
            }
        }
        answer = beyond;
    }
    subscription.seek(answer)?;
    Ok(answer)
}

/// The beginning of the batch that cannot be unpacked and comes first from an offset on; `None` if something else comes,
/// or nothing.
async fn look(subscription: &Subscription, at: u64) -> Result<Option<u64>, LogError> {
    subscription.seek(at)?;
    let deadline = Instant::now() + LOOK;
    while Instant::now() < deadline {
        match subscription.first() {
            Some(Ok(offset)) if offset < at => {}
            Some(Ok(_)) => return Ok(None),
            Some(Err((code, batch))) if PACKED.contains(&code) => return Ok(Some(batch)),
            Some(Err((code, _))) => {
                let doing = format!("reading {} partition {}", subscription.place.0, subscription.place.1);
                return Err(trouble(&doing, KafkaError::MessageConsumption(code)));
            }
            None => drop(timeout(WORD, subscription.filled.notified()).await),
        }
    }
    Ok(None)
}
