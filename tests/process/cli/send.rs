//! `muster send`: every form of file, every way, and what is said of what was not taken.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use muster_tests::{Server, eventually};
use serde_json::json;

use super::{Ran, file, run};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book, program};

async fn served() -> (Stage, Server, Api) {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    (stage, server, api)
}

#[tokio::test]
async fn what_is_good_is_taken_and_what_is_bad_is_named_by_its_line() {
    let (stage, server, api) = served().await;
    let folder = tempfile::tempdir().unwrap();
    let events = blocked(1);
    let stranger = seen(9, "stranger", 0, true);
    let text = format!("{}\n\nnot json\n{}\n{stranger}\n{}\n", events[0], events[1], events[2]);
    let path = file(&folder, "events.ndjson", text);
    let first = run(&stage, &["send", "--url", server.url(), &path]);
    let first = first.ended(1, &["events.ndjson:3:", "events.ndjson:5: /data/device:", "parked: unknown-device"]);
    assert_eq!(first.out, "3 accepted, 0 duplicates, 2 parked, 0 refused\n");
    let cases = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == 1);
    eventually("the case", PATIENCE, cases).await;

    let again = run(&stage, &["send", "--url", server.url(), "--json", &path]).ended(1, &[]);
    let lines = again.lines();
    assert_eq!((lines.len(), &lines[0]["item"], &lines[0]["line"]), (3, &json!("parked"), &json!(3)), "{lines:?}");
    assert_eq!((&lines[1]["line"], &lines[1]["code"]), (&json!(5), &json!("unknown-device")));
    assert_eq!(lines[2], json!({ "accepted": 0, "duplicates": 3, "parked": 2, "refused": 0 }));
}

#[tokio::test]
async fn arrays_single_events_and_streams_are_taken_as_well() {
    let (stage, server, _api) = served().await;
    let folder = tempfile::tempdir().unwrap();
    let of = |id: &str| serde_json::to_string_pretty(&seen(1, id, 0, false)).unwrap();
    let array = file(&folder, "array.json", format!("[\n{},\n{}]", of("a"), of("b")));
    let one = file(&folder, "one.json", of("c"));
    let sent = run(&stage, &["send", "--url", server.url(), &array, &one]).ended(0, &[]);
    assert_eq!(sent.out, "3 accepted, 0 duplicates, 0 parked, 0 refused\n");
    let many: String = (0..5_000).map(|n| format!("{}\n", seen(2, &format!("m-{n}"), 0, false))).collect();
    let mut command = stage.command(&["send", "--url", server.url(), "--json", "-"]);
    let streamed = Ran::fed(&mut command, many.as_bytes()).ended(0, &[]);
    assert_eq!(streamed.lines(), [json!({ "accepted": 5_000, "duplicates": 0, "parked": 0, "refused": 0 })]);
    let long = format!("{}\n{}\n", "x".repeat(300 * 1024), seen(1, "d", 0, false));
    let long = file(&folder, "long.ndjson", long);
    let sent = run(&stage, &["send", "--url", server.url(), &long]).ended(1, &["long.ndjson:1: has more than"]);
    assert_eq!(sent.out, "1 accepted, 0 duplicates, 0 parked, 1 refused\n");
    let empty = file(&folder, "empty.ndjson", "");
    run(&stage, &["send", "--url", server.url(), &empty]).ended(0, &[]);
}

#[tokio::test]
async fn who_may_not_send_is_told_which_token_is_missing() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let folder = tempfile::tempdir().unwrap();
    // The hash is that of the word `secret`.
    let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let tokens = file(
        &folder,
        "tokens.toml",
        format!("[[token]]\nname = \"gate\"\nrole = \"source\"\nsources = [\"*\"]\nhash = \"{hash}\"\n"),
    );
    let server = Server::start(stage.command(&["serve"]).env("MUSTER_AUTH__TOKENS_FILE", &tokens));
    let path = file(&folder, "events.ndjson", seen(1, "a", 0, false).to_string());
    run(&stage, &["send", "--url", server.url(), &path]).ended(2, &["401", "MUSTER_TOKEN_FILE"]);
    let token = file(&folder, "token", "secret\n");
    run(&stage, &["send", "--url", server.url(), "--token-file", &token, &path]).ended(0, &[]);
    let units = file(&folder, "units.csv", STREET.units);
    let import = run(&stage, &["import", "units", "--url", server.url(), "--token-file", &token, &units]);
    import.ended(2, &["403", "right role"]);
    let mut by_variable = stage.command(&["send", "--url", server.url(), &path]);
    Ran::of(by_variable.env("MUSTER_TOKEN_FILE", &token)).ended(0, &[]);
}

#[tokio::test]
async fn a_command_that_is_interrupted_says_so_by_its_code() {
    let (stage, server, api) = served().await;
    let mut command = stage.command(&["send", "--url", server.url(), "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for event in blocked(1) {
        writeln!(input, "{event}").unwrap();
    }
    // It is at work, and waits for more in a read that nobody ends.
    let cases = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == 1);
    eventually("the case", PATIENCE, cases).await;
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"), "{output:?}");
    drop(input);

    server.signal("INT");
    assert!(server.terminate().success(), "a server that is told to stop has done what it was asked");
}

#[test]
fn wrong_use_and_absent_servers_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "events.ndjson", seen(1, "a", 0, false).to_string());
    let rows: [(&[&str], i32, &str); 8] = [
        (&["send", "--url", "http://127.0.0.1:1", &path], 3, "muster serve"),
        (&["send", "--url", "https://127.0.0.1:1", &path], 2, "only http://"),
        (&["send", "--url", "http://127.0.0.1:1", "/nowhere"], 2, "/nowhere"),
        (&["send"], 2, "FILE"),
        (&["send", "--topic", "x", &path], 2, "--kafka"),
        (&["send", "--kafka", "nobody", &path], 2, "host:port"),
        (&["send", "--token-file", "/nowhere", &path], 2, "/nowhere"),
        (&["send", "--patience", "soon", &path], 2, "--patience"),
    ];
    for (arguments, code, words) in rows {
        Ran::of(program(arguments).env("MUSTER_DATA_DIR", folder.path())).ended(code, &[words]);
    }
}

/// Answers so many requests with these statuses, then no more.
fn answering(statuses: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut length, mut line) = (0, String::new());
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut line).is_ok_and(|_| line != "\r\n") {
                let named = line.to_ascii_lowercase();
                length = named.strip_prefix("content-length:").map_or(length, |rest| rest.trim().parse().unwrap());
                line.clear();
            }
            reader.take(length).read_to_end(&mut Vec::new()).unwrap();
            let body = r#"{"accepted":1,"duplicates":0,"parked":[],"detail":"come back"}"#;
            let head = format!("HTTP/1.1 {status}\r\nretry-after: 0\r\nconnection: close\r\n");
            write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    url
}

#[test]
fn a_server_that_is_busy_is_asked_again_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "events.ndjson", seen(1, "a", 0, false).to_string());
    let busy = answering(&["429 Too Many Requests", "503 Service Unavailable", "202 Accepted"]);
    let sent = Ran::of(&mut program(&["send", "--url", &busy, &path])).ended(0, &[]);
    assert_eq!(sent.out, "1 accepted, 0 duplicates, 0 parked, 0 refused\n");
    let shut = answering(&["503 Service Unavailable"; 2]);
    Ran::of(&mut program(&["send", "--url", &shut, "--patience", "0s", &path])).ended(3, &["given up", "come back"]);
}

#[tokio::test]
async fn events_reach_the_intake_topic_and_what_cannot_be_read_does_not() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let folder = tempfile::tempdir().unwrap();
    let events = blocked(1);
    let path = file(&folder, "events.ndjson", format!("{}\nnot json\n{}\n{}\n", events[0], events[1], events[2]));
    let sent = run(&stage, &["send", "--kafka", stage.bootstrap(), &path]).ended(1, &["events.ndjson:2:", "refused"]);
    assert_eq!(sent.out, "3 accepted, 0 duplicates, 0 parked, 1 refused\n");
    let api = Api::new(server.url());
    let cases = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == 1);
    eventually("the case", PATIENCE, cases).await;
    assert!(api.list("/api/v1/dead-letters").await.is_empty());
    let intake = stage.intake();
    run(&stage, &["send", "--kafka", stage.bootstrap(), "--topic", &intake, "--json", &path]).ended(1, &[]);
    let nowhere = run(&stage, &["send", "--kafka", stage.bootstrap(), "--topic", "no-such-topic", &path]);
    nowhere.ended(2, &["no-such-topic"]);
}
