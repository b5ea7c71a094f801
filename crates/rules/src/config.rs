//! One immutable version of what holds: the rule book and the catalogue, with every index that the watch needs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Combine, DeviceKind, Place, Reports};
use muster_domain::id::{ClassId, DeviceId, ObservationKind, PlaceId, RuleId};
use muster_domain::record::Value;

use crate::rulebook::{Mode, Rule, RuleBook};

/// The most devices that may speak of one kind at one place.
pub const MAX_SOURCES: usize = 63;

/// A configuration version.
#[derive(Debug)]
pub struct Config {
    /// Its number, as config records name it.
    pub version: u64,
    /// The rules.
    pub rulebook: RuleBook,
    /// What stands in the street.
    pub catalogue: Catalogue,
    rules_of: BTreeMap<ClassId, Vec<Arc<Rule>>>,
    devices_at: BTreeMap<PlaceId, Vec<DeviceId>>,
    props_of: HashMap<PlaceId, Arc<BTreeMap<String, Value>>>,
}

/// One device that speaks of one kind at one place (ENGINE §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The device.
    pub device: DeviceId,
    /// How it speaks.
    pub reports: Reports,
}

/// Why rule book and catalogue do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration {version} does not hold together: {}", wrong.join("; "))]
pub struct ConfigError {
    /// Its number.
    pub version: u64,
    /// Each thing that is wrong: which place, and what to mend.
    pub wrong: Vec<String>,
}

impl Config {
    /// Builds the indexes of a version.
    ///
    /// # Errors
    /// [`ConfigError`] when a place's properties do not fit its class, or too many devices speak of one kind at it.
    pub fn new(version: u64, rulebook: RuleBook, catalogue: Catalogue) -> Result<Arc<Self>, ConfigError> {
        let mut wrong = Vec::new();
        let mut rules_of: BTreeMap<ClassId, Vec<Arc<Rule>>> = BTreeMap::new();
        for rule in rulebook.rules.values().filter(|rule| rule.mode != Mode::Off) {
            rules_of.entry(rule.watches.clone()).or_default().push(Arc::clone(rule));
        }
        let mut devices_at: BTreeMap<PlaceId, Vec<DeviceId>> = BTreeMap::new();
        for device in catalogue.devices.values() {
            for covered in &device.places {
                let at = devices_at.entry(covered.place.clone()).or_default();
                if !at.contains(&device.id) {
                    at.push(device.id.clone());
                }
            }
        }
        for (place, _) in devices_at.iter().filter(|(_, devices)| devices.len() > MAX_SOURCES) {
            wrong.push(format!("place {place}: at most {MAX_SOURCES} devices may cover one place; divide it"));
        }
        let mut props_of = HashMap::new();
        for place in catalogue.places.values() {
            let Some(class) = rulebook.classes.get(&place.class) else { continue };
            match class.fill(&place.props) {
                Ok(props) => drop(props_of.insert(place.id.clone(), Arc::new(props))),
                Err(lines) => wrong.extend(lines.into_iter().map(|line| format!("place {}: {line}", place.id))),
            }
        }
        if !wrong.is_empty() {
            wrong.truncate(100);
            return Err(ConfigError { version, wrong });
        }
        Ok(Arc::new(Self { version, rulebook, catalogue, rules_of, devices_at, props_of }))
    }

    /// Every place that a rule watches, in the order of places, then rules.
    pub fn watched(&self) -> impl Iterator<Item = (&Arc<Rule>, &Arc<Place>)> {
        self.catalogue.places.values().flat_map(|place| self.rules_at(place).map(move |rule| (rule, place)))
    }

    /// The rules that watch a place, in the order of their ids.
    pub fn rules_at<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Arc<Rule>> {
        let rules = self.rules_of.get(&place.class).map_or(&[][..], Vec::as_slice);
        rules.iter().filter(|rule| self.reaches(rule, place))
    }

    /// Whether the rule is not narrowed to grid cells elsewhere.
    fn reaches(&self, rule: &Rule, place: &Place) -> bool {
        rule.only_grids.is_empty()
            || place
                .grid
                .as_ref()
                .is_some_and(|cell| rule.only_grids.iter().any(|only| self.catalogue.lies_in(cell, only)))
    }

    /// A rule of this version.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&Arc<Rule>> {
        self.rulebook.rules.get(id)
    }

    /// The devices that cover a place, in the order of their ids.
    #[must_use]
    pub fn devices_at(&self, place: &PlaceId) -> &[DeviceId] {
        self.devices_at.get(place).map_or(&[], Vec::as_slice)
    }

    /// The declared sources of a kind at a place: the place's devices for that kind, in the order of their ids.
    ///
    /// A device is for the kinds that its catalogue line names in `reports`; a camera or sensor that names none is for all.
    pub fn sources<'a>(&'a self, place: &'a PlaceId, kind: &'a ObservationKind) -> impl Iterator<Item = Source> + 'a {
        self.devices_at(place).iter().filter_map(move |id| {
            let device = self.catalogue.devices.get(id)?;
            let speaks = matches!(device.kind, DeviceKind::Camera | DeviceKind::Sensor);
            let open = speaks && device.reports.is_empty();
            (open || device.reports.contains_key(kind)).then_some(())?;
            Some(Source { device: id.clone(), reports: self.reports(id, kind)? })
        })
    }

    /// How a device speaks of a kind: as its catalogue line says, else as the kind says.
    #[must_use]
    pub fn reports(&self, device: &DeviceId, kind: &ObservationKind) -> Option<Reports> {
        let own = self.catalogue.devices.get(device).and_then(|device| device.reports.get(kind)).copied();
        own.or_else(|| self.rulebook.kinds.get(kind).map(|spec| spec.reports))
    }

    /// How several sources combine for a rule at a place: as the place says where that means anything for the rule.
    #[must_use]
    pub fn combine(&self, rule: &Rule, place: &Place) -> Combine {
        match place.combine {
            Some(_) if rule.is_impulse() => Combine::Any,
            Some(Combine::Max | Combine::Sum) if !rule.compares_numbers() => rule.combine,
            Some(combine) => combine,
            None => rule.combine,
        }
    }

    /// A place's properties in the slots of the rule's scope, defaults filled in.
    #[must_use]
    pub fn props(&self, rule: &Rule, place: &PlaceId) -> Vec<Option<Value>> {
        let props = self.props_of.get(place);
        rule.scope.props.iter().map(|(name, _)| props.and_then(|props| props.get(name)).cloned()).collect()
    }
}
