//! Live changes as server-sent events: ids are publish numbers, so that a cut is made good from where it was.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Of;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use muster_pipeline::admit::Caller;
use muster_pipeline::desk::{Desk, News, Told};
use tokio_util::sync::CancellationToken;

use super::{State, answer};

const BATCH: u32 = 200;

struct Following {
    desk: Desk,
    at: u64,
    waiting: std::collections::VecDeque<Told>,
    bell: tokio::sync::watch::Receiver<u64>,
    caller: Caller,
    stop: CancellationToken,
}

pub(super) async fn follow(
    Of(state): Of<Arc<State>>,
    headers: HeaderMap,
    Extension(caller): Extension<Caller>,
) -> Response {
    let desk = state.desk.clone();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse::<u64>().ok());
    let at = match last {
        Some(last) => last,
        None => match desk.feed_end().await {
            Ok(end) => end,
            Err(error) => return answer::failed(&error),
        },
    };
    let (bell, stop) = (desk.wake.follow(), state.stop.clone());
    let following = Following { desk, at, waiting: std::collections::VecDeque::new(), bell, caller, stop };
    let events = stream::unfold(following, |mut following| async move {
        // A stream never ends by itself: a stop would wait for it in vain.
        let stop = following.stop.clone();
        let event = tokio::select! { () = stop.cancelled() => return None, event = following.next() => event };
        Some((Ok::<_, Infallible>(event), following))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15)).event(Event::default().event("alive").data("1"));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events).keep_alive(alive)).into_response()
}

impl Following {
    async fn next(&mut self) -> Event {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                self.at = told.number;
                match &told.what {
                    News::Case(changed) if !self.caller.sees(&changed.1) => continue,
                    News::Case(_) | News::Condition(_) => return event(&told),
                }
            }
            match self.desk.feed(self.at, BATCH).await {
                Ok(Some(told)) if told.is_empty() => {
                    // A wake-up from this process, or a look now and then for what others published.
                    let _ = tokio::time::timeout(Duration::from_millis(500), self.bell.changed()).await;
                }
                Ok(Some(told)) => self.waiting.extend(told),
                Ok(None) => {
                    self.at = self.desk.feed_end().await.unwrap_or(self.at);
                    return Event::default().event("resync").id(self.at.to_string()).data("{}");
                }
                Err(error) => {
                    tracing::warn!(error = %muster_pipeline::chain(&error), "a stream waits for the store");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

fn event(told: &Told) -> Event {
    let (name, data) = match &told.what {
        News::Case(changed) => {
            let (entry, case) = &**changed;
            let data = muster_wire::case::encode(entry, case).payload;
            ("case", String::from_utf8_lossy(&data).into_owned())
        }
        News::Condition(change) => ("condition", muster_wire::condition::write(change)),
    };
    Event::default().event(name).id(told.number.to_string()).data(data)
}
