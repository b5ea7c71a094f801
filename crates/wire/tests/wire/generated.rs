//! Domain values as they may come, for properties: records of the log, conditions, catalogues.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::catalogue::{
    Catalogue, Combine, Coverage, Device, DeviceKind, GridCell, GridLevel, Place, Reports, Unit,
};
use muster_domain::condition::{
    Blind, BlindCause, BlindSource, Change, ConditionKey, Ended, EndedHow, Fact, Moved, Opened, Reason, State, Step,
    Subject,
};
use muster_domain::geo::{Geometry, Position};
use muster_domain::id::IdError;
use muster_domain::record::{
    Act, ActKind, Attachment, Health, LogRecord, Observation, Outcome, OutcomeState, Part, Report, Severity, Value,
};
use muster_domain::time::{Filed, LogTime, Received, Seen, Span};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Any instant that RFC 3339 can write.
pub(crate) fn micros() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![-62_167_219_200_000_000..=253_402_300_799_999_999_i64, 1_790_000_000_000_000..1_800_000_000_000_000_i64]
}

/// Any id, in any script, with everything in it that JSON must escape.
pub(crate) fn id<T: std::fmt::Debug>(parse: fn(&str) -> Result<T, IdError>) -> impl Strategy<Value = T> {
    prop_oneof!["[a-z][a-z0-9._:/-]{0,20}", r#"[a-z点"\\/😀]{1,12}"#].prop_map(move |text| parse(&text).unwrap())
}

/// Any text at all, without U+0000.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z 消防通道]{0,20}", "[^\u{0}]{0,12}"]
}

pub(crate) fn number() -> impl Strategy<Value = f64> {
    prop_oneof![prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL, -1000.0..1000.0_f64]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        number().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Bool),
        text().prop_map(Value::Text),
    ]
}

fn values() -> impl Strategy<Value = BTreeMap<String, Value>> {
    btree_map("[a-z_\"]{1,8}", value(), 0..5)
}

pub(crate) fn position() -> impl Strategy<Value = Position> {
    (-180.0..=180.0_f64, -90.0..=90.0_f64).prop_map(|(lon, lat)| Position::new(lon, lat).unwrap())
}

pub(crate) fn attachments() -> impl Strategy<Value = Vec<Attachment>> {
    let attachment = ("https://[a-z./]{1,20}", of("image/[a-z]{1,5}"), of("[0-9a-f]{64}"));
    vec(attachment.prop_map(|(url, media_type, sha256)| Attachment { url, media_type, sha256 }), 0..3)
}

fn health() -> impl Strategy<Value = Health> {
    let part = of(select(vec![Part::Analytics, Part::Camera, Part::Link]));
    let flag = || of(any::<bool>());
    (part, flag(), flag(), flag(), flag(), flag()).prop_map(|(of, online, fresh, occluded, dark, test)| Health {
        of,
        online,
        fresh,
        occluded,
        dark,
        test,
    })
}

pub(crate) fn severity() -> impl Strategy<Value = Severity> {
    (1..=5_u8).prop_map(|level| Severity::new(level).unwrap())
}

fn observation() -> impl Strategy<Value = Observation> {
    use muster_domain::id::{AdapterName, DeviceId, ObservationKind, PlaceId, SourceId, SourceName};
    let names = (
        id(SourceName::parse),
        id(SourceId::parse),
        id(AdapterName::parse),
        id(DeviceId::parse),
        id(PlaceId::parse),
        id(ObservationKind::parse),
    );
    let said = (values(), of(0.0..=1.0_f64), of(health()), attachments());
    let stamped = (micros(), micros(), any::<bool>(), any::<bool>(), any::<u64>());
    (names, said, stamped).prop_map(|(names, said, stamped)| {
        let (source, id, adapter, device, place, kind) = names;
        let (values, confidence, health, evidence) = said;
        let (seen, received, skewed, late, config) = stamped;
        Observation {
            source,
            id,
            adapter,
            device,
            place,
            kind,
            values: values.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            confidence,
            health,
            evidence,
            seen: Seen::from_micros(seen),
            received: Received::from_micros(received),
            skewed,
            late,
            config,
        }
    })
}

fn report() -> impl Strategy<Value = Report> {
    use muster_domain::id::{CaseKind, GridId, PlaceId, SourceId, SourceName, VaultRef};
    let names = (id(SourceName::parse), id(SourceId::parse), id(CaseKind::parse), text());
    let place = (of(id(PlaceId::parse)), of(position()), of(id(GridId::parse)), of(text()));
    let rest = (of(id(VaultRef::parse)), of(severity()), attachments(), any::<u64>(), "[0-9a-f]{64}");
    (names, place, rest, of(micros()), micros()).prop_map(|(names, place, rest, occurred, received)| Report {
        source: names.0,
        id: names.1,
        kind: names.2,
        text: names.3,
        occurred: occurred.map(Seen::from_micros),
        received: Received::from_micros(received),
        place: place.0,
        location: place.1,
        grid: place.2,
        address: place.3,
        reporter: rest.0,
        severity: rest.1,
        attachments: rest.2,
        config: rest.3,
        content: rest.4,
    })
}

fn act() -> impl Strategy<Value = Act> {
    use muster_domain::id::{ActId, CaseId, EpisodeId, PlaceId, RuleId};
    let ids = (id(ActId::parse), id(PlaceId::parse), id(RuleId::parse), of(id(EpisodeId::parse)), id(CaseId::parse));
    let kind = select(vec![ActKind::CaseEnded, ActKind::PostChecked]);
    (ids, kind, micros(), text()).prop_map(|((id, place, rule, episode, case), kind, at, reason)| Act {
        id,
        place,
        rule,
        episode,
        case,
        kind,
        at: Filed::from_micros(at),
        reason,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use OutcomeState as S;
    use muster_domain::id::{EffectId, EpisodeId, PlaceId, RuleId};
    let ids = (id(EffectId::parse), id(EpisodeId::parse), id(RuleId::parse), id(PlaceId::parse));
    let state = select(vec![S::Sent, S::Delivered, S::Answered, S::Failed, S::Expired]);
    (ids, text(), state, micros()).prop_map(|((effect, episode, rule, place), name, state, at)| Outcome {
        effect,
        episode,
        rule,
        place,
        name,
        state,
        at: Received::from_micros(at),
    })
}

/// Any record of the observation topic.
pub(crate) fn log_record() -> impl Strategy<Value = LogRecord> {
    use muster_domain::id::AdapterName;
    prop_oneof![
        4 => observation().prop_map(LogRecord::Observation),
        2 => report().prop_map(LogRecord::Report),
        1 => (any::<u64>(), micros())
            .prop_map(|(epoch, at)| LogRecord::Tick { epoch, at: LogTime::from_micros(at) }),
        1 => (any::<u64>(), text()).prop_map(|(epoch, owner)| LogRecord::Takeover { epoch, owner }),
        1 => any::<u64>().prop_map(|version| LogRecord::Config { version }),
        1 => (id(AdapterName::parse), micros())
            .prop_map(|(adapter, at)| LogRecord::Intake { adapter, at: Received::from_micros(at) }),
        1 => act().prop_map(LogRecord::Act),
        1 => outcome().prop_map(LogRecord::Outcome),
    ]
}

pub(crate) fn subject() -> impl Strategy<Value = Subject> {
    use muster_domain::id::{AdapterName, DeviceId, PlaceId};
    prop_oneof![
        id(PlaceId::parse).prop_map(Subject::Place),
        id(DeviceId::parse).prop_map(Subject::Device),
        id(AdapterName::parse).prop_map(Subject::Adapter),
        text().prop_map(Subject::Report),
    ]
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    (0..=i64::MAX).prop_map(Span::from_micros)
}

pub(crate) fn reason() -> impl Strategy<Value = Reason> {
    use muster_domain::id::{DeviceId, SourceName};
    let fact = (text(), value(), of(id(DeviceId::parse)), of(id(SourceName::parse)), of(micros()));
    let fact = fact.prop_map(|(name, value, device, source, seen)| Fact {
        name,
        value,
        device,
        source,
        seen: seen.map(Seen::from_micros),
    });
    (text(), vec(fact, 0..3), of(span()), of(span())).prop_map(|(clause, facts, held, needed)| Reason {
        clause,
        facts,
        held,
        needed,
    })
}

/// Any change of a condition.
pub(crate) fn change() -> impl Strategy<Value = Change> {
    use State as S;
    use muster_domain::id::{CaseKind, EpisodeId, RuleId};
    let key = (id(RuleId::parse), subject()).prop_map(|(rule, subject)| ConditionKey { rule, subject });
    let state = || select(vec![S::Unknown, S::Clear, S::Suspected, S::Present, S::Easing]);
    let how = select(vec![EndedHow::SeenClear, EndedHow::ByPerson, EndedHow::Withdrawn]);
    let parts = (key, any::<u32>(), micros(), micros(), reason(), of(id(EpisodeId::parse)), any::<bool>());
    let more = (id(EpisodeId::parse), id(CaseKind::parse), severity(), how, state(), state(), any::<u16>());
    // A source is named once.
    let causes = btree_map(text(), of(select(BlindCause::ALL.to_vec())), 0..3);
    let sources = causes
        .prop_map(|causes| causes.into_iter().map(|(source, cause)| BlindSource { source, cause }).collect::<Vec<_>>());
    let last = (of(micros()), sources, of(text()), 0..5);
    (parts, more, last).prop_map(|(parts, more, last)| {
        let (key, rule_version, at, other, reason, maybe, flag) = parts;
        let (episode, kind, severity, how, from, to, step) = more;
        let (since, sources, skipped, which) = last;
        let seen = Seen::from_micros(at);
        let looked = LogTime::from_micros(other);
        match which {
            0 => Change::Moved(Moved { key, rule_version, from, to, at: seen, episode: maybe, reason }),
            1 => Change::Opened(Opened {
                key,
                rule_version,
                episode,
                kind,
                severity,
                began: seen,
                decided: looked,
                reason,
            }),
            2 => Change::Ended(Ended { key, episode, at: seen, how, retrospective: flag, reason }),
            3 => Change::Blind(Blind { key, blind: flag, at: looked, since: since.map(LogTime::from_micros), sources }),
            _ => Change::Step(Step { key, episode, rule_version, step, at: looked, skipped }),
        }
    })
}

fn geometry() -> impl Strategy<Value = Geometry> {
    prop_oneof![
        position().prop_map(Geometry::Point),
        vec(position(), 2..6).prop_map(|points| Geometry::line(points).unwrap()),
        vec(position(), 3..6).prop_map(|mut points| {
            points.push(points[0]);
            Geometry::polygon(points).unwrap()
        }),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    use muster_domain::id::{ClassId, GridId, PlaceId, UnitId};
    let combine = of(select(vec![Combine::Any, Combine::All, Combine::Max, Combine::Sum]));
    let whole = (id(PlaceId::parse), id(ClassId::parse), text(), of(id(GridId::parse)), of(position()));
    (whole, of(geometry()), values(), combine, vec(id(UnitId::parse), 0..3)).prop_map(
        |((id, class, name, grid, position), geometry, props, combine, units)| Place {
            id,
            class,
            name,
            grid,
            position,
            geometry,
            props,
            combine,
            units,
        },
    )
}

fn device() -> impl Strategy<Value = Device> {
    use DeviceKind as K;
    use muster_domain::id::{DeviceId, ObservationKind, PlaceId};
    let kind = select(vec![K::Camera, K::Sensor, K::Loudspeaker, K::Gateway, K::Recorder]);
    let coverage = (id(PlaceId::parse), of(text())).prop_map(|(place, zone)| Coverage { place, zone });
    let speaks = prop_oneof![span().prop_map(Reports::Every), Just(Reports::OnChange), Just(Reports::OnEvent)];
    let whole = (id(DeviceId::parse), kind, text(), vec(coverage, 0..3), of(id(DeviceId::parse)));
    (whole, vec(text(), 0..3), btree_map(id(ObservationKind::parse), speaks, 0..3), values()).prop_map(
        |((id, kind, name, places, upstream), external_ids, reports, props)| Device {
            id,
            kind,
            name,
            places,
            upstream,
            external_ids,
            reports,
            props,
        },
    )
}

fn cell() -> impl Strategy<Value = GridCell> {
    use GridLevel as L;
    use muster_domain::id::GridId;
    let level = select(vec![L::District, L::Street, L::Community, L::Grid, L::Microgrid]);
    (id(GridId::parse), text(), level, of(id(GridId::parse)), of(geometry()))
        .prop_map(|(id, name, level, parent, geometry)| GridCell { id, name, level, parent, geometry })
}

fn unit() -> impl Strategy<Value = Unit> {
    use muster_domain::id::{Competence, GridId, UnitId};
    let whole = (id(UnitId::parse), text(), text(), vec(id(GridId::parse), 0..3), vec(id(Competence::parse), 0..3));
    (whole, of(any::<u32>()), of(text()), of(micros()), of(micros())).prop_map(
        |((id, name, kind, grids, competence), capacity, phone, from, to)| Unit {
            id,
            name,
            kind,
            grids,
            competence,
            capacity,
            phone,
            valid_from: from.map(Filed::from_micros),
            valid_to: to.map(Filed::from_micros),
        },
    )
}

/// Any catalogue.
pub(crate) fn catalogue() -> impl Strategy<Value = Catalogue> {
    (vec(cell(), 0..3), vec(place(), 0..3), vec(device(), 0..3), vec(unit(), 0..3)).prop_map(
        |(grid, places, devices, units)| Catalogue {
            grid: grid.into_iter().map(|cell| (cell.id.clone(), cell)).collect(),
            places: places.into_iter().map(|place| (place.id.clone(), Arc::new(place))).collect(),
            devices: devices.into_iter().map(|device| (device.id.clone(), Arc::new(device))).collect(),
            units: units.into_iter().map(|unit| (unit.id.clone(), Arc::new(unit))).collect(),
        },
    )
}
