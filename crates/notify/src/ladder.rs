//! Calls and warnings of the ladder, carried out at the place's own equipment; what became of them goes to the log.

use std::sync::Arc;

use async_trait::async_trait;
use muster_domain::catalogue::{Catalogue, DeviceKind};
use muster_domain::effect::{LadderAction, LadderEffect};
use muster_domain::id::{DeviceId, PlaceId};
use muster_domain::record::{LogRecord, Outcome, OutcomeState};
use muster_log::{EventLog, Topic};
use muster_pipeline::PipelineError;
use muster_pipeline::clock::Clock;
use muster_pipeline::configs::Configs;
use muster_pipeline::outbox;
use muster_pipeline::publish::Destination;
use muster_pipeline::watch::append_control;
use muster_store::Published;

/// Carries out calls and warnings.
#[derive(Debug)]
pub struct LadderDestination {
    /// Where outcomes go.
    pub log: Arc<dyn EventLog>,
    /// Where equipment stands.
    pub configs: Configs,
    /// The clock.
    pub clock: Clock,
}

impl LadderDestination {
    /// What becomes of an effect now. At least once: what was done and could not be told to
    /// the log is done again, until its time has passed.
    fn perform(&self, effect: &LadderEffect) -> OutcomeState {
        if self.clock.filed() > effect.not_after {
            return OutcomeState::Expired;
        }
        let Some(config) = self.configs.latest() else { return OutcomeState::Failed };
        let equipment = equipment(&config.catalogue, &effect.place, &effect.what);
        let (name, place) = (&effect.name, &effect.place);
        match equipment {
            Some(device) => {
                tracing::info!(effect = %effect.id, %place, name, %device, simulated = true, "delivered to equipment");
                OutcomeState::Delivered
            }
            None => {
                tracing::warn!(effect = %effect.id, %place, name, "there is no equipment to deliver to");
                OutcomeState::Failed
            }
        }
    }
}

/// The device that can carry it out: a loudspeaker for a warning, a transmission device for a call.
fn equipment<'a>(catalogue: &'a Catalogue, place: &PlaceId, what: &LadderAction) -> Option<&'a DeviceId> {
    let wanted = match what {
        LadderAction::Warn(_) => DeviceKind::Loudspeaker,
        LadderAction::Call => DeviceKind::Sensor,
    };
    let at_place = |device: &muster_domain::catalogue::Device| {
        device.kind == wanted && device.places.iter().any(|covered| covered.place == *place)
    };
    catalogue.devices.values().find(|device| at_place(device)).map(|device| &device.id)
}

#[async_trait]
impl Destination for LadderDestination {
    fn name(&self) -> &'static str {
        outbox::LADDER
    }

    async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>) {
        let partitions = self.log.partitions(&Topic::Observation);
        for (settled, row) in rows.iter().enumerate() {
            let effect = match outbox::read_ladder(&row.body) {
                Ok(effect) => effect,
                Err(error) => {
                    tracing::error!(number = row.publish_no, %error, "a ladder effect is given up");
                    continue;
                }
            };
            let outcome = LogRecord::Outcome(Outcome {
                effect: effect.id.clone(),
                episode: effect.episode.clone(),
                rule: effect.rule.clone(),
                place: effect.place.clone(),
                name: effect.name.clone(),
                state: self.perform(&effect),
                at: self.clock.received(),
            });
            let partition = muster_domain::partition::of_place(&effect.place, partitions);
            if let Err(error) = self.log.append(vec![append_control(&self.clock, partition, &outcome)]).await {
                return (settled, Err(error.into()));
            }
        }
        (rows.len(), Ok(()))
    }
}
