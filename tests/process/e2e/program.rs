//! The program as a program: help, exit codes, a graceful stop, a start after a cut, and how soon the demo shows a case.

use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use muster_tests::{Server, eventually, until};
use serde_json::json;

use super::way::{now, replays, the_case};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book, program};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    program(arguments).envs(environment.iter().copied()).output().unwrap()
}

/// Holds a command to having a help, and every command that it names in turn; how many there are.
fn helps(command: &[&str]) -> usize {
    let output = run(&[command, &["--help"]].concat(), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("Usage: muster"), "{command:?}: {text}");
    assert!(output.stderr.is_empty(), "{command:?}");
    let named = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // a line that stands further in goes on with the words of the one before
    let names = named.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    1 + names.filter(|name| *name != "help").map(|name| helps(&[command, &[name]].concat())).sum::<usize>()
}

#[test]
fn every_command_has_a_help() {
    assert!(helps(&[]) >= 18, "the help of the program names its commands");
    for command in [&["backup"][..], &["restore"], &["bench"], &["dlq", "replay"], &["rules", "test"]] {
        assert_eq!(helps(command), 1, "{command:?}");
    }
    assert!(run(&["--version"], &[]).status.success());
}

#[test]
fn exit_codes_mean_something() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    for (path, text) in [(&good, RULES), (&bad, "[[rule]]\nid = 7\n")] {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("a.toml"), text).unwrap();
    }
    let (alone, broken) = (format!("{}/a.toml", good.display()), format!("{}/a.toml", bad.display()));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let data = ("MUSTER_DATA_DIR", folder.path().to_str().unwrap());
    let any = ("MUSTER_HTTP__LISTEN", "127.0.0.1:0");
    let kafka = ("MUSTER_LOG__URL", "kafka://127.0.0.1:1");
    let postgres = ("MUSTER_STORE__URL", "postgres://nobody@127.0.0.1:1/none");
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32, &'a str);
    let rows: [Row; 19] = [
        (&["rules", "check", good], &[], 0, ""),
        (&["rules", "test", good, "--json"], &[], 0, ""),
        (&["rules", "check", good, "--json"], &[], 0, ""),
        (&["rules", "check", bad, "--json"], &[], 1, "a.toml:2:"),
        (&["rules", "check", "/nowhere"], &[], 2, "/nowhere"),
        (&["rules", "check", &alone], &[], 0, ""),
        (&["rules", "test", &alone, &broken], &[], 1, "a.toml:2:"),
        (&["rules", "test"], &[], 2, "FILE"),
        (&["serve", "--print-config"], &[], 0, ""),
        (&["dance"], &[], 2, "dance"),
        (&["serve", "--dance"], &[], 2, "--dance"),
        (&["serve", "--roles", "cook"], &[data, any], 2, "cook"),
        (&["serve"], &[data, ("MUSTER_HTTP__LISSEN", "x")], 2, "MUSTER_HTTP__LISSEN"),
        (&["serve"], &[data, ("MUSTER_HTTP__LISTEN", "0.0.0.0:0")], 2, "MUSTER_AUTH__TOKENS_FILE"),
        (&["serve"], &[data, any, ("MUSTER_HTTP__METRICS_LISTEN", "0.0.0.0:0")], 2, "MUSTER_AUTH__TOKENS_FILE"),
        (&["serve"], &[data, any, kafka], 2, "PostgreSQL"),
        (&["serve"], &[data, any, ("MUSTER_RULES__DIR", bad)], 1, "a.toml:2:"),
        (&["demo", "--listen", "0.0.0.0:0"], &[], 2, "this machine only"),
        (&["migrate"], &[data, kafka, postgres], 3, ""),
    ];
    for (arguments, environment, code, words) in rows {
        let output = run(arguments, environment);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {environment:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let listed = run(&["rules", "test", good, "--json"], &[]).stdout;
    let line: serde_json::Value = serde_json::from_slice(listed.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((&line["rule"], &line["ok"]), (&json!("lane"), &json!(true)), "{line}");
}

#[tokio::test]
async fn whoever_is_told_that_it_is_there_may_stop_it() {
    // Its words find the pipe full, so it stands before the first of them.
    let (unread, mut full) = std::io::pipe().unwrap();
    full.write_all(&[b'.'; 65_536]).unwrap();
    let stage = Stage::embedded();
    let mut command = tokio::process::Command::from(stage.command(&["serve"]));
    let mut server = command.stdout(full).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let status = format!("/proc/{}/status", server.id().unwrap());
    let hears = || {
        let status = std::fs::read_to_string(&status).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim();
        let caught = u64::from_str_radix(caught, 16).ok()?;
        [2, 15].iter().all(|signal| caught >> (signal - 1) & 1 == 1).then_some(())
    };
    until("SIGINT and SIGTERM to be heard", PATIENCE, hears);
    server.kill().await.unwrap();
    drop(unread);
}

#[tokio::test]
async fn a_second_process_does_not_take_the_folder() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let _server = stage.serve();
    let second = stage.command(&["serve"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2), "{}", String::from_utf8_lossy(&second.stderr));
}

#[tokio::test]
async fn a_case_goes_on_where_it_was_after_a_stop_and_after_a_cut() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    let id = case["id"].as_str().unwrap();
    assert_eq!(server.terminate().code(), Some(0), "asked to end, it ends well");

    let server = stage.serve();
    let api = Api::new(server.url());
    assert_eq!(now(&api, id).await, case, "nothing has happened meanwhile");
    let link = case["seats"][0]["link"].as_str().unwrap();
    assert_eq!(api.get(link).await.status, 200, "a link is good over a restart");
    let seat = &case["seats"][0]["id"];
    assert_eq!(api.order(id, &json!({ "command": "accept", "seat": seat })).await.status, 200);
    let accepted = now(&api, id).await;
    server.kill();

    let server = stage.serve();
    let api = Api::new(server.url());
    assert_eq!(now(&api, id).await, accepted, "what was answered outlives a cut");
    assert_eq!(api.order(id, &json!({ "command": "done", "seat": seat })).await.status, 200);
    let sent = std::cell::Cell::new(0);
    let closed = async || {
        sent.set(sent.get() + 1);
        api.observe(&[seen(1, &format!("clear-{}", sent.get()), 0, false)]).await;
        Some(now(&api, id).await).filter(|case| case["state"] == "closed")
    };
    replays(&api, &eventually("the case to close", PATIENCE, closed).await).await;
    assert_eq!(api.list("/api/v1/cases").await.len(), 1);
}

#[tokio::test]
async fn the_demo_shows_a_case_within_ten_seconds_and_lets_nobody_else_in() {
    let begun = Instant::now();
    let server = Server::start(&mut program(&["demo", "--listen", "127.0.0.1:0"]));
    let api = Api::new(server.url());
    let first = async || api.list("/api/v1/cases").await.into_iter().next();
    let case = eventually("the first case", PATIENCE, first).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "the first case took {took:?}");
    assert_eq!(case["kind"], "fire.lane.blocked", "{case}");
    let refused = [("host", "muster.example"), ("origin", "http://muster.example"), ("x-forwarded-for", "10.0.0.1")];
    for (name, value) in refused {
        let request = api.request(reqwest::Method::GET, "/api/v1/cases").header(name, value);
        let answer = crate::api::send(request).await.unwrap();
        assert_eq!((answer.status, answer.problem().as_str()), (403, "not-local"), "{name}");
    }
    assert_eq!(server.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_demo_that_ran_ahead_goes_on_where_its_log_ends() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let hurry = ["demo", "--listen", "127.0.0.1:0", "--speed", "60", "--data", data];
    let server = Server::start(&mut program(&hurry));
    let api = Api::new(server.url());
    let begun = world(&api).await;
    let later = async || Some(world(&api).await).filter(|now| *now > begun + 300.0);
    let ahead = eventually("five minutes of its world", PATIENCE, later).await;
    server.kill();
    let server = Server::start(&mut program(&hurry));
    let api = Api::new(server.url());
    let again = world(&api).await;
    assert!(again >= ahead, "it was {ahead} there, and it is {again} after the cut");
}

/// What time it was there when the log was last read, in seconds since 1970.
async fn world(api: &Api) -> f64 {
    let read = async || {
        let metrics = api.get("/metrics").await.text();
        let line = metrics.lines().find(|line| line.starts_with("muster_log_last_poll_timestamp_seconds{"))?;
        line.rsplit_once(' ')?.1.parse().ok()
    };
    eventually("the time of the last poll", PATIENCE, read).await
}
