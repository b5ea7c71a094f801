//! The street is one street: its files hang together, its days follow their seed, its opening is as told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::catalogue::{Class, Kind};
use crate::reaction::CaseView;
use crate::world::Lens;

const START: i64 = 1_795_492_800 * MICROS;

struct Run {
    street: Street,
    world: World,
    voices: Voices,
    at: i64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let street = Street::read(&EXAMPLE).unwrap();
        let at = START - 360 * MICROS;
        let mut world = World::new(&street, seed, at);
        world.stage(script::opening(&street, START));
        let voices = Voices::new(&street, seed);
        Self { street, world, voices, at }
    }

    /// Runs to so many seconds after the start and returns what was said: events and reports.
    fn until(&mut self, seconds: i64) -> (Vec<Value>, Vec<Value>) {
        let (mut events, mut reports) = (Vec::new(), Vec::new());
        while self.at < START + seconds * MICROS {
            self.world.advance(self.at);
            self.voices.speak(&self.street, &mut self.world, self.at);
            self.at += MICROS;
        }
        for post in self.voices.take() {
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            match body {
                Value::Array(batch) => events.extend(batch),
                report => reports.push(report),
            }
        }
        events.sort_by_cached_key(seen);
        (events, reports)
    }

    fn hear(&mut self, kind: &str, subject: &str, attended: bool) {
        let case = CaseView { id: format!("{kind}/{subject}"), kind: kind.into(), subject: subject.into(), attended };
        self.world.hear(&self.street, &[case], self.at);
    }

    fn spot(&self, place: &str) -> &world::Spot {
        &self.world.spots[self.street.place(place).unwrap()]
    }
}

fn seen(event: &Value) -> i64 {
    event["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn of<'a>(events: &'a [Value], place: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["data"]["place"] == place && event["data"]["kind"] == kind)
}

/// Seconds after the start at which a value has been seen to stand for so long.
fn stands(events: &[Value], place: &str, kind: &str, seconds: i64, so: impl Fn(&Value) -> bool) -> Option<f64> {
    let mut since = None;
    for event in of(events, place, kind) {
        since = if so(&event["data"]["values"]) { since.or(Some(seen(event))) } else { None };
    }
    since.map(|since| (since - START) as f64 / 1e6 + seconds as f64)
}

fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').filter(|word| !word.is_empty()).map(|word| word.split('@').next().unwrap())
}

fn rules() -> Vec<toml::Table> {
    EXAMPLE_RULES.iter().map(|(_, text)| text.parse().unwrap()).collect()
}

fn all<'a>(books: &'a [toml::Table], key: &'a str) -> impl Iterator<Item = &'a toml::Value> {
    books.iter().filter_map(move |book| book.get(key)?.as_array()).flatten()
}

#[test]
fn every_name_in_the_catalogue_is_there() {
    let (grid, places) = (table(EXAMPLE.grid), table(EXAMPLE.places));
    let (devices, units) = (table(EXAMPLE.devices), table(EXAMPLE.units));
    let ids = |rows: &[BTreeMap<String, String>]| {
        let ids: BTreeSet<String> = rows.iter().map(|row| row["id"].clone()).collect();
        assert_eq!(ids.len(), rows.len(), "an id comes twice");
        ids
    };
    let (cells, places_ids, device_ids, unit_ids) = (ids(&grid), ids(&places), ids(&devices), ids(&units));
    assert!(grid.iter().all(|row| row["parent"].is_empty() || cells.contains(&row["parent"])));
    assert!(places.iter().all(|row| cells.contains(&row["grid"])));
    assert!(places.iter().all(|row| words(&row["units"]).all(|unit| unit_ids.contains(unit))));
    assert!(devices.iter().all(|row| words(&row["places"]).all(|place| places_ids.contains(place))));
    assert!(devices.iter().all(|row| row["upstream"].is_empty() || device_ids.contains(&row["upstream"])));
    assert!(units.iter().all(|row| words(&row["grids"]).all(|cell| cells.contains(cell))));
    assert!(units.iter().all(|row| row["phone"].starts_with("023-0000-")));
    let covered: BTreeSet<&str> = devices.iter().flat_map(|row| words(&row["places"])).collect();
    assert!(places_ids.iter().all(|place| covered.contains(place.as_str())));
    assert!(devices.iter().filter(|row| row["places"].contains(';')).count() >= 3);
    assert!((50..=80).contains(&places.len()) && (130..=170).contains(&devices.len()));
}

/// The outer ring of a GeoJSON polygon; none where there is no geometry.
fn ring(geometry: &str) -> Vec<(f64, f64)> {
    let Ok(shape) = serde_json::from_str::<Value>(geometry) else { return Vec::new() };
    let points = shape["coordinates"][0].as_array().unwrap();
    points.iter().map(|point| (point[0].as_f64().unwrap(), point[1].as_f64().unwrap())).collect()
}

fn area(ring: &[(f64, f64)]) -> f64 {
    ring.windows(2).map(|side| side[0].0 * side[1].1 - side[1].0 * side[0].1).sum::<f64>().abs() / 2.0
}

fn holds(ring: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let crossed = |side: &&[(f64, f64)]| {
        let ((x1, y1), (x2, y2)) = (side[0], side[1]);
        (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    };
    ring.windows(2).filter(crossed).count() % 2 == 1
}

#[test]
fn grid_cells_tile_the_street_and_hold_their_places() {
    let grid = table(EXAMPLE.grid);
    for level in ["community", "grid", "microgrid"] {
        let whole: f64 =
            grid.iter().filter(|row| row["level"] == "street").map(|row| area(&ring(&row["geometry"]))).sum();
        let parts: f64 = grid.iter().filter(|row| row["level"] == level).map(|row| area(&ring(&row["geometry"]))).sum();
        assert!((whole - parts).abs() < whole * 1e-6, "{level}: {parts} of {whole}");
    }
    for place in table(EXAMPLE.places) {
        let at = (place["lon"].parse().unwrap(), place["lat"].parse().unwrap());
        let cell = grid.iter().find(|row| row["id"] == place["grid"]).unwrap();
        assert!(holds(&ring(&cell["geometry"]), at), "{} is not in {}", place["id"], cell["id"]);
    }
    let roads: Value = serde_json::from_str(EXAMPLE.roads).unwrap();
    assert!(roads["features"].as_array().unwrap().iter().all(|road| road["properties"]["illustrative"] == true));
}

#[test]
fn every_rule_has_places_that_are_seen_and_units_that_can_come() {
    let books = rules();
    let street = Street::read(&EXAMPLE).unwrap();
    let places = table(EXAMPLE.places);
    let able: BTreeSet<String> = table(EXAMPLE.units)
        .iter()
        .flat_map(|row| words(&row["competence"]).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let kinds: BTreeSet<&str> = all(&books, "observation").filter_map(|kind| kind["kind"].as_str()).collect();
    for device in &street.devices {
        assert!(device.speaks.iter().all(|speaks| kinds.contains(speaks.kind.name())));
    }
    for rule in all(&books, "rule") {
        let class = rule["watches"].as_str().unwrap();
        let watched: Vec<_> = places.iter().filter(|row| row["class"] == class).collect();
        assert!(!watched.is_empty(), "{class}");
        for kind in rule["sees"].as_array().unwrap() {
            let kind = kind.as_str().unwrap();
            assert!(kinds.contains(kind), "{kind}");
            for place in &watched {
                let seen = street.devices.iter().any(|device| {
                    device.places.iter().any(|&index| street.places[index].id == place["id"])
                        && device.speaks.iter().any(|speaks| speaks.kind.name() == kind)
                });
                assert!(seen, "{} is not seen for {kind}", place["id"]);
            }
        }
        assert!(rule["example"].as_array().unwrap().len() >= 8);
        for step in rule["respond"].as_array().unwrap() {
            for seat in step.get("seats").and_then(toml::Value::as_array).into_iter().flatten() {
                assert!(able.contains(seat["competence"].as_str().unwrap()), "{seat}");
            }
        }
    }
    for kind in all(&books, "case_kind") {
        for seat in kind["seats"].as_array().unwrap() {
            assert!(able.contains(seat["competence"].as_str().unwrap()), "{seat}");
        }
    }
    assert!(able.contains("coordination") && able.contains("technical"));
}

#[test]
fn the_same_seed_gives_the_same_day_and_another_seed_another() {
    let day = |seed| Run::new(seed).until(120);
    let (first, again, other) = (day(7), day(7), day(8));
    assert_eq!(first, again);
    assert_ne!(first.0, other.0);
    let ids: BTreeSet<String> = first.0.iter().map(|event| format!("{}{}", event["source"], event["id"])).collect();
    assert_eq!(ids.len(), first.0.len(), "an id comes twice");
}

#[test]
fn the_burst_holds_a_lane_that_crosses_its_dwell_seconds_after_the_start() {
    let (events, _) = Run::new(1).until(5);
    assert!(events.len() > 5_000, "{}", events.len());
    let occupied = |values: &Value| values["occupied"] == true;
    let crosses = stands(&events, script::BLOCKED_LANE, "occupancy", 180, occupied).unwrap();
    assert!((3.0..8.0).contains(&crosses), "{crosses}");
    let warned = stands(&events, script::WARNED_LANE, "occupancy", 180, occupied).unwrap();
    assert!((25.0..35.0).contains(&warned), "{warned}");
    let empty = stands(&events, script::EMPTY_ROOM, "persons", 300, |values| values["persons"] == 0).unwrap();
    assert!((75.0..90.0).contains(&empty), "{empty}");
    for id in [script::BLOCKED_LANE, script::EMPTY_ROOM] {
        let kind = if id == script::EMPTY_ROOM { "persons" } else { "occupancy" };
        let times: Vec<i64> = of(&events, id, kind).map(seen).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 11 * MICROS));
    }
}

#[test]
fn a_blind_camera_keeps_its_heartbeat_and_a_covered_one_says_so() {
    let (events, _) = Run::new(1).until(60);
    let street = Street::read(&EXAMPLE).unwrap();
    let camera = |place: &str, kind| {
        let index = street.speakers(street.place(place).unwrap(), kind).next().unwrap();
        street.devices[index].id.clone()
    };
    let blind = camera(script::BLIND_CAMERA_ROOM, Kind::Persons);
    let late: Vec<&Value> =
        events.iter().filter(|event| event["data"]["device"] == blind.as_str() && seen(event) > START).collect();
    assert!(late.len() >= 5);
    assert!(late.iter().all(|event| event["data"]["health"]["of"] == "camera"));
    let covered = camera(script::COVERED_LANE, Kind::Occupancy);
    assert!(
        events
            .iter()
            .any(|event| event["data"]["device"] == covered.as_str() && event["data"]["health"]["occluded"] == true)
    );
    assert_eq!(of(&events, "cr-renmin", "persons").last().unwrap()["data"]["values"], json!({"persons": 1}));
}

#[test]
fn people_report_what_they_see() {
    let (_, reports) = Run::new(1).until(60);
    let kinds: Vec<&str> = reports.iter().map(|report| report["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"street.vending") && kinds.contains(&"fire.lane.blocked"), "{kinds:?}");
    let named = reports.iter().find(|report| report["kind"] == "fire.lane.blocked").unwrap();
    assert_eq!(named["place"], script::BLOCKED_LANE);
}

#[test]
fn a_driver_who_heeds_leaves_and_a_stubborn_one_is_towed_by_the_team() {
    let mut run = Run::new(1);
    run.until(35);
    run.hear("fire.lane.blocked", script::WARNED_LANE, false);
    run.hear("fire.lane.blocked", script::BLOCKED_LANE, false);
    run.until(65);
    assert_eq!((run.spot(script::WARNED_LANE).vehicles, run.spot(script::BLOCKED_LANE).vehicles), (0, 1));
    run.hear("fire.lane.blocked", script::BLOCKED_LANE, true);
    run.until(75);
    assert_eq!(run.spot(script::BLOCKED_LANE).vehicles, 0);
}

#[test]
fn guards_come_back_when_a_team_is_there_and_answer_when_they_hear_the_call() {
    let mut run = Run::new(1);
    run.until(365);
    run.hear("fire.control_room.unattended", script::EMPTY_ROOM, true);
    run.hear("fire.control_room.unattended", script::ANSWERING_ROOM, false);
    let (events, _) = run.until(400);
    assert_eq!(run.spot(script::EMPTY_ROOM).persons, 2);
    let answers: Vec<_> = of(&events, script::ANSWERING_ROOM, "roll_call").collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(of(&events, script::EMPTY_ROOM, "roll_call").count(), 0);
}

#[test]
fn a_repaired_camera_sees_again() {
    let mut run = Run::new(1);
    run.until(30);
    let device =
        run.street.speakers(run.street.place(script::BLIND_CAMERA_ROOM).unwrap(), Kind::Persons).next().unwrap();
    assert_eq!(run.world.lenses[device], Lens::Mindless);
    let id = run.street.devices[device].id.clone();
    run.hear("muster.device.blind", &id, true);
    run.until(45);
    assert_eq!(run.world.lenses[device], Lens::Clear);
}

#[test]
fn a_day_is_lively_and_not_absurd() {
    let mut run = Run::new(3);
    let (mut since, mut long, mut empty) = (vec![0; run.street.places.len()], 0, 0);
    for at in (run.at..START + 4 * 3_600 * MICROS).step_by(1_000_000) {
        run.world.advance(at);
        for (spot, since) in run.world.spots.iter().zip(&mut since) {
            let odd = spot.vehicles > 0 || (spot.class == Some(Class::Room) && spot.persons == 0);
            *since = if odd { *since + 1 } else { 0 };
            long += u32::from(*since == 180 && spot.class == Some(Class::Lane));
            empty += u32::from(*since == 300 && spot.class == Some(Class::Room));
        }
    }
    let reports = run.world.sayings.iter().filter(|saying| matches!(saying, world::Saying::Report(_))).count();
    assert!((5..80).contains(&long), "{long} lanes blocked for more than three minutes in four hours");
    assert!((2..20).contains(&empty), "{empty} rooms empty for more than five minutes in four hours");
    assert!((5..60).contains(&reports), "{reports} reports");
}

#[test]
fn cases_are_read_as_the_interface_gives_them_and_in_other_plausible_shapes() {
    let read = |item: Value| CaseView::read(&item);
    let plain = read(json!({"id": "c1", "kind": "fire.lane.blocked", "state": "dispatched", "place": "lane-1",
        "seats": [{"state": "on_scene"}]}));
    assert!(plain.is_some_and(|case| case.attended && case.subject == "lane-1"));
    let nested = read(
        json!({"id": "c1", "kind": "muster.device.blind", "state": "filed", "place": null, "subject": {"id": "cam-1"}}),
    );
    assert!(nested.is_some_and(|case| !case.attended && case.subject == "cam-1"));
    assert_eq!(read(json!({"id": "c1"})), None);
    assert_eq!(read(json!(7)), None);
}

/// Reads one HTTP request from a connection: its first line and its body.
async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 65_536];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some((head.lines().next()?.to_owned(), bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A server that refuses its first three requests (cut, 503, 429), then accepts, and hands over every event it accepted.
async fn moody_server(listener: TcpListener, accepted: mpsc::Sender<Value>) {
    let mut tries = 0;
    while let Ok((mut stream, _)) = listener.accept().await {
        while let Some((line, body)) = request(&mut stream).await {
            let answer = if line.starts_with("GET") {
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n{\"items\":[],\"next\":null}"
            } else {
                tries += 1;
                match tries {
                    1 => break,
                    2 => "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
                    3 => "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
                    _ => {
                        accepted.send(serde_json::from_slice(&body).unwrap()).await.unwrap();
                        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
                    }
                }
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_to_a_server_that_is_cut_off_or_busy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (accepted, mut taken) = mpsc::channel(1_000);
    let server = tokio::spawn(moody_server(listener, accepted));
    let clock = Arc::new(AtomicI64::new(START));
    let stop = CancellationToken::new();
    let settings = StreetSettings { url, seed: 1, speed: 50.0, token: None, burst: Duration::from_secs(60) };
    let (reads, stops) = (Arc::clone(&clock), stop.clone());
    let running = tokio::spawn(run(settings, move || reads.load(Ordering::SeqCst), stops));

    let mut run_beside = Run::new(1);
    run_beside.at = START - 60 * MICROS;
    run_beside.world = World::new(&run_beside.street, 1, run_beside.at);
    run_beside.world.stage(script::opening(&run_beside.street, START));
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for seconds in [0, 30] {
        clock.store(START + seconds * MICROS, Ordering::SeqCst);
        let (events, reports) = run_beside.until(seconds);
        wanted.extend(events.iter().chain(&reports).map(|event| event["id"].to_string()));
        while !wanted.is_empty() {
            let body = taken.recv().await.unwrap();
            for event in body.as_array().unwrap_or(&vec![body.clone()]) {
                assert!(wanted.remove(&event["id"].to_string()), "{event} was not to be said, or twice");
            }
        }
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    server.abort();
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    for (speed, token) in [(0.0, None), (f64::NAN, None), (1.0, Some("a\nb".to_owned()))] {
        let settings =
            StreetSettings { url: "http://127.0.0.1:9".into(), seed: 1, speed, token, burst: Duration::ZERO };
        let answer = run(settings, || START, CancellationToken::new()).await;
        assert!(matches!(answer, Err(StreetError::Settings(_))), "{answer:?}");
    }
}
