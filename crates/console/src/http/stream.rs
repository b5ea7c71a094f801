//! Live changes as server-sent events: ids are publish numbers, so that a cut is made good from where it was.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Of;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use muster_domain::case::{Case, CaseEvent, Happened};
use muster_pipeline::admit::Caller;
use muster_pipeline::desk::{Desk, News, Told};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::access::Pass;
use super::{State, answer};

/// How much is read for a stream at once; all of it is held while its reader stands still.
const BATCH: u32 = 32;

struct Following {
    desk: Desk,
    at: u64,
    /// What is to be said, each with the number up to which everything is said after it.
    waiting: VecDeque<(u64, Event)>,
    bell: tokio::sync::watch::Receiver<u64>,
    caller: Caller,
    /// A stream outlives the request: it ends with the token that opened it.
    pass: Pass,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn follow(
    Of(state): Of<Arc<State>>,
    headers: HeaderMap,
    Extension(caller): Extension<Caller>,
    Extension(pass): Extension<Pass>,
) -> Response {
    let Ok(place) = Arc::clone(&state.streams).try_acquire_owned() else {
        let mut response = answer::refuse(503, "too-many-streams", "as many streams are open as may be; come again");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        return response;
    };
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
    let following = Following { desk, at, waiting: VecDeque::new(), bell, caller, pass, stop, _place: place };
    let events = stream::unfold(following, |mut following| async move {
        // A stream never ends by itself: a stop would wait for it in vain.
        let stop = following.stop.clone();
        let event = tokio::select! { () = stop.cancelled() => None, event = following.next() => event };
        Some((Ok::<_, Infallible>(event?), following))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15)).event(Event::default().event("alive").data("1"));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events).keep_alive(alive)).into_response()
}

impl Following {
    /// What is to be said next; `None` when nothing more may be said.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if !self.pass.holds() {
                return None;
            }
            if let Some((number, event)) = self.waiting.pop_front() {
                self.at = number;
                return Some(event);
            }
            match self.desk.feed(self.at, BATCH).await {
                Ok(Some(told)) if told.is_empty() => {
                    // A wake-up from this process, or a look now and then for what others published.
                    let _ = tokio::time::timeout(Duration::from_millis(500), self.bell.changed()).await;
                }
                Ok(Some(told)) => {
                    for one in told {
                        self.at = one.number;
                        self.tell(&one);
                    }
                }
                Ok(None) => {
                    self.at = self.desk.feed_end().await.unwrap_or(self.at);
                    return Some(Event::default().event("resync").id(self.at.to_string()).data("{}"));
                }
                Err(error) => {
                    tracing::warn!(error = %muster_pipeline::chain(&error), "a stream waits for the store");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

impl Following {
    /// Puts what is told into words: first what only says the same in parts, without a number, so that a cut between
    /// the parts is made good as a whole.
    fn tell(&mut self, told: &Told) {
        let mut say = |event: Event| self.waiting.push_back((told.number, event));
        let numbered = |name: &str| Event::default().event(name).id(told.number.to_string());
        match &told.what {
            News::Case(changed) if !self.caller.sees(&changed.1) => {}
            News::Case(changed) => {
                let (entry, case) = &**changed;
                part("seat", seat(entry, case)).into_iter().for_each(&mut say);
                part("notice", notice(entry, case)).into_iter().for_each(&mut say);
                let data = muster_wire::case::encode(entry, case).payload;
                say(numbered("case").data(String::from_utf8_lossy(&data)));
            }
            News::Condition(change) => say(numbered("condition").data(muster_wire::condition::write(change))),
            News::Letters(news) => say(numbered("dead_letter").data(json!(news).to_string())),
        }
    }
}

fn part(name: &str, data: Option<Value>) -> Option<Event> {
    Some(Event::default().event(name).data(data?.to_string()))
}

/// The seat that an entry is about, as it stands after it.
fn seat(entry: &CaseEvent, case: &Case) -> Option<Value> {
    let id = entry.what.seat()?;
    let whole: Value = serde_json::from_str(&muster_wire::case::write(case)).ok()?;
    let seat = whole.get("seats")?.as_array()?.iter().find(|seat| seat["id"] == id.as_str())?;
    Some(json!({ "case": case.id.as_str(), "number": case.number, "version": entry.version, "seat": seat }))
}

/// What somebody at the desk must see to, since nobody else will.
fn notice(entry: &CaseEvent, case: &Case) -> Option<Value> {
    let what = match &entry.what {
        Happened::NoRoute(..) => "no_route",
        Happened::PersonMustCheck => "person_must_check",
        Happened::Lapsed(..) => "lapsed",
        _ => return None,
    };
    Some(json!({ "case": case.id.as_str(), "number": case.number, "version": entry.version, "what": what }))
}
