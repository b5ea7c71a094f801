//! The document has every code with its words.

use super::super::Code;

/// The table of `docs/doctor.md`.
fn table() -> String {
    let row = |code: &Code| {
        let (name, severity, cause, next) = (code.name(), code.severity().name(), code.cause(), code.next());
        format!("| `{name}` | {severity} | {}<br>{} | {}<br>{} |\n", cause.en, cause.zh, next.en, next.zh)
    };
    let mut table = String::new();
    let mut area = None;
    for code in Code::ALL {
        if area != Some(code.area()) {
            area = Some(code.area());
            table.push_str(&format!(
                "\n## {}\n\n| code | severity | cause | next |\n|---|---|---|---|\n",
                code.area().name()
            ));
        }
        table.push_str(&row(code));
    }
    table
}

#[test]
fn the_document_has_every_code_and_no_other() {
    const DOCUMENT: &str = include_str!("../../../../../docs/doctor.md");
    let (_, found) = DOCUMENT.split_once("<!-- the table -->\n").unwrap_or_default();
    assert!(found == table(), "docs/doctor.md must end, behind its mark, with this:\n{}", table());
}
