//! docs/performance.md out of what `muster bench --json` measured, so that no figure in it was typed by hand.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::screen::{refuse, say};

/// The document, and the folder of the measurements it is made of.
const DOCUMENT: &str = "docs/performance.md";
const FIGURES: &str = "docs/performance";
/// The two profiles: the name of the file, and what people call it.
const PROFILES: [(&str, &str); 2] = [("embedded", "Embedded log and SQLite"), ("kafka", "Apache Kafka and PostgreSQL")];

/// Writes the document afresh.
pub(crate) fn chore(root: &Path) -> ExitCode {
    match written(root) {
        Ok(text) => match std::fs::write(root.join(DOCUMENT), text) {
            Ok(()) => {
                say(&format!("{DOCUMENT} is written"));
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&format!("{DOCUMENT}: {error}")),
        },
        Err(why) => refuse(&why),
    }
}

/// The document as it has to be.
fn written(root: &Path) -> Result<String, String> {
    let read = |name: &str| {
        let path = root.join(FIGURES).join(name);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut text = read("before.md")?;
    for (file, name) in PROFILES {
        let measured = |name: &str| figures(name, &read(name)?);
        let figures = measured(&format!("{file}.json"))?;
        let soak = measured(&format!("{file}-soak.json"))?["paced"][0].clone();
        let machine = &figures["machine"];
        let _ = writeln!(
            text,
            "\n## {name}\n\nMeasured on {} × {}, {} GiB, {}, with everything on it: load, Muster{}.\n",
            whole(machine, "processors"),
            machine["processor"].as_str().unwrap_or_default(),
            whole(machine, "memory_gib"),
            machine["system"].as_str().unwrap_or_default(),
            if file == "kafka" { ", one broker and the database" } else { " and its files" },
        );
        floods(&mut text, &figures["floods"]);
        cases(&mut text, &figures["cases"]);
        paced(&mut text, &figures["paced"]);
        soaked(&mut text, &soak);
    }
    text.push('\n');
    text.push_str(&read("after.md")?);
    Ok(text)
}

/// What a run measured, if it is a figure of something in service.
fn figures(name: &str, json: &str) -> Result<Value, String> {
    let figures: Value = serde_json::from_str(json).map_err(|error| format!("{name} holds no figures: {error}"))?;
    if figures["durable"] != true {
        return Err(format!("{name} was measured with a database that does not wait for its disk"));
    }
    Ok(figures)
}

fn floods(text: &mut String, floods: &Value) {
    let rounds = floods.as_array().map_or(&[][..], Vec::as_slice);
    let observations = rounds.first().map_or(0.0, |flood| number(flood, "observations"));
    let _ = writeln!(
        text,
        "### A flood of {observations:.0} observations\n\n\
         Least / **median** / most of {} rounds; in each round the same records go through all four.\n\n\
         | | a second | µs of processor each |\n|---|---|---|",
        rounds.len()
    );
    for (part, name) in [
        ("bare", "bare loop: read, and decode three fields, one thread"),
        ("decoded", "bare loop with the watch's decoder: read, and decode all of it, one thread"),
        ("watch", "watch: log to committed cases"),
        ("admit", "admit: bytes of a gateway to the log's acknowledgement, one batch after another"),
    ] {
        let per_second = spread(rounds.iter().map(|flood| number(&flood[part], "per_second") / 1000.0), 0);
        let cpu = spread(rounds.iter().map(|flood| number(&flood[part], "cpu_micros")), 2);
        let _ = writeln!(text, "| {name} | {per_second} thousand | {cpu} |");
    }
    for (part, name) in [("bare", "bare loop"), ("decoded", "bare loop with the same decoder")] {
        let per_second = |flood: &Value, part: &str| number(&flood[part], "per_second");
        let ratio = rounds.iter().map(|flood| per_second(flood, "watch") / per_second(flood, part));
        let _ = writeln!(text, "| watch ÷ {name} | {} | |", spread(ratio, 2));
    }
    text.push('\n');
}

fn cases(text: &mut String, cases: &Value) {
    text.push_str("### Cases\n\n| cases in a transaction | transactions a second | cases a second | p50 ms | p99 ms |\n|---|---|---|---|---|\n");
    for one in cases["transactions"].as_array().into_iter().flatten() {
        let [size, rate, cases, p50, p99] =
            ["cases", "transactions_per_second", "cases_per_second", "p50_ms", "p99_ms"].map(|name| number(one, name));
        let _ = writeln!(text, "| {size:.0} | {rate:.0} | {cases:.0} | {p50:.2} | {p99:.2} |");
    }
    let _ = writeln!(
        text,
        "\n| page, at {:.0} open cases | p50 ms | p99 ms | KiB |\n|---|---|---|---|",
        number(cases, "open")
    );
    for page in cases["pages"].as_array().into_iter().flatten() {
        let path = page["path"].as_str().unwrap_or_default();
        let [p50, p99, bytes] = ["p50_ms", "p99_ms", "bytes"].map(|name| number(page, name));
        let _ = writeln!(text, "| `{path}` | {p50:.1} | {p99:.1} | {:.0} |", bytes / 1024.0);
    }
    text.push('\n');
}

fn paced(text: &mut String, paced: &Value) {
    text.push_str(
        "### A steady load\n\n\
         From the instant at which an observation was due to be sent to its case on an open stream, whatever became of those \
         before (open loop). Every incident came, and no other.\n\n\
         | observations a second, places | incidents | p50 ms | p99 ms | p99.9 ms | worst ms | processors of the server | MiB | KiB a watched place | start ms |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for one in paced.as_array().into_iter().flatten() {
        let [rate, places, incidents, p50, p99, p999, worst, cores, resident, before, start] = [
            "rate",
            "places",
            "incidents",
            "p50_ms",
            "p99_ms",
            "p999_ms",
            "worst_ms",
            "cores",
            "resident_mib",
            "resident_start_mib",
            "start_ms",
        ]
        .map(|name| number(one, name));
        let each = (resident - before) * 1024.0 / places;
        let _ = writeln!(
            text,
            "| {rate:.0}, {places:.0} | {incidents:.0} | {p50:.1} | {p99:.1} | {p999:.1} | {worst:.1} | {cores:.2} | {resident:.0} | {each:.1} | {start:.0} |"
        );
    }
    text.push('\n');
}

/// Every fifth minute of a long steady load, the first included.
fn soaked(text: &mut String, soak: &Value) {
    let minutes = soak["minutes"].as_array().map_or(&[][..], Vec::as_slice);
    let _ = writeln!(
        text,
        "### {} minutes at {:.0} observations a second\n\n{:.0} incidents, each on the stream once; {:.2} processors.\n\n\
         | minute | incidents in it | p50 ms | p99 ms | MiB in memory | MiB on disk |\n|---|---|---|---|---|---|",
        minutes.len(),
        number(soak, "rate"),
        number(soak, "incidents"),
        number(soak, "cores"),
    );
    for (n, minute) in (1..).zip(minutes).filter(|(n, _)| n % 5 == 0 || *n == 1) {
        let [incidents, p50, p99, resident, disk] =
            ["incidents", "p50_ms", "p99_ms", "resident_mib", "disk_mib"].map(|name| number(minute, name));
        let _ = writeln!(text, "| {n} | {incidents:.0} | {p50:.1} | {p99:.1} | {resident:.0} | {disk:.0} |");
    }
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

fn whole(of: &Value, name: &str) -> String {
    format!("{:.0}", number(of, name))
}

/// Least, median and most.
fn spread(values: impl Iterator<Item = f64>, digits: usize) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.first(), values.get((values.len().max(1) - 1) / 2), values.last()) {
        (Some(least), Some(median), Some(most)) => {
            format!("{least:.digits$} / **{median:.digits$}** / {most:.digits$}")
        }
        _ => "not measured".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_was_measured_and_lacks_nothing() {
        let root = crate::root();
        let written = written(&root).unwrap();
        assert!(!written.contains("NaN") && !written.contains("not measured"), "{written}");
        assert_eq!(std::fs::read_to_string(root.join(DOCUMENT)).unwrap(), written, "run `cargo xtask performance`");
    }

    #[test]
    fn what_was_measured_without_a_disk_is_no_figure() {
        assert!(figures("a.json", r#"{"durable":true}"#).is_ok());
        for json in [r#"{"durable":false}"#, "{}", "no"] {
            assert!(figures("a.json", json).unwrap_err().starts_with("a.json "), "{json}");
        }
    }

    #[test]
    fn the_middle_of_several_is_one_of_them() {
        assert_eq!(spread([3.0, 1.0, 2.0].into_iter(), 0), "1 / **2** / 3");
        assert_eq!(spread([].into_iter(), 0), "not measured");
    }
}
