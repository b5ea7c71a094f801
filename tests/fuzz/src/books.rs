//! What people write for Muster to read: rules and their clauses, mappings, tokens, settings.

use std::path::Path;

use muster_console::http::Tokens;
use muster_domain::catalogue::ValueType;
use muster_domain::record::Value;
use muster_rules::expr::{Expr, MAX_EXPR_BYTES, Scope};
use muster_rules::rulebook::RuleBook;
use muster_sources::reports::Mapping;

use crate::settings as of;

/// The most bytes of one sentence about a mistake: it stands in a terminal, a log, a problem.
const MOST: usize = 2_000;

fn said(what: &str) {
    assert!(!what.trim().is_empty() && what.len() <= MOST, "{} bytes: {what:.300}", what.len());
}

pub(crate) fn rulebook(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Several files are one book; a line of four equals signs parts them.
    let names = ["kinds.toml", "classes.toml", "rules.toml"].into_iter();
    let files: Vec<_> =
        names.zip(text.splitn(3, "\n====\n")).map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    match RuleBook::check(&files) {
        Ok(book) => assert_eq!(RuleBook::parse(book.files()).as_ref(), Ok(&book)),
        Err(errors) => {
            assert!(!errors.is_empty() && errors.len() <= 1_000, "{} errors", errors.len());
            for error in errors {
                let known = files.iter().find(|(name, _)| *name == error.file);
                let lines = known.map_or(0, |(_, text)| text.matches('\n').count() + 1);
                assert!(known.is_none() || (1..=lines + 1).contains(&error.line), "{error:?}");
                said(&error.message);
            }
        }
    }
}

pub(crate) fn cel(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let named = |names: &[(&str, ValueType)]| names.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let scope = Scope {
        fields: named(&[
            ("persons", ValueType::Int),
            ("level", ValueType::Number),
            ("state", ValueType::Text),
            ("on", ValueType::Bool),
        ]),
        props: named(&[("limit", ValueType::Int), ("kind", ValueType::Text)]),
        outcomes: true,
    };
    match Expr::compile(text, &scope) {
        Err(error) => {
            assert!(error.at <= text.len(), "{error:?}");
            said(&error.message);
        }
        Ok(clause) => {
            assert!(text.len() <= MAX_EXPR_BYTES);
            assert_eq!(Expr::compile(clause.text(), &scope).as_ref(), Ok(&clause));
            let fields =
                [Some(Value::Int(i64::MIN)), Some(Value::Number(1e308)), Some(Value::Text("开".to_owned())), None];
            let props = [Some(Value::Int(-1)), None];
            let holds = clause.test(&fields, &props);
            assert_eq!(clause.negated().test(&fields, &props), holds.map(|holds| !holds), "{text}");
            let _ = clause.test_outcomes(&|_, name| name.len() > 3, &props);
            for term in clause.terms(&scope, &fields, &props) {
                assert!(term.text.len() <= 8 * MAX_EXPR_BYTES && term.flip.len() <= 8 * MAX_EXPR_BYTES);
            }
        }
    }
}

pub(crate) fn mapping(data: &[u8]) {
    let (head, body) = crate::tables::cut(data);
    let Ok(text) = std::str::from_utf8(head) else { return };
    match Mapping::parse("m.toml", text) {
        Err(error) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&error.line) && error.column > 0, "{error:?}");
            said(&error.what);
        }
        Ok(mapping) => crate::tables::mapped(&mapping, body),
    }
}

pub(crate) fn tokens(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Tokens::parse(text) {
        Ok(tokens) => assert_eq!(Tokens::parse(text), Ok(tokens)),
        Err(what) => {
            said(&what);
            let hashes = text.split('"').filter(|part| part.len() == 64);
            assert!(hashes.into_iter().all(|hash| !what.contains(hash)), "a hash is said again: {what}");
        }
    }
}

pub(crate) fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = Path::new("m.toml");
    match of::read(Some((path, text)), &vec![], &[]) {
        Err(error) => said(&error.to_string()),
        Ok(settings) => {
            let shown = of::print(&settings);
            let again = of::read(Some((path, &shown)), &vec![], &[]);
            let again = again.unwrap_or_else(|error| panic!("what is shown cannot be read: {error}\n{shown}"));
            assert_eq!(of::print(&again), shown);
        }
    }
}
