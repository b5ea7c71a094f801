//! Who may come in: this machine alone, or whoever holds a token (INTERFACE §9).

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use muster_domain::id::GridId;
use muster_pipeline::admit::Caller;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::answer;

/// Who may come in.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nobody logs in; only this machine is served, and nothing that comes from elsewhere through it.
    LocalOnly,
    /// Whoever sends one of these tokens.
    Tokens(Vec<Token>),
}

/// A credential.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    name: String,
    role: Role,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    jurisdiction: String,
    hash: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Source,
    Operator,
    Reader,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Token>,
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
    /// Reads a tokens file: `[[token]]` tables with name, role, sources, jurisdiction and the SHA-256 of the token.
    ///
    /// # Errors
    /// [`AccessError`] if it cannot be read, or holds no token.
    pub fn tokens(path: &Path) -> Result<Self, AccessError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| AccessError::Unreadable(shown.clone(), error))?;
        let file: File =
            toml::from_str(&text).map_err(|error| AccessError::Malformed(shown.clone(), error.message().to_owned()))?;
        let wrong = file.token.iter().find(|token| token.hash.len() != 64 || hex(&token.hash).is_none());
        if let Some(token) = wrong {
            let what = format!("the hash of `{}` is not a SHA-256 in hex", token.name);
            return Err(AccessError::Malformed(shown, what));
        }
        let wrong = file
            .token
            .iter()
            .find(|token| !token.jurisdiction.is_empty() && GridId::parse(&token.jurisdiction).is_err());
        if let Some(token) = wrong {
            let what = format!("the jurisdiction of `{}` is no id of a grid cell", token.name);
            return Err(AccessError::Malformed(shown, what));
        }
        if file.token.is_empty() {
            return Err(AccessError::Malformed(shown, "it holds no [[token]]".to_owned()));
        }
        Ok(Self::Tokens(file.token))
    }
}

/// Lets a request in with who is calling, or refuses it.
pub(super) async fn check(State(access): State<Arc<Access>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A field link is a credential of its own, and the probes and assets hold nothing.
    let open = path.starts_with("/f/") || path.starts_with("/assets/") || path == "/livez" || path == "/readyz";
    let caller = match &*access {
        Access::LocalOnly => match local(request.headers()) {
            Ok(()) => Caller { name: "local".to_owned(), may: None, jurisdiction: None },
            Err(why) => return answer::refuse(403, "not-local", why),
        },
        Access::Tokens(_) if open => Caller { name: "open".to_owned(), may: Some(vec![]), jurisdiction: None },
        Access::Tokens(tokens) => match bearer(request.headers()).and_then(|given| known(tokens, given)) {
            Some(token) if token.may(request.method(), path) => token.caller(),
            Some(_) => return answer::refuse(403, "not-yours", "this token's role does not reach this address"),
            None => {
                let mut response = answer::refuse(401, "no-token", "send Authorization: Bearer with a known token");
                let scheme = axum::http::HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
                return response;
            }
        },
    };
    if !same_origin(request.method(), request.headers()) {
        return answer::refuse(403, "foreign-origin", "forms are taken from our own pages only");
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// Every token is compared, and every comparison takes the same time.
fn known<'a>(tokens: &'a [Token], given: &str) -> Option<&'a Token> {
    let given = Sha256::digest(given.as_bytes());
    let mut found = None;
    for token in tokens {
        let Some(hash) = hex(&token.hash) else { continue };
        let differs = hash.iter().zip(given.iter()).fold(0_u8, |differs, (a, b)| differs | (a ^ b));
        if differs == 0 {
            found = Some(token);
        }
    }
    found
}

fn hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

impl Token {
    /// Who calls with it; a jurisdiction that is not stated is all of them.
    fn caller(&self) -> Caller {
        let jurisdiction = (!self.jurisdiction.is_empty()).then(|| self.jurisdiction.clone());
        Caller { name: self.name.clone(), may: Some(self.sources.clone()), jurisdiction }
    }

    /// A source only sends; a reader only looks; an operator does both and decides.
    fn may(&self, method: &Method, path: &str) -> bool {
        match self.role {
            Role::Operator => true,
            Role::Reader => method.is_safe(),
            Role::Source => {
                path == "/api/v1/observations" || path == "/api/v1/media" || path.starts_with("/api/v1/reports")
            }
        }
    }
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

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let hash = Sha256::digest(b"secret").iter().map(|byte| format!("{byte:02x}")).collect();
        let token =
            Token { name: "gate".into(), role: Role::Source, sources: vec![], jurisdiction: String::new(), hash };
        let tokens = [token];
        assert!(
            known(&tokens, "secret").is_some() && known(&tokens, "Secret").is_none() && known(&tokens, "").is_none()
        );
        assert!(tokens[0].may(&Method::POST, "/api/v1/observations"));
        assert!(!tokens[0].may(&Method::GET, "/api/v1/cases"));
        assert!(!tokens[0].may(&Method::POST, "/api/v1/catalogue/places"));
    }
}
