//! Who may come in: this machine alone, or whoever holds a token (INTERFACE §9).

mod keys;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use muster_pipeline::admit::Caller;
use muster_pipeline::clock::Clock;

pub use keys::Keys;
use tokens::Hash;
pub use tokens::Tokens;

use super::answer;
use super::heads::bearer;

/// Who may come in.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nobody logs in; only this machine is served, and nothing that comes from elsewhere through it.
    LocalOnly,
    /// Whoever sends a token of this file.
    Tokens(Keys),
}

/// Why a tokens file is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be read.
    #[error("cannot read the tokens file {0}")]
    Unreadable(String, #[source] std::io::Error),
    /// It is no tokens file.
    #[error("{0} is no tokens file: {1}")]
    Malformed(String, String),
}

impl Access {
    /// Follows a tokens file: a token that is taken out of it lets nobody in a second later.
    ///
    /// # Errors
    /// [`AccessError`] if it cannot be read, or holds no token.
    pub fn tokens(path: &Path) -> Result<Self, AccessError> {
        Keys::open(path).map(Self::Tokens)
    }
}

/// What access control rests on: who may come in, and what time it is.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) access: Access,
    pub(super) clock: Clock,
}

/// By what a request came in; whatever outlives the request asks it again.
#[derive(Debug, Clone)]
pub(super) struct Pass(Option<(Arc<Gate>, Hash)>);

impl Pass {
    /// Whether it would still be let in.
    pub(super) fn holds(&self) -> bool {
        let Some((gate, hash)) = &self.0 else { return true };
        match &gate.access {
            Access::LocalOnly => true,
            Access::Tokens(keys) => keys.find(hash, |token| !token.is_over(gate.clock.micros())).unwrap_or(false),
        }
    }
}

/// Lets a request in with who is calling, or refuses it.
pub(super) async fn check(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A field link is a credential of its own, and the probes and assets hold nothing.
    let open = path.starts_with("/f/") || path.starts_with("/assets/") || path == "/livez" || path == "/readyz";
    let mut pass = Pass(None);
    let caller = match &gate.access {
        Access::LocalOnly => match local(request.headers()) {
            Ok(()) => Caller { name: "local".to_owned(), may: None, looks: true, jurisdiction: None },
            Err(why) => return answer::refuse(403, "not-local", why),
        },
        Access::Tokens(_) if open => {
            Caller { name: "open".to_owned(), may: Some(vec![]), looks: false, jurisdiction: None }
        }
        Access::Tokens(keys) => {
            let Some(given) = bearer(request.headers()).map(tokens::hash) else {
                return unknown("no-token", "send Authorization: Bearer with a known token");
            };
            let now = gate.clock.micros();
            let found =
                keys.find(&given, |token| (token.is_over(now), token.may(request.method(), path), token.caller()));
            pass = Pass(Some((Arc::clone(&gate), given)));
            match found {
                Some((true, ..)) => return unknown("expired-token", "this token's time is over; ask for a new one"),
                Some((false, true, caller)) => caller,
                Some((false, false, _)) => {
                    return answer::refuse(403, "not-yours", "this token's role does not reach this address");
                }
                None => return unknown("no-token", "send Authorization: Bearer with a known token"),
            }
        }
    };
    if !same_origin(request.method(), request.headers()) {
        return answer::refuse(403, "foreign-origin", "forms are taken from our own pages only");
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(pass);
    next.run(request).await
}

/// The refusal of whoever is not known.
fn unknown(code: &str, detail: &str) -> Response {
    let mut response = answer::refuse(401, code, detail);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Without login nothing may come through this machine from elsewhere: no foreign Host, no forwarding.
fn local(headers: &HeaderMap) -> Result<(), &'static str> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_local(host) {
        return Err("only this machine is served, under the names localhost, 127.0.0.1 and [::1]");
    }
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
    if forwarded.iter().any(|name| headers.contains_key(*name)) {
        return Err("only this machine is served, and not through a proxy");
    }
    match headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
        None => Ok(()),
        Some(origin) if origin.strip_prefix("http://").is_some_and(is_local) => Ok(()),
        Some(_) => Err("only pages of this machine may ask"),
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

/// A browser that posts for another site says so.
fn same_origin(method: &Method, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    method.is_safe() || site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_this_machine_is_local() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080"] {
            assert!(local(&headers(&[("host", host)])).is_ok(), "{host}");
        }
        for pairs in [
            &[("host", "evil.example")][..],
            &[("host", "127.0.0.1.evil.example")],
            &[],
            &[("host", "localhost"), ("origin", "http://evil.example")],
            &[("host", "localhost"), ("origin", "null")],
            &[("host", "localhost"), ("x-forwarded-for", "10.0.0.1")],
            &[("host", "localhost"), ("forwarded", "for=10.0.0.1")],
        ] {
            assert!(local(&headers(pairs)).is_err(), "{pairs:?}");
        }
    }
}
