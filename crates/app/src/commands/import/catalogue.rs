//! Catalogue files: each goes to the one route that decides, and its answer is shown.

use std::fmt::Write as _;
use std::process::ExitCode;

use bytes::Bytes;
use http::{Method, StatusCode};
use muster_sources::catalogue::Kind;
use muster_sources::table::Encoding;
use serde_json::{Value, json};

use super::{Import, read};
use crate::commands::server::Answer;
use crate::exit::Failure;

pub(super) async fn run(import: &Import, kind: Kind) -> Result<ExitCode, Failure> {
    let files = import.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let settings = import.remote.settings()?;
    let server = import.remote.reach(&settings).await?;
    let encoding = match import.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
    };
    let (partial, dry_run) = (import.partial, import.dry_run);
    let mut good = true;
    for (name, bytes) in files {
        // The folder is nobody's business but ours.
        let file = escaped(name.rsplit('/').next().unwrap_or_default());
        let path = format!(
            "/api/v1/catalogue/{}?file={file}&encoding={encoding}&partial={partial}&dry_run={dry_run}",
            kind.name()
        );
        let answer = server.ask(Method::POST, &path, "application/octet-stream", Bytes::from(bytes)).await?;
        good &= shown(import, kind, &name, &answer)?;
    }
    server.close().await;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows what became of a file; `false` if any of it was not taken.
fn shown(import: &Import, kind: Kind, name: &str, answer: &Answer) -> Result<bool, Failure> {
    let body = answer.json();
    let bad = body["bad"].as_array().cloned().unwrap_or_default();
    for bad in &bad {
        let text = |key: &str| bad[key].as_str().unwrap_or_default().to_owned();
        let column = if text("column").is_empty() { String::new() } else { format!("{}: ", text("column")) };
        eprintln!("{name}:{}: {column}{}", bad["line"], text("reason"));
    }
    match answer.status {
        StatusCode::OK => {
            if import.json {
                let mut line = body;
                line.as_object_mut().map(|line| line.insert("file".to_owned(), json!(name)));
                crate::say(&format!("{line}\n"));
            } else {
                crate::say(&format!("{}\n", in_words(name, &body, bad.len())));
            }
            Ok(bad.is_empty())
        }
        StatusCode::UNPROCESSABLE_ENTITY => {
            if bad.is_empty() {
                eprintln!("{name}: {}", body["detail"].as_str().unwrap_or_default());
            } else {
                eprintln!("muster: {name} is refused as a whole: {} bad lines (--partial takes the rest)", bad.len());
            }
            if import.json {
                let refused = json!({
                    "kind": kind.name(), "file": name, "refused": body["code"], "reason": body["detail"], "bad": bad,
                });
                crate::say(&format!("{refused}\n"));
            }
            Ok(false)
        }
        StatusCode::PAYLOAD_TOO_LARGE => Err(Failure::refused(format!("{name}: {}", answer.words()))),
        _ => Err(Failure::usage(format!("{name}: {}", answer.words()))),
    }
}

fn in_words(name: &str, body: &Value, left_out: usize) -> String {
    let mut words = format!("{name}: {} added, {} changed, {} same", body["added"], body["changed"], body["same"]);
    if left_out > 0 {
        let _ = write!(words, ", {left_out} left out");
    }
    match body["version"].as_u64() {
        Some(version) => drop(write!(words, "; configuration version {version}")),
        None => words.push_str("; nothing was changed (--dry-run)"),
    }
    words
}

/// A file's name as part of an address.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => escaped.push(char::from(byte)),
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}
