//! The field page: one signed link a seat; GET changes nothing, the first POST binds it (INTERFACE §2).

use std::sync::Arc;

use axum::extract::{Multipart, Path, State as Of};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use muster_domain::case::Actor;
use muster_domain::lifecycle::Command;
use muster_domain::time::Filed;
use muster_pipeline::desk::{EvidenceError, Holder as Held, LinkError, MAX_EVIDENCE_BYTES};
use muster_pipeline::operate::{Expects, Once, Order};
use muster_wire::problem::Problem;
use sha2::{Digest as _, Sha256};

use super::commands::{self, Sent};
use super::heads::{cookie, idempotency_key};
use super::scene::Drawn;
use super::{State, answer};
use crate::page;
use crate::view::field::{FieldData, Holder, field};
use crate::view::refusal;

type At = Of<Arc<State>>;

const COOKIE: &str = "muster_field";

pub(super) async fn show(Of(state): At, headers: HeaderMap, uri: Uri, Path(token): Path<String>) -> Response {
    let Some(drawn) = Drawn::new(&state, &headers, &uri) else {
        return answer::refuse(503, "not-ready", "wait a moment and load the page again");
    };
    let desk_phone = phone(&state);
    let held = match state.desk.holder(&token, cookie(&headers, COOKIE)).await {
        Ok(held) => held,
        Err(error) => return link_refused(&error),
    };
    let events = state.desk.journal(&held.case.id, 0, 1000).await.unwrap_or_default();
    let holder = match &held.person {
        Some(person) if held.bound_here => Holder::This(person.clone()),
        _ => Holder::Nobody,
    };
    let data = FieldData {
        token: &token,
        case: &held.case,
        events: &events,
        seat: &held.seat,
        holder: &holder,
        desk: desk_phone.as_deref(),
    };
    answer::page(page::field(&drawn.look, &field(&drawn.scene(&state), data)))
}

/// The number of the desk: that of the coordination post.
pub(super) fn phone(state: &State) -> Option<String> {
    let config = state.desk.config()?;
    let post = config
        .catalogue
        .units
        .values()
        .find(|unit| unit.competence.iter().any(|own| own.as_str() == muster_rules::dispatch::COORDINATION));
    post.and_then(|unit| unit.phone.clone())
}

/// What a form of the field page holds.
#[derive(Debug, Default)]
pub struct Posted {
    sent: Sent,
    name: String,
    note: String,
    photo: Option<bytes::Bytes>,
    /// Of all fields as they came: a form is put into other bytes whenever it is sent.
    digest: Sha256,
}

pub(super) async fn post(
    Of(state): At,
    headers: HeaderMap,
    Path(token): Path<String>,
    multipart: Multipart,
) -> Response {
    let key = match idempotency_key(&headers) {
        Ok(key) => key,
        Err(problem) => return answer::problem(&problem),
    };
    let device = cookie(&headers, COOKIE).map_or_else(|| new_device(&token, key), str::to_owned);
    // The link first: nothing of what comes by one that is none is kept.
    let held = match state.desk.holder(&token, Some(&device)).await {
        Ok(held) => held,
        Err(error) => return link_refused(&error),
    };
    let posted = match Posted::read(multipart).await {
        Ok(posted) => posted,
        Err(problem) => return answer::problem(&problem),
    };
    let held = if held.bound_here {
        held
    } else {
        let name: String = posted.name.trim().chars().take(40).collect();
        if name.is_empty() {
            return refuse(400, "needs-name", "the first word on this link needs your name");
        }
        match state.desk.bind(&token, &device, &name).await {
            Ok(held) => held,
            Err(error) => return link_refused(&error),
        }
    };
    let request = posted.hash();
    let entry = Entry { state: &state, held: &held, key, request: &request };
    let mut response = match entry.carry_out(posted).await {
        Ok(()) => Redirect::to(&format!("/f/{token}")).into_response(),
        Err(refusal) => *refusal,
    };
    // With a refusal as well: the link is bound by now, and what else waits on this device is still to come.
    let value = format!("{COOKIE}={device}; Path=/f/; Max-Age=604800; HttpOnly; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// What one post enters into a case.
struct Entry<'a> {
    state: &'a State,
    held: &'a Held,
    /// By what it is known when it comes again.
    key: Option<&'a str>,
    /// A hash of all that was posted.
    request: &'a str,
}

impl Entry<'_> {
    /// Carries out what was posted: the picture and the words first, since they are facts, then the step if there is one.
    async fn carry_out(&self, posted: Posted) -> Result<(), Box<Response>> {
        let Posted { mut sent, note, photo, .. } = posted;
        let (desk, seat) = (&self.state.desk, &self.held.seat.id);
        // Where there is no step the words may stand where a command has its own.
        let facts_alone = matches!(sent.command.as_str(), "photo" | "note");
        let note = if facts_alone && note.trim().is_empty() { sent.words().unwrap_or_default() } else { note };
        if facts_alone && photo.is_none() && note.trim().is_empty() {
            return Err(Box::new(refuse(400, "nothing-sent", "a photo or a few words are needed")));
        }
        if let Some(bytes) = photo {
            let person = self.held.person.as_deref().unwrap_or_default();
            let id = desk.keep_evidence(bytes, person).await.map_err(|error| Box::new(evidence_refused(&error)))?;
            self.part("photo", Command::Photo(Some(seat.clone()), id), None).await?;
        }
        if !note.trim().is_empty() {
            self.part("note", Command::Note(Some(seat.clone())), Some(note.chars().take(400).collect())).await?;
        }
        if facts_alone {
            return Ok(());
        }
        sent.take_seat(seat.as_str());
        let now = Filed::from_micros(desk.clock.micros());
        let command = sent.command(now).map_err(|problem| Box::new(answer::problem(&problem)))?;
        if !matches!(command, Command::Accept(_) | Command::Return(_) | Command::Arrived(..) | Command::Done(..)) {
            return Err(Box::new(answer::refuse(403, "not-yours", "a seat accepts, returns, arrives and is done")));
        }
        self.part("step", command, sent.words()).await
    }

    /// Each part is a command of its own, and known by the key and its name: what was cut off between two goes on where it
    /// was.
    async fn part(&self, name: &str, command: Command, reason: Option<String>) -> Result<(), Box<Response>> {
        let Held { case, seat, person, .. } = self.held;
        let by = Actor::Seat(seat.id.clone(), person.clone().unwrap_or_default());
        let order = Order { by, command, reason, expects: Expects::default() };
        let key = self.key.map(|key| format!("{key} {name}"));
        let once = key.as_deref().map(|key| Once { caller: seat.id.as_str(), key, request: self.request });
        let response = commands::carry_out(self.state, &case.id, &order, once).await;
        if response.status().is_success() { Ok(()) } else { Err(Box::new(response)) }
    }
}

impl Posted {
    /// Reads a form, part by part.
    ///
    /// # Errors
    /// [`Problem`] if it is no form, or its picture is too large.
    pub async fn read(mut multipart: Multipart) -> Result<Self, Problem> {
        let bad = |detail: String| Problem::new(400, "malformed-form").detail(detail);
        let mut posted = Self::default();
        while let Some(field) = multipart.next_field().await.map_err(|error| bad(error.to_string()))? {
            let name = field.name().unwrap_or_default().to_owned();
            posted.see(name.as_bytes());
            if name == "photo" {
                let bytes = field.bytes().await.map_err(|error| bad(error.to_string()))?;
                if bytes.len() > MAX_EVIDENCE_BYTES {
                    return Err(Problem::new(413, "too-large").detail("a picture has at most 20 MiB"));
                }
                posted.see(&bytes);
                posted.photo = (!bytes.is_empty()).then_some(bytes);
                continue;
            }
            let text = field.text().await.map_err(|error| bad(error.to_string()))?;
            posted.see(text.as_bytes());
            match name.as_str() {
                "name" => posted.name = text,
                "note" => posted.note = text,
                other => posted.sent.take(other, text),
            }
        }
        Ok(posted)
    }

    /// Takes one of its pieces into the hash, with its length, so that no two forms read alike.
    fn see(&mut self, piece: &[u8]) {
        self.digest.update(piece.len().to_le_bytes());
        self.digest.update(piece);
    }

    fn hash(&self) -> String {
        hex(&self.digest.clone().finalize())
    }
}

/// A refusal with the words that the page's script shows.
fn refuse(status: u16, code: &str, detail: &str) -> Response {
    answer::problem(&Problem::new(status, code).detail(detail).words(refusal::said(status, code, None).what))
}

fn link_refused(error: &LinkError) -> Response {
    match error {
        LinkError::Unknown => answer::refuse(404, "not-found", error.to_string()),
        LinkError::Elsewhere => refuse(403, "bound-elsewhere", &error.to_string()),
        LinkError::Dead => refuse(410, "seat-gone", &error.to_string()),
        LinkError::Failed(error) => answer::failed(error),
    }
}

/// Why a picture was not taken or not given.
pub(super) fn evidence_refused(error: &EvidenceError) -> Response {
    match error {
        EvidenceError::Size(_) => answer::refuse(413, "too-large", error.to_string()),
        EvidenceError::NoPicture => answer::refuse(415, "no-picture", error.to_string()),
        EvidenceError::Unknown => answer::refuse(404, "not-found", error.to_string()),
        EvidenceError::NoReason => answer::refuse(403, "needs-reason", error.to_string()),
        EvidenceError::Disk(cause) => {
            tracing::error!(error = %cause, "evidence cannot be kept or read");
            answer::refuse(503, "unavailable", error.to_string())
        }
        EvidenceError::Failed(error) => answer::failed(error),
    }
}

/// Letters of a key of 128 bits in hexadecimal. Whoever guesses the key of another's first post has that device's link.
const UNGUESSABLE: usize = 32;

/// A device is known by a number that only it has. One that follows from the key of its first post is the same in every try,
/// for who heard no answer got no cookie either.
fn new_device(token: &str, key: Option<&str>) -> String {
    match key.filter(|key| key.len() >= UNGUESSABLE) {
        Some(key) => hex(&Sha256::digest(format!("{token} {key}"))),
        None => hex(&rand::random::<[u8; 16]>()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
