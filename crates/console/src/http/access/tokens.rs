//! The tokens file: who may come in with which token, until when, and what for. Only hashes of tokens stand in it.

use axum::http::Method;
use muster_domain::id::GridId;
use muster_pipeline::admit::Caller;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// The SHA-256 of a token.
pub(super) type Hash = [u8; 32];

/// The most bytes of a tokens file: some ten thousand tokens.
const MAX_FILE_BYTES: usize = 4 << 20;

/// What a tokens file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

/// A credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    name: String,
    role: Role,
    sources: Vec<String>,
    jurisdiction: Option<String>,
    hash: Hash,
    /// From when on it lets nobody in, in microseconds since 1970 UTC.
    expires: Option<i64>,
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
    token: Vec<Written>,
}

/// A `[[token]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    role: Role,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    jurisdiction: String,
    hash: String,
    expires: Option<String>,
}

impl Tokens {
    /// Reads the text of a tokens file: `[[token]]` tables with name, role, sources, jurisdiction, expires and the
    /// SHA-256 of the token.
    ///
    /// # Errors
    /// What is wrong, in words that never repeat a hash.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_FILE_BYTES {
            return Err(format!("it has {} bytes, at most {MAX_FILE_BYTES} are read", text.len()));
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            // The reader's own words may repeat what stands there, and that may be a hash.
            format!(
                "line {line}: cannot be read; a [[token]] has name, role (source, operator or reader), sources, \
                 jurisdiction, hash and expires"
            )
        })?;
        if file.token.is_empty() {
            return Err("it holds no [[token]]".to_owned());
        }
        file.token.into_iter().map(Token::checked).collect::<Result<_, _>>().map(Self)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The token with this hash. Every one is compared, each in the same time, whatever is given: neither how long an
    /// answer takes nor where a token stands in the file tells anything about it.
    pub(super) fn known(&self, given: &Hash) -> Option<&Token> {
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.hash.ct_eq(given)) {
                found = Some(token);
            }
        }
        found
    }
}

/// The hash of a token as it was sent.
pub(super) fn hash(given: &str) -> Hash {
    Sha256::digest(given.as_bytes()).into()
}

impl Token {
    fn checked(written: Written) -> Result<Self, String> {
        let Written { name, role, sources, jurisdiction, hash, expires } = written;
        let wrong = |what: &str| format!("the {what}", what = what.replace("{}", &format!("`{name}`")));
        let hash = hex(&hash).ok_or_else(|| wrong("hash of {} is not a SHA-256 in hex"))?;
        if !jurisdiction.is_empty() && GridId::parse(&jurisdiction).is_err() {
            return Err(wrong("jurisdiction of {} is no id of a grid cell"));
        }
        let expires = match expires.as_deref().map(muster_wire::micros) {
            None => None,
            Some(Some(at)) => Some(at),
            Some(None) => return Err(wrong("expires of {} is no RFC 3339 time such as \"2027-01-01T00:00:00+08:00\"")),
        };
        let jurisdiction = (!jurisdiction.is_empty()).then_some(jurisdiction);
        Ok(Self { name, role, sources, jurisdiction, hash, expires })
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Who calls with it; a jurisdiction that is not stated is all of them.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            name: self.name.clone(),
            may: Some(self.sources.clone()),
            looks: self.role != Role::Source,
            jurisdiction: self.jurisdiction.clone(),
        }
    }

    /// A source only sends; a reader only looks; an operator does both and decides.
    pub(super) fn may(&self, method: &Method, path: &str) -> bool {
        match self.role {
            Role::Operator => true,
            Role::Reader => method.is_safe(),
            Role::Source => {
                path == "/api/v1/observations" || path == "/api/v1/media" || path.starts_with("/api/v1/reports")
            }
        }
    }
}

fn hex(text: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &str) -> String {
        let hash: String = hash("secret").iter().map(|byte| format!("{byte:02x}")).collect();
        format!("[[token]]\nname = \"gate\"\nrole = \"source\"\nhash = \"{hash}\"\n{lines}")
    }

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let tokens = Tokens::parse(&file("")).unwrap();
        assert!(tokens.known(&hash("Secret")).is_none() && tokens.known(&hash("")).is_none());
        let token = tokens.known(&hash("secret")).unwrap();
        assert!(token.may(&Method::POST, "/api/v1/observations"));
        assert!(!token.may(&Method::GET, "/api/v1/cases"));
        assert!(!token.may(&Method::POST, "/api/v1/catalogue/places"));
        assert!(!token.is_over(i64::MAX), "without an end it has none");
    }

    #[test]
    fn a_token_ends_in_the_instant_it_names() {
        let tokens = Tokens::parse(&file("expires = \"1970-01-01T08:00:01+08:00\"")).unwrap();
        let token = tokens.known(&hash("secret")).unwrap();
        assert!(!token.is_over(999_999) && token.is_over(1_000_000));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_hash_repeated() {
        for (text, named) in [
            (String::new(), "no [[token]]"),
            (file("jurisdiction = \" \""), "the jurisdiction of `gate`"),
            (file("").replace("role = \"source\"\nhash = ", "role = "), "line 3: cannot be read"),
            (file("expires = \"soon\""), "the expires of `gate`"),
            (file("exprires = \"\""), "line 5: cannot be read"),
            (file("").replace("hash = \"2", "hash = \"+"), "the hash of `gate`"),
            (file("").replace("hash = \"2", "hash = \""), "the hash of `gate`"),
        ] {
            let said = Tokens::parse(&text).unwrap_err();
            assert!(said.contains(named) && !said.contains("bb80d5"), "{said}");
        }
    }
}
