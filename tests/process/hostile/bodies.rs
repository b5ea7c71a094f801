//! Bodies of a gigabyte at every door, announced or not, one by one and all at once; and packed ones.

use std::io::Write;

use muster_tests::eventually;
use tokio::task::JoinSet;

use super::{Raw, measured, memory, others_are_served, serve};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const GIGABYTE: usize = 1 << 30;

/// Where a body may be sent, as what, and how it begins.
#[derive(Clone)]
struct Door {
    path: String,
    kind: &'static str,
    begins: &'static str,
}

/// How long a body says it is.
#[derive(Debug, Clone, Copy)]
enum Length {
    Unsaid,
    Announced,
}

/// Every door, the page of a seat among them: its link is a true one.
async fn doors(api: &Api) -> Vec<Door> {
    api.observe(&blocked(1)).await;
    let link = async || api.list("/api/v1/cases").await.pop()?["seats"][0]["link"].as_str().map(str::to_owned);
    let link = eventually("the link of a seat", PATIENCE, link).await;
    let photo = "--x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\
                 content-type: image/jpeg\r\n\r\n";
    let doors = [
        ("/api/v1/observations", "application/x-ndjson", ""),
        ("/api/v1/reports", "application/json", ""),
        ("/api/v1/media", "image/jpeg", ""),
        ("/api/v1/cases/case_1/commands", "application/json", ""),
        ("/api/v1/dead-letters/1/replay", "application/octet-stream", ""),
        ("/api/v1/catalogue/places", "text/csv", ""),
        ("/cases/case_1/commands", "application/x-www-form-urlencoded", ""),
        (link.as_str(), "multipart/form-data; boundary=x", photo),
        ("/f/none", "multipart/form-data; boundary=x", photo),
        ("/nowhere", "text/plain", ""),
    ];
    doors.map(|(path, kind, begins)| Door { path: path.to_owned(), kind, begins }).into()
}

impl Door {
    /// Sends a gigabyte for as long as it is taken; how much that was, and what was answered.
    fn pour(&self, mut raw: Raw, length: Length) -> (usize, String) {
        let Self { path, kind, begins } = self;
        let said = match length {
            Length::Unsaid => "transfer-encoding: chunked".to_owned(),
            Length::Announced => format!("content-length: {GIGABYTE}"),
        };
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n{said}\r\n\r\n");
        assert!(raw.say(head.as_bytes()));
        let piece = |bytes: &[u8]| match length {
            Length::Unsaid => [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
            Length::Announced => bytes.to_vec(),
        };
        let more = piece(&[b' '; 1 << 16]);
        let mut poured = begins.len();
        if begins.is_empty() || raw.0.write_all(&piece(begins.as_bytes())).is_ok() {
            while poured < GIGABYTE && raw.0.write_all(&more).is_ok() {
                poured += 1 << 16;
            }
        }
        (poured, raw.rest())
    }

    /// A gigabyte that was not taken.
    fn refused(&self, length: Length, poured: usize, answer: &str) {
        let path = &self.path;
        assert!(poured < 200 << 20, "{path} took {} MiB, {length:?}: {answer:.200}", poured >> 20);
        // a line that was cut while it was still being written on may lose the answer
        let wanted = ["", "HTTP/1.1 413", "HTTP/1.1 404", "HTTP/1.1 400"];
        assert!(
            answer.is_empty() || wanted[1..].iter().any(|wanted| answer.starts_with(wanted)),
            "{path}: {answer:.300}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_early_at_every_door() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    let doors = doors(&api).await;
    others_are_served(&api).await;
    let (before, _) = memory(&server);
    for length in [Length::Unsaid, Length::Announced] {
        for door in &doors {
            let (poured, answer) = door.pour(Raw::open(&server), length);
            door.refused(length, poured, &answer);
            others_are_served(&api).await;
        }
    }
    let (now, most) = memory(&server);
    measured(&format!("a gigabyte at {} doors: {before} MiB before, {most} at most, {now} after", doors.len()));
    assert!(most < before + 160, "{before} MiB before, {most} MiB at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_at_every_door_at_once_leaves_others_served() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    let doors = doors(&api).await;
    others_are_served(&api).await;
    let (before, _) = memory(&server);
    for length in [Length::Unsaid, Length::Announced] {
        let mut pours = JoinSet::new();
        for door in doors.clone() {
            let raw = Raw::open(&server);
            pours.spawn_blocking(move || {
                let (poured, answer) = door.pour(raw, length);
                door.refused(length, poured, &answer);
            });
        }
        let mut served = 0;
        while !pours.is_empty() {
            others_are_served(&api).await;
            served += 1;
            while let Some(done) = pours.try_join_next() {
                done.unwrap();
            }
        }
        measured(&format!(
            "{} gigabytes at once, {length:?}: others were served {served} times meanwhile",
            doors.len()
        ));
    }
    let (now, most) = memory(&server);
    measured(&format!("gigabytes at once: {before} MiB before, {most} at most, {now} after"));
    assert!(most < before + 256, "{before} MiB before, {most} MiB at most");
}

/// Whoever holds no link fills no memory, however many he is.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_by_a_link_that_is_none_is_not_kept_in_memory() {
    const MANY: usize = 24;
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    let door = doors(&api).await.into_iter().find(|door| door.path == "/f/none").unwrap();
    others_are_served(&api).await;
    let (before, _) = memory(&server);
    let head = format!(
        "POST /f/none HTTP/1.1\r\nhost: localhost\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n{}",
        door.kind,
        20 << 20,
        door.begins
    );
    // all but the end of a picture that is small enough
    let said = [head.as_bytes(), &vec![b' '; 16 << 20]].concat();
    let mut held: Vec<_> = (0..MANY).map(|_| Raw::open(&server)).collect();
    for raw in &mut held {
        raw.say(&said);
        others_are_served(&api).await;
    }
    let (_, most) = memory(&server);
    measured(&format!("{MANY} pictures by no link: {before} MiB before, {most} at most"));
    assert!(most < before + 128, "{before} MiB before, {most} MiB at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_bodies_are_refused_unread() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-unknown"] {
        let head = format!(
            "POST /api/v1/observations HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: {coding}\r\n\
             content-type: application/json\r\ncontent-length: 3\r\nconnection: close\r\n\r\n\x1f\u{1}x"
        );
        let answer = Raw::ask(&server, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 415") && answer.contains("unsupported-encoding"), "{coding}: {answer}");
    }
    assert!(memory(&server).1 < 400);
    assert!(server.terminate().success());
}
