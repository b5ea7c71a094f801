//! "Why?" and "why not?" for one rule at one place: every clause with its value, every source with its cover.

use muster_domain::catalogue::{Combine, Reports};
use muster_domain::condition::{ConditionKey, State};
use muster_domain::id::{DeviceId, EpisodeId, PlaceId, RuleId};
use muster_domain::record::Value;
use muster_domain::time::{LogTime, Seen, Span};

use super::Engine;
use super::answer::{bits, combined};
use super::condition::Condition;
use super::hold::Stands;
use super::voice::{FOR_EVER, Voice};
use crate::expr::{Expr, Term};
use crate::rulebook::{Clear, Says};

/// What a rule believes about a place, and what would change that.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Rule and place.
    pub key: ConditionKey,
    /// The rule's version.
    pub rule_version: u32,
    /// The log time of which this speaks.
    pub at: Option<LogTime>,
    /// The state.
    pub state: State,
    /// When it came to it.
    pub since: Option<Seen>,
    /// The flag, and since when.
    pub blind_since: Option<LogTime>,
    /// The episode under way.
    pub episode: Option<EpisodeId>,
    /// Evidence moves nothing before this instant, because a person decided.
    pub still_until: Option<Seen>,
    /// How several sources combine.
    pub combine: Combine,
    /// What raises and what clears, for each source or for all together.
    pub clauses: Vec<ClauseShown>,
    /// The hold that runs, as of the last evidence.
    pub hold: Option<HoldShown>,
    /// Every declared source.
    pub sources: Vec<SourceShown>,
}

/// A clause, computed for one source or for all together.
#[derive(Debug, Clone, PartialEq)]
pub struct ClauseShown {
    /// It is the one that raises; else the one that clears.
    pub raises: bool,
    /// The clause as written.
    pub text: String,
    /// The source; `None` for the combined value.
    pub device: Option<DeviceId>,
    /// What it comes to; `None` when a value is absent.
    pub holds: Option<bool>,
    /// Each comparison with its values and what would turn it round.
    pub terms: Vec<Term>,
}

/// A hold on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldShown {
    /// The state that it leads to.
    pub towards: State,
    /// Covered time so far.
    pub held: Span,
    /// What it needs.
    pub needed: Span,
    /// What the last evidence is to it.
    pub running: bool,
    /// How long contrary evidence has stood, if there is some, and how long it must.
    pub doubt: Option<(Span, Span)>,
    /// How long it has paused.
    pub paused: Span,
}

/// A source as a rule hears it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceShown {
    /// The device.
    pub device: DeviceId,
    /// How it speaks.
    pub reports: Reports,
    /// What it says.
    pub says: Says,
    /// The values it said last, by name.
    pub values: Vec<(String, Value)>,
    /// When it said them.
    pub seen: Option<Seen>,
    /// How old that is in log time.
    pub age: Option<Span>,
    /// It covers the place at log time.
    pub covers: bool,
    /// Its coverage ends here if nothing more comes.
    pub covered_until: Option<Seen>,
    /// Its last word was that it is not well, at this instant.
    pub unwell_since: Option<Seen>,
    /// It has been silent since this instant.
    pub silent_since: Option<LogTime>,
    /// The episode cannot end without it.
    pub witness: bool,
}

impl Engine {
    /// Explains one rule at one place as it stands now; `None` when the rule does not watch the place here.
    #[must_use]
    pub fn explain(&self, rule: &RuleId, place: &PlaceId) -> Option<Explanation> {
        let condition = &self.conditions[self.position(rule, place)?];
        Some(condition.explained(self.clock.time))
    }
}

impl Condition {
    fn explained(&self, time: Option<i64>) -> Explanation {
        let witnesses = match self.combine {
            Combine::Any => self.belief.witnesses,
            Combine::All | Combine::Max | Combine::Sum => self.view().everyone(),
        };
        let at = time.or(self.belief.seen).unwrap_or_default();
        let sources = bits().zip(&self.voices).map(|(bit, voice)| self.source(voice, at, witnesses & bit != 0));
        Explanation {
            key: self.key(),
            rule_version: self.rule.version,
            at: time.map(LogTime::from_micros),
            state: self.belief.state,
            since: (self.belief.state != State::Unknown).then(|| Seen::from_micros(self.belief.since)),
            blind_since: self.sight.blind_from.map(LogTime::from_micros),
            episode: self.episode.as_ref().map(|episode| episode.id.clone()),
            still_until: self.belief.still_until.filter(|until| at < *until).map(Seen::from_micros),
            combine: self.combine,
            clauses: self.clauses(),
            hold: self.hold_shown(),
            sources: sources.collect(),
        }
    }

    fn clauses(&self) -> Vec<ClauseShown> {
        let slots = self.rule.scope.fields.len();
        let values: Vec<(Option<DeviceId>, Vec<Option<Value>>)> = match self.combine {
            Combine::Max | Combine::Sum => vec![(None, combined(&self.voices, self.combine, slots))],
            Combine::Any | Combine::All => {
                self.voices.iter().map(|voice| (Some(voice.device.clone()), voice.values.clone())).collect()
            }
        };
        let shown = |raises: bool, clause: &Expr, device: &Option<DeviceId>, values: &[Option<Value>]| ClauseShown {
            raises,
            text: clause.text().to_owned(),
            device: device.clone(),
            holds: clause.test(values, &self.props),
            terms: clause.terms(&self.rule.scope, values, &self.props),
        };
        let mut clauses = Vec::new();
        for (device, values) in &values {
            clauses.push(shown(true, &self.rule.raise.when, device, values));
            if let Clear::When(clause) = &self.rule.clear {
                clauses.push(shown(false, &clause.when, device, values));
            }
        }
        clauses
    }

    fn hold_shown(&self) -> Option<HoldShown> {
        let view = self.view();
        let stands = self.belief.stands(view.answer(self.belief.seen?, self.belief.witnesses), &view)?;
        let hold = self.belief.hold;
        let tolerate = self.rule.tolerate;
        Some(HoldShown {
            towards: if self.belief.state == State::Suspected { State::Present } else { State::Clear },
            held: Span::from_micros(hold.sum),
            needed: Span::from_micros(self.belief.needed(&view)),
            running: stands == Stands::Wanted,
            doubt: hold.doubt.map(|doubt| (Span::from_micros(doubt), tolerate)),
            paused: Span::from_micros(hold.pause),
        })
    }

    fn source(&self, voice: &Voice, at: i64, witness: bool) -> SourceShown {
        let names = self.rule.scope.fields.iter().map(|(name, _)| name.clone());
        let until = voice.heard.filter(|heard| voice.covers(*heard)).map(|heard| voice.boundary_after(heard));
        let until = until.filter(|until| *until != FOR_EVER);
        SourceShown {
            device: voice.device.clone(),
            reports: voice.reports,
            says: voice.says,
            values: names.zip(&voice.values).filter_map(|(name, value)| Some((name, value.clone()?))).collect(),
            seen: voice.said_at.map(Seen::from_micros),
            age: voice.said_at.map(|said| Span::from_micros(at.saturating_sub(said))),
            covers: voice.covers(at),
            covered_until: until.map(Seen::from_micros),
            unwell_since: voice.unwell.filter(|_| voice.is_unwell()).map(Seen::from_micros),
            silent_since: voice.silent_from.map(LogTime::from_micros),
            witness,
        }
    }
}
