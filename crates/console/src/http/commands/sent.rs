//! A command as it was sent, in JSON or as a form, on its way to what it means.

use muster_domain::id::{EvidenceId, SeatId};
use muster_domain::lifecycle::{Command, Verdict};
use muster_domain::time::Filed;
use muster_wire::api as wire;
use muster_wire::problem::Problem;
use serde::Deserialize;

/// A command as a form sends it; the API's is described in wire and becomes one of these.
#[derive(Debug, Default, Deserialize)]
pub struct Sent {
    pub(in crate::http) command: String,
    #[serde(default)]
    pub(super) seat: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    ok: Option<String>,
    #[serde(default)]
    verdict: Option<String>,
    #[serde(default)]
    evidence: Option<String>,
    #[serde(default)]
    done_at: Option<String>,
    #[serde(skip)]
    pub(super) expects: Option<wire::Expects>,
    #[serde(default)]
    pub(super) back: Option<String>,
}

impl From<wire::Command> for Sent {
    fn from(command: wire::Command) -> Self {
        let wire::Command { command, seat, reason, ok, verdict, evidence, done_at, expects } = command;
        let ok = ok.map(|ok| ok.to_string());
        Self { command, seat, reason, ok, verdict, evidence, done_at, expects, ..Self::default() }
    }
}

impl Sent {
    /// Reads what the API takes.
    ///
    /// # Errors
    /// [`Problem`] with the line and column if it is no such JSON.
    pub fn json(body: &[u8]) -> Result<Self, Problem> {
        let read = serde_json::from_slice::<wire::Command>(body);
        read.map(Self::from).map_err(|error| Problem::new(400, "malformed-json").detail(error.to_string()))
    }

    /// The command that it means.
    ///
    /// # Errors
    /// [`Problem`] with the field that is missing or wrong.
    pub fn command(&self, now: Filed) -> Result<Command, Problem> {
        let wrong = |pointer: &str, what: &str| Problem::new(400, "invalid-command").pointer(pointer).detail(what);
        let seat = || -> Result<SeatId, Problem> {
            let id = self.seat.as_deref().ok_or_else(|| wrong("/seat", "is missing"))?;
            SeatId::parse(id).map_err(|_| wrong("/seat", "is no id"))
        };
        let maybe_seat = || self.seat.as_deref().filter(|id| !id.is_empty()).map(|_| seat()).transpose();
        let since = match self.done_at.as_deref() {
            None | Some("") => now,
            Some(text) => {
                let micros = muster_wire::micros(text).ok_or_else(|| wrong("/done_at", "is no RFC 3339 time"))?;
                Filed::from_micros(micros.min(now.micros()))
            }
        };
        let yes = || match self.ok.as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(wrong("/ok", "must be true or false")),
        };
        Ok(match self.command.as_str() {
            "accept" => Command::Accept(seat()?),
            "return" => Command::Return(seat()?),
            "arrived" => Command::Arrived(seat()?, since),
            "done" => Command::Done(seat()?, since),
            "redispatch" => Command::Redispatch(seat()?),
            "note" => Command::Note(maybe_seat()?),
            "photo" => {
                let id = self.evidence.as_deref().and_then(EvidenceId::of_hash);
                Command::Photo(maybe_seat()?, id.ok_or_else(|| wrong("/evidence", "is missing or no SHA-256 in hex"))?)
            }
            "post_check" => Command::PostCheck(yes()?),
            "acknowledge" => Command::Acknowledge,
            "verdict" => Command::Verdict(match self.verdict.as_deref() {
                Some("real") => Verdict::Real,
                Some("false") => Verdict::False,
                Some("duplicate") => Verdict::Duplicate,
                Some("not_ours") => Verdict::NotOurs,
                _ => return Err(wrong("/verdict", "must be real, false, duplicate or not_ours")),
            }),
            "void" => Command::Void,
            "reopen" => Command::Reopen,
            _ => return Err(wrong("/command", "is no command; see the API's description for all")),
        })
    }

    /// Names the seat it is for.
    pub(in crate::http) fn take_seat(&mut self, seat: &str) {
        self.seat = Some(seat.to_owned());
    }

    /// One field of a form.
    pub(in crate::http) fn take(&mut self, name: &str, text: String) {
        match name {
            "command" => self.command = text,
            "reason" => self.reason = Some(text),
            "preset" => self.preset = Some(text),
            "done_at" => self.done_at = Some(text),
            _ => {}
        }
    }

    /// The words given: a preset and what was added to it; at most 1000 characters.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let parts = [self.preset.as_deref(), self.reason.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect();
        let words: String = parts.join("；").chars().take(1000).collect();
        (!words.is_empty()).then_some(words)
    }
}
