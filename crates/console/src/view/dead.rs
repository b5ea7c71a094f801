//! Dead letters: what came in and could not be taken, with its bytes and the reason side by side.

use muster_domain::text::Words;
use muster_wire::fault::{Kept, Reason};

use crate::phrase::{self, When};
use crate::scene::Scene;
use crate::text::{Lang, Text};
use crate::wording;

/// A dead letter as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// A stable code, such as `unknown-device`.
    pub code: String,
    /// The reason in words, with pointer, line or offset.
    pub message: String,
    /// The same as a fault, where the refuser said one.
    pub said: Option<Kept>,
    /// Where it stood: topic, partition and offset, or the name of the way in.
    pub stood: String,
    /// Who sent it, as far as is known.
    pub source: Option<String>,
    /// When it was parked, in microseconds since 1970.
    pub at: i64,
    /// What came in.
    pub bytes: Parked,
}

/// What is kept of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parked {
    /// All of them.
    Bytes(Vec<u8>),
    /// Only their hash: they may carry faces.
    Hash(String),
    /// A reference into the vault: they hold personal data.
    Vault,
}

/// The letters about which nothing was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// How many there are of each code.
    pub codes: Vec<(String, usize)>,
    /// When the oldest was parked, in microseconds since 1970.
    pub oldest: Option<i64>,
}

/// The page of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadView {
    /// How many there are of each reason: code, its words and count.
    pub codes: Vec<(String, String, usize)>,
    /// How many there are.
    pub count: usize,
    /// When the oldest of them was parked.
    pub oldest: Option<When>,
    /// Only this reason is shown.
    pub code: String,
    /// Those of this page, newest first.
    pub letters: Vec<LetterView>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A dead letter on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterView {
    /// Its id.
    pub id: String,
    /// A stable code.
    pub code: String,
    /// The code in words.
    pub title: String,
    /// The reason in words.
    pub message: String,
    /// Where it stood.
    pub stood: String,
    /// Who sent it.
    pub source: String,
    /// When it was parked.
    pub at: When,
    /// Its text, or what stands for it.
    pub body: String,
    /// Something about the body that the reader must know.
    pub remark: Option<&'static str>,
    /// It is all there, and text: it can be mended on the page.
    pub mendable: bool,
}

const SHOWN_BYTES: usize = 4_096;

/// The page of these dead letters.
#[must_use]
pub fn dead(scene: &Scene<'_>, open: Open, code: String, letters: &[DeadLetter], next: Option<String>) -> DeadView {
    let said = |(code, count): (String, usize)| {
        let words = wording::parked(scene.look.lang, &code);
        (code, words, count)
    };
    DeadView {
        count: open.codes.iter().map(|(_, count)| count).sum(),
        codes: open.codes.into_iter().map(said).collect(),
        oldest: open.oldest.map(|at| phrase::when(scene.look, at)),
        code,
        letters: letters.iter().map(|letter| view(scene, letter)).collect(),
        next,
    }
}

fn view(scene: &Scene<'_>, letter: &DeadLetter) -> LetterView {
    let look = scene.look;
    let (body, remark) = match &letter.bytes {
        Parked::Bytes(bytes) => {
            let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
            let cut = (bytes.len() > SHOWN_BYTES).then(|| look.t(Text::DeadTruncated));
            (readable(shown), cut)
        }
        Parked::Hash(hash) => (format!("sha256 {hash}"), Some(look.t(Text::DeadHidden))),
        Parked::Vault => (String::new(), Some(look.t(Text::DeadVault))),
    };
    LetterView {
        id: letter.id.clone(),
        title: wording::parked(look.lang, &letter.code),
        code: letter.code.clone(),
        message: reason(look.lang, letter),
        stood: letter.stood.clone(),
        source: letter.source.clone().unwrap_or_default(),
        at: phrase::when(look, letter.at),
        mendable: remark.is_none() && matches!(&letter.bytes, Parked::Bytes(bytes) if *bytes == body.as_bytes()),
        body,
        remark,
    }
}

/// The reason in the reader's language; what was refused before faults were kept, or by a newer program, as it was said.
fn reason(lang: Lang, letter: &DeadLetter) -> String {
    let chinese = letter.said.as_ref().filter(|_| lang == Lang::Zh).and_then(chinese);
    chinese.unwrap_or_else(|| letter.message.clone())
}

fn chinese(said: &Kept) -> Option<String> {
    let words = said.chinese()?;
    Some(if said.pointer.is_empty() { words } else { format!("{}：{words}", said.pointer) })
}

/// A reason about one field in both languages.
#[must_use]
pub fn said(pointer: &str, reason: &Reason) -> Words {
    Words::new(chinese(&reason.kept(pointer)).unwrap_or_default(), reason.about(pointer))
}

/// Text as text; what is no text, and control characters, as escapes.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() && c != '\n' && c != '\t' {
                text.extend(c.escape_unicode());
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_in_the_reader_s_language() {
        let letter = DeadLetter {
            id: "1".to_owned(),
            code: "wrong-type".to_owned(),
            message: "/data/device: is a number; a string was expected".to_owned(),
            said: Kept::read(
                r#"{"pointer":"/data/device","fault":"other-type","arguments":{"found":"a number","wanted":"a string"}}"#,
            ),
            stood: String::new(),
            source: None,
            at: 0,
            bytes: Parked::Vault,
        };
        assert_eq!(reason(Lang::Zh, &letter), "/data/device：是数；应为文字");
        assert_eq!(reason(Lang::En, &letter), letter.message);
        let old = DeadLetter { said: None, ..letter };
        assert_eq!(reason(Lang::Zh, &old), old.message, "refused before faults were kept");
    }

    #[test]
    fn bytes_that_are_no_text_can_still_be_read() {
        assert_eq!(readable(b"{\"a\":\x00\xff}\n"), "{\"a\":\\u{0}\\xff}\n");
    }
}
