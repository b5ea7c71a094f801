//! Control records: what carries time, configuration and people's acts into the watch.

use std::borrow::Cow;

use muster_domain::id::{ActId, AdapterName, CaseId, EffectId, EpisodeId, PlaceId, RuleId};
use muster_domain::record::{Act, ActKind, LogRecord, Outcome, OutcomeState};
use muster_domain::time::{Filed, LogTime, Received};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DATA, Head, needed};
use crate::error::{At, WireError};
use crate::kafka::Draft;
use crate::mirror::mirrored;
use crate::text::Text;
use crate::{read, write};

pub(super) const TICK: &str = "muster.tick.v1";
pub(super) const TAKEOVER: &str = "muster.takeover.v1";
pub(super) const CONFIG: &str = "muster.config.v1";
pub(super) const INTAKE: &str = "muster.intake.v1";
pub(super) const ACT: &str = "muster.act.v1";
pub(super) const OUTCOME: &str = "muster.outcome.v1";

/// It is now the `time` of this event, says the partition's owner.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Tick")]
pub(crate) struct TickV1 {
    /// The epoch of the owner that wrote it.
    epoch: u64,
}

pub(super) fn tick(epoch: u64, at: LogTime) -> Draft<'static> {
    let id = format!("tick-{epoch}-{}", at.micros());
    Draft { time: Some(at.micros()), ..Draft::ours(TICK, id, write::bytes(&TickV1 { epoch })) }
}

pub(super) fn read_tick(head: &Head<'_>, data: &str) -> Result<LogRecord, WireError> {
    let TickV1 { epoch } = read::typed(data, &DATA)?;
    Ok(LogRecord::Tick { epoch, at: LogTime::from_micros(head.time()?) })
}

/// An owner of the partition begins.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Takeover", bound(deserialize = "'de: 'a"))]
pub(crate) struct TakeoverV1<'a> {
    /// The new epoch.
    epoch: u64,
    /// Who owns the partition.
    owner: Text<'a>,
}

pub(super) fn takeover(epoch: u64, owner: &str) -> Draft<'static> {
    Draft::ours(TAKEOVER, format!("takeover-{epoch}"), write::bytes(&TakeoverV1 { epoch, owner: owner.into() }))
}

pub(super) fn read_takeover(data: &str) -> Result<LogRecord, WireError> {
    let TakeoverV1 { epoch, owner } = read::typed(data, &DATA)?;
    Ok(LogRecord::Takeover { epoch, owner: owner.into() })
}

/// From here on this configuration version holds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Config")]
pub(crate) struct ConfigV1 {
    /// An immutable version in the store.
    version: u64,
}

pub(super) fn config(version: u64) -> Draft<'static> {
    Draft::ours(CONFIG, format!("config-{version}"), write::bytes(&ConfigV1 { version }))
}

pub(super) fn read_config(data: &str) -> Result<LogRecord, WireError> {
    let ConfigV1 { version } = read::typed(data, &DATA)?;
    Ok(LogRecord::Config { version })
}

/// An adapter of ours is alive at the `time` of this event.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Intake", bound(deserialize = "'de: 'a"))]
pub(crate) struct IntakeV1<'a> {
    /// Which adapter.
    adapter: Text<'a>,
}

pub(super) fn intake(adapter: &AdapterName, at: Received) -> Draft<'static> {
    let id = format!("intake-{adapter}-{}", at.micros());
    let data = IntakeV1 { adapter: adapter.as_str().into() };
    Draft { time: Some(at.micros()), ..Draft::ours(INTAKE, id, write::bytes(&data)) }
}

pub(super) fn read_intake(head: &Head<'_>, data: &str) -> Result<LogRecord, WireError> {
    let data: IntakeV1<'_> = read::typed(data, &DATA)?;
    let adapter = read::id(&data.adapter, DATA.key("adapter"), AdapterName::parse)?;
    Ok(LogRecord::Intake { adapter, at: Received::from_micros(head.time()?) })
}

/// What a person decided that a rule must know, at the `time` of this event; the event's id is the act's.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Act", bound(deserialize = "'de: 'a"))]
pub(crate) struct ActV1<'a> {
    /// The place it concerns.
    place: Text<'a>,
    /// The rule it concerns.
    rule: Text<'a>,
    /// The episode it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode: Option<Text<'a>>,
    /// The case it came from.
    case: Text<'a>,
    /// What was decided.
    kind: ActKindV1,
    /// In what words.
    reason: Text<'a>,
}

mirrored! {
    /// What was decided.
    ActKindV1 as "ActKind" = ActKind { CaseEnded, PostChecked }
    /// How far an effect got.
    OutcomeStateV1 as "OutcomeState" = OutcomeState { Sent, Delivered, Answered, Failed, Expired }
}

pub(crate) fn act_mirror(act: &Act) -> ActV1<'_> {
    ActV1 {
        place: act.place.as_str().into(),
        rule: act.rule.as_str().into(),
        episode: act.episode.as_ref().map(|id| id.as_str().into()),
        case: act.case.as_str().into(),
        kind: act.kind.into(),
        reason: (&act.reason).into(),
    }
}

pub(super) fn act(act: &Act) -> Draft<'_> {
    Draft {
        time: Some(act.at.micros()),
        subject: Some(act.place.as_str()),
        ..Draft::ours(ACT, Cow::Borrowed(act.id.as_str()), write::bytes(&act_mirror(act)))
    }
}

pub(super) fn read_act(head: &Head<'_>, data: &str) -> Result<LogRecord, WireError> {
    let data: ActV1<'_> = read::typed(data, &DATA)?;
    Ok(LogRecord::Act(Act {
        id: read::id(needed(head.id, "id")?, At::Root.key("id"), ActId::parse)?,
        place: read::id(&data.place, DATA.key("place"), PlaceId::parse)?,
        rule: read::id(&data.rule, DATA.key("rule"), RuleId::parse)?,
        episode: read::maybe_id(data.episode.as_ref(), DATA.key("episode"), EpisodeId::parse)?,
        case: read::id(&data.case, DATA.key("case"), CaseId::parse)?,
        kind: data.kind.into(),
        at: Filed::from_micros(head.time()?),
        reason: data.reason.into(),
    }))
}

/// What became of an effect, at the `time` of this event.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Outcome", bound(deserialize = "'de: 'a"))]
pub(crate) struct OutcomeV1<'a> {
    /// Which effect.
    effect: Text<'a>,
    /// The episode whose ladder asked for it.
    episode: Text<'a>,
    /// The rule of that episode.
    rule: Text<'a>,
    /// The place of that episode.
    place: Text<'a>,
    /// The name of the call or warning.
    name: Text<'a>,
    /// What became of it.
    state: OutcomeStateV1,
}

pub(super) fn outcome(outcome: &Outcome) -> Draft<'_> {
    let state = OutcomeStateV1::from(outcome.state);
    let data = OutcomeV1 {
        effect: outcome.effect.as_str().into(),
        episode: outcome.episode.as_str().into(),
        rule: outcome.rule.as_str().into(),
        place: outcome.place.as_str().into(),
        name: (&outcome.name).into(),
        state,
    };
    // An effect may have several outcomes, and an id belongs to one record.
    let id = format!("{}-{}", outcome.effect, state_name(outcome.state));
    Draft {
        time: Some(outcome.at.micros()),
        subject: Some(outcome.place.as_str()),
        ..Draft::ours(OUTCOME, id, write::bytes(&data))
    }
}

const fn state_name(state: OutcomeState) -> &'static str {
    match state {
        OutcomeState::Sent => "sent",
        OutcomeState::Delivered => "delivered",
        OutcomeState::Answered => "answered",
        OutcomeState::Failed => "failed",
        OutcomeState::Expired => "expired",
    }
}

pub(super) fn read_outcome(head: &Head<'_>, data: &str) -> Result<LogRecord, WireError> {
    let data: OutcomeV1<'_> = read::typed(data, &DATA)?;
    Ok(LogRecord::Outcome(Outcome {
        effect: read::id(&data.effect, DATA.key("effect"), EffectId::parse)?,
        episode: read::id(&data.episode, DATA.key("episode"), EpisodeId::parse)?,
        rule: read::id(&data.rule, DATA.key("rule"), RuleId::parse)?,
        place: read::id(&data.place, DATA.key("place"), PlaceId::parse)?,
        name: data.name.into(),
        state: data.state.into(),
        at: Received::from_micros(head.time()?),
    }))
}
