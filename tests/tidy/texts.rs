//! What people read is there in Chinese and in English, never in one alone.

use toml::Value;

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

#[test]
fn rule_books_and_settings_speak_both_languages() {
    prove(&tables(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_one_language_is_found() {
        let found = |text: &str| tables(&Tree::of(&[("deploy/rules/lane.toml", text)])).len();
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \" \" }"), 1);
        assert_eq!(found("[[rule]]\nname = { zh = \"占道\", en = \"Lane blocked\" }"), 0);
    }
}
