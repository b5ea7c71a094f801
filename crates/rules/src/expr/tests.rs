//! Clauses, accepted and refused, and held against the interpreter of the library that parses them.

use super::*;

fn scope() -> Scope {
    let name = |text: &str| text.to_owned();
    Scope {
        fields: vec![
            (name("persons"), ValueType::Int),
            (name("density"), ValueType::Number),
            (name("occupied"), ValueType::Bool),
            (name("by"), ValueType::Text),
        ],
        props: vec![(name("required"), ValueType::Int)],
        outcomes: false,
    }
}

fn fields(persons: i64, density: f64, occupied: bool, by: &str) -> Vec<Option<Value>> {
    vec![
        Some(Value::Int(persons)),
        Some(Value::Number(density)),
        Some(Value::Bool(occupied)),
        Some(Value::Text(by.to_owned())),
    ]
}

#[test]
fn clauses_come_to_what_they_say() {
    let values = fields(1, 2.5, true, "truck");
    for (text, expected) in [
        ("persons == 0", false),
        ("persons < place.required && occupied", true),
        ("density >= 2", true),
        ("!(occupied) || by in ['car', 'truck']", true),
        ("by.startsWith('tr') ? persons % 2 == 1 : false", true),
        ("-persons + 1 == 0", true),
        ("size(by) == 5", true),
    ] {
        let expr = Expr::compile(text, &scope()).unwrap();
        assert_eq!(expr.test(&values, &[Some(Value::Int(2))]), Some(expected), "{text}");
        assert_eq!(expr.negated().test(&values, &[Some(Value::Int(2))]), Some(!expected), "{text}");
    }
}

#[test]
fn an_absent_value_says_nothing_unless_the_other_side_decides() {
    let test = |text: &str, values: &[Option<Value>]| Expr::compile(text, &scope()).unwrap().test(values, &[]);
    let mut values = fields(1, 2.5, true, "truck");
    values[0] = None;
    assert_eq!(test("persons == 0", &values), None);
    assert_eq!(test("persons == 0 || occupied", &values), Some(true));
    assert_eq!(test("persons == 0 && !occupied", &values), Some(false));
    assert_eq!(test("1 / 0 == 1", &values), None);
    assert_eq!(test("9223372036854775807 + 1 > 0", &values), None);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, at, part) in [
        ("person == 0", 0, "`person` is not a value"),
        ("persons == place.need", 16, "no property `need`"),
        ("persons", 0, "true or false"),
        ("persons == 'a'", 8, "cannot be compared"),
        ("persons + density > 0.0", 8, "do not mix"),
        ("[1, 2].all(x, x > 0)", 0, ""),
        ("answered('roll_call')", 8, "only be asked on the ladder"),
        ("occupied < true", 9, "cannot be compared"),
        ("by.matches('a+')", 10, "not known"),
        ("persons in [1, 2.0]", 15, "constants of the same type"),
        ("persons ==", 10, "not CEL"),
        ("", 0, "empty"),
    ] {
        let error = Expr::compile(text, &scope()).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        if !part.is_empty() {
            assert_eq!(error.at, at, "{text}: {error}");
        }
    }
}

#[test]
fn hostile_clauses_are_refused_or_read_without_harm() {
    let deep = format!("{}true{}", "(".repeat(33), ")".repeat(33));
    let deepest = format!("{}true{}", "(".repeat(32), ")".repeat(32));
    assert!(Expr::compile(&deep, &scope()).unwrap_err().message.contains("nested"));
    assert!(Expr::compile(&deepest, &scope()).is_ok());
    for text in [
        "a".repeat(3000),
        "!".repeat(1999),
        "-".repeat(1999),
        "true && ".repeat(240),
        "a.".repeat(900),
        "true ? ".repeat(200),
        "[".repeat(1000),
        "'''a".to_owned(),
        "r'a'".to_owned(),
        "\u{0}".to_owned(),
        "'abc".to_owned(),
        "// x".to_owned(),
        "{1:2}".repeat(30),
        "x\u{feff}y\u{202e}".to_owned(),
    ] {
        assert!(Expr::compile(&text, &scope()).is_err(), "{}", &text.chars().take(20).collect::<String>());
    }
    let long = format!("{}true", "true && ".repeat(120));
    assert_eq!(Expr::compile(&long, &scope()).unwrap().test(&[], &[]), Some(true));
    let sum = format!("persons{} == 101", " + 1".repeat(100));
    assert_eq!(Expr::compile(&sum, &scope()).unwrap().test(&fields(1, 0.0, true, ""), &[]), Some(true));
}

#[test]
fn the_ladder_asks_what_became_of_a_call() {
    let ladder = Scope { outcomes: true, ..Scope::default() };
    let expr = Expr::compile("answered('roll_call') || failed('roll_call')", &ladder).unwrap();
    assert!(expr.test_outcomes(&|asked, name| asked == Asked::Failed && name == "roll_call", &[]));
    assert!(!expr.test_outcomes(&|_, _| false, &[]));
    assert_eq!(expr.calls(), ["roll_call", "roll_call"]);
}

#[test]
fn terms_say_what_would_turn_them_round() {
    let expr = Expr::compile("persons == 0 && occupied", &scope()).unwrap();
    let terms = expr.terms(&scope(), &fields(2, 0.0, true, ""), &[]);
    let shown: Vec<_> = terms.iter().map(|term| (term.text.as_str(), term.holds, term.flip.as_str())).collect();
    assert_eq!(shown, [("persons == 0", Some(false), "persons == 0"), ("occupied", Some(true), "!occupied")]);
}

/// The interpreter of the `cel` crate is the oracle: the same text, the same values, the same answer.
#[test]
fn agrees_with_the_interpreter_it_replaces() {
    let texts = [
        "persons == 0",
        "persons > place.required",
        "persons < place.required && occupied",
        "density >= 2 || persons / (persons - 1) == 1",
        "density * 2.0 - 1.0 < 4.0",
        "by in ['car', 'truck'] && !by.endsWith('k')",
        "by.contains('r') ? persons + 1 > 2 : density == 0.5",
        "persons % 2 == 0 || by < 'm'",
        "size(by) >= 3 && -persons < 0",
        "occupied == (persons != 0)",
    ];
    let mut compared = 0;
    for text in texts {
        let ours = Expr::compile(text, &scope()).unwrap();
        let program = cel::Program::compile(text).unwrap();
        for persons in [-1, 0, 1, 2, i64::MAX] {
            for (density, occupied, by) in
                [(0.5, true, "car"), (2.0, false, "truck"), (2.5, true, ""), (9.0, false, "人")]
            {
                let values = fields(persons, density, occupied, by);
                let mut context = cel::Context::default();
                context.add_variable("persons", persons).unwrap();
                context.add_variable("density", density).unwrap();
                context.add_variable("occupied", occupied).unwrap();
                context.add_variable("by", by).unwrap();
                let place = std::collections::HashMap::from([("required".to_owned(), 2_i64)]);
                context.add_variable("place", place).unwrap();
                let theirs = match program.execute(&context) {
                    Ok(cel::Value::Bool(b)) => Some(b),
                    _ => None,
                };
                assert_eq!(ours.test(&values, &[Some(Value::Int(2))]), theirs, "{text} {persons} {density} {by}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 200);
}
