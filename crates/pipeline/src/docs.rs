//! Documents and rows: the one place where domain values meet the formats of wire and the columns of the store.

use muster_domain::case::{Case, CaseEvent, SeatState};
use muster_domain::catalogue::Catalogue;
use muster_domain::condition::{Blind, Change, ConditionKey, Moved, State, Subject};
use muster_domain::id::{CaseId, EffectId, EpisodeId};
use muster_domain::record::{Act, LogRecord};
use muster_log::{MAX_RECORD_BYTES, Record, Torn};
use muster_rules::config::Config;
use muster_store::{CaseEventRow, CaseRow, ConditionBlind, ConditionMoved, Published, SeatRow, StoreError};
use muster_wire::fault::Fault;
use muster_wire::{Code, Encoded, WireError};

use crate::PipelineError;
use crate::outbox;

/// The `type` of a record that announces a configuration version.
pub(crate) const CONFIG_TYPE: &str = "muster.config.v1";

/// The `type` of a record with which an owner begins.
pub(crate) const TAKEOVER_TYPE: &str = "muster.takeover.v1";

pub(crate) fn case(doc: &str) -> Result<Case, PipelineError> {
    muster_wire::case::read(doc).map_err(PipelineError::Document)
}

pub(crate) fn event(doc: &str) -> Result<CaseEvent, PipelineError> {
    muster_wire::case::read_event(doc).map_err(PipelineError::Document)
}

pub(crate) fn case_id(id: &str) -> Result<CaseId, PipelineError> {
    let none = |_| StoreError::Corrupt { operation: "cases", what: format!("{id:?} is no id of a case") };
    Ok(CaseId::parse(id).map_err(none)?)
}

pub(crate) fn catalogue(doc: &str) -> Result<Catalogue, PipelineError> {
    muster_wire::catalogue::read(doc).map_err(PipelineError::Document)
}

pub(crate) fn catalogue_doc(catalogue: &Catalogue) -> String {
    muster_wire::catalogue::write(catalogue)
}

/// A version or count as the store keeps it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn case_row(case: &Case) -> CaseRow {
    CaseRow {
        id: case.id.to_string(),
        number: case.number.clone(),
        jurisdiction: case.jurisdiction.to_string(),
        kind: case.kind.to_string(),
        subject: case.subject.key(),
        grid: case.grid.as_ref().map(ToString::to_string),
        state: case.state.name().to_owned(),
        outcome: case.outcome.map(|outcome| outcome.name().to_owned()),
        live: case.state.is_live(),
        severity: i64::from(case.severity.level()),
        version: signed(case.version),
        filed: case.filed.micros(),
        changed: case.changed.micros(),
        next_due: case.next_due().map(muster_domain::time::Filed::micros),
        overdue: case.clocks.iter().any(|clock| clock.lapsed),
        wants_seat: wants_seat(case),
        lon: case.position.map(|at| at.lon()),
        lat: case.position.map(|at| at.lat()),
        search: search(case),
        doc: muster_wire::case::write(case),
    }
}

/// Whether a seat of it waits for a unit.
pub(crate) fn wants_seat(case: &Case) -> bool {
    case.state.is_live() && case.live_seats().any(|seat| seat.state == SeatState::Wanted)
}

/// What a case is found by in words: its number, its subject and what people wrote.
fn search(case: &Case) -> String {
    let mut words = format!("{} {}", case.number, case.subject.key()).to_lowercase();
    for said in case.reports.iter().flat_map(|report| [Some(&report.text), report.address.as_ref()]).flatten() {
        words.push(' ');
        words.push_str(&said.to_lowercase());
    }
    words
}

pub(crate) fn event_rows(events: &[CaseEvent]) -> Vec<CaseEventRow> {
    events
        .iter()
        .map(|event| CaseEventRow {
            case: event.case.to_string(),
            version: signed(event.version),
            at: event.at.micros(),
            doc: muster_wire::case::write_event(event),
        })
        .collect()
}

pub(crate) fn seat_rows(case: &Case) -> Vec<SeatRow> {
    let row = |(ordinal, seat): (usize, &muster_domain::case::Seat)| SeatRow {
        case: case.id.to_string(),
        id: seat.id.to_string(),
        ordinal: i64::try_from(ordinal).unwrap_or(i64::MAX),
        unit: seat.unit.as_ref().map(ToString::to_string),
        role: seat.role.name().to_owned(),
        competence: seat.competence.to_string(),
        state: seat.state.name().to_owned(),
        changed: seat.changed.micros(),
        held: (case.state.is_live() && (seat.is_engaged() || seat.state == SeatState::Asked)),
    };
    case.seats.iter().enumerate().map(row).collect()
}

/// The case after one journal entry.
pub(crate) fn applied(before: Option<Case>, event: &CaseEvent) -> Result<Case, PipelineError> {
    match before {
        Some(mut case) => {
            case.apply(event);
            Ok(case)
        }
        None => Case::replay(std::slice::from_ref(event))
            .map_err(|_| PipelineError::Broken("a new case's journal does not begin with its filing")),
    }
}

/// The body of a journal entry for the case topic and open screens.
pub(crate) fn case_record(event: &CaseEvent, after: Option<&Case>) -> Result<String, PipelineError> {
    let after = after.ok_or(PipelineError::Broken("a journal entry without its case"))?;
    Ok(String::from_utf8_lossy(&muster_wire::case::encode(event, after).payload).into_owned())
}

pub(crate) fn condition_record(change: &Change) -> String {
    muster_wire::condition::write(change)
}

/// A step of a ladder is done at most once an episode: its effect is named by both.
pub(crate) fn ladder_effect_id(episode: &EpisodeId, step: usize, name: &str) -> EffectId {
    EffectId::of(episode.as_str(), &format!("{step}#{name}"))
}

pub(crate) fn condition_id(key: &ConditionKey) -> String {
    muster_wire::condition::id(key)
}

/// The subject of a change as an ordering key.
pub(crate) fn condition_subject(change: &Change) -> String {
    let key = match change {
        Change::Moved(moved) => &moved.key,
        Change::Opened(opened) => &opened.key,
        Change::Ended(ended) => &ended.key,
        Change::Blind(blind) => &blind.key,
        Change::Step(step) => &step.key,
    };
    key.subject.key()
}

pub(crate) fn condition_moved(moved: &Moved, config: &Config) -> ConditionMoved {
    let rule = config.rule(&moved.key.rule);
    ConditionMoved {
        id: condition_id(&moved.key),
        rule: moved.key.rule.to_string(),
        subject: moved.key.subject.key(),
        place: moved.key.subject.place().map(ToString::to_string),
        state: moved.to.name().to_owned(),
        since: moved.at.micros(),
        episode: match moved.to {
            State::Present | State::Easing => moved.episode.as_ref().map(ToString::to_string),
            State::Unknown | State::Clear | State::Suspected => None,
        },
        rule_version: i64::from(moved.rule_version),
        kind: rule.map(|rule| rule.kind.to_string()),
        severity: rule.map(|rule| i64::from(rule.severity.level())),
        grid: grid(&moved.key.subject, config),
        doc: condition_record(&Change::Moved(moved.clone())),
    }
}

pub(crate) fn condition_blind(blind: &Blind, config: &Config) -> ConditionBlind {
    let rule = config.rule(&blind.key.rule);
    ConditionBlind {
        id: condition_id(&blind.key),
        rule: blind.key.rule.to_string(),
        subject: blind.key.subject.key(),
        place: blind.key.subject.place().map(ToString::to_string),
        blind: blind.blind,
        since: blind.since.unwrap_or(blind.at).micros(),
        rule_version: rule.map_or(0, |rule| i64::from(rule.version)),
        kind: rule.map(|rule| rule.kind.to_string()),
        severity: rule.map(|rule| i64::from(rule.severity.level())),
        grid: grid(&blind.key.subject, config),
        doc: condition_record(&Change::Blind(blind.clone())),
    }
}

fn grid(subject: &Subject, config: &Config) -> Option<String> {
    let place = config.catalogue.places.get(subject.place()?)?;
    place.grid.as_ref().map(ToString::to_string)
}

/// A record of the observation topic as the log takes it.
pub(crate) fn encode(record: &LogRecord, timestamp_us: i64) -> Record {
    logged(muster_wire::record::encode(record), timestamp_us)
}

fn logged(encoded: Encoded, timestamp_us: i64) -> Record {
    let headers = encoded.headers.into_iter().collect();
    Record { key: encoded.key, payload: encoded.payload, headers, timestamp_us }
}

pub(crate) fn decode(record: &Record) -> Result<LogRecord, WireError> {
    muster_wire::record::decode(&record.headers, &record.payload)
}

/// Why a record that is not whole cannot be taken.
pub(crate) fn torn(torn: Torn) -> WireError {
    match torn {
        Torn::TooLarge(size) => {
            let fault = Fault::RecordTooLarge.with(&[("size", &size), ("most", &MAX_RECORD_BYTES)]);
            WireError::new(Code::TooLarge, "", fault)
        }
        Torn::Packed(end) => WireError::new(Code::Packed, "", Fault::Packed.with(&[("end", &end)])),
    }
}

/// The body of an act on its way to the observation topic: the record's own data with what headers would say.
pub(crate) fn act_record(act: &Act) -> Result<String, PipelineError> {
    let encoded = muster_wire::record::encode(&LogRecord::Act(act.clone()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers: Vec<(String, String)> =
        encoded.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(serde_json::to_string(&(headers, text(&encoded.payload)))?)
}

/// An outbox row as the record of its topic.
pub(crate) fn published(row: &Published, timestamp_us: i64) -> Result<Record, PipelineError> {
    let encoded = match row.destination.as_str() {
        outbox::CASE => {
            let (event, case) = muster_wire::case::read_changed(&row.body).map_err(PipelineError::Document)?;
            muster_wire::case::encode(&event, &case)
        }
        outbox::CONDITION => {
            let change = muster_wire::condition::read(&row.body).map_err(PipelineError::Document)?;
            muster_wire::condition::encode(&change, &row.publish_no.to_string())
        }
        _ => {
            let (headers, payload): (Vec<(String, String)>, String) = serde_json::from_str(&row.body)?;
            return Ok(Record {
                key: None,
                payload: payload.into(),
                headers: headers.into_iter().collect(),
                timestamp_us,
            });
        }
    };
    Ok(logged(encoded, timestamp_us))
}

/// The partition key of an ordering key: a place without its `place:`.
pub(crate) fn place_of(ordering_key: &str) -> &str {
    ordering_key.strip_prefix("place:").unwrap_or(ordering_key)
}
