//! From what a source sent to what the log carries: device to places, kinds and times, against one configuration.

use muster_domain::catalogue::{Device, KindSpec, ValueType};
use muster_domain::id::{AdapterName, PlaceId};
use muster_domain::record::{Observation, Value, ValueName};
use muster_domain::time::{Received, Seen, Span};
use muster_rules::config::Config;
use muster_wire::WireError;
use muster_wire::fault::{Fault, Reason};
use muster_wire::observation::ObservationIn;

use super::Sender;

/// Why something is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) pointer: String,
    pub(super) reason: String,
    pub(super) said: Reason,
}

impl Refused {
    pub(super) fn new(code: &'static str, pointer: impl Into<String>, reason: impl Into<Reason>) -> Self {
        let said = reason.into();
        Self { code, pointer: pointer.into(), reason: said.english(), said }
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Self {
        Self { code: error.code.name(), pointer: error.pointer, reason: error.reason, said: error.said }
    }
}

/// How times are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) skew: Span,
    pub(super) late_after: Span,
    pub(super) received: Received,
}

/// Whether a source is among the names that a credential may use; `None` = any.
pub(super) fn names(may: Option<&[String]>, source: &str) -> bool {
    may.is_none_or(|names| {
        names.iter().any(|name| match name.strip_suffix('*') {
            Some(prefix) => source.starts_with(prefix),
            None => source == name,
        })
    })
}

/// A source may speak only under the names of its own credential.
pub(super) fn may_speak(sender: &Sender, source: &str) -> Result<(), Refused> {
    if names(sender.may.as_deref(), source) {
        return Ok(());
    }
    Err(Refused::new("source-not-allowed", "/source", Fault::NotYourSource))
}

/// The copies of an observation, one for each place it concerns.
pub(super) fn observation(
    config: &Config,
    adapter: &AdapterName,
    seen: ObservationIn,
    limits: Limits,
) -> Result<Vec<Observation>, Refused> {
    let Some(device) = config.catalogue.devices.get(&seen.device) else {
        return Err(Refused::new("unknown-device", "/data/device", Fault::NotInCatalogue));
    };
    let Some(kind) = config.rulebook.kinds.get(&seen.kind) else {
        return Err(Refused::new("unknown-kind", "/data/kind", Fault::NotAKind));
    };
    let values = checked(kind, seen.values)?;
    let places = places(device, seen.place.as_ref())?;
    let (at, skewed) = skew(seen.seen, limits);
    let late = limits.received.micros().saturating_sub(at.micros()) > limits.late_after.micros();
    let copy = |place: PlaceId| Observation {
        source: seen.source.clone(),
        id: seen.id.clone(),
        adapter: adapter.clone(),
        device: seen.device.clone(),
        place,
        kind: seen.kind.clone(),
        values: values.clone(),
        confidence: seen.confidence,
        health: seen.health,
        evidence: seen.evidence.clone(),
        seen: at,
        received: limits.received,
        skewed,
        late,
        config: config.version,
    };
    Ok(places.into_iter().map(copy).collect())
}

fn places(device: &Device, asked: Option<&PlaceId>) -> Result<Vec<PlaceId>, Refused> {
    match asked {
        Some(place) if device.places.iter().any(|covered| covered.place == *place) => Ok(vec![place.clone()]),
        Some(_) => Err(Refused::new("place-not-covered", "/data/place", Fault::NotCovered)),
        None if device.places.is_empty() => {
            Err(Refused::new("device-without-place", "/data/device", Fault::CoversNothing))
        }
        None => {
            // A device may see one place in several zones; it is one source there.
            let mut places: Vec<PlaceId> = Vec::new();
            for covered in &device.places {
                if !places.contains(&covered.place) {
                    places.push(covered.place.clone());
                }
            }
            Ok(places)
        }
    }
}

/// Names and types as the registry has them; a whole number may stand where a number is wanted.
fn checked(kind: &KindSpec, values: Vec<(ValueName, Value)>) -> Result<Vec<(ValueName, Value)>, Refused> {
    values
        .into_iter()
        .map(|(name, value)| {
            let pointer = || format!("/data/values/{}", name.replace('~', "~0").replace('/', "~1"));
            let Some(wanted) = kind.values.get(name.as_str()) else {
                return Err(Refused::new("unknown-value", pointer(), Fault::NotAValue.with(&[("kind", &kind.kind)])));
            };
            let value = match (wanted, value) {
                (ValueType::Number, Value::Int(n)) => Value::Number(n as f64),
                (ValueType::Int, value @ Value::Int(_))
                | (ValueType::Number, value @ Value::Number(_))
                | (ValueType::Bool, value @ Value::Bool(_))
                | (ValueType::Text, value @ Value::Text(_)) => value,
                (wanted, _) => {
                    let wanted = match wanted {
                        ValueType::Int => "a whole number",
                        ValueType::Number => "a number",
                        ValueType::Bool => "true or false",
                        ValueType::Text => "a text",
                    };
                    return Err(Refused::new("wrong-type", pointer(), Fault::ValueType.with(&[("wanted", &wanted)])));
                }
            };
            Ok((name, value))
        })
        .collect()
}

fn skew(seen: Seen, limits: Limits) -> (Seen, bool) {
    let received = limits.received.micros();
    if seen.micros().saturating_sub(received) > limits.skew.micros() {
        (Seen::from_micros(received), true)
    } else {
        (seen, false)
    }
}
