//! What the outbox carries: every effect as a row for one destination, written with the decision that caused it.

use muster_domain::case::{Case, CaseEvent};
use muster_domain::effect::{Effect, LadderAction, LadderEffect, Notice, NoticeKind};
use muster_domain::id::{CaseId, CaseKind, EffectId, EpisodeId, IdError, PlaceId, RuleId, SeatId, UnitId};
use muster_domain::text::Words;
use muster_domain::time::Filed;
use muster_store::{DeadLetterState, OutboxRow};
use muster_wire::api::LetterNews;
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::docs;

/// Journal entries, for the case topic and open screens.
pub const CASE: &str = "case";
/// Changes of conditions, for the condition topic and open screens.
pub const CONDITION: &str = "condition";
/// People's acts, for the observation topic.
pub const ACT: &str = "act";
/// Calls and warnings of the ladder.
pub const LADDER: &str = "ladder";
/// Notices to units.
pub const NOTICE: &str = "notice";
/// What became of dead letters, for open screens alone.
pub const LETTER: &str = "letter";

/// The rows of a case's effects. A journal entry goes out with the case as it was after it.
pub(crate) fn rows(
    before: Option<&Case>,
    events: &[CaseEvent],
    effects: &[Effect],
    now: Filed,
) -> Result<Vec<OutboxRow>, PipelineError> {
    let mut after = before.cloned();
    let mut next = events.iter();
    let mut rows = Vec::with_capacity(effects.len());
    for effect in effects {
        let row = match effect {
            Effect::CaseChanged(event) => {
                if let Some(entry) = next.next() {
                    after = Some(docs::applied(after.take(), entry)?);
                }
                let body = docs::case_record(event, after.as_ref())?;
                row(CASE, event.case.as_str(), Some(&format!("{}#{}", event.case, event.version)), body, now, None)
            }
            Effect::ConditionChanged(change) => condition(change, now),
            Effect::Act(act) => row(ACT, act.place.as_str(), Some(act.id.as_str()), docs::act_record(act)?, now, None),
            Effect::Ladder(ladder) => self::ladder(ladder, now)?,
            Effect::Notice(notice) => self::notice(notice, now)?,
        };
        rows.push(row);
    }
    Ok(rows)
}

/// The row of a condition's change.
pub(crate) fn condition(change: &muster_domain::condition::Change, now: Filed) -> OutboxRow {
    row(CONDITION, &docs::condition_subject(change), None, docs::condition_record(change), now, None)
}

/// The row of a call or a warning.
pub(crate) fn ladder(effect: &LadderEffect, now: Filed) -> Result<OutboxRow, PipelineError> {
    let (call, warn) = match &effect.what {
        LadderAction::Call => (true, None),
        LadderAction::Warn(words) => (false, Some(words)),
    };
    let body = serde_json::to_string(&LadderBody {
        id: effect.id.to_string(),
        case: effect.case.to_string(),
        episode: effect.episode.to_string(),
        rule: effect.rule.to_string(),
        place: effect.place.to_string(),
        name: effect.name.clone(),
        call,
        zh: warn.map(|words| words.zh.clone()).unwrap_or_default(),
        en: warn.map(|words| words.en.clone()).unwrap_or_default(),
        not_after: effect.not_after.micros(),
    })?;
    Ok(row(LADDER, effect.case.as_str(), Some(effect.id.as_str()), body, now, Some(effect.not_after)))
}

fn notice(notice: &Notice, now: Filed) -> Result<OutboxRow, PipelineError> {
    let body = serde_json::to_string(&NoticeBody {
        id: notice.id.to_string(),
        case: notice.case.to_string(),
        number: notice.number.clone(),
        kind: notice.kind.to_string(),
        seat: notice.seat.to_string(),
        lead: notice.role == muster_domain::case::Role::Lead,
        unit: notice.unit.to_string(),
        asked: notice.what == NoticeKind::Asked,
        not_after: notice.not_after.micros(),
    })?;
    Ok(row(NOTICE, notice.case.as_str(), Some(notice.id.as_str()), body, now, Some(notice.not_after)))
}

/// The row of dead letters that came, or with which something was done.
pub(crate) fn letters(state: DeadLetterState, letters: u64, now: i64) -> Result<OutboxRow, PipelineError> {
    let body = serde_json::to_string(&LetterNews { state: state.name().to_owned(), letters })?;
    Ok(row(LETTER, LETTER, None, body, Filed::from_micros(now), None))
}

fn row(
    destination: &str,
    key: &str,
    effect: Option<&str>,
    body: String,
    now: Filed,
    not_after: Option<Filed>,
) -> OutboxRow {
    OutboxRow {
        destination: destination.to_owned(),
        ordering_key: key.to_owned(),
        effect: effect.map(str::to_owned),
        body,
        created: now.micros(),
        not_after: not_after.map(Filed::micros),
    }
}

#[derive(Serialize, Deserialize)]
struct LadderBody {
    id: String,
    case: String,
    episode: String,
    rule: String,
    place: String,
    name: String,
    call: bool,
    zh: String,
    en: String,
    not_after: i64,
}

#[derive(Serialize, Deserialize)]
struct NoticeBody {
    id: String,
    case: String,
    number: String,
    kind: String,
    seat: String,
    lead: bool,
    unit: String,
    asked: bool,
    not_after: i64,
}

/// A row's body that is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Not the JSON of that destination.
    #[error("the outbox row is not readable")]
    Json(#[from] serde_json::Error),
    /// An id in it is none.
    #[error("the outbox row holds what is no id")]
    Id(#[from] IdError),
}

/// Reads the body of a [`LADDER`] row.
///
/// # Errors
/// [`BodyError`] if it is none.
pub fn read_ladder(body: &str) -> Result<LadderEffect, BodyError> {
    let body: LadderBody = serde_json::from_str(body)?;
    Ok(LadderEffect {
        id: EffectId::parse(&body.id)?,
        case: CaseId::parse(&body.case)?,
        episode: EpisodeId::parse(&body.episode)?,
        rule: RuleId::parse(&body.rule)?,
        place: PlaceId::parse(&body.place)?,
        name: body.name,
        what: if body.call { LadderAction::Call } else { LadderAction::Warn(Words::new(body.zh, body.en)) },
        not_after: Filed::from_micros(body.not_after),
    })
}

/// Reads the body of a [`NOTICE`] row.
///
/// # Errors
/// [`BodyError`] if it is none.
pub fn read_notice(body: &str) -> Result<Notice, BodyError> {
    use muster_domain::case::Role;
    let body: NoticeBody = serde_json::from_str(body)?;
    Ok(Notice {
        id: EffectId::parse(&body.id)?,
        case: CaseId::parse(&body.case)?,
        number: body.number,
        kind: CaseKind::parse(&body.kind)?,
        seat: SeatId::parse(&body.seat)?,
        role: if body.lead { Role::Lead } else { Role::Assist },
        unit: UnitId::parse(&body.unit)?,
        what: if body.asked { NoticeKind::Asked } else { NoticeKind::Released },
        not_after: Filed::from_micros(body.not_after),
    })
}
