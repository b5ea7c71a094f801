//! The tokens of a running process: read again when their file changes, so that a token can be taken away at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::AccessError;
use super::tokens::{Hash, Token, Tokens};

/// How long what was read is good without a look at the file.
const LOOK: Duration = Duration::from_secs(1);

/// A tokens file that is followed. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Followed>);

struct Followed {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    tokens: Arc<Tokens>,
    /// What the file looked like when it was last read, well or badly.
    stamp: Option<Stamp>,
    looked: Instant,
    /// How long that is good.
    look: Duration,
}

/// What changes with a file: when, how long, and which one, since many a tool puts a new file in place of the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    bytes: u64,
    #[cfg(unix)]
    number: u64,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.path.display())
    }
}

impl Keys {
    /// Reads the file for the first time.
    pub(super) fn open(path: &Path) -> Result<Self, AccessError> {
        let stamp = stamp(path);
        let tokens = Arc::new(read(path)?);
        let held = Mutex::new(Held { tokens, stamp, looked: Instant::now(), look: LOOK });
        Ok(Self(Arc::new(Followed { path: path.to_owned(), held })))
    }

    /// What the file says, at most a second ago. A file that cannot be read leaves everything as it was: half of a file
    /// that is being written must not lock the desk out. The log says so.
    fn tokens(&self) -> Arc<Tokens> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= held.look {
            held.looked = Instant::now();
            let now = stamp(&self.0.path);
            if now != held.stamp {
                held.stamp = now;
                match read(&self.0.path) {
                    Ok(tokens) => {
                        tracing::info!(tokens = tokens.count(), "the tokens file has changed and was read again");
                        held.tokens = Arc::new(tokens);
                    }
                    Err(error) => {
                        tracing::error!(%error, "the tokens file has changed and cannot be read; the former tokens hold");
                    }
                }
            }
        }
        Arc::clone(&held.tokens)
    }

    /// What is found of the token with this hash, where it is known.
    pub(super) fn find<T>(&self, hash: &Hash, what: impl FnOnce(&Token) -> T) -> Option<T> {
        self.tokens().known(hash).map(what)
    }
}

fn read(path: &Path) -> Result<Tokens, AccessError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| AccessError::Unreadable(shown.clone(), error))?;
    Tokens::parse(&text).map_err(|what| AccessError::Malformed(shown, what))
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some(Stamp {
        changed: found.modified().ok(),
        bytes: found.len(),
        #[cfg(unix)]
        number: std::os::unix::fs::MetadataExt::ino(&found),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::access::tokens;

    fn file(words: &[&str]) -> String {
        let hash = |word: &str| tokens::hash(word).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let token =
            |word: &&str| format!("[[token]]\nname = \"{word}\"\nrole = \"reader\"\nhash = \"{}\"\n", hash(word));
        words.iter().map(token).collect()
    }

    #[test]
    fn a_token_that_is_taken_out_is_known_no_more_and_half_a_file_changes_nothing() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, file(&["own", "other"])).unwrap();
        let keys = Keys::open(&path).unwrap();
        let knows = |word: &str| keys.find(&tokens::hash(word), |_| ()).is_some();
        assert!(knows("own") && knows("other"));
        std::fs::write(&path, file(&["own"])).unwrap();
        assert!(knows("other"), "what was read is good for a moment");
        keys.0.held.lock().unwrap().look = Duration::ZERO;
        assert!(knows("own") && !knows("other"));
        std::fs::write(&path, "[[token").unwrap();
        assert!(knows("own") && !knows("other"));
        std::fs::write(&path, file(&["other"])).unwrap();
        assert!(!knows("own") && knows("other"));
        std::fs::remove_file(&path).unwrap();
        assert!(knows("other"));
    }
}
