//! The arrows between crates point down only, and a dependency is named only by the crate it was taken for.

use std::process::Command;

use serde_json::Value;

use crate::prove;

/// Which of our crates a crate may link. `ARCHITECTURE.md` says why.
const ARROWS: [(&str, &[&str]); 13] = [
    ("muster-domain", &[]),
    ("muster-log", &[]),
    ("muster-street", &[]),
    ("muster-rules", &["muster-domain"]),
    ("muster-wire", &["muster-domain"]),
    ("muster-store", &["muster-domain"]),
    ("muster-pipeline", BELOW_PIPELINE),
    ("muster-sources", FROM_PIPELINE),
    ("muster-notify", FROM_PIPELINE),
    ("muster-console", FROM_PIPELINE),
    ("muster", EVERYTHING),
    ("muster-tests", &[]),
    ("xtask", &[]),
];

const BELOW_PIPELINE: &[&str] = &["muster-domain", "muster-rules", "muster-wire", "muster-store", "muster-log"];
const FROM_PIPELINE: &[&str] =
    &["muster-domain", "muster-rules", "muster-wire", "muster-store", "muster-log", "muster-pipeline"];
const EVERYTHING: &[&str] = &[
    "muster-domain",
    "muster-rules",
    "muster-wire",
    "muster-store",
    "muster-log",
    "muster-pipeline",
    "muster-sources",
    "muster-notify",
    "muster-console",
    "muster-street",
];

/// Dependencies that only some crates may name. Tests from outside stand beside the product and may name any.
const OWNERS: [(&str, &[&str]); 6] = [
    ("rdkafka", &["muster-log"]),
    ("sqlx", &["muster-store", "muster-log"]),
    ("axum", &["muster-console", "muster-sources"]),
    ("reqwest", &["muster-street", "muster-notify", "muster"]),
    ("cel", &["muster-rules"]),
    ("askama", &["muster-console"]),
];

/// Dependencies that nobody names, each with what to take instead.
const REFUSED: [(&str, &str); 5] = [
    ("chrono", "jiff"),
    ("time", "jiff"),
    ("anyhow", "a small thiserror enum"),
    ("lazy_static", "std::sync::LazyLock, or better: pass it"),
    ("openssl", "rustls"),
];

/// The only crates that the domain builds on: pure ones. `sha2` computes ids and chains the journal,
/// `smol_str` keeps short names in place.
const DOMAIN_NEEDS: [&str; 3] = ["sha2", "smol_str", "thiserror"];

/// A package of the workspace with what it names.
#[derive(Debug)]
struct Package {
    name: String,
    needs: Vec<Need>,
}

#[derive(Debug)]
struct Need {
    name: String,
    /// Named for tests, examples and benches only.
    for_tests: bool,
}

/// What stands against the tables above.
fn check(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!("{} is in no table of tests/tidy/arrows.rs: what does it forbid?", package.name));
            continue;
        };
        findings.extend(package.needs.iter().filter_map(|need| against(package, allowed, need)));
    }
    findings
}

fn against(package: &Package, allowed: &[&str], need: &Need) -> Option<String> {
    let (name, who) = (need.name.as_str(), package.name.as_str());
    let outside = who == "muster-tests" && need.for_tests;
    if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Some(format!("{who} names {name}: take {instead}"));
    }
    if ARROWS.iter().any(|(ours, _)| *ours == name) {
        let harness = name == "muster-tests" && need.for_tests;
        return (!outside && !harness && !allowed.contains(&name)).then(|| format!("{who} may not link {name}"));
    }
    let owners = OWNERS.iter().find(|(owned, _)| *owned == name).map(|(_, owners)| *owners);
    if !outside && owners.is_some_and(|owners| !owners.contains(&who)) {
        return Some(format!("{who} names {name}, which belongs to {}", owners.unwrap_or_default().join(", ")));
    }
    let pure = who == "muster-domain" && !need.for_tests && !DOMAIN_NEEDS.contains(&name);
    pure.then(|| format!("the domain builds on {} alone, not on {name}", DOMAIN_NEEDS.join(", ")))
}

/// The packages of the workspace, as cargo reads them, without fetching anything.
fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(muster_tests::root())
        .output();
    let output = output.unwrap_or_else(|error| panic!("cargo metadata: {error}"));
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let need = |value: &Value| Need { name: text(&value["name"]), for_tests: value["kind"] == "dev" };
    let needs = |value: &Value| value["dependencies"].as_array().into_iter().flatten().map(need).collect();
    let package = |value: &Value| Package { name: text(&value["name"]), needs: needs(value) };
    metadata["packages"].as_array().into_iter().flatten().map(package).collect()
}

#[test]
fn arrows_point_down_and_dependencies_stay_where_they_belong() {
    let packages = packages();
    assert_eq!(packages.len(), ARROWS.len(), "the table has a crate that is not there, or the other way round");
    prove(&check(&packages));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, needs: &[(&str, bool)]) -> Vec<String> {
        let needs = needs.iter().map(|(name, for_tests)| Need { name: (*name).to_owned(), for_tests: *for_tests });
        check(&[Package { name: name.to_owned(), needs: needs.collect() }])
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        assert_eq!(wrong("muster-store", &[("muster-domain", false), ("muster-pipeline", false)]).len(), 1);
        assert_eq!(wrong("muster-notify", &[("muster-console", true)]).len(), 1);
        assert_eq!(wrong("muster-pipeline", &[("muster-street", true)]).len(), 1);
        assert_eq!(wrong("muster-tests", &[("muster-domain", false)]).len(), 1);
    }

    #[test]
    fn a_dependency_in_the_wrong_crate_is_found() {
        assert_eq!(wrong("muster-pipeline", &[("rdkafka", false)]).len(), 1);
        assert_eq!(wrong("muster-domain", &[("thiserror", false), ("serde", false)]).len(), 1);
        assert_eq!(wrong("muster-tests", &[("chrono", true)]).len(), 1);
        assert_eq!(wrong("muster-new", &[]).len(), 1);
    }

    #[test]
    fn what_is_allowed_passes() {
        assert_eq!(wrong("muster-log", &[("sqlx", false), ("rdkafka", false), ("muster-tests", true)]), [""; 0]);
        assert_eq!(wrong("muster-tests", &[("muster-street", true), ("rdkafka", true)]), [""; 0]);
        assert_eq!(wrong("muster-domain", &[("proptest", true)]), [""; 0]);
    }
}
