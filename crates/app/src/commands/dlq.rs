//! `muster dlq`: dead letters 死信 listed, shown, taken again or dropped.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Subcommand;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::server::{Answer, Remote, Server};
use crate::exit::Failure;

/// Look at what could not be read, take it again once it is mended, or drop it with a reason.
#[derive(Debug, clap::Args)]
pub(crate) struct Dlq {
    #[command(flatten)]
    remote: Remote,
    /// One JSON object a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List dead letters, newest first.
    List {
        /// Only those with this code, such as unknown-device.
        #[arg(long)]
        code: Option<String>,
        /// Only those in this state: open, replayed or dropped.
        #[arg(long, default_value = "open", value_parser = ["open", "replayed", "dropped"])]
        state: String,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show one with its bytes.
    Show {
        /// Its number, as `dlq list` says it.
        id: u64,
    },
    /// Take one again, or all of a code.
    Replay {
        /// Its number, as `dlq list` says it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<u64>,
        /// A file whose bytes stand in place of its own; - is standard input.
        #[arg(long, value_name = "FILE", requires = "id")]
        with: Option<PathBuf>,
        /// The code of those that are meant by --all.
        #[arg(long, requires = "all", conflicts_with = "id")]
        code: Option<String>,
        /// All open ones of the code.
        #[arg(long, requires = "code")]
        all: bool,
    },
    /// Drop one for good.
    Drop {
        /// Its number, as `dlq list` says it.
        id: u64,
        /// Why it may be dropped.
        #[arg(long)]
        reason: String,
    },
}

impl Dlq {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.remote.settings()?;
        let server = self.remote.reach(&settings).await?;
        if let Some(parts) = server.parts() {
            let caught_up = crate::serve::run::graveyard(parts).catch_up().await;
            caught_up.map_err(|error| Failure::pipeline(&error))?;
            if matches!(self.what, What::Replay { .. }) {
                parts.settle(&settings).await?;
            }
        }
        let letters = Letters { server: &server, json: self.json };
        let done = match &self.what {
            What::List { code, state, limit } => letters.list(code.as_deref(), state, *limit).await,
            What::Show { id } => letters.show(*id).await,
            What::Replay { id: Some(id), with, .. } => {
                let mended = with.as_deref().map(bytes_of).transpose()?.unwrap_or_default();
                letters.replay(*id, mended).await
            }
            What::Replay { code, .. } => letters.replay_all(code.as_deref().unwrap_or_default()).await,
            What::Drop { id, reason } => letters.drop_one(*id, reason).await,
        };
        let good = done?;
        server.close().await;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn bytes_of(path: &std::path::Path) -> Result<Bytes, Failure> {
    let mut bytes = Vec::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().read_to_end(&mut bytes),
        _ => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    if bytes.is_empty() {
        return Err(Failure::usage(format!(
            "{} is empty; nothing can stand in place of a dead letter",
            path.display()
        )));
    }
    Ok(bytes.into())
}

/// What a list shows of each, between tabs.
const LISTED: [&str; 5] = ["id", "received", "code", "original_topic", "message"];
/// What is shown of one, above its bytes.
const SHOWN: [&str; 10] = [
    "id",
    "state",
    "note",
    "received",
    "original_topic",
    "original_partition",
    "original_offset",
    "code",
    "message",
    "size",
];

/// One dead letter, for people: what is known of it, and its bytes.
fn shown(letter: &Value) -> String {
    let known = SHOWN.iter().filter(|key| !letter[**key].is_null());
    let lines: Vec<String> = known.map(|key| format!("{key}: {}", plain(&letter[*key]))).collect();
    format!("{}\n\n{}", lines.join("\n"), plain(&letter["text"]))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The dead letters of a server.
struct Letters<'a> {
    server: &'a Server,
    json: bool,
}

impl Letters<'_> {
    async fn list(&self, code: Option<&str>, state: &str, limit: usize) -> Result<bool, Failure> {
        let (mut left, mut cursor) = (limit, None::<String>);
        while left > 0 {
            let (items, next) = self.page(code, state, left.min(500), cursor.as_deref()).await?;
            left = left.saturating_sub(items.len());
            for letter in &items {
                self.say(letter, || LISTED.map(|key| plain(&letter[key])).join("\t"));
            }
            match next {
                Some(_) if left == 0 => eprintln!("muster: there are more; --limit shows them"),
                next => cursor = next,
            }
            if cursor.is_none() {
                break;
            }
        }
        Ok(true)
    }

    async fn page(
        &self,
        code: Option<&str>,
        state: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        let mut path = format!("/api/v1/dead-letters?state={state}&limit={limit}");
        for (name, value) in [("code", code), ("cursor", cursor)] {
            if let Some(value) = value {
                if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
                    return Err(Failure::usage(format!("`{value}` is no {name}")));
                }
                path.push_str(&format!("&{name}={value}"));
            }
        }
        let answer = self.server.ask(Method::GET, &path, "application/json", Bytes::new()).await?;
        if answer.status != StatusCode::OK {
            return Err(Failure::refused(answer.words()));
        }
        let page = answer.json();
        Ok((page["items"].as_array().cloned().unwrap_or_default(), page["next"].as_str().map(str::to_owned)))
    }

    async fn show(&self, id: u64) -> Result<bool, Failure> {
        let path = format!("/api/v1/dead-letters/{id}");
        let answer = self.server.ask(Method::GET, &path, "application/json", Bytes::new()).await?;
        let letter = answer.json();
        if answer.status != StatusCode::OK {
            return Ok(self.refused(id, &answer));
        }
        self.say(&letter, || shown(&letter));
        Ok(true)
    }

    /// Takes one again; `false`, with words, if it is still bad, dealt with, or not there.
    async fn replay(&self, id: u64, mended: Bytes) -> Result<bool, Failure> {
        let path = format!("/api/v1/dead-letters/{id}/replay");
        let answer = self.server.ask(Method::POST, &path, "application/octet-stream", mended).await?;
        if answer.status != StatusCode::OK {
            return Ok(self.refused(id, &answer));
        }
        let body = answer.json();
        let done = json!({ "id": id, "ok": true, "accepted": body["accepted"], "duplicates": body["duplicates"] });
        self.say(&done, || format!("{id}: {} accepted, {} duplicates", body["accepted"], body["duplicates"]));
        Ok(true)
    }

    async fn replay_all(&self, code: &str) -> Result<bool, Failure> {
        let (mut good, mut cursor, mut count) = (true, None::<String>, 0_usize);
        loop {
            let (items, next) = self.page(Some(code), "open", 500, cursor.as_deref()).await?;
            for id in items.iter().filter_map(|letter| letter["id"].as_u64()) {
                good &= self.replay(id, Bytes::new()).await?;
                count += 1;
            }
            match next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        if count == 0 {
            eprintln!("muster: no open dead letter has the code {code}");
        }
        Ok(good)
    }

    async fn drop_one(&self, id: u64, reason: &str) -> Result<bool, Failure> {
        if reason.trim().is_empty() {
            return Err(Failure::usage("--reason must say why it may be dropped"));
        }
        let path = format!("/api/v1/dead-letters/{id}/drop");
        let body = json!({ "reason": reason }).to_string();
        let answer = self.server.ask(Method::POST, &path, "application/json", body.into()).await?;
        if !answer.status.is_success() {
            return Ok(self.refused(id, &answer));
        }
        self.say(&json!({ "id": id, "ok": true, "dropped": reason }), || format!("{id}: dropped"));
        Ok(true)
    }

    /// Says that nothing came of it, and why.
    fn refused(&self, id: u64, answer: &Answer) -> bool {
        let problem = answer.json();
        let (code, words) = match answer.status {
            StatusCode::NOT_FOUND => (json!("not-found"), "there is no such dead letter".to_owned()),
            _ => (problem["code"].clone(), answer.words()),
        };
        eprintln!("muster: dead letter {id}: {words}");
        if self.json {
            crate::say(&format!("{}\n", json!({ "id": id, "ok": false, "code": code, "reason": words })));
        }
        false
    }

    fn say(&self, value: &Value, words: impl FnOnce() -> String) {
        let line = if self.json { value.to_string() } else { words() };
        crate::say(&format!("{line}\n"));
    }
}
