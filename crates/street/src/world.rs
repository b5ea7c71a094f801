//! What is true in the street at an instant: vehicles, people, crowds and lenses, and the agenda of what changes next.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Class, Kind, Street};
use crate::chance::Chance;
use crate::day;

/// The street as it is, whoever sees it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) spots: Vec<Spot>,
    pub(crate) lenses: Vec<Lens>,
    /// What somebody says once, for the voices to take.
    pub(crate) sayings: Vec<Saying>,
    /// Cases that the world has already reacted to: warned of, or attended.
    pub(crate) warned: BTreeSet<String>,
    pub(crate) attended: BTreeSet<String>,
    pub(crate) chances: Vec<Chance>,
    pub(crate) chance: Chance,
    agenda: BTreeMap<(i64, u64), Change>,
    entries: u64,
}

/// What is the case at one place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spot {
    pub(crate) class: Option<Class>,
    /// Vehicles standing in the lane.
    pub(crate) vehicles: u32,
    /// The driver leaves when the loudspeaker speaks.
    pub(crate) heeds: bool,
    /// People in the room.
    pub(crate) persons: u32,
    /// They are near enough to answer a roll call.
    pub(crate) hears: bool,
    /// Persons per square metre at which the area is full.
    pub(crate) limit: f64,
    /// Persons per square metre where the area is fullest.
    pub(crate) density: f64,
    /// More people than on an ordinary day.
    pub(crate) surge: bool,
    /// Counts what has happened here, so that an old entry of the agenda cannot end something new.
    pub(crate) visit: u64,
    /// Until then the script has the place, and the random day leaves it alone.
    pub(crate) staged_until: i64,
}

/// How a device sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lens {
    /// As it should.
    #[default]
    Clear,
    /// The camera lives, its analytics do not.
    Mindless,
    /// Something covers it.
    Covered,
}

/// Something that is said once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Saying {
    /// The room answers the roll call.
    Answer(usize),
    /// A device of the place notices this once.
    Impulse(usize, Kind),
    /// A person reports something to the platform.
    Report(Notice),
}

/// What a person reports.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    /// `grid-workers` or `141`.
    pub(crate) source: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
    pub(crate) severity: u8,
    /// Near this place.
    pub(crate) near: usize,
    /// The reporter names the place itself and not only where they stand.
    pub(crate) names_place: bool,
}

/// One thing that happens at an instant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Vehicles stop in a lane.
    Stop { place: usize, vehicles: u32, heeds: bool },
    /// The lane is left; with a visit, only if that visit still lasts.
    Leave { place: usize, visit: Option<u64> },
    /// So many people are in the room from now on.
    Staff { place: usize, persons: u32, hears: bool },
    /// The watch is complete again.
    Return { place: usize, visit: Option<u64> },
    /// The area fills up to this density.
    Surge { place: usize, density: f64 },
    /// The area empties.
    Calm { place: usize, visit: Option<u64> },
    /// A lens changes.
    See { device: usize, lens: Lens },
    /// Somebody says something.
    Say(Saying),
    /// The random day goes on at a place.
    Live { place: usize },
    /// The random day goes on at a device.
    Wear { device: usize },
    /// The random day goes on for the people who report.
    Walk,
}

/// The people a room has on an ordinary watch.
pub(crate) const WATCH: u32 = 2;

impl World {
    /// The street at an instant (microseconds since 1970) of an ordinary day.
    pub(crate) fn new(street: &Street, seed: u64, at: i64) -> Self {
        let spots = street.places.iter().map(|place| Spot {
            class: Some(place.class),
            limit: place.limit,
            persons: if place.class == Class::Room { WATCH } else { 0 },
            density: if place.class == Class::Area { 1.2 } else { 0.0 },
            ..Spot::default()
        });
        let mut world = Self {
            spots: spots.collect(),
            lenses: vec![Lens::Clear; street.devices.len()],
            sayings: Vec::new(),
            warned: BTreeSet::new(),
            attended: BTreeSet::new(),
            chances: street.places.iter().map(|place| Chance::new(seed, &place.id)).collect(),
            chance: Chance::new(seed, "street"),
            agenda: BTreeMap::new(),
            entries: 0,
        };
        day::begin(&mut world, street, at);
        world
    }

    /// Puts scripted changes on the agenda; their places are left alone by the random day for half an hour after the last.
    pub(crate) fn stage(&mut self, script: Vec<(i64, Change)>) {
        for (at, change) in script {
            if let Some(place) = change.place() {
                let until = &mut self.spots[place].staged_until;
                *until = (*until).max(at + 1_800 * crate::MICROS);
            }
            self.plan(at, change);
        }
    }

    /// Puts one change on the agenda.
    pub(crate) fn plan(&mut self, at: i64, change: Change) {
        self.entries += 1;
        self.agenda.insert((at, self.entries), change);
    }

    /// Lets everything happen that is due at `now`.
    pub(crate) fn advance(&mut self, now: i64) {
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let change = entry.remove();
            self.happen(now, change);
        }
    }

    fn happen(&mut self, now: i64, change: Change) {
        match change {
            Change::Stop { place, vehicles, heeds } => {
                let spot = &mut self.spots[place];
                (spot.vehicles, spot.heeds, spot.visit) = (vehicles, heeds, spot.visit + 1);
            }
            Change::Leave { place, visit } if self.lasts(place, visit) => {
                let spot = &mut self.spots[place];
                (spot.vehicles, spot.visit) = (0, spot.visit + 1);
            }
            Change::Staff { place, persons, hears } => {
                let spot = &mut self.spots[place];
                (spot.persons, spot.hears, spot.visit) = (persons, hears, spot.visit + 1);
            }
            Change::Return { place, visit } if self.lasts(place, visit) => {
                let spot = &mut self.spots[place];
                (spot.persons, spot.hears, spot.visit) = (WATCH, true, spot.visit + 1);
            }
            Change::Surge { place, density } => {
                let spot = &mut self.spots[place];
                (spot.density, spot.surge, spot.visit) = (density, true, spot.visit + 1);
            }
            Change::Calm { place, visit } if self.lasts(place, visit) => {
                let spot = &mut self.spots[place];
                (spot.density, spot.surge, spot.visit) = (1.6, false, spot.visit + 1);
            }
            Change::Leave { .. } | Change::Return { .. } | Change::Calm { .. } => {}
            Change::See { device, lens } => self.lenses[device] = lens,
            Change::Say(saying) => self.sayings.push(saying),
            Change::Live { place } => day::live(self, place, now),
            Change::Wear { device } => day::wear(self, device, now),
            Change::Walk => day::walk(self, now),
        }
    }

    fn lasts(&self, place: usize, visit: Option<u64>) -> bool {
        visit.is_none_or(|visit| self.spots[place].visit == visit)
    }
}

impl Change {
    fn place(&self) -> Option<usize> {
        match *self {
            Self::Stop { place, .. }
            | Self::Leave { place, .. }
            | Self::Staff { place, .. }
            | Self::Return { place, .. }
            | Self::Surge { place, .. }
            | Self::Calm { place, .. } => Some(place),
            Self::See { .. } | Self::Say(_) | Self::Live { .. } | Self::Wear { .. } | Self::Walk => None,
        }
    }
}
