//! The page of dead letters, and what its forms ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Of};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use muster_domain::text::Words;
use muster_pipeline::PipelineError;
use muster_pipeline::desk::{Again, Letter};
use muster_store::DeadLetterState;
use muster_wire::problem::Problem;
use serde::Deserialize;

use super::refused;
use crate::http::pages::{follow, not_ready, with_choice};
use crate::http::query::LetterQuery;
use crate::http::scene::Drawn;
use crate::http::{State, answer};
use crate::page;
use crate::view::dead;

type At = Of<Arc<State>>;

pub(in crate::http) async fn show(Of(state): At, headers: HeaderMap, uri: Uri, query: Query<LetterQuery>) -> Response {
    let Some(drawn) = Drawn::new(&state, &headers, &uri) else { return not_ready() };
    let desk = &state.desk;
    let filter = match query.filter() {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    let read = async {
        let page = desk.letters(&filter, query.limit.unwrap_or(25).clamp(1, 100), query.cursor.as_deref()).await?;
        let mut letters = Vec::new();
        for row in page.items {
            if let Some(letter) = desk.letter(row.id).await? {
                letters.push(shown(letter));
            }
        }
        let (counts, oldest) = (desk.store.dead_letter_counts().await?, desk.store.oldest_dead_letter().await?);
        Ok::<_, PipelineError>((letters, counts, oldest, page.next))
    };
    let (letters, counts, oldest, next) = match read.await {
        Ok(read) => read,
        Err(error) => return answer::failed(&error),
    };
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for count in counts.into_iter().filter(|count| count.state == DeadLetterState::Open) {
        *codes.entry(count.code).or_default() += usize::try_from(count.letters).unwrap_or_default();
    }
    let next = next.map(|cursor| follow(&drawn.look.path, &cursor));
    let open = dead::Open { codes: codes.into_iter().collect(), oldest };
    let view = dead::dead(&drawn.scene(&state), open, query.code.clone(), &letters, next);
    with_choice(&headers, &uri, answer::page(page::dead(&drawn.look, &view)))
}

fn shown(letter: Letter) -> dead::DeadLetter {
    let hidden = letter.bytes.starts_with(b"{\"vault\":");
    let source = source(&letter);
    let row = letter.row;
    let stood = match (row.original_partition, row.original_offset) {
        (Some(partition), Some(offset)) => format!("{} {partition}/{offset}", row.original_topic),
        _ => row.original_topic.clone(),
    };
    dead::DeadLetter {
        id: row.id.to_string(),
        code: row.code,
        message: row.message,
        said: muster_wire::fault::Kept::read(&row.fault),
        stood,
        source,
        at: row.received,
        bytes: if hidden { dead::Parked::Vault } else { dead::Parked::Bytes(letter.bytes) },
    }
}

/// The longest name of a source that is shown.
const SOURCE: usize = 100;

/// Who says that they sent it, in the bytes or among the headers.
fn source(letter: &Letter) -> Option<String> {
    #[derive(Deserialize)]
    struct Sent {
        source: String,
    }
    let within = serde_json::from_slice(&letter.bytes).ok().map(|Sent { source }| source);
    let among = || {
        let headers: Vec<(String, String)> = serde_json::from_str(&letter.row.headers).ok()?;
        let (_, value) = headers.into_iter().find(|(name, _)| name == "ce_source" || name == "ce-source")?;
        String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()
    };
    let named = within.or_else(among)?;
    Some(named.chars().filter(|c| !c.is_control()).take(SOURCE).collect())
}

/// What stands in place of a letter's bytes; without it they are taken as they are.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Mended {
    bytes: Option<String>,
}

pub(in crate::http) async fn replay(Of(state): At, Path(id): Path<u64>, Form(form): Form<Mended>) -> Response {
    // A browser sends the ends of lines as its own.
    let mended = form.bytes.map(|text| Bytes::from(text.replace("\r\n", "\n")));
    match state.desk.replay(id, mended).await {
        Ok(_) => back(),
        Err(error) => refused(&error),
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::http) struct All {
    code: String,
}

pub(in crate::http) async fn replay_all(Of(state): At, Form(form): Form<All>) -> Response {
    match state.desk.replay_all(&form.code).await {
        Ok(Again { bad: 0, .. }) => back(),
        Ok(Again { taken, bad }) => {
            let words = Words::new(
                format!("重放了 {taken} 条；{bad} 条仍读不懂，还留在死信里。"),
                format!("{taken} were taken; {bad} still cannot be read and are kept."),
            );
            answer::problem(&Problem::new(422, "still-bad").detail(words.en.clone()).words(words))
        }
        Err(error) => refused(&error),
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::http) struct Reason {
    #[serde(default)]
    reason: String,
}

pub(in crate::http) async fn put_down(Of(state): At, Path(id): Path<u64>, Form(form): Form<Reason>) -> Response {
    match state.desk.drop_letter(id, &form.reason).await {
        Ok(()) => back(),
        Err(error) => refused(&error),
    }
}

fn back() -> Response {
    Redirect::to("/dead-letters").into_response()
}
