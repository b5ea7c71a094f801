//! What people read is there in Chinese and in English, never in one alone.

use toml::Value;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// Tables of a TOML file that have one language and not the other, or an empty text.
fn tables(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".toml"]) {
        let Ok(file) = text.parse::<toml::Table>() else { continue };
        walk(path, "", &Value::Table(file), &mut findings);
    }
    findings
}

fn walk(path: &str, key: &str, value: &Value, findings: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            let text = |language: &str| table.get(language).and_then(Value::as_str);
            if table.contains_key("zh") || table.contains_key("en") {
                let missing = ["zh", "en"]
                    .into_iter()
                    .filter(|language| text(language).is_none_or(|text| text.trim().is_empty()));
                findings.extend(missing.map(|language| format!("{path}: {key} has no {language}: {table:?}")));
            }
            table.iter().for_each(|(name, value)| walk(path, &format!("{key}.{name}"), value, findings));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(path, key, value, findings)),
        _ => {}
    }
}

/// Pairs of texts in the code that are not one Chinese and one in another script: `Words::new(zh, en)`, `pick(zh, en)`,
/// and `Key "zh" "en"` of the table of the screens.
fn pairs(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product() {
        let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
        let named = code.windows(8).filter_map(|eight| {
            let call = eight[0].word() == Some("Words") && eight[3].word() == Some("new") && eight[6].is(',');
            call.then_some((eight[5], eight[7]))
        });
        let picked = code.windows(5).filter_map(|five| {
            let call = five[0].word() == Some("pick") && five[1].is('(') && five[3].is(',');
            call.then_some((five[2], five[4]))
        });
        let tabled = code.windows(3).filter_map(|three| three[0].word().map(|_| (three[1], three[2])));
        for (one, other) in named.chain(picked).chain(tabled) {
            let (Some(zh), Some(en)) = (one.literal(), other.literal()) else { continue };
            if !is_pair(zh, en) {
                findings.push(format!("{path}:{}: not a text in two languages: {zh:?}, {en:?}", one.line));
            }
        }
    }
    findings
}

/// One of the two is Chinese and the other is not, or both are marks and units without a word, such as `，` and `, `.
fn is_pair(zh: &str, en: &str) -> bool {
    let wordless = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).count() <= 2 && !is_chinese(text);
    let spoken = !zh.trim().is_empty() && !en.trim().is_empty();
    (spoken && is_chinese(zh) != is_chinese(en)) || (wordless(zh) && wordless(en))
}

/// Chinese written straight into a template, where no English stands beside it.
fn templates(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".html"]).filter(|(path, _)| path.contains("/templates/")) {
        let bare = text.lines().enumerate().filter(|(_, line)| is_chinese(without_remarks(line)));
        findings.extend(bare.map(|(at, line)| format!("{path}:{}: a text in one language: {}", at + 1, line.trim())));
    }
    findings
}

/// A line of a template up to its first remark.
fn without_remarks(line: &str) -> &str {
    line.split("{#").next().unwrap_or_default().split("<!--").next().unwrap_or_default()
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn texts_in_the_code_speak_both_languages() {
    prove(&pairs(&here()));
}

#[test]
fn templates_take_their_texts_from_the_table() {
    prove(&templates(&here()));
}

#[test]
fn rule_books_and_settings_speak_both_languages() {
    prove(&tables(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_not_a_pair_are_found() {
        let found = |source: &str| pairs(&Tree::of(&[("crates/console/src/text.rs", source)])).len();
        assert_eq!(
            found("Words::new(\"结案\", \"closed\"); pick(\"，\", \", \"); texts! { Closed \"结案\" \"Closed\" }"),
            0
        );
        assert_eq!(found("Words::new(\"结案\", \"\")"), 1);
        assert_eq!(found("lang.pick(\"结案\", \"结案\")"), 1);
        assert_eq!(found("lang.pick(\"closed\", \"closed\")"), 1);
        assert_eq!(found("texts! { Closed \"Closed\" \"Closed\" }"), 1);
    }

    #[test]
    fn chinese_in_a_template_is_found() {
        let found = |text: &str| templates(&Tree::of(&[("crates/console/templates/board.html", text)])).len();
        assert_eq!(found("<h1>值班席</h1>"), 1);
        assert_eq!(found("<h1>{{ t.board }}</h1> {# 值班席 #}"), 0);
    }

    #[test]
    fn a_text_in_one_language_is_found() {
        let found = |text: &str| tables(&Tree::of(&[("deploy/rules/lane.toml", text)])).len();
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \" \" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \"Lane blocked\" }"), 0);
    }
}
