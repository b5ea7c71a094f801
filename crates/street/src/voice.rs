//! What the street's devices and people say of the world: CloudEvents and reports, in the order of their times.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::catalogue::{Class, Device, Kind, Street};
use crate::chance::Chance;
use crate::stamp::{MICROS, Stamp};
use crate::world::{Lens, Notice, Saying, World};

/// One request to be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Post {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Events in one request at most: far below the 8 MiB that a batch may have.
const EVENTS_A_POST: usize = 400;
/// Seconds between two health records of one part.
const HEARTBEAT: i64 = 10;
/// One reading in so many is wrong, and put right a second later: less than any rule's `tolerate`.
const FLICKER: u64 = 700;

/// Everything in the street that speaks, and what it has said last.
#[derive(Debug)]
pub(crate) struct Voices {
    mouths: Vec<Mouth>,
    /// Events of each source that wait to be sent.
    outbox: BTreeMap<String, Vec<Value>>,
    reports: Vec<Value>,
    stamp: Stamp,
    chance: Chance,
}

/// One device speaking of one place with one kind of observation.
#[derive(Debug)]
struct Mouth {
    device: usize,
    place: usize,
    kind: Kind,
    every: Option<i64>,
    /// The device's number among those that look at the place.
    view: usize,
    last: Option<Reading>,
}

/// What one look gives.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reading {
    Persons(u32),
    Vehicles(u32),
    Density(f64),
    Quiet,
}

#[derive(Serialize)]
struct Data<'a> {
    device: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    kind: &'a str,
    values: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Value>,
}

impl Voices {
    pub(crate) fn new(street: &Street, seed: u64) -> Self {
        let mut mouths = Vec::new();
        for (device, speaker) in street.devices.iter().enumerate() {
            for &place in &speaker.places {
                for speaks in &speaker.speaks {
                    let view = street.speakers(place, speaks.kind).position(|other| other == device).unwrap_or(0);
                    let (kind, every) = (speaks.kind, speaks.every);
                    mouths.push(Mouth { device, place, kind, every, view, last: None });
                }
            }
        }
        Self {
            mouths,
            outbox: BTreeMap::new(),
            reports: Vec::new(),
            stamp: Stamp::default(),
            chance: Chance::new(seed, "voices"),
        }
    }

    /// Events and reports that wait to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.outbox.values().map(Vec::len).sum::<usize>() + self.reports.len()
    }

    /// Says everything that is said in the second that begins at `at`.
    pub(crate) fn speak(&mut self, street: &Street, world: &mut World, at: i64) {
        for index in 0..self.mouths.len() {
            self.look(street, world, index, at);
        }
        for (index, device) in street.devices.iter().enumerate() {
            if due(at, HEARTBEAT, index) {
                self.beat(device, world.lenses[index], instant(at, index));
            }
        }
        for saying in std::mem::take(&mut world.sayings) {
            match saying {
                Saying::Answer(place) => self.once(street, place, Kind::RollCall, json!({"answered": true}), at),
                Saying::Impulse(place, Kind::Loitering) => {
                    self.once(street, place, Kind::Loitering, json!({"seconds": 300}), at);
                }
                Saying::Impulse(place, kind) => self.once(street, place, kind, json!({"line": "north"}), at),
                Saying::Report(notice) => self.report(street, &notice, at),
            }
        }
    }

    /// Takes what waits, as requests: one source each, in the order of the times.
    pub(crate) fn take(&mut self) -> Vec<Post> {
        let mut posts = Vec::new();
        for events in std::mem::take(&mut self.outbox).into_values() {
            posts.extend(events.chunks(EVENTS_A_POST).map(|chunk| Post {
                path: "/api/v1/observations",
                content_type: "application/cloudevents-batch+json",
                body: bytes(chunk),
            }));
        }
        posts.extend(std::mem::take(&mut self.reports).iter().map(|report| Post {
            path: "/api/v1/reports",
            content_type: "application/json",
            body: bytes(report),
        }));
        posts
    }

    fn look(&mut self, street: &Street, world: &World, index: usize, at: i64) {
        let mouth = &mut self.mouths[index];
        let (device, lens) = (&street.devices[mouth.device], world.lenses[mouth.device]);
        let truth = mouth.reading(street, world);
        let repeats = mouth.every.is_some_and(|every| due(at, every, mouth.device));
        let changed = mouth.kind.tells_changes() && mouth.last != Some(truth);
        let reading = match lens {
            Lens::Covered if repeats => mouth.kind.nothing(),
            Lens::Clear if changed => truth,
            Lens::Clear if repeats => {
                let staged = at < world.spots[mouth.place].staged_until;
                if !staged && self.chance.once_in(FLICKER) { truth.wrong() } else { truth }
            }
            Lens::Clear | Lens::Covered | Lens::Mindless => return,
        };
        mouth.last = Some(reading);
        let health = device.camera.then(|| health("analytics", lens));
        let (kind, place, when) =
            (mouth.kind.name(), street.places[mouth.place].id.as_str(), instant(at, mouth.device));
        let data = Data {
            device: &device.id,
            place: Some(place),
            kind,
            values: reading.values(),
            confidence: Some(0.93),
            health,
        };
        self.say(device, &data, when);
    }

    /// The health records of a device's parts; a camera's heartbeat goes on while its analytics are dead.
    fn beat(&mut self, device: &Device, lens: Lens, when: i64) {
        let parts: &[&str] = match (device.camera, lens) {
            (true, Lens::Mindless) => &["camera"],
            (true, _) => &["camera", "analytics"],
            (false, _) if device.speaks.is_empty() => &[],
            (false, _) if device.speaks.iter().any(|speaks| speaks.kind == Kind::Intrusion) => &["analytics"],
            (false, _) => &["link"],
        };
        for (offset, part) in (0_i64..).zip(parts) {
            let health = Some(health(part, if *part == "analytics" { lens } else { Lens::Clear }));
            let data =
                Data { device: &device.id, place: None, kind: "health", values: json!({}), confidence: None, health };
            self.say(device, &data, when + offset);
        }
    }

    fn once(&mut self, street: &Street, place: usize, kind: Kind, values: Value, at: i64) {
        let Some(index) = street.speakers(place, kind).next() else { return };
        let device = &street.devices[index];
        let place = Some(street.places[place].id.as_str());
        let data = Data { device: &device.id, place, kind: kind.name(), values, confidence: None, health: None };
        self.say(device, &data, instant(at, index));
    }

    fn say(&mut self, device: &Device, data: &Data<'_>, when: i64) {
        let part = data.health.as_ref().and_then(|health| health.get("of")).and_then(Value::as_str).unwrap_or_default();
        let event = json!({
            "specversion": "1.0",
            "type": "muster.observation.v1",
            "source": device.source,
            "id": format!("{}.{}.{}.{part}.{when}", data.device, data.place.unwrap_or_default(), data.kind),
            "time": self.stamp.text(when),
            "datacontenttype": "application/json",
            "data": data,
        });
        self.outbox.entry(device.source.clone()).or_default().push(event);
    }

    fn report(&mut self, street: &Street, notice: &Notice, at: i64) {
        let place = &street.places[notice.near];
        let mut report = json!({
            "source": notice.source,
            "id": format!("{}-{}", notice.kind, at / MICROS),
            "kind": notice.kind,
            "text": notice.text,
            "occurred_at": self.stamp.text(at),
            "location": {"lon": place.lon, "lat": place.lat, "crs": "wgs84"},
            "grid": place.grid,
            "address": place.name,
            "reporter": {"name": "示意网格员", "phone": "023-0000-0101", "role": "网格员"},
            "severity": notice.severity,
        });
        if notice.names_place {
            report["place"] = json!(place.id);
        }
        self.reports.push(report);
    }
}

impl Mouth {
    fn reading(&self, street: &Street, world: &World) -> Reading {
        let (place, spot) = (&street.places[self.place], &world.spots[self.place]);
        match (self.kind, place.class) {
            (Kind::Persons, _) if place.sums && self.view == 0 => Reading::Persons(spot.persons.div_ceil(2)),
            (Kind::Persons, _) if place.sums => Reading::Persons(spot.persons / 2),
            (Kind::Persons, _) => Reading::Persons(spot.persons),
            (Kind::Occupancy, Class::Lane) => Reading::Vehicles(spot.vehicles),
            (Kind::Crowd, _) => Reading::Density(spot.density * [1.0, 0.6, 0.35][self.view.min(2)]),
            _ => Reading::Quiet,
        }
    }
}

impl Kind {
    /// Says at once that something has changed. Impulses are said once and a density is never twice the same.
    fn tells_changes(self) -> bool {
        matches!(self, Self::Persons | Self::Occupancy | Self::Alarm)
    }

    /// What analytics make of a covered lens: a number all the same, and a wrong one.
    fn nothing(self) -> Reading {
        match self {
            Self::Persons => Reading::Persons(0),
            Self::Occupancy => Reading::Vehicles(0),
            Self::Crowd => Reading::Density(0.0),
            Self::Intrusion | Self::Loitering | Self::Alarm | Self::RollCall => Reading::Quiet,
        }
    }
}

impl Reading {
    fn wrong(self) -> Self {
        match self {
            Self::Persons(0) => Self::Persons(1),
            Self::Persons(_) => Self::Persons(0),
            Self::Vehicles(0) => Self::Vehicles(1),
            Self::Vehicles(_) => Self::Vehicles(0),
            Self::Density(_) | Self::Quiet => self,
        }
    }

    fn values(self) -> Value {
        match self {
            Self::Persons(persons) => json!({"persons": persons}),
            Self::Vehicles(vehicles) => json!({"occupied": vehicles > 0, "vehicles": vehicles}),
            Self::Density(density) => {
                #[expect(clippy::cast_possible_truncation, reason = "a few thousand people")]
                let persons = (density * 200.0) as i64;
                json!({"density": (density * 100.0).round() / 100.0, "persons": persons})
            }
            Self::Quiet => json!({"active": false, "zone": ""}),
        }
    }
}

fn health(part: &str, lens: Lens) -> Value {
    json!({"of": part, "online": true, "fresh": true, "occluded": lens == Lens::Covered, "dark": false, "test": false})
}

/// Whether a device speaks in this second; devices are spread over the interval.
fn due(at: i64, every: i64, device: usize) -> bool {
    let phase = i64::try_from(device).unwrap_or_default() * 7;
    (at.div_euclid(MICROS) + phase).rem_euclid(every) == 0
}

/// A device's own instant within a second, always the same, so that its times only grow.
fn instant(second: i64, device: usize) -> i64 {
    second + i64::try_from(device).unwrap_or_default() * 37 % 900 * 1_000
}

fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    // Values made of texts and finite numbers always serialise.
    serde_json::to_vec(value).unwrap_or_default()
}
