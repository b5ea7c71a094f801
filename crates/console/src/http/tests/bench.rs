//! A console over an empty log and store of a test's own, asked without a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use muster_domain::case::{Actor, Case, FiledAs, Limits, Role, WantedSeat};
use muster_domain::condition::Subject;
use muster_domain::id::{CaseId, CaseKind, Competence, GridId};
use muster_domain::lifecycle::{Command, decide, file};
use muster_domain::record::Severity;
use muster_domain::time::{Filed, Span};
use muster_log::LogSettings;
use muster_pipeline::admit::{Admit, AdmitSettings};
use muster_pipeline::clock::Clock;
use muster_pipeline::configs::Configs;
use muster_pipeline::desk::{Desk, LinkSecret};
use muster_pipeline::doctor::{Doctor, Setup, SetupOf};
use muster_pipeline::metrics::Metrics;
use muster_pipeline::operate::Operate;
use muster_pipeline::wake::Wake;
use muster_pipeline::watch::Troubles;
use muster_store::{CaseEventRow, CaseRow, Store, StoreSettings};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::http::{Access, Bounds, ConsoleSettings, State, router};
use crate::map::Scenery;

/// 2026-11-24 16:46:14 in Chongqing.
pub(super) const NOW: i64 = 1_795_509_974_000_000;

const RULES: [(&str, &str); 3] = [
    ("kinds.toml", include_str!("../../../../../deploy/rules/kinds.toml")),
    ("classes.toml", include_str!("../../../../../deploy/rules/classes.toml")),
    ("fire_lane.toml", include_str!("../../../../../deploy/rules/fire_lane.toml")),
];

const CATALOGUE: &str = r#"{
    "format": "muster.catalogue.v1",
    "grid": [
        { "id": "500103005", "name": "上清寺街道", "level": "street" },
        { "id": "500103005001", "name": "一社区", "level": "community", "parent": "500103005" },
        { "id": "500103006", "name": "邻街", "level": "street" }
    ],
    "places": [
        { "id": "lane-1", "class": "fire_lane", "name": "一号通道", "grid": "500103005001" },
        { "id": "lane-2", "class": "fire_lane", "name": "二号通道", "grid": "500103006" }
    ],
    "devices": [],
    "units": []
}"#;

pub(super) const BOUNDS: Bounds = Bounds {
    connections: 8,
    streams: 2,
    head: Duration::from_secs(5),
    body: Duration::from_secs(5),
    stall: Duration::from_secs(5),
};

/// The console of one test, with everything beneath it.
pub(super) struct Bench {
    router: Router,
    pub(super) desk: Desk,
    pub(super) stop: CancellationToken,
    folder: TempDir,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(Access::LocalOnly, false).await
    }

    pub(super) async fn with(access: Access, metrics_apart: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = LogSettings { partitions: 2, data_dir: folder.path().to_path_buf(), ..LogSettings::default() };
        let log = muster_log::open(&settings).await.unwrap();
        let url = format!("sqlite:{}", folder.path().join("muster.db").display());
        let of_store = StoreSettings { url, max_connections: 2 };
        let store = Store::open(&of_store).await.unwrap();
        let (clock, metrics, wake) = (Clock::held(NOW), Metrics::new().unwrap(), Wake::default());
        store.migrate(NOW).await.unwrap();
        let configs = Configs::new(store.clone());
        let rules: Vec<_> = RULES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let catalogue = muster_wire::catalogue::read(CATALOGUE).unwrap();
        configs.adopt(&log, &clock, &rules, &catalogue, "test").await.unwrap();
        let limits = AdmitSettings { skew: Span::from_secs(5), late_after: Span::from_mins(60), in_flight: 1 << 20 };
        let admit =
            Admit::new(Arc::clone(&log), store.clone(), configs.clone(), clock.clone(), metrics.clone(), limits);
        let operate =
            Operate { store: store.clone(), clock: clock.clone(), metrics: metrics.clone(), wake: wake.clone() };
        let secret = LinkSecret::of(&store, NOW).await.unwrap();
        let media = folder.path().join("evidence");
        let foreign = Arc::default();
        let doctor = Doctor { log: settings, store: of_store, setup: SetupOf::by(Setup::default) };
        let roles = muster_pipeline::roles::Role::ALL.to_vec();
        let troubles = Troubles::default();
        let desk = Desk {
            store,
            log,
            configs,
            operate,
            admit,
            clock,
            metrics,
            wake,
            media,
            secret,
            foreign,
            doctor,
            roles,
            troubles,
        };
        let settings = ConsoleSettings {
            access,
            demo: false,
            speed: 1.0,
            scenery: Scenery::default(),
            zone: jiff::tz::TimeZone::UTC,
            pages: true,
            metrics_apart,
            linger: Duration::ZERO,
            bounds: BOUNDS,
        };
        let stop = CancellationToken::new();
        let router = router(&State::new(desk.clone(), settings, stop.clone()), Router::new());
        Self { router, desk, stop, folder }
    }

    /// The data folder.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text: String::from_utf8(body.into()).unwrap() }
    }

    /// An answer that is not read: a stream has no end.
    pub(super) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(ask("GET", path).body(Body::empty()).unwrap()).await
    }

    /// A case of a street, filed so long ago, with one seat wanted.
    pub(super) async fn file(&self, number: &str, place: &str, street: &str, minutes_ago: i64) -> Case {
        self.file_as(number, &format!("place:{place}"), street, minutes_ago, |filed| filed).await
    }

    /// The same, of any subject, with something about it changed.
    pub(super) async fn file_as(
        &self,
        number: &str,
        subject: &str,
        street: &str,
        minutes_ago: i64,
        change: impl FnOnce(FiledAs) -> FiledAs,
    ) -> Case {
        let then = Filed::from_micros(NOW).minus(Span::from_mins(minutes_ago));
        let subject = Subject::parse(subject).unwrap();
        let filed = FiledAs {
            number: number.to_owned(),
            kind: CaseKind::parse("fire.lane.blocked").unwrap(),
            subject: subject.clone(),
            grid: Some(GridId::parse(street).unwrap()),
            jurisdiction: GridId::parse(street).unwrap(),
            severity: Severity::new(4).unwrap(),
            limits: Limits {
                accept: Span::from_mins(15),
                arrive: Span::from_mins(30),
                close: Span::from_mins(120),
                post_check: Span::from_mins(30),
            },
            position: None,
            maybe_same: vec![],
        };
        let id = CaseId::parse(&format!("case_{number}")).unwrap();
        let (mut case, mut decision) = file(id, change(filed), &Actor::Clock, then);
        let competence = Competence::parse("enforcement").unwrap();
        let wanted = Command::WantSeats(vec![WantedSeat { role: Role::Lead, competence, passed_over: vec![] }]);
        decision.events.extend(decide(&mut case, &Actor::Clock, wanted, None, then).unwrap().events);
        let row = CaseRow {
            id: case.id.to_string(),
            number: case.number.clone(),
            jurisdiction: case.jurisdiction.to_string(),
            kind: case.kind.to_string(),
            subject: subject.key(),
            grid: case.grid.as_ref().map(ToString::to_string),
            state: case.state.name().to_owned(),
            outcome: None,
            live: true,
            severity: 4,
            version: i64::try_from(case.version).unwrap(),
            filed: then.micros(),
            changed: then.micros(),
            next_due: case.next_due().map(Filed::micros),
            overdue: false,
            wants_seat: true,
            lon: None,
            lat: None,
            search: format!("{} {}", number.to_lowercase(), subject.key()),
            doc: muster_wire::case::write(&case),
        };
        let event = |event: &muster_domain::case::CaseEvent| CaseEventRow {
            case: event.case.to_string(),
            version: i64::try_from(event.version).unwrap(),
            at: event.at.micros(),
            doc: muster_wire::case::write_event(event),
        };
        let mut tx = self.desk.store.begin().await.unwrap();
        assert!(tx.cases_insert(&[row]).await.unwrap());
        tx.case_events_append(&decision.events.iter().map(event).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        case
    }
}

/// A request from this machine.
pub(super) fn ask(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("host", "localhost")
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a refusal, which must be a problem.
    pub(super) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        code
    }

    /// The ids of a page.
    pub(super) fn ids(&self) -> Vec<String> {
        let page = self.json();
        assert!(page["next"].is_null() || page["next"].is_string(), "{page}");
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}
