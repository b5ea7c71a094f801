//! Everything that the description of the API allows, and what it does not: answered as described, and never with a
//! failure of ours.

use std::process::{Command, Stdio};

use muster_tests::{eventually, need};
use reqwest::Method;
use serde_json::json;

use super::{hash, measured, memory, serve};
use crate::api::{Api, PATIENCE, send};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

/// Seconds of asking; the same questions every time, as far as a machine gets with them.
const SECONDS: &str = "45";
const SEED: &str = "7";

/// What an answer must be: no failure, of a status and content type that is described, and of the shape described.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
     response_schema_conformance,unsupported_method,allow_header_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_is_answered_as_described() {
    let Some(program) = need("MUSTER_TEST_SCHEMATHESIS", "schemathesis") else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens.toml");
    let token =
        format!("[[token]]\nname = \"all\"\nrole = \"operator\"\nsources = [\"*\"]\nhash = \"{}\"\n", hash("word"));
    std::fs::write(&tokens, token).unwrap();
    let server = serve(&stage, &[("MUSTER_AUTH__TOKENS_FILE", tokens.to_str().unwrap())]);
    let api = Api::new(server.url());
    // something of everything: a case with a seat, conditions, a dead letter
    for (kind, body) in [
        ("application/cloudevents-batch+json", serde_json::Value::from(blocked(1)).to_string()),
        ("application/cloudevents+json", "{".to_owned()),
    ] {
        let post = api.request(Method::POST, "/api/v1/observations").bearer_auth("word");
        assert!(send(post.header("content-type", kind).body(body)).await.unwrap().status < 500);
    }
    let found = async || {
        let cases = send(api.request(Method::GET, "/api/v1/cases").bearer_auth("word")).await.unwrap().json();
        (cases["items"][0]["seats"][0]["state"] == json!("asked")).then_some(())
    };
    eventually("a case whose seat is asked", PATIENCE, found).await;
    let mut command = Command::new(program);
    command.args(["run", &format!("{}/openapi.json", server.url()), "--header", "Authorization: Bearer word"]);
    // a stream has no end
    command.args(["--exclude-operation-id", "follow", "--checks", CHECKS, "--max-time", SECONDS, "--seed", SEED]);
    command.args(["--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--warnings", "off"]);
    command.current_dir(folder.path()).stdin(Stdio::null()).env("PYTHONUTF8", "1");
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), server.words());
    let cases = said.lines().find(|line| line.contains(" generated")).unwrap_or_default().trim();
    measured(&format!("schemathesis: {cases}; {} MiB at most", memory(&server).1));
    assert!(cases.ends_with(" passed") && said.contains("No issues found"), "{said}");
    assert_eq!(send(api.request(Method::GET, "/api/v1/cases").bearer_auth("word")).await.unwrap().status, 200);
}
