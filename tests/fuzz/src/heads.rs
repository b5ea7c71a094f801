//! What we read ourselves of a head of HTTP, what a list is asked to go on with, and the form of the field page.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request};
use http::HeaderMap;
use muster_console::http::{Posted, heads as read};
use muster_store::CaseCursor;
use muster_wire::problem::Problem;

use crate::events::{head, message};

/// The version of `If-None-Match` that is asked about.
const TAG: &str = "\"7\"";

pub(crate) fn heads(data: &[u8]) {
    let (lines, body) = message(data);
    let headers = head(lines);
    match read::if_match(&headers) {
        Ok(None) => {}
        Ok(Some(version)) => {
            let own = one("if-match", &format!("\"{version}\""));
            assert_eq!(read::if_match(&own).ok(), Some(Some(version)), "the way we write it ourselves");
        }
        Err(problem) => refused(&problem, &[412]),
    }
    if read::if_none_match(&headers, TAG) {
        let lines = headers.get_all("if-none-match").iter();
        assert!(lines.into_iter().any(|line| line.as_bytes().contains(&b'*') || line.as_bytes().contains(&b'7')));
    }
    if let Some(last) = read::last_event_id(&headers).filter(|last| *last != read::BEYOND_ALL) {
        assert!(i64::try_from(last).is_ok(), "{last}");
        assert_eq!(read::last_event_id(&one("last-event-id", &last.to_string())), Some(last));
    }
    for name in ["muster_field", "lang"] {
        assert!(read::cookie(&headers, name).is_none_or(|value| !value.contains(';')));
    }
    assert!(read::bearer(&headers).is_none_or(|token| token.trim() == token));
    if let Some(Ok(cursor)) = headers.get("cursor").map(|cursor| cursor.to_str())
        && let Ok(last) = CaseCursor::parse(cursor)
    {
        assert_eq!(CaseCursor::parse(&last.to_string()).ok(), Some(last));
    }
    form(headers, body);
}

/// A form is read to its end or refused, and waits for nothing.
fn form(headers: HeaderMap, body: &[u8]) {
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.headers_mut() = headers;
    let Ok(parts) = at_once(Multipart::from_request(request, &())) else { return };
    if let Err(problem) = at_once(Posted::read(parts)) {
        refused(&problem, &[400, 413]);
    }
}

fn refused(problem: &Problem, statuses: &[u16]) {
    let json = problem.json();
    assert!(statuses.contains(&problem.status()) && json.len() <= 8_000, "{} bytes: {json:.300}", json.len());
}

fn one(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
}

/// What comes of work whose input is all there.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for more than there is"),
    }
}
