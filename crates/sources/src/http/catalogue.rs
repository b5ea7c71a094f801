//! `POST /api/v1/catalogue/{kind}`: a catalogue file as the body, taken over or refused line by line (INTERFACE §7).

use std::sync::Arc;

use ::http::{HeaderValue, StatusCode, header};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use muster_pipeline::admit::Caller;
use muster_wire::api::{BadLine, BadLines, Imported};
use muster_wire::problem::{MEDIA_TYPE, Problem};
use serde::Deserialize;

use super::{problem, whole};
use crate::catalogue::{Difference, Kind, NotTaken, Registrar, Taking};
use crate::table::{Bad, Encoding, Table};

/// The most bytes of one file over HTTP: a district's places and devices are a tenth of it.
const MAX_BYTES: usize = 64 << 20;

/// The most bad lines that an answer names.
const MAX_NAMED: usize = 1_000;

/// How the file is to be read and taken.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// The file's name: its ending says what it is, and errors name it.
    #[serde(default)]
    file: String,
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    dry_run: bool,
}

/// The route of catalogue files, for operators. Each request must carry a [`Caller`] as an extension.
pub fn router(registrar: Registrar) -> Router {
    Router::new().route("/api/v1/catalogue/{kind}", post(take)).with_state(Arc::new(registrar))
}

async fn take(
    State(registrar): State<Arc<Registrar>>,
    Path(kind): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let Some(kind) = Kind::parse(&kind) else {
        let detail = "there are catalogue files of grid, places, devices and units";
        return problem(StatusCode::NOT_FOUND, "unknown-kind", detail);
    };
    let Query(asked) = match asked {
        Ok(asked) => asked,
        Err(error) => return problem(StatusCode::BAD_REQUEST, "unreadable-query", &error.body_text()),
    };
    let encoding = if asked.encoding.is_empty() { Some(Encoding::Utf8) } else { Encoding::parse(&asked.encoding) };
    let Some(encoding) = encoding else {
        return problem(StatusCode::BAD_REQUEST, "unknown-encoding", "encoding must be utf-8 or gb18030");
    };
    let body = match whole(request.into_body(), MAX_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let file = named(&asked.file).unwrap_or_else(|| format!("{}.csv", kind.name()));
    let table = match Table::read(&file, &body, encoding) {
        Ok(table) => table,
        Err(bad) => return refused(&file, &[bad]),
    };
    let how = Taking { partial: asked.partial, dry_run: asked.dry_run };
    match registrar.take(kind, &table, how, &caller.name).await {
        Ok(taken) => {
            let Difference { added, changed, same } = taken.difference;
            let (kind, bad, dry_run) = (kind.name().to_owned(), lines(&taken.bad), asked.dry_run);
            let version = taken.version;
            axum::Json(Imported { kind, file, added, changed, same, bad, dry_run, version }).into_response()
        }
        Err(NotTaken::Bad(bad)) => refused(&file, &bad),
        Err(error @ NotTaken::Unfit(_)) => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, "does-not-fit", &error.to_string())
        }
        Err(error @ NotTaken::Failed(_)) => {
            tracing::error!(error = %muster_pipeline::chain(&error), "a catalogue file was not taken");
            let detail = "the store or the log cannot be used now; try again";
            let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            response
        }
    }
}

/// A file's name without its folders, as far as it is fit to be said again.
fn named(given: &str) -> Option<String> {
    let name: String = given.rsplit(['/', '\\']).next()?.chars().filter(|letter| !letter.is_control()).collect();
    (1..=255).contains(&name.len()).then_some(name)
}

/// The whole file is refused, with every bad line.
fn refused(file: &str, bad: &[Bad]) -> Response {
    let more = if bad.len() > MAX_NAMED { format!(" (the first {MAX_NAMED} of {})", bad.len()) } else { String::new() };
    let detail =
        format!("nothing of {file} was taken; mend what `bad` names{more}, or ask for the rest by partial=true");
    let problem = Problem::new(422, "bad-lines").detail(detail);
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE)];
    (StatusCode::UNPROCESSABLE_ENTITY, headers, axum::Json(BadLines::new(problem, lines(bad)))).into_response()
}

fn lines(bad: &[Bad]) -> Vec<BadLine> {
    let line = |bad: &Bad| BadLine { line: bad.line, column: bad.column.clone(), reason: bad.reason.clone() };
    bad.iter().take(MAX_NAMED).map(line).collect()
}
