//! Bounds on a clause, held before any parser sees it.

use super::{ExprError, MAX_EXPR_BYTES, MAX_EXPR_DEPTH, MAX_EXPR_SYMBOLS};

/// Refuses a text that is too long, too deep or too intricate to hand to the parser.
pub(super) fn bounds(text: &str) -> Result<(), ExprError> {
    let refuse = |at: usize, message: String, hint: &str| Err(ExprError { at, message, hint: hint.to_owned() });
    if text.len() > MAX_EXPR_BYTES {
        let message = format!("a clause has at most {MAX_EXPR_BYTES} bytes, this one has {}", text.len());
        return refuse(MAX_EXPR_BYTES, message, "make several rules of it");
    }
    if text.trim().is_empty() {
        return refuse(0, "an empty clause".to_owned(), "write something like \"persons == 0\"");
    }
    let (mut depth, mut symbols, mut quote, mut escaped, mut before) = (0_usize, 0_usize, None, false, ' ');
    for (at, c) in text.char_indices() {
        if let Some(end) = quote {
            if c == end && !escaped {
                quote = None;
            }
            escaped = c == '\\' && !escaped;
            before = c;
            continue;
        }
        match c {
            '\'' | '"' if before.is_alphanumeric() || before == '_' || before == c => {
                return refuse(at, "only simple texts are allowed".to_owned(), "write 'text' or \"text\"");
            }
            '\'' | '"' => quote = Some(c),
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '/' if before == '/' => {
                return refuse(at, "no comments in a clause".to_owned(), "write it beside the rule");
            }
            _ if c.is_control() => return refuse(at, "a control character".to_owned(), "write it on one line"),
            _ => {}
        }
        symbols += usize::from(c.is_ascii_punctuation() && c != '_');
        if depth > MAX_EXPR_DEPTH {
            return refuse(at, format!("nested deeper than {MAX_EXPR_DEPTH}"), "make several rules of it");
        }
        if symbols > MAX_EXPR_SYMBOLS {
            return refuse(at, format!("more than {MAX_EXPR_SYMBOLS} operators"), "make several rules of it");
        }
        before = c;
    }
    if quote.is_some() {
        return refuse(text.len(), "a text that does not end".to_owned(), "close the quotes");
    }
    Ok(())
}
