//! What the API takes and answers besides cases, the catalogue and receipts: the types that write are those described.

use muster_domain::text::Words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::{BlindCauseV1, StateV1};
use crate::instant::Instant;
use crate::problem::Problem;
use crate::reason::{ReasonV1, WordsV1};

/// A condition as it stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Standing {
    /// Its id, computed from rule and subject.
    pub id: String,
    /// The rule that believes it.
    pub rule: String,
    /// What it is about: `place:`, `device:`, `adapter:` or `report:` and an id.
    pub subject: String,
    /// The place, where the subject is one.
    pub place: Option<String>,
    /// Where it stands.
    #[schemars(with = "StateV1")]
    pub state: String,
    /// Nobody sees it.
    pub blind: bool,
    /// In its state since then.
    #[schemars(with = "Instant")]
    pub since: String,
    /// Blind, or seeing again, since then; `null` where it was never blind.
    #[schemars(with = "Option<Instant>")]
    pub blind_since: Option<String>,
    /// The sources that do not cover it, while it is blind.
    pub blind_sources: Vec<BlindSource>,
    /// The level of a key area; `null` where the rule knows none.
    pub level: Option<u8>,
    /// The episode under way.
    pub episode: Option<String>,
    /// Why it is in its state; `null` where it has never moved.
    #[schemars(with = "Option<ReasonV1<'static>>")]
    pub reason: Option<Value>,
}

/// A source that does not cover its place.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BlindSource {
    /// Which source.
    pub source: String,
    /// What it last said of itself, else `silent`; `null` where that was not written down.
    #[schemars(with = "Option<BlindCauseV1>")]
    pub cause: Option<String>,
}

/// A rule of the rule book that holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Its version, pinned on every case.
    pub version: u32,
    /// Its name on screens.
    #[schemars(with = "WordsV1<'static>")]
    pub name: Value,
    /// The class of place it watches.
    pub watches: String,
    /// The kind of observation that its clauses speak of.
    pub sees: String,
    /// Whether cases are opened, it only runs along, or it does not run.
    #[schemars(extend("enum" = ["live", "shadow", "off"]))]
    pub mode: String,
    /// The kind of case it means.
    pub kind: String,
    /// How urgent, 1 to 5.
    pub severity: u8,
    /// What raises it.
    pub raise: Clause,
    /// What clears it; without clause and time only a person does.
    pub clear: Clause,
}

/// A clause of a rule and for how long it must hold.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "RuleClause")]
pub struct Clause {
    /// The clause as it is written; `null` where quiet time or a person decides.
    pub when: Option<String>,
    /// For how long, such as `5m`; `null` where a person decides.
    #[serde(rename = "for")]
    pub hold: Option<String>,
}

/// A dead letter without its bytes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetter")]
pub struct Letter {
    /// Its number.
    pub id: u64,
    /// The dead letter topic it lies in, without the prefix of our own topics.
    pub topic: String,
    /// At which offset.
    pub offset: u64,
    /// The topic it was found on by its full name, with the prefix, as other programs know it.
    pub original_topic: String,
    /// In which partition, where it came from one.
    pub original_partition: Option<i64>,
    /// At which offset, where it came from one.
    pub original_offset: Option<i64>,
    /// The stable code of the mistake.
    pub code: String,
    /// Pointer and reason.
    pub message: String,
    /// When it was received.
    #[schemars(with = "Instant")]
    pub received: String,
    /// Where it stands.
    #[schemars(extend("enum" = ["open", "replayed", "dropped"]))]
    pub state: String,
    /// Why it was dropped.
    pub note: Option<String>,
    /// How many bytes it has.
    pub size: u64,
}

/// A dead letter with its bytes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WholeDeadLetter")]
pub struct WholeLetter {
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
    /// The headers it came with, name and value in base64.
    #[schemars(with = "Vec<[String; 2]>")]
    pub headers: Value,
    /// Its bytes as text, as far as they are text.
    pub text: String,
    /// Its bytes.
    pub bytes_base64: String,
}

/// What became of dead letters, as the stream tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterNews {
    /// Where they stand now: `open`, `replayed` or `dropped`.
    pub state: String,
    /// How many.
    pub letters: u64,
}

/// Why a dead letter is dropped.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Dropped {
    /// In words; without it the letter stays.
    #[serde(default)]
    pub reason: String,
}

/// What became of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ReportState")]
pub struct ReportStands {
    /// Not read by the watch yet, in a case, or refused.
    #[schemars(extend("enum" = ["pending", "case", "refused"]))]
    pub state: String,
    /// The case it is in.
    pub case: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// A picture that is kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Kept {
    /// Its id, which is the SHA-256 of its bytes.
    pub id: String,
    /// The SHA-256 of its bytes in hex.
    pub sha256: String,
}

/// Whether the process can do its work.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Readiness {
    /// Every part is well that a role of this process needs.
    pub ready: bool,
    /// The roles of this process.
    pub roles: Vec<RoleReady>,
    /// The parts that they need.
    pub parts: Vec<Part>,
}

/// One role of the process.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ReadyRole")]
pub struct RoleReady {
    /// Its name.
    pub role: String,
    /// It can do its work.
    pub ready: bool,
    /// The parts that it waits for.
    pub waits_for: Vec<String>,
}

/// One part of the process.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ReadyPart")]
pub struct Part {
    /// Its name.
    pub part: String,
    /// It is well.
    pub ready: bool,
    /// Why it is not.
    pub reason: Option<String>,
}

/// A command on a case. Facts are always taken and marked when they are late; decisions can be refused.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
// A word that is not understood might have been the one that mattered.
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What is done or decided.
    #[schemars(extend("enum" = [
        "arrived", "photo", "note", "done", "accept", "return", "redispatch", "post_check", "acknowledge", "verdict",
        "void", "reopen",
    ]))]
    pub command: String,
    /// The seat, where the command is about one.
    #[serde(default)]
    pub seat: Option<String>,
    /// Why, in words; `note`, `return`, `redispatch`, `void` and `reopen` need it.
    #[serde(default)]
    pub reason: Option<String>,
    /// For `post_check`: the place was found well.
    #[serde(default)]
    pub ok: Option<bool>,
    /// For `verdict`.
    #[serde(default)]
    #[schemars(extend("enum" = ["real", "false", "duplicate", "not_ours", null]))]
    pub verdict: Option<String>,
    /// For `photo`: the id of a picture that is kept, which is the SHA-256 of its bytes; `sha256:` may stand before it.
    #[serde(default)]
    pub evidence: Option<String>,
    /// For facts: when it was done, if not just now.
    #[serde(default)]
    #[schemars(with = "Option<Instant>")]
    pub done_at: Option<String>,
    /// What the sender believes; if it is not so, nothing is done (412).
    #[serde(default)]
    pub expects: Option<Expects>,
}

/// What the sender of a command believes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
// A belief that is not understood must not pass for one that holds.
#[serde(deny_unknown_fields)]
pub struct Expects {
    /// The state of the case.
    #[serde(default)]
    #[schemars(with = "Option<crate::case::CaseStateV1>")]
    pub state: Option<String>,
    /// The version of the case at which the command's seat was seen: it must not have changed since.
    #[serde(default)]
    pub seat_version: Option<u64>,
}

/// What became of a catalogue file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Imported {
    /// What it is a file of.
    pub kind: String,
    /// Its name.
    pub file: String,
    /// Rows that were not there.
    pub added: usize,
    /// Rows that are otherwise now.
    pub changed: usize,
    /// Rows that are as they were.
    pub same: usize,
    /// Lines that were left out.
    pub bad: Vec<BadLine>,
    /// Nothing was taken, only compared.
    pub dry_run: bool,
    /// The version of the configuration that holds now; `null` after a dry run.
    pub version: Option<u64>,
}

/// A line of a file that cannot be read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// The column, where one cell is wrong.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A file that was refused as a whole, with every bad line.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BadLines {
    #[serde(flatten)]
    problem: Problem,
    /// The lines; none where the file does not fit the rest of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bad: Vec<BadLine>,
}

impl BadLines {
    /// A problem with the lines that it comes from.
    #[must_use]
    pub fn new(problem: Problem, bad: Vec<BadLine>) -> Self {
        Self { problem, bad }
    }
}

/// Words as the API shows them.
#[must_use]
pub fn words(words: &Words) -> Value {
    serde_json::to_value(WordsV1::from(words)).unwrap_or_default()
}
