//! What `deploy/` runs is pinned, closed to others, bounded, and the same as what the tests use.

use crate::tree::Tree;
use crate::{here, prove};

const FOLDER: &str = "deploy/compose/";

/// The image that is built here.
const OURS: &str = "muster:local";

fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".yaml"]).filter(|(path, _)| path.starts_with(FOLDER)) {
        for (at, line) in text.lines().enumerate() {
            let mut find = |what: &str| findings.push(format!("{path}:{}: {what}", at + 1));
            if let Some(image) = value(line, "image:")
                && image != OURS
                && !image.rsplit_once(':').is_some_and(|(_, tag)| tag.contains('.'))
            {
                find("name the image with its full version");
            }
            if line.trim_start().starts_with("ports:") && !line.contains("[\"127.0.0.1:") {
                find("publish on the loopback, in one line");
            }
        }
        for (service, body) in services(text) {
            for (what, word) in [("health check", "healthcheck:"), ("memory limit", "mem_limit:")] {
                let inherited = anchors(&body).any(|anchor| anchored(text, anchor).contains(word));
                if !body.contains(word) && !inherited {
                    findings.push(format!("{path}: {service} has no {what}"));
                }
            }
        }
    }
    findings.extend(versions(tree));
    findings
}

/// The versions that must be one: the compiler's, and the Kafka of the tests.
fn versions(tree: &Tree) -> Vec<String> {
    let between = |path: &str, begin: &str, end: &str| {
        let text = tree.text(path)?.split_once(begin)?.1;
        text.split_once(end).map(|(found, _)| found.to_owned())
    };
    let mut findings = Vec::new();
    let compiler = between("rust-toolchain.toml", "channel = \"", "\"").unwrap_or_default();
    if !tree.text("deploy/compose/Dockerfile").is_some_and(|text| text.contains(&format!("FROM rust:{compiler}-"))) {
        findings.push(format!("deploy/compose/Dockerfile: build with rust:{compiler}, as rust-toolchain.toml says"));
    }
    let kafka = between("tests/kafka/pom.xml", "<kafka.version>", "</kafka.version>").unwrap_or_default();
    for (path, text) in tree.ending(&[".yaml"]).filter(|(path, _)| path.starts_with(FOLDER)) {
        let images = text.lines().filter_map(|line| value(line, "image:")?.strip_prefix("apache/kafka:"));
        let others = images.filter(|version| *version != kafka);
        findings.extend(others.map(|version| format!("{path}: Kafka {version}, but the tests prove {kafka}")));
    }
    findings
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.trim_start().strip_prefix(key).map(str::trim)
}

/// The services with their lines.
fn services(text: &str) -> Vec<(String, String)> {
    let mut services: Vec<(String, String)> = Vec::new();
    let body = text.lines().skip_while(|line| *line != "services:").skip(1);
    for line in body.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        let name = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with([' ', '#']))
            .and_then(|rest| rest.strip_suffix(':'));
        match (name, services.last_mut()) {
            (Some(name), _) => services.push((name.to_owned(), String::new())),
            (None, Some((_, lines))) => *lines += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    services
}

/// What a service takes over as a whole: `<<: *name` at its own level.
fn anchors(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| line.strip_prefix("    <<: *"))
}

/// The lines below `x-…: &name`.
fn anchored(text: &str, name: &str) -> String {
    let opening = format!("&{name}");
    let lines = text.lines().skip_while(|line| !(line.starts_with("x-") && line.ends_with(&opening))).skip(1);
    lines.take_while(|line| line.starts_with(' ')).collect::<Vec<_>>().join("\n")
}

#[test]
fn containers_are_pinned_closed_and_bounded() {
    let tree = here();
    assert!(services(tree.text("deploy/compose/compose.yaml").unwrap_or_default()).len() > 5, "it is not read");
    prove(&check(&tree));
}

#[cfg(test)]
mod tests {
    use super::*;

    const POM: &str = "<kafka.version>4.3.1</kafka.version>";

    fn found(compose: &str) -> Vec<String> {
        check(&Tree::of(&[
            ("rust-toolchain.toml", "channel = \"1.95.0\"\n"),
            ("tests/kafka/pom.xml", POM),
            ("deploy/compose/Dockerfile", "FROM rust:1.95.0-bookworm AS build\n"),
            ("deploy/compose/compose.yaml", compose),
        ]))
    }

    #[test]
    fn what_is_loose_is_found() {
        let loose = "services:\n  db:\n    image: postgres\n    ports: [\"5432:5432\"]\n  log:\n    image: apache/kafka:4.0.0\n";
        assert_eq!(found(loose).len(), 7, "{:#?}", found(loose));
    }

    #[test]
    fn what_is_inherited_counts() {
        let tight = "x-all: &all\n  image: apache/kafka:4.3.1\n  mem_limit: 1g\n  healthcheck: {}\n\nservices:\n  log:\n    <<: *all\n    ports: [\"127.0.0.1:1:1\"]\n\nvolumes: {}\n";
        assert_eq!(found(tight), [""; 0]);
    }
}
