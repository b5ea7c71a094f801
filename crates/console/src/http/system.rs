//! How the system is: the page, the API behind it, and what the doctor finds from within.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State as Of;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_domain::catalogue::Catalogue;
use muster_domain::time::Span;
use muster_pipeline::doctor::{CloseLook, Facts, Finding, PartitionSeen, Work, judge, told};
use muster_store::{DestinationRow, LeaseRow};
use muster_wire::{rfc3339, system as wire};

use super::pages::with_choice;
use super::scene::{book, plain_look};
use super::{State, answer};
use crate::page;
use crate::scene::Scene;
use crate::view::system;

type At = Of<Arc<State>>;

/// How often a process looks closely by itself. It costs the opening of every day of an embedded log and the reading of
/// every newest checkpoint.
const EVERY: Span = Span::from_mins(5);
/// However fast a demo's world runs.
const LEAST: Duration = Duration::from_secs(15);

/// The last close look of this process.
#[derive(Debug, Default)]
pub(super) struct Examined(Mutex<Option<CloseLook>>);

impl Examined {
    fn last(&self) -> Option<CloseLook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Of two that were under way at once the later one counts.
    fn keep(&self, look: CloseLook) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|last| last.at() <= look.at()) {
            *last = Some(look);
        }
    }
}

/// Looks closely, and remembers it.
async fn examine(state: &State) -> Facts {
    let facts = state.desk.facts(true).await;
    state.examined.keep(CloseLook::of(&facts));
    facts
}

/// Looks closely every few minutes until the process stops, where there are pages to show it.
pub(super) async fn examine_regularly(state: &State) {
    let pause = state.desk.clock.real_time(EVERY);
    let looks = async {
        tokio::time::sleep(LEAST).await;
        loop {
            examine(state).await;
            tokio::time::sleep(pause.max(LEAST)).await;
        }
    };
    if state.settings.pages {
        state.stop.run_until_cancelled(looks).await;
    }
}

/// What is so at a glance, with what the last close look saw beside it, and when that was.
async fn glance(state: &State) -> (Facts, Option<i64>) {
    let mut facts = state.desk.facts(false).await;
    let last = state.examined.last();
    last.iter().for_each(|last| last.recall(&mut facts));
    (facts, last.map(|last| last.at()))
}

pub(super) async fn page(Of(state): At, headers: HeaderMap, uri: Uri) -> Response {
    let (facts, examined) = glance(&state).await;
    let look = plain_look(&state, &headers, &uri);
    // Where no configuration holds yet, things go by their ids.
    let (config, nothing) = (state.desk.config(), Catalogue::default());
    let book = config.as_ref().map(|config| book(&config.rulebook)).unwrap_or_default();
    let catalogue = config.as_ref().map_or(&nothing, |config| &config.catalogue);
    let scene = Scene { catalogue, book: &book, scenery: &state.settings.scenery, look: &look };
    let holds = config.as_ref().map(|config| config.version);
    let view = system::system(&scene, &facts, &judge(&facts), holds, examined);
    with_choice(&headers, &uri, answer::page(page::system(&look, &view)))
}

pub(super) async fn doctor(Of(state): At) -> Response {
    answer::json(&told(&examine(&state).await))
}

pub(super) async fn read(Of(state): At) -> Response {
    let (facts, examined) = glance(&state).await;
    let findings = judge(&facts).into_iter().map(Finding::told).collect();
    let nothing = Work::default();
    let work = facts.work.as_ref().unwrap_or(&nothing);
    let pending = work.pending.as_ref();
    answer::json(&wire::System {
        now: rfc3339(facts.now),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: state.desk.config().map(|config| config.version),
        partitions: work.partitions.iter().map(|seen| partition(seen, &facts)).collect(),
        leases: work.leases.iter().map(|row| lease(row, facts.now)).collect(),
        destinations: work.destinations.iter().map(destination).collect(),
        outbox: wire::Outbox {
            pending: pending.and_then(|pending| u64::try_from(pending.count).ok()).unwrap_or(0),
            oldest: pending.and_then(|pending| pending.oldest).map(rfc3339),
            newest: work.last_number,
        },
        findings,
        examined: examined.map(rfc3339),
    })
}

fn partition(seen: &PartitionSeen, facts: &Facts) -> wire::Partition {
    let row = &seen.row;
    wire::Partition {
        partition: row.partition,
        owner: row.owner.clone(),
        held: seen.holder(facts.now).is_some(),
        epoch: row.epoch,
        until: (row.lease_until > 0).then(|| rfc3339(row.lease_until)),
        committed: row.offset,
        end: seen.bounds.map(|bounds| bounds.end),
        lag_records: seen.lag(),
        lag_seconds: seen.waited(facts.now) as f64 / 1e6,
        checkpoint: seen
            .checkpoint
            .map(|checkpoint| wire::Checkpoint { offset: checkpoint.offset, at: rfc3339(checkpoint.at) }),
    }
}

fn lease(row: &LeaseRow, now: i64) -> wire::Lease {
    wire::Lease {
        name: row.name.clone(),
        owner: row.owner.clone(),
        held: row.owner.is_some() && row.lease_until > now,
        epoch: row.epoch,
        until: rfc3339(row.lease_until),
    }
}

fn destination(row: &DestinationRow) -> wire::Destination {
    wire::Destination {
        name: row.name.clone(),
        cursor: row.cursor,
        moved: (row.moved > 0).then(|| rfc3339(row.moved)),
        attempts: row.attempts,
        last_error: row.last_error.clone().filter(|_| row.attempts > 0),
    }
}
