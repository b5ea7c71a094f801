//! How the street reacts to what the cases show: drivers heed a loudspeaker, a team on the spot has the car towed.

use serde_json::Value;

use crate::MICROS;
use crate::catalogue::{Class, Street};
use crate::world::{Change, Lens, Saying, World};

/// What the street can know of a case through the public list of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseView {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// The place or device it is about.
    pub(crate) subject: String,
    /// A team is there, or has been.
    pub(crate) attended: bool,
}

impl CaseView {
    /// Reads one item of `GET /api/v1/cases`; `None` if it lacks what the street needs.
    pub(crate) fn read(item: &Value) -> Option<Self> {
        let there = |state: &Value| matches!(state.as_str(), Some("on_scene" | "done" | "handled"));
        let seats = item.get("seats").and_then(Value::as_array);
        Some(Self {
            id: named(item.get("id")?)?,
            kind: named(item.get("kind")?)?,
            subject: ["place", "subject", "device"].iter().find_map(|key| named(item.get(key)?))?,
            attended: item.get("state").is_some_and(there)
                || seats.is_some_and(|seats| seats.iter().filter_map(|seat| seat.get("state")).any(there)),
        })
    }
}

/// A name, given plainly or as an object with an id.
fn named(value: &Value) -> Option<String> {
    let inner = ["id", "place", "device", "code"].iter().find_map(|key| value.get(key));
    Some(inner.unwrap_or(value).as_str()?.to_owned())
}

impl World {
    /// Reacts to the live cases as they stand at `now`.
    pub(crate) fn hear(&mut self, street: &Street, cases: &[CaseView], now: i64) {
        for case in cases {
            if !self.warned.contains(&case.id) {
                self.warned.insert(case.id.clone());
                self.heed(street, case, now);
            }
            if case.attended && !self.attended.contains(&case.id) {
                self.attended.insert(case.id.clone());
                self.attend(street, case, now);
            }
        }
        if self.warned.len() > 20_000 {
            self.warned.retain(|id| cases.iter().any(|case| case.id == *id));
            self.attended.retain(|id| cases.iter().any(|case| case.id == *id));
        }
    }

    /// What the first step of the ladder brings about: the loudspeaker speaks, the room is called.
    fn heed(&mut self, street: &Street, case: &CaseView, now: i64) {
        let Some(place) = street.place(&case.subject) else { return };
        let after = self.chances[place].between(12, 25) * MICROS;
        let spot = &self.spots[place];
        match (spot.class, case.kind.as_str()) {
            (Some(Class::Lane), "fire.lane.blocked") if spot.heeds && street.places[place].loud => {
                self.plan(now + after, Change::Leave { place, visit: Some(spot.visit) });
            }
            (Some(Class::Room), "fire.control_room.unattended") if spot.hears => {
                self.plan(now + after, Change::Say(Saying::Answer(place)));
            }
            _ => {}
        }
    }

    /// What a team on the spot brings about.
    fn attend(&mut self, street: &Street, case: &CaseView, now: i64) {
        if let Some(device) = street.device(&case.subject) {
            self.plan(now + 8 * MICROS, Change::See { device, lens: Lens::Clear });
        }
        let Some(place) = street.place(&case.subject) else { return };
        let spot = &self.spots[place];
        let visit = Some(spot.visit);
        match spot.class {
            Some(Class::Lane) if spot.vehicles > 0 => self.plan(now + 6 * MICROS, Change::Leave { place, visit }),
            Some(Class::Room) => self.plan(now + 8 * MICROS, Change::Return { place, visit }),
            Some(Class::Area) if spot.surge => self.plan(now + 60 * MICROS, Change::Calm { place, visit }),
            _ => {}
        }
    }
}
