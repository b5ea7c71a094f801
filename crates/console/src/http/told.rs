//! A refusal for whoever reads it: a program gets the problem, a person with a browser gets a page that says the same.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State as Of};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use muster_domain::text::Words;
use muster_wire::problem::MEDIA_TYPE;
use serde::Deserialize;

use super::State;
use super::scene::plain_look;
use crate::page;
use crate::view::refusal::{self, Said};

/// A problem of ours is never longer.
const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Problem {
    status: u16,
    code: String,
    detail: Option<String>,
    words: Option<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    zh: String,
    en: String,
}

/// Turns a problem into a page where the caller would rather have one.
pub(super) async fn to_people(Of(state): Of<Arc<State>>, request: Request, next: Next) -> Response {
    if !wants_page(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let response = next.run(request).await;
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == MEDIA_TYPE);
    if !is_problem {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LONGEST).await.unwrap_or_default();
    let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) else {
        return Response::from_parts(parts, bytes.into());
    };
    let Ok(text) = drawn(&state, &headers, &uri, problem) else { return Response::from_parts(parts, bytes.into()) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(parts, text.into())
}

fn drawn(state: &State, headers: &HeaderMap, uri: &Uri, problem: Problem) -> askama::Result<String> {
    let look = plain_look(state, headers, uri);
    let words = problem.words.map(|Pair { zh, en }| Words::new(zh, en));
    let said = refusal::said(problem.status, &problem.code, words);
    // What the reader did not choose to know, such as the inside of a failure, is in the log.
    let detail = problem.detail.filter(|_| problem.status < 500 && !said.known).unwrap_or_default();
    let Said { title, what, .. } = said;
    let desk = super::field::phone(state);
    // Back to a link only while it can be opened here.
    let link = Some(uri.path()).filter(|_| !matches!(problem.code.as_str(), "seat-gone" | "bound-elsewhere"));
    match (uri.path().starts_with("/f/"), problem.status) {
        (true, 404) => page::field_gone(&look, desk.as_deref()),
        (true, _) => page::field_refused(&look, &title, &what, &detail, desk.as_deref(), link),
        (false, _) => page::refused(&look, &title, &what, &detail, back(headers, uri)),
    }
}

/// Browsers say that they take HTML; our scripts and other programs ask for what they can read.
fn wants_page(headers: &HeaderMap, uri: &Uri) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html") && !uri.path().starts_with("/fragment/")
}

/// Where a person can go on: the page of ours that a form stood on, else the board.
fn back<'a>(headers: &HeaderMap, uri: &'a Uri) -> &'a str {
    let path = uri.path();
    let case = path.strip_suffix("/commands").filter(|_| headers.contains_key(header::CONTENT_TYPE));
    case.unwrap_or(if path.starts_with("/dead-letters/") { "/dead-letters" } else { "/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_who_takes_html_gets_a_page() {
        let uri: Uri = "/nope".parse().unwrap();
        assert!(wants_page(&headers(&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]), &uri));
        assert!(!wants_page(&headers(&[("accept", "*/*")]), &uri));
        assert!(!wants_page(&headers(&[("accept", "application/problem+json")]), &uri));
        assert!(!wants_page(&headers(&[]), &uri));
        assert!(!wants_page(&headers(&[("accept", "text/html")]), &"/fragment/board".parse().unwrap()));
    }

    #[test]
    fn there_is_always_a_way_back() {
        let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        for (path, to) in
            [("/cases/case_1/commands", "/cases/case_1"), ("/dead-letters/7/drop", "/dead-letters"), ("/nope", "/")]
        {
            assert_eq!(back(&form, &path.parse().unwrap()), to);
        }
    }
}
