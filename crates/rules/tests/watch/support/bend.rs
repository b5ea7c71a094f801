//! Logs bent in ways that must not matter: repeats, stale words, lost evidence, late delivery.

use std::collections::BTreeMap;

use muster_domain::record::{Health, LogRecord, Observation, Value};
use muster_domain::time::{Received, Seen};
use proptest::sample::Index;

use super::log::STRIDE;

pub(crate) type Records = Vec<(u64, LogRecord)>;

/// Repeats records later than where they stand; `stale` ones keep their time and say something else.
pub(crate) fn repeated(records: &Records, again: &[(Index, Index, bool)]) -> Records {
    let mut after: BTreeMap<usize, Vec<LogRecord>> = BTreeMap::new();
    for (which, how_late, stale) in again {
        let which = which.index(records.len());
        let place = match &records[which].1 {
            // One that comes before its ladder has begun speaks of what nobody asked for: no program hears it, and a repeat
            // after that would be the first one heard.
            LogRecord::Outcome(_) => which,
            _ => which + how_late.index(records.len() - which),
        };
        let record = match &records[which].1 {
            LogRecord::Observation(said) if *stale => LogRecord::Observation(otherwise(said)),
            // An act that names no episode speaks of whatever stands when it is read; a new owner or version is new.
            LogRecord::Act(act) if act.episode.is_none() => continue,
            LogRecord::Takeover { .. } | LogRecord::Config { .. } => continue,
            record => record.clone(),
        };
        after.entry(place).or_default().push(record);
    }
    let mut bent = Vec::new();
    for (place, (offset, record)) in records.iter().enumerate() {
        bent.push((*offset, record.clone()));
        let repeats = after.remove(&place).unwrap_or_default();
        bent.extend((offset + 1..offset + STRIDE).zip(repeats));
    }
    bent
}

fn otherwise(said: &Observation) -> Observation {
    let other = |value: &Value| match value {
        Value::Int(n) => Value::Int(2 - n),
        value => value.clone(),
    };
    let test = said.health.and_then(|health| health.test);
    let flip = |health: Health| Health { online: Some(!health.healthy()), ..health };
    Observation {
        values: said.values.iter().map(|(name, value)| (name.clone(), other(value))).collect(),
        health: if test == Some(true) { said.health } else { said.health.map(flip) },
        ..said.clone()
    }
}

/// The log without any word of a source from a record on.
pub(crate) fn cut(records: &Records, from: usize) -> Records {
    let keep = |(number, record): &(usize, &(u64, LogRecord))| {
        *number < from || !matches!(record.1, LogRecord::Observation(_) | LogRecord::Act(_) | LogRecord::Config { .. })
    };
    records.iter().enumerate().filter(keep).map(|(_, record)| record.clone()).collect()
}

/// The same records delivered up to `delays` seconds later, each device in its own order.
pub(crate) fn delayed(records: &Records, delays: &[i64]) -> Records {
    let mut now = i64::MIN;
    let mut device_at: BTreeMap<String, i64> = BTreeMap::new();
    let mut placed: Vec<(i64, LogRecord)> = Vec::new();
    for (number, (_, record)) in records.iter().enumerate() {
        let mut record = record.clone();
        let at = match &mut record {
            LogRecord::Observation(said) => {
                let last = device_at.entry(said.device.to_string()).or_insert(i64::MIN);
                let late = delays[number % delays.len()] * 1_000_000;
                *last = (said.received.micros() + late).max(*last);
                said.received = Received::from_micros(*last);
                *last
            }
            LogRecord::Tick { at, .. } => {
                now = at.micros();
                now
            }
            _ => now,
        };
        placed.push((at, record));
    }
    placed.sort_by_key(|(at, record)| (*at, u8::from(matches!(record, LogRecord::Tick { .. }))));
    placed.into_iter().enumerate().map(|(n, (_, record))| (STRIDE * (n as u64 + 1), record)).collect()
}

/// The same words as if each had been seen only when it was delivered, one after another; what is stale stays away.
pub(crate) fn seen_when_delivered(records: &Records) -> Records {
    let mut last: BTreeMap<String, Seen> = BTreeMap::new();
    let mut shifted = Vec::new();
    for (n, (offset, record)) in (0..).zip(records) {
        let mut record = record.clone();
        if let LogRecord::Observation(said) = &mut record {
            let of = said.health.filter(|_| said.kind.as_str() == "health").and_then(|health| health.of);
            if said.health.is_some_and(|health| health.test == Some(true)) {
                continue;
            }
            let source = format!("{} {} {of:?}", said.device, said.kind);
            if last.get(&source).is_some_and(|last| said.seen <= *last) {
                continue;
            }
            last.insert(source, said.seen);
            said.seen = Seen::from_micros(said.received.micros() + n);
        }
        shifted.push((*offset, record));
    }
    shifted
}
