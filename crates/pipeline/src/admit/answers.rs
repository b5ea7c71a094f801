//! The answer to a call (查岗应答): an observation that says so becomes the outcome of every such call at its place.

use muster_domain::id::{EpisodeId, RuleId};
use muster_domain::record::{LogRecord, Observation, Outcome, OutcomeState, Value};
use muster_rules::config::Config;
use muster_store::ConditionFilter;

use super::{Admit, AdmitError, Batch};
use crate::docs;
use crate::watch::append_control;

/// The value by which an observation of a call's own name says that the call was answered.
const ANSWERED: &str = "answered";
/// The most conditions of one place that are asked for open calls.
const MOST_CONDITIONS: u32 = 200;

/// Whether an observation may be the answer to a call.
pub(super) fn is_answer(said: &Observation) -> bool {
    said.values.iter().any(|(name, value)| name == ANSWERED && *value == Value::Bool(true))
}

impl Admit {
    /// Puts what the answers of a batch mean behind them, in the same append.
    pub(super) async fn answers(&self, config: &Config, batch: &mut Batch) -> Result<(), AdmitError> {
        for said in std::mem::take(&mut batch.answers) {
            let partition = self.partition(said.place.as_str());
            for outcome in self.answered(config, &said).await? {
                batch.appends.push(append_control(&self.0.clock, partition, &outcome));
            }
        }
        Ok(())
    }

    /// The outcomes that an answer means: one for each call of its kind's name on a ladder that is under way at its place.
    ///
    /// Which episodes are under way is the store's to say. A call is made only after its episode was committed there, so
    /// none that could be answered is missed.
    async fn answered(&self, config: &Config, said: &Observation) -> Result<Vec<LogRecord>, AdmitError> {
        let place = Some(said.place.to_string());
        let filter = ConditionFilter { place, ..ConditionFilter::default() };
        let conditions = self.0.store.conditions(&filter, MOST_CONDITIONS, None).await;
        let conditions = conditions.map_err(|error| AdmitError::Store(error.into()))?;
        let mut outcomes = Vec::new();
        for row in conditions.items {
            let episode = row.episode.as_deref().and_then(|id| EpisodeId::parse(id).ok());
            let rule = RuleId::parse(&row.rule).ok().and_then(|id| config.rule(&id));
            let Some((episode, rule)) = episode.zip(rule) else { continue };
            let calls = rule.respond.iter().enumerate();
            for (step, _) in calls.filter(|(_, step)| step.call.as_deref() == Some(said.kind.as_str())) {
                let name = said.kind.to_string();
                outcomes.push(LogRecord::Outcome(Outcome {
                    effect: docs::ladder_effect_id(&episode, step, &name),
                    episode: episode.clone(),
                    rule: rule.id.clone(),
                    place: said.place.clone(),
                    name,
                    state: OutcomeState::Answered,
                    at: said.received,
                }));
            }
        }
        Ok(outcomes)
    }
}
