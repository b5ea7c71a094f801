//! One plain example of everything we write, for golden files.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::case::{
    Actor, Case, CaseEvent, EpisodeLink, FiledAs, Happened, Limits, ReportLink, Role, WantedSeat,
};
use muster_domain::catalogue::{
    Catalogue, Combine, Coverage, Device, DeviceKind, GridCell, GridLevel, Place, Reports, Unit,
};
use muster_domain::condition::{
    Blind, BlindCause, BlindSource, Change, ConditionKey, Ended, EndedHow, Fact, Moved, Opened, Reason, State, Step,
    Subject,
};
use muster_domain::geo::{Geometry, Position};
use muster_domain::id::{
    ActId, AdapterName, CaseId, CaseKind, ClassId, Competence, DeviceId, EffectId, EpisodeId, GridId, ObservationKind,
    PlaceId, RuleId, SeatId, SourceId, SourceName, UnitId, VaultRef,
};
use muster_domain::record::{
    Act, ActKind, Attachment, Health, LogRecord, Observation, Outcome, OutcomeState, Part, Report, Severity, Value,
};
use muster_domain::text::Words;
use muster_domain::time::{Filed, LogTime, Received, Seen, Span};

/// 2026-11-23T00:00:00.250Z.
const NOW: i64 = 1_795_392_000_250_000;

fn rule() -> RuleId {
    RuleId::parse("control-room-unattended").unwrap()
}

fn place() -> PlaceId {
    PlaceId::parse("cr-guomao").unwrap()
}

fn episode() -> EpisodeId {
    EpisodeId::parse("ep_0f1e2d3c4b5a69788796a5b4c3d2e1f0").unwrap()
}

fn case_id() -> CaseId {
    CaseId::parse("case_00112233445566778899aabbccddeeff").unwrap()
}

fn seat_id() -> SeatId {
    SeatId::of(&case_id(), 0)
}

fn grid() -> GridId {
    GridId::parse("500103005004").unwrap()
}

/// An observation as admit leaves it.
pub(crate) fn observation_record() -> LogRecord {
    LogRecord::Observation(Observation {
        source: SourceName::parse("/gateways/sqs-01").unwrap(),
        id: SourceId::parse("8f2c").unwrap(),
        adapter: AdapterName::parse("http").unwrap(),
        device: DeviceId::parse("cam-0421").unwrap(),
        place: place(),
        kind: ObservationKind::parse("persons").unwrap(),
        values: vec![("persons".into(), Value::Int(1)), ("sure".into(), Value::Number(1.0))],
        confidence: Some(0.93),
        health: Some(Health { of: Some(Part::Analytics), online: Some(true), ..Health::default() }),
        evidence: vec![Attachment {
            url: "https://nvr.example/1.jpg".to_owned(),
            media_type: Some("image/jpeg".to_owned()),
            sha256: None,
        }],
        seen: Seen::from_micros(NOW),
        received: Received::from_micros(NOW + 1),
        skewed: false,
        late: true,
        config: 7,
    })
}

fn report_record() -> LogRecord {
    LogRecord::Report(Report {
        source: SourceName::parse("141").unwrap(),
        id: SourceId::parse("SQS-20261123-0042").unwrap(),
        kind: CaseKind::parse("fire.lane.blocked").unwrap(),
        text: "消防通道被一辆货车堵住".to_owned(),
        occurred: Some(Seen::from_micros(NOW)),
        received: Received::from_micros(NOW + 1),
        place: None,
        location: Some(Position::new(106.5512, 29.563).unwrap()),
        grid: Some(grid()),
        address: Some("枇杷山正街".to_owned()),
        reporter: Some(VaultRef::parse("vault_1").unwrap()),
        severity: Severity::new(3),
        attachments: vec![],
        config: 7,
        content: "ab".repeat(32),
    })
}

/// One record of every type of the observation topic, by name.
pub(crate) fn records() -> Vec<(&'static str, LogRecord)> {
    let act = Act {
        id: ActId::parse("act_1").unwrap(),
        place: place(),
        rule: rule(),
        episode: Some(episode()),
        case: case_id(),
        kind: ActKind::CaseEnded,
        at: Filed::from_micros(NOW),
        reason: "演练".to_owned(),
    };
    let outcome = Outcome {
        effect: EffectId::parse("fx_1").unwrap(),
        episode: episode(),
        rule: rule(),
        place: place(),
        name: "roll_call".to_owned(),
        state: OutcomeState::Answered,
        at: Received::from_micros(NOW),
    };
    let adapter = AdapterName::parse("http").unwrap();
    vec![
        ("observation", observation_record()),
        ("report", report_record()),
        ("tick", LogRecord::Tick { epoch: 3, at: LogTime::from_micros(NOW) }),
        ("takeover", LogRecord::Takeover { epoch: 3, owner: "node-1".to_owned() }),
        ("config", LogRecord::Config { version: 7 }),
        ("intake", LogRecord::Intake { adapter, at: Received::from_micros(NOW) }),
        ("act", LogRecord::Act(act)),
        ("outcome", LogRecord::Outcome(outcome)),
    ]
}

fn reason() -> Reason {
    Reason {
        clause: "persons == 0".to_owned(),
        facts: vec![Fact {
            name: "persons".to_owned(),
            value: Value::Int(0),
            device: DeviceId::parse("cam-0421").ok(),
            source: SourceName::parse("/gateways/sqs-01").ok(),
            seen: Some(Seen::from_micros(NOW)),
        }],
        held: Some(Span::from_mins(5)),
        needed: Some(Span::from_mins(5)),
    }
}

/// One change of every sort, by name.
pub(crate) fn changes() -> Vec<(&'static str, Change)> {
    let key = ConditionKey { rule: rule(), subject: Subject::Place(place()) };
    let kind = CaseKind::parse("fire.control_room.unattended").unwrap();
    let (at, looked) = (Seen::from_micros(NOW), LogTime::from_micros(NOW));
    let moved = Moved {
        key: key.clone(),
        rule_version: 3,
        from: State::Suspected,
        to: State::Present,
        at,
        episode: Some(episode()),
        reason: reason(),
    };
    let opened = Opened {
        key: key.clone(),
        rule_version: 3,
        episode: episode(),
        kind,
        severity: Severity::MIDDLE,
        began: at,
        decided: looked,
        reason: reason(),
    };
    let (how, reason) = (EndedHow::SeenClear, reason());
    let ended = Ended { key: key.clone(), episode: episode(), at, how, retrospective: false, reason };
    let source = |id: &str, cause| BlindSource { source: id.to_owned(), cause };
    let sources = vec![source("cam-0421", Some(BlindCause::Dark)), source("cam-0422", None)];
    let blind = Blind { key: key.clone(), blind: true, at: looked, since: Some(looked), sources };
    let skipped = Some("answered".to_owned());
    let step = Step { key, episode: episode(), rule_version: 3, step: 1, at: looked, skipped };
    vec![
        ("moved", Change::Moved(moved)),
        ("opened", Change::Opened(opened)),
        ("ended", Change::Ended(ended)),
        ("blind", Change::Blind(blind)),
        ("step", Change::Step(step)),
    ]
}

/// A journal, and the case that it comes to.
pub(crate) fn journal() -> (Vec<CaseEvent>, Case) {
    let hour = Span::from_mins(60);
    let filed = FiledAs {
        number: "C1123-0042".to_owned(),
        kind: CaseKind::parse("fire.control_room.unattended").unwrap(),
        subject: Subject::Place(place()),
        grid: Some(grid()),
        position: Position::new(106.5512, 29.563).ok(),
        jurisdiction: GridId::parse("500103005").unwrap(),
        severity: Severity::MIDDLE,
        limits: Limits { accept: Span::from_mins(2), arrive: Span::from_mins(20), close: hour, post_check: hour },
        maybe_same: vec![],
    };
    let link = EpisodeLink {
        episode: episode(),
        rule: rule(),
        rule_version: 3,
        began: Seen::from_micros(NOW),
        ended: None,
        reason: reason(),
    };
    let reported = ReportLink {
        source: SourceName::parse("141").unwrap(),
        id: SourceId::parse("SQS-20261123-0042").unwrap(),
        text: "中控室没有人".to_owned(),
        occurred: None,
        place: None,
        position: None,
        grid: None,
        address: None,
        severity: None,
        attachments: vec![],
    };
    let wanted =
        WantedSeat { role: Role::Lead, competence: Competence::parse("property").unwrap(), passed_over: vec![] };
    let why = Words::new("网格内唯一物业", "the only property manager in the grid cell");
    let unit = UnitId::parse("u-property-1").unwrap();
    let (watch, desk) = (Actor::Watch(rule()), Actor::Desk("值班席一".to_owned()));
    let happened = [
        (watch.clone(), Happened::Filed(Box::new(filed))),
        (watch, Happened::EpisodeBegan(link)),
        (Actor::Source(SourceName::parse("141").unwrap()), Happened::Reported(reported)),
        (desk.clone(), Happened::SeatsWanted(vec![wanted])),
        (Actor::Dispatch, Happened::Asked(seat_id(), unit, why, false)),
        (Actor::Seat(seat_id(), "王".to_owned()), Happened::Accepted(seat_id())),
        (desk, Happened::Acknowledged),
    ];
    let entry = |(n, (by, what)): (usize, (Actor, Happened))| {
        let at = Filed::from_micros(NOW + n as i64);
        CaseEvent { case: case_id(), version: n as u64 + 1, at, by, reason: None, what }
    };
    let events: Vec<CaseEvent> = happened.into_iter().enumerate().map(entry).collect();
    let case = Case::replay(&events).unwrap();
    (events, case)
}

/// A street of one of each.
pub(crate) fn catalogue() -> Catalogue {
    let at = Position::new(106.5512, 29.563).unwrap();
    let corner = |lon, lat| Position::new(lon, lat).unwrap();
    let ring = vec![corner(106.0, 29.0), corner(107.0, 29.0), corner(107.0, 30.0), corner(106.0, 29.0)];
    let cell = GridCell {
        id: grid(),
        name: "上清寺第四网格".to_owned(),
        level: GridLevel::Grid,
        parent: GridId::parse("500103005").ok(),
        geometry: Geometry::polygon(ring).ok(),
    };
    let room = Place {
        id: place(),
        class: ClassId::parse("control_room").unwrap(),
        name: "国贸大厦中控室".to_owned(),
        grid: Some(grid()),
        position: Some(at),
        geometry: Some(Geometry::Point(at)),
        props: BTreeMap::from([("required".to_owned(), Value::Int(2))]),
        combine: Some(Combine::Sum),
        units: vec![UnitId::parse("u-property-1").unwrap()],
    };
    let persons = ObservationKind::parse("persons").unwrap();
    let camera = Device {
        id: DeviceId::parse("cam-0421").unwrap(),
        kind: DeviceKind::Camera,
        name: "中控室 1 号".to_owned(),
        places: vec![Coverage { place: place(), zone: Some("desk".to_owned()) }],
        upstream: DeviceId::parse("nvr-1").ok(),
        external_ids: vec!["gb28181:34020000001320000001".to_owned()],
        reports: BTreeMap::from([(persons, Reports::Every(Span::from_secs(10)))]),
        props: BTreeMap::from([("maker".to_owned(), Value::Text("海康".to_owned()))]),
    };
    let unit = Unit {
        id: UnitId::parse("u-property-1").unwrap(),
        name: "国贸物业".to_owned(),
        kind: "property".to_owned(),
        grids: vec![grid()],
        competence: vec![Competence::parse("property").unwrap()],
        capacity: Some(3),
        phone: Some("023-6300 0000".to_owned()),
        valid_from: Some(Filed::from_micros(NOW)),
        valid_to: None,
    };
    Catalogue {
        grid: BTreeMap::from([(cell.id.clone(), cell)]),
        places: BTreeMap::from([(room.id.clone(), Arc::new(room))]),
        devices: BTreeMap::from([(camera.id.clone(), Arc::new(camera))]),
        units: BTreeMap::from([(unit.id.clone(), Arc::new(unit))]),
    }
}
