//! Just enough of Rust's grammar to tell words from texts and comments, and tests from the product.

/// A piece of a source file, with the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, a keyword or a number.
    Word(String),
    /// What stands between the quotes of a string.
    Text(String),
    /// What stands behind `//` or inside `/* */`.
    Comment(String),
    Mark(char),
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    pub(crate) fn literal(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(crate) fn comment(&self) -> Option<&str> {
        if let Kind::Comment(comment) = &self.kind { Some(comment) } else { None }
    }

    pub(crate) fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// Cuts a source file into its pieces.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let letters: Vec<char> = source.chars().collect();
    let (mut at, mut line, mut tokens) = (0, 1, Vec::new());
    while at < letters.len() {
        let (kind, end) = piece(&letters, at);
        let lines = letters[at..end].iter().filter(|letter| **letter == '\n').count();
        tokens.extend(kind.map(|kind| Token { line, kind }));
        line += lines;
        at = end;
    }
    tokens
}

/// The piece that begins at `at`, and where it ends.
fn piece(letters: &[char], at: usize) -> (Option<Kind>, usize) {
    let next = letters.get(at + 1).copied();
    let text = |from: usize, to: usize| letters[from..to].iter().collect::<String>();
    match letters[at] {
        '/' if next == Some('/') => {
            let end = find(letters, at, |letter| letter == '\n');
            (Some(Kind::Comment(text(at + 2, end))), end)
        }
        '/' if next == Some('*') => {
            let end = comment_end(letters, at);
            (Some(Kind::Comment(text(at + 2, end.saturating_sub(2).max(at + 2)))), end)
        }
        '"' => {
            let end = quoted_end(letters, at, '"');
            (Some(Kind::Text(text(at + 1, end - 1))), end)
        }
        '\'' => character(letters, at),
        'r' | 'b' | 'c' if prefixed_text(letters, at).is_some() => {
            let (from, to, end) = prefixed_text(letters, at).unwrap_or((at, at, at + 1));
            (Some(Kind::Text(text(from, to))), end)
        }
        letter if letter.is_alphanumeric() || letter == '_' => {
            let end = find(letters, at, |letter| !letter.is_alphanumeric() && letter != '_');
            (Some(Kind::Word(text(at, end))), end)
        }
        letter if letter.is_whitespace() => (None, at + 1),
        mark => (Some(Kind::Mark(mark)), at + 1),
    }
}

fn find(letters: &[char], from: usize, found: impl Fn(char) -> bool) -> usize {
    letters[from..].iter().position(|letter| found(*letter)).map_or(letters.len(), |step| from + step)
}

fn comment_end(letters: &[char], at: usize) -> usize {
    let (mut depth, mut here) = (0_usize, at);
    while here < letters.len() {
        match (letters[here], letters.get(here + 1)) {
            ('/', Some('*')) => (depth, here) = (depth + 1, here + 2),
            ('*', Some('/')) if depth == 1 => return here + 2,
            ('*', Some('/')) => (depth, here) = (depth - 1, here + 2),
            _ => here += 1,
        }
    }
    letters.len()
}

fn quoted_end(letters: &[char], at: usize, quote: char) -> usize {
    let mut here = at + 1;
    while here < letters.len() && letters[here] != quote {
        here += if letters[here] == '\\' { 2 } else { 1 };
    }
    (here + 1).min(letters.len())
}

/// A character, or the mark of a lifetime.
fn character(letters: &[char], at: usize) -> (Option<Kind>, usize) {
    let escaped = letters.get(at + 1) == Some(&'\\');
    if escaped || letters.get(at + 2) == Some(&'\'') {
        return (None, if escaped { quoted_end(letters, at, '\'') } else { at + 3 });
    }
    (Some(Kind::Mark('\'')), at + 1)
}

/// Raw, byte and C strings: where the text begins and ends, and where the piece ends.
fn prefixed_text(letters: &[char], at: usize) -> Option<(usize, usize, usize)> {
    let mut here = at;
    while here < at + 2 && matches!(letters.get(here), Some('r' | 'b' | 'c')) {
        here += 1;
    }
    let raw = letters[at..here].contains(&'r');
    let hashes = letters[here..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(here + hashes) != Some(&'"') || (!raw && hashes > 0) {
        return None;
    }
    let from = here + hashes + 1;
    if !raw {
        let end = quoted_end(letters, here, '"');
        return Some((from, end - 1, end));
    }
    let closes = |to: usize| {
        letters[to] == '"' && letters[to + 1..].iter().take(hashes).filter(|l| **l == '#').count() == hashes
    };
    let to = (from..letters.len()).find(|to| closes(*to))?;
    Some((from, to, to + 1 + hashes))
}

/// Parts a file into what ships and what is only compiled for tests.
pub(crate) fn split(tokens: Vec<Token>) -> (Vec<Token>, Vec<Token>) {
    let (mut product, mut tests, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let end = if opens_test(&tokens[at..]) { item_end(&tokens, at) } else { at };
        tests.extend_from_slice(&tokens[at..end]);
        if end == at {
            product.push(tokens[at].clone());
            at += 1;
        } else {
            at = end;
        }
    }
    (product, tests)
}

/// Whether an attribute begins here that keeps its item to the tests: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn opens_test(tokens: &[Token]) -> bool {
    if !(tokens[0].is('#') && tokens.get(1).is_some_and(|token| token.is('['))) {
        return false;
    }
    let words: Vec<&str> = tokens[2..].iter().take_while(|token| !token.is(']')).filter_map(Token::word).collect();
    matches!(
        words.as_slice(),
        ["test"] | ["tokio", "test", ..] | ["cfg", "test", ..] | ["cfg", "all" | "any", "test", ..]
    )
}

/// Where an item ends: behind its closing brace, or its semicolon, its attributes included.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (here, token) in tokens.iter().enumerate().skip(at) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark('}') if depth == 1 => return here + 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Mark(';') if depth == 0 => return here + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// The names of modules that are declared here and written elsewhere: `mod name;`.
pub(crate) fn declared_modules(tokens: &[Token]) -> Vec<String> {
    let declared = |three: &[Token]| match three {
        [module, name, end] if module.word() == Some("mod") && end.is(';') => name.word().map(str::to_owned),
        _ => None,
    };
    tokens.windows(3).filter_map(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_comments_and_lifetimes_are_told_apart() {
        let source = "fn f<'a>(x: &'a str) -> char { // why\n let s = \"a \\\" b\"; r#\"raw \" one\"#; b\"bytes\"; '\\''; '\"' /* a /* b */ */ }";
        let tokens = tokens(source);
        let texts: Vec<_> = tokens.iter().filter_map(Token::literal).collect();
        assert_eq!(texts, ["a \\\" b", "raw \" one", "bytes"]);
        let comments: Vec<_> = tokens.iter().filter_map(Token::comment).collect();
        assert_eq!(comments, [" why", " a /* b */ "]);
        assert!(tokens.last().is_some_and(|token| token.is('}') && token.line == 2));
    }

    #[test]
    fn an_unclosed_text_ends_with_the_file() {
        assert_eq!(tokens("\"half").len(), 1);
        assert_eq!(tokens("/* half").len(), 1);
        assert!(!tokens("r#\"half").is_empty());
    }

    #[test]
    fn a_test_function_with_attributes_is_cut_out_whole() {
        let (product, tests) = split(tokens("fn a() {}\n#[test]\n#[should_panic]\nfn t() { x[1]; }\nfn b() {}"));
        let words: Vec<_> = product.iter().filter_map(Token::word).collect();
        assert_eq!(words, ["fn", "a", "fn", "b"]);
        assert!(tests.iter().any(|token| token.word() == Some("t")));
    }
}
