//! `muster doctor`: what really goes wrong, brought about with the real program, and what it says of it.
//!
//! `table.rs` says of each finding which test brings it about. Two of them none can: a SQLite that is too old, since ours is
//! built in, and a PostgreSQL from before 15, which no machine that runs the tests has.

mod catalogue;
mod damage;
mod embedded;
mod servers;
mod shared;
mod street;
mod table;

use std::process::Command;

use muster_tests::{Server, until};
use serde_json::Value;

use super::{Ran, file, run};
use crate::api::PATIENCE;
use crate::records::{RULES, STREET};
use crate::stage::{CatalogueFiles, Stage, book};

/// The command, its findings as JSON lines.
const DOCTOR: [&str; 2] = ["doctor", "--json"];

/// The street, with a unit for each competence that is asked for: nothing is wrong with it.
const WHOLE: CatalogueFiles<'static> = CatalogueFiles {
    units: "id,name,kind,grids,competence,capacity,phone,valid_from,valid_to\n\
            enforcement,执法队,enforcement,500103005,enforcement,,023-0001,,\n\
            technical,运维,technical,,technical,,023-0003,,\n\
            coordination,综合协调岗,coordination,500103005,coordination,,023-0002,,\n",
    ..STREET
};

/// What the doctor finds in this environment, and its exit code.
fn found(command: &mut Command) -> (Option<i32>, Vec<Value>) {
    let ran = Ran::of(command);
    let mut lines = ran.lines();
    // The last line is no finding.
    assert!(lines.pop().is_some_and(|last| last["states"].is_array()), "{ran:#?}");
    (ran.code, lines)
}

/// What is so of the servers of the tests, which stand alone and are in a hurry: one copy, and nothing waits for a disk.
fn is_of_the_tests(finding: &Value) -> bool {
    ["single-copy", "postgresql-fsync-off", "synchronous-commit-off"].iter().any(|code| finding["code"] == *code)
}

/// What the doctor finds on a stage without asking a server.
fn diagnosed(stage: &Stage) -> Vec<Value> {
    found(&mut stage.command(&DOCTOR)).1
}

/// What a running server finds of itself.
fn confided(stage: &Stage, server: &Server) -> (Option<i32>, Vec<Value>) {
    found(stage.command(&DOCTOR).args(["--url", server.url()]))
}

/// The finding of a code, which must be there.
#[track_caller]
fn finding<'a>(findings: &'a [Value], code: &str) -> &'a Value {
    findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {findings:#?}"))
}

/// All that a finding concerns, in one text.
#[track_caller]
fn details(findings: &[Value], code: &str) -> String {
    let details = finding(findings, code)["details"].as_array().unwrap();
    details.iter().map(|detail| detail["en"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// A stage with rules and street, and a server that finds nothing wrong.
async fn well(stage: Stage) -> (Stage, Server) {
    stage.adopt(&book(RULES), WHOLE).await;
    let server = stage.serve();
    until("nothing to be wrong", PATIENCE, || {
        let (code, findings) = confided(&stage, &server);
        let (_, wrong): (Vec<_>, Vec<Value>) = findings.into_iter().partition(is_of_the_tests);
        assert_eq!(code, Some(if !stage.bootstrap().is_empty() { 1 } else { i32::from(!wrong.is_empty()) }));
        wrong.is_empty().then_some(())
    });
    (stage, server)
}
