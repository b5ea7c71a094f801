//! How the system is: the page, the API behind it, and what the doctor finds from within.

use std::sync::Arc;

use axum::extract::State as Of;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_pipeline::doctor::{Facts, Finding, PartitionSeen, Work, judge, told};
use muster_store::{DestinationRow, LeaseRow};
use muster_wire::{rfc3339, system as wire};

use super::pages::with_choice;
use super::scene::plain_look;
use super::{State, answer};
use crate::page;
use crate::view::system;

type At = Of<Arc<State>>;

pub(super) async fn page(Of(state): At, headers: HeaderMap, uri: Uri) -> Response {
    let facts = state.desk.facts(false).await;
    let look = plain_look(&state, &headers, &uri);
    let holds = state.desk.config().map(|config| config.version);
    let view = system::system(&look, &facts, &judge(&facts), holds);
    with_choice(&headers, &uri, answer::page(page::system(&look, &view)))
}

pub(super) async fn doctor(Of(state): At) -> Response {
    answer::json(&told(&state.desk.facts(true).await))
}

pub(super) async fn read(Of(state): At) -> Response {
    let facts = state.desk.facts(false).await;
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
