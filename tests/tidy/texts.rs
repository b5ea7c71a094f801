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

/// Texts in the code, given as Chinese and English together, where one of them is empty or in the other's language.
fn words(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product() {
        let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
        for window in code.windows(8) {
            let made = window[0].word() == Some("Words") && window[3].word() == Some("new") && window[4].is('(');
            let (Some(zh), Some(en)) = (window[5].literal(), window[7].literal()) else { continue };
            if made && window[6].is(',') && (!is_chinese(zh) || en.trim().is_empty() || is_chinese(en)) {
                findings.push(format!("{path}:{}: not a Chinese and an English text: {zh:?}, {en:?}", window[0].line));
            }
        }
    }
    findings
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[test]
fn texts_in_the_code_speak_both_languages() {
    prove(&words(&here()));
}

#[test]
fn rule_books_and_settings_speak_both_languages() {
    prove(&tables(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_not_a_pair_are_found() {
        let found = |source: &str| words(&Tree::of(&[("crates/domain/src/case.rs", source)])).len();
        assert_eq!(found("Words::new(\"结案\", \"closed\")"), 0);
        assert_eq!(found("Words::new(\"closed\", \"closed\")"), 1);
        assert_eq!(found("Words::new(\"结案\", \"\")"), 1);
        assert_eq!(found("Words::new(\"结案\", \"结案\")"), 1);
    }

    #[test]
    fn a_text_in_one_language_is_found() {
        let found = |text: &str| tables(&Tree::of(&[("deploy/rules/lane.toml", text)])).len();
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \" \" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \"Lane blocked\" }"), 0);
    }
}
