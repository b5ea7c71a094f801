//! A load of any rate and size whose incidents are known before the first observation is sent.
//!
//! Every place has one camera that speaks every `places / rate` seconds. A seeded plan says in which rounds a lane is
//! occupied; from the plan follow both the observations and, by the fire-lane rule of the example rule book, the incidents.

use std::fmt::Write as _;

use crate::chance::Chance;
use crate::stamp::{MICROS, Stamp};

/// What load to make.
#[derive(Debug, Clone, Copy)]
pub struct LoadSettings {
    /// Observations a second, all places together.
    pub rate: u32,
    /// Places, each with one camera.
    pub places: u32,
    /// How long it lasts.
    pub seconds: u32,
    /// The same seed gives the same load.
    pub seed: u64,
    /// Observations in one batch.
    pub batch: usize,
    /// How many times shorter everything lasts than the example rule has it: dwell, clearing, and the stops themselves.
    /// More than 1 needs a rule as much shorter.
    pub hurry: u32,
}

/// Why a load cannot be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A zero somewhere.
    #[error("rate, places, seconds, batch and hurry must be more than 0")]
    Zero,
    /// A camera would speak less often than the rule needs to see.
    #[error("{places} places at {rate} a second speak every {every} s: at most every {MOST_SECONDS} s, raise the rate")]
    Sparse {
        /// Places asked for.
        places: u32,
        /// Rate asked for.
        rate: u32,
        /// Seconds between two observations of one place.
        every: u32,
    },
}

/// Seconds between two observations of one place at most: below `blind.after` of the rule.
const MOST_SECONDS: u32 = 20;
/// `raise.for` of the rule `fire-lane-blocked`.
pub const DWELL: i64 = 180 * MICROS;
/// `clear.for` of the rule.
pub const CLEAR: i64 = 30 * MICROS;
/// `tolerate` of the rule, with room: two stops are never closer than this.
const APART: i64 = 60 * MICROS;

/// An incident that must come of the load; instants in microseconds after the load's start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpectedIncident {
    /// The place's id.
    pub place: String,
    /// When the dwell is met, in seen time.
    pub begins: i64,
    /// When the first observation at or after that is seen: the one that shows it.
    pub shown: i64,
    /// When the lane has been free for long enough; `None` = not before the load ends.
    pub ends: Option<i64>,
}

/// The catalogue that goes with a load, as CSV.
#[derive(Debug, Clone, Default)]
pub struct LoadCatalogue {
    /// For `muster import grid`.
    pub grid: String,
    /// For `muster import places`.
    pub places: String,
    /// For `muster import devices`.
    pub devices: String,
    /// For `muster import units`.
    pub units: String,
}

/// A load, planned whole.
#[derive(Debug)]
pub struct Load {
    settings: LoadSettings,
    plans: Vec<Plan>,
}

/// What is fixed for one place.
#[derive(Debug)]
struct Plan {
    place: String,
    /// The event up to its id, and from its time to the value.
    head: Vec<u8>,
    body: Vec<u8>,
    /// Rounds in which the lane is occupied: from the first, up to but without the second.
    stops: Vec<(u64, u64)>,
}

/// The CloudEvents source of the load.
pub const LOAD_SOURCE: &str = "/gateways/load";

impl Load {
    /// Plans a load.
    ///
    /// # Errors
    /// [`LoadError`] if a number is 0 or places would speak too seldom.
    pub fn new(settings: LoadSettings) -> Result<Self, LoadError> {
        let LoadSettings { rate, places, seconds, seed, batch, hurry } = settings;
        if rate == 0 || places == 0 || seconds == 0 || batch == 0 || hurry == 0 {
            return Err(LoadError::Zero);
        }
        if u64::from(places) * u64::from(hurry) > u64::from(rate) * u64::from(MOST_SECONDS) {
            return Err(LoadError::Sparse { places, rate, every: places.div_ceil(rate) });
        }
        let plans = (0..places).map(|index| Plan::new(&settings, index, &mut Chance::new(seed, &place_id(index))));
        Ok(Self { settings, plans: plans.collect() })
    }

    /// How many observations there are.
    #[must_use]
    pub fn observations(&self) -> u64 {
        self.settings.observations()
    }

    /// The catalogue to import before.
    #[must_use]
    pub fn catalogue(&self) -> LoadCatalogue {
        let mut catalogue = LoadCatalogue {
            grid: "id,name,level,parent,geometry\nload,Load,street,,\n".to_owned(),
            places: "id,class,name,grid,lon,lat,crs,geometry,props,combine,units\n".to_owned(),
            devices: "id,kind,name,places,upstream,external_ids,reports,props\n".to_owned(),
            units: "id,name,kind,grids,competence,capacity,phone,valid_from,valid_to\n\
                    load-property,Load property,property,load,property,,,,\n\
                    load-enforcement,Load enforcement,enforcement,load,enforcement,,,,\n\
                    load-coordination,Load coordination,coordination,load,coordination,,,,\n"
                .to_owned(),
        };
        let every = self.settings.places.div_ceil(self.settings.rate);
        for (index, plan) in self.plans.iter().enumerate() {
            let (column, row) = (index % 1_000, index / 1_000 % 1_000);
            let place = &plan.place;
            // Writing to a string cannot fail.
            let _ = writeln!(
                catalogue.places,
                "{place},fire_lane,Load {index},load,106.{:06},29.{:06},wgs84,,,,",
                545_000 + column * 15,
                555_000 + row * 15
            );
            let _ =
                writeln!(catalogue.devices, "load-cam-{index},camera,Load {index},{place},,,occupancy=every {every}s,");
        }
        catalogue
    }

    /// The incidents that must come of it, by place and time.
    #[must_use]
    pub fn expected(&self) -> Vec<ExpectedIncident> {
        let mut expected = Vec::new();
        for (index, plan) in (0..).zip(&self.plans) {
            let Some(last) = self.settings.last_round(index) else { continue };
            for &(from, to) in &plan.stops {
                let begins = self.settings.instant(from, index) + self.settings.hurried(DWELL);
                // Evidence says so at or after the beginning: no tick is needed to find it.
                let mut seen = (from..to.min(last + 1)).map(|round| self.settings.instant(round, index));
                if let Some(shown) = seen.find(|seen| *seen >= begins) {
                    let ends = (to <= last).then(|| self.settings.instant(to, index) + self.settings.hurried(CLEAR));
                    expected.push(ExpectedIncident { place: plan.place.clone(), begins, shown, ends });
                }
            }
        }
        expected.sort();
        expected
    }

    /// Writes one observation, number `number` of the load, as a structured CloudEvent, and names its place.
    pub fn write(&self, number: u64, start: i64, stamp: &mut Stamp, out: &mut Vec<u8>) -> &str {
        let places = u64::from(self.settings.places);
        let index = usize::try_from(number % places).unwrap_or_default();
        let plan = &self.plans[index];
        let round = number / places;
        let occupied = plan.stops.iter().any(|&(from, to)| (from..to).contains(&round));
        out.extend_from_slice(&plan.head);
        digits(number, out);
        out.extend_from_slice(b"\",\"time\":\"");
        stamp.write(start + self.settings.offset(number), out);
        out.extend_from_slice(&plan.body);
        out.extend_from_slice(if occupied { b"true,\"vehicles\":1}}}" } else { b"false,\"vehicles\":0}}}" });
        &plan.place
    }

    /// The whole load in batches (`application/cloudevents-batch+json`), with times from `start` on (microseconds since 1970).
    pub fn batches(&self, start: i64) -> impl Iterator<Item = Batch> + '_ {
        let mut next = 0;
        let mut stamp = Stamp::default();
        let size = self.settings.batch as u64;
        std::iter::from_fn(move || {
            let from = next;
            next = (from + size).min(self.observations());
            if from == next {
                return None;
            }
            let mut body = Vec::with_capacity(self.settings.batch * 320 + 2);
            for number in from..next {
                body.push(if number == from { b'[' } else { b',' });
                self.write(number, start, &mut stamp, &mut body);
            }
            body.push(b']');
            Some(Batch { due: start + self.settings.offset(next - 1), observations: next - from, body })
        })
    }
}

/// A part of a load, ready to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// When its last observation is seen: not to be sent before, in microseconds since 1970.
    pub due: i64,
    /// Observations in it.
    pub observations: u64,
    /// A JSON array of CloudEvents.
    pub body: Vec<u8>,
}

impl Plan {
    fn new(settings: &LoadSettings, index: u32, chance: &mut Chance) -> Self {
        let place = place_id(index);
        let head = format!(
            "{{\"specversion\":\"1.0\",\"type\":\"muster.observation.v1\",\"source\":\"{LOAD_SOURCE}\",\"id\":\"{}-",
            settings.seed
        );
        let body = format!(
            "\",\"datacontenttype\":\"application/json\",\"data\":{{\"device\":\"load-cam-{index}\",\"place\":\"{place}\",\
             \"kind\":\"occupancy\",\"values\":{{\"occupied\":"
        );
        let mut stops = stops(settings, chance);
        end_plainly(settings, index, &mut stops);
        Self { place, head: head.into_bytes(), body: body.into_bytes(), stops }
    }
}

/// Leaves nothing open that the time after the load would decide: a stop near its end is made to outlast it, and is left out
/// if the dwell would then be met about there.
fn end_plainly(settings: &LoadSettings, index: u32, stops: &mut Vec<(u64, u64)>) {
    let Some(last) = settings.last_round(index) else { return };
    stops.retain_mut(|(from, to)| {
        if *from > last {
            return false;
        }
        let end = settings.instant(last, index);
        let (dwell, apart) = (settings.hurried(DWELL), settings.hurried(APART));
        if *to > last || end - settings.instant(*to, index) < settings.hurried(CLEAR) + apart {
            *to = last + 2;
            let held = end - settings.instant(*from, index);
            return !(dwell - apart..dwell + apart).contains(&held);
        }
        true
    });
}

impl LoadSettings {
    fn observations(&self) -> u64 {
        u64::from(self.rate) * u64::from(self.seconds)
    }

    /// A span of the example rule, as much shorter as everything is.
    fn hurried(&self, micros: i64) -> i64 {
        micros / i64::from(self.hurry)
    }

    /// When observation `number` is seen, in microseconds after the start.
    fn offset(&self, number: u64) -> i64 {
        let micros = u128::from(number) * 1_000_000 / u128::from(self.rate);
        i64::try_from(micros).unwrap_or(i64::MAX)
    }

    fn instant(&self, round: u64, index: u32) -> i64 {
        self.offset(round * u64::from(self.places) + u64::from(index))
    }

    /// The last round in which a place is heard.
    fn last_round(&self, index: u32) -> Option<u64> {
        let beyond = self.observations().checked_sub(u64::from(index) + 1)?;
        Some(beyond / u64::from(self.places))
    }
}

/// Stops of one lane: quiet for a while, then short or long, never closer than [`APART`]; never within two rounds of the dwell.
fn stops(settings: &LoadSettings, chance: &mut Chance) -> Vec<(u64, u64)> {
    let round = i64::from(settings.places) * MICROS / i64::from(settings.rate);
    let rounds = |micros: i64| u64::try_from(settings.hurried(micros) / round.max(1) + 1).unwrap_or(1);
    let end = u64::try_from(i64::from(settings.seconds) * MICROS / round.max(1) + 1).unwrap_or(1);
    let mut stops = Vec::new();
    let mut at = rounds(chance.between(0, 240) * MICROS);
    while at < end {
        let stays = if chance.once_in(3) {
            rounds(chance.between(230, 600) * MICROS)
        } else {
            rounds(chance.between(1, 130) * MICROS)
        };
        stops.push((at, at + stays));
        at += stays + rounds(APART + chance.between(0, 900) * MICROS);
    }
    stops
}

fn place_id(index: u32) -> String {
    format!("load-{index}")
}

fn digits(number: u64, out: &mut Vec<u8>) {
    let mut buffer = [0_u8; 20];
    let mut at = buffer.len();
    let mut rest = number;
    loop {
        at -= 1;
        buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests;
