//! Rule books, accepted and refused with file, line and column.

use super::*;

const KINDS: &str = r#"
[[observation]]
kind = "persons"
reports = "every 10s"
values = { persons = "int" }
[[observation]]
kind = "intrusion"
reports = "on_event"
values = { line = "text" }
[[place_class]]
id = "room"
props = { required = { type = "int", default = 2 } }
"#;

const RULE: &str = r#"
[[rule]]
id = "unattended"
name = { zh = "脱岗", en = "Unattended" }
watches = "room"
sees = ["persons"]
raise = { when = "persons == 0", for = "5m" }
clear = { when = "persons > 0", for = "1m" }
blind = { after = "60s" }
combine = "max"
kind = "fire.control_room.unattended"
severity = 4
[[rule.example]]
name = "nobody for five minutes"
steps = [{ from = "0s", to = "5m", every = "10s", see = { persons = 0 } }, { at = "5m", expect = "present" }]
"#;

fn parse(rule: &str) -> Result<RuleBook, Vec<RuleError>> {
    RuleBook::parse(&[("a.toml".to_owned(), KINDS.to_owned()), ("b.toml".to_owned(), rule.to_owned())])
}

#[test]
fn a_rule_is_read_with_its_defaults() {
    let book = parse(RULE).unwrap();
    let rule = book.rules.values().next().unwrap();
    assert_eq!((rule.version, rule.mode, rule.rearm), (1, Mode::Live, Span::from_mins(30)));
    assert_eq!(rule.scope.fields.len(), 1);
    assert!(book.case_kind(&rule.kind).is_some());
    assert!(book.case_kinds.contains_key(DEVICE_BLIND) && book.case_kinds.contains_key(ADAPTER_SILENT));
    assert!(book.kinds.contains_key(HEALTH_KIND));
}

/// Each pair: what is written in place of what, and what must be said about it, with line and column.
#[test]
fn every_slip_is_named_with_its_place() {
    for (old, new, said) in [
        ("persons == 0\"", "person == 0\"", "b.toml:7:19: `person` is not a value here"),
        ("\nsees", "\nseas = 1\nsees", "b.toml:6:1: `seas` is not known here"),
        ("severity = 4", "severity = 6", "a whole number from 1 to 5"),
        ("blind = { after = \"60s\" }", "", "`blind.after` is missing"),
        ("combine = \"max\"\n", "", "must say how several sources combine"),
        ("watches = \"room\"", "watches = \"hall\"", "no class of place hall"),
        ("sees = [\"persons\"]", "sees = [\"people\"]", "no kind of observation people"),
        ("for = \"5m\"", "for = \"5 minutes\"", "not a length of time"),
        ("persons > 0\"", "persons > place.need\"", "no property `need`"),
        ("expect = \"present\"", "expect = \"there\"", "`there` is no state"),
        ("see = { persons = 0 }", "see = { persons = \"0\" }", "no value of persons of this type"),
        ("severity = 4", "severity = 4\ntolerate = \"2m\"", "longer than a hold"),
        ("[[rule.example]]", "[[rule.respond]]\nafter = \"0s\"\n[[rule.example]]", "a step that does nothing"),
        (
            "[[rule.example]]",
            "[[rule.respond]]\nafter = \"0s\"\nunless = \"answered('x')\"\ncall = \"x\"\n[[rule.example]]",
            "no step above makes the call `x`",
        ),
        ("sees = [\"persons\"]", "sees = [\"intrusion\"]", "`persons` is not a value here"),
        ("id = \"unattended\"", "id = \"\"", "must not be empty"),
        ("severity = 4", "severity = 4\nwhy = { zh = \"{a}\", en = \"b\" }", "{a} has no value"),
        ("severity = 4", "severity = ", "not TOML"),
    ] {
        let errors = parse(&RULE.replacen(old, new, 1)).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(said)), "{said}: {errors:#?}");
    }
}

#[test]
fn all_errors_come_at_once_and_in_order() {
    let text = RULE.replace("persons > 0", "people > 0").replace("severity = 4", "severity = 9\nmood = 1");
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [8, 12, 13], "{errors:#?}");
    let twice = format!("{RULE}{RULE}");
    assert!(parse(&twice).unwrap_err()[0].message.contains("is there already"));
}

#[test]
fn hostile_files_are_refused() {
    let deep = format!("a = {}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let wide = format!("[[rule]]\nsees = [{}]", "\"persons\",".repeat(1_000));
    let many = "[[rule.respond]]\nafter=\"0s\"\ncall=\"x\"\n".repeat(50);
    for text in [deep, wide, format!("{RULE}{many}"), "x".repeat(2 << 20), "\u{0}".to_owned(), "[[rule]]".repeat(3)] {
        assert!(parse(&text).is_err());
    }
}

fn deployed() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/rules");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn the_deployed_rule_book_is_read() {
    let book = RuleBook::parse(&deployed()).unwrap_or_else(|errors| panic!("{}", lines(&errors)));
    assert!(book.rules.len() >= 4);
}

fn lines(errors: &[RuleError]) -> String {
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[test]
fn the_examples_of_the_deployed_rule_book_come_true() {
    let book = RuleBook::check(&deployed()).unwrap_or_else(|errors| panic!("{}", lines(&errors)));
    assert!(book.rules.values().all(|rule| rule.examples.len() >= 8), "at least eight examples each");
}
