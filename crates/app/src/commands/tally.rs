//! What became of what was sent: the sums, and each item that was not taken, by its file and line.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use bytes::Bytes;
use http::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muster_wire::receipt::Receipt;
use serde_json::json;

use super::server::Server;
use crate::exit::Failure;

/// The most items, and about the most bytes, of one request.
pub(crate) const MOST: usize = 1000;
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// Counts what was sent, and says what was not taken.
#[derive(Debug)]
pub(crate) struct Tally {
    json: bool,
    /// Items that were taken but cannot be known again or read, as with Kafka.
    pub(crate) accepted: u64,
    duplicates: u64,
    parked: u64,
    refused: u64,
    bar: ProgressBar,
}

/// Items of one file that go in one request.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// What lies before, between and behind the items.
    pub(crate) frame: (&'static str, &'static str, &'static str),
    /// The line that each begins on.
    pub(crate) lines: Vec<u64>,
    body: Vec<u8>,
}

impl Chunk {
    /// Nothing yet, to be framed so.
    pub(crate) fn framed(frame: (&'static str, &'static str, &'static str)) -> Self {
        Self { frame, lines: Vec::new(), body: Vec::new() }
    }

    /// One more item.
    pub(crate) fn push(&mut self, line: u64, item: &[u8]) {
        self.body.extend_from_slice(if self.lines.is_empty() { self.frame.0 } else { self.frame.1 }.as_bytes());
        self.body.extend_from_slice(item);
        self.lines.push(line);
    }

    /// Whether it is time to send it.
    pub(crate) fn is_full(&self) -> bool {
        self.lines.len() >= MOST || self.body.len() >= MOST_BYTES
    }

    fn take(&mut self) -> (Vec<u64>, Bytes) {
        let mut body = std::mem::take(&mut self.body);
        body.extend_from_slice(self.frame.2.as_bytes());
        (std::mem::take(&mut self.lines), body.into())
    }
}

/// A bar on standard error where people look on, of so many bytes if that is known.
pub(crate) fn bar(bytes: Option<u64>) -> ProgressBar {
    let shown = std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(bytes, target);
    let template =
        if bytes.is_some() { "{wide_bar} {bytes}/{total_bytes} {eta} {msg}" } else { "{spinner} {bytes} {msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

impl Tally {
    /// Nothing counted yet. Progress is shown where people look on, of so many bytes if that is known.
    pub(crate) fn new(json: bool, bytes: Option<u64>) -> Self {
        let bar = bar(bytes);
        Self { json, accepted: 0, duplicates: 0, parked: 0, refused: 0, bar }
    }

    /// So many more bytes are done.
    pub(crate) fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.bar.set_message(format!("{} accepted", self.accepted));
    }

    /// Posts a chunk and counts its receipt; the chunk is empty afterwards.
    pub(crate) async fn post(
        &mut self,
        server: &Server,
        (path, kind): (&str, &str),
        file: &str,
        chunk: &mut Chunk,
    ) -> Result<(), Failure> {
        if chunk.lines.is_empty() {
            return Ok(());
        }
        let (lines, body) = chunk.take();
        let answer = server.ask(Method::POST, path, kind, body).await?;
        let receipt = matches!(answer.status, StatusCode::ACCEPTED | StatusCode::UNPROCESSABLE_ENTITY)
            .then(|| serde_json::from_slice::<Receipt>(&answer.body).ok())
            .flatten();
        let Some(receipt) = receipt else {
            let words = answer.words();
            if answer.status == StatusCode::NOT_FOUND || answer.status.is_redirection() {
                return Err(Failure::usage(words));
            }
            lines.into_iter().for_each(|line| self.refuse(file, line, "", "refused", &words));
            return Ok(());
        };
        self.accepted += receipt.accepted;
        self.duplicates += receipt.duplicates;
        self.parked += receipt.parked.len() as u64;
        for parked in &receipt.parked {
            let line = lines.get(parked.index).copied().unwrap_or_default();
            self.name("parked", (file, line), &parked.pointer, &parked.code, &parked.reason);
        }
        Ok(())
    }

    /// Counts an item that was not sent, or not let in.
    pub(crate) fn refuse(&mut self, file: &str, line: u64, pointer: &str, code: &str, reason: &str) {
        self.refused += 1;
        self.name("refused", (file, line), pointer, code, reason);
    }

    /// Counts an item that was there before, word for word.
    pub(crate) fn repeat(&mut self, at: (&str, u64), reason: &str) {
        self.duplicates += 1;
        self.name("duplicate", at, "", "twice", reason);
    }

    /// Counts an item that was there before with other words.
    pub(crate) fn amend(&mut self, at: (&str, u64), reason: &str) {
        self.accepted += 1;
        self.name("amended", at, "", "twice", reason);
    }

    fn name(&self, what: &str, (file, line): (&str, u64), pointer: &str, code: &str, reason: &str) {
        let at = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
        self.bar.suspend(|| eprintln!("{file}:{line}: {at}{reason} ({what}: {code})"));
        if self.json {
            let line = json!({
                "item": what, "file": file, "line": line, "pointer": pointer, "code": code, "reason": reason,
            });
            crate::say(&format!("{line}\n"));
        }
    }

    /// Says the sums; the exit code is 1 if anything was not taken.
    pub(crate) fn finish(self) -> ExitCode {
        self.bar.finish_and_clear();
        let Self { accepted, duplicates, parked, refused, .. } = self;
        if self.json {
            let sums = json!({ "accepted": accepted, "duplicates": duplicates, "parked": parked, "refused": refused });
            crate::say(&format!("{sums}\n"));
        } else {
            crate::say(&format!("{accepted} accepted, {duplicates} duplicates, {parked} parked, {refused} refused\n"));
        }
        if parked + refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
