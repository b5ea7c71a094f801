//! What the lockfile brings in from outside, and what must not come with it.

use std::process::Command;

use toml::Table;

use crate::{here, prove};

/// The one registry that packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages that must not be in the default build: name, beginning of a version, why.
const REFUSED: [(&str, &str, &str); 7] = [
    ("openssl-sys", "", "TLS is rustls; Kafka over TLS is the feature that brings OpenSSL"),
    ("native-tls", "", "TLS is rustls"),
    ("aws-lc-sys", "", "the cryptography of rustls is ring"),
    ("aws-lc-rs", "", "the cryptography of rustls is ring"),
    ("chrono", "", "times are jiff"),
    ("rustls-webpki", "0.102", "RUSTSEC-2026-0049 and others"),
    ("libsqlite3-sys", "0.36", "its SQLite has the WAL-reset race, mended in 3.51.3"),
];

/// Packages of a lockfile that come from somewhere else than the registry.
fn foreign(lock: &str) -> Vec<String> {
    let lock: Table = lock.parse().unwrap_or_default();
    let packages = lock.get("package").and_then(|packages| packages.as_array()).into_iter().flatten();
    let source = |package: &toml::Value| package.get("source")?.as_str().map(str::to_owned);
    let strange = packages.filter(|package| source(package).is_some_and(|source| source != REGISTRY));
    strange.map(|package| format!("Cargo.lock: {} comes from {:?}", package["name"], source(package))).collect()
}

/// Lines of `name vVERSION` that are refused.
fn refused(tree: &str) -> Vec<String> {
    let mut findings: Vec<String> = tree.lines().filter_map(refused_line).collect();
    findings.sort();
    findings.dedup();
    findings
}

fn refused_line(line: &str) -> Option<String> {
    let (name, version) = line.split_once(" v")?;
    let (_, _, why) = REFUSED.iter().find(|(refused, begins, _)| *refused == name && version.starts_with(begins))?;
    Some(format!("{line} is in the default build: {why}"))
}

/// Every package of the default build, tests aside, a line each.
fn default_build() -> String {
    let arguments = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(muster_tests::root()).output();
    let output = output.unwrap_or_else(|error| panic!("cargo tree: {error}"));
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_default_build_has_nothing_refused_in_it() {
    let tree = default_build();
    assert!(tree.lines().count() > 100, "cargo tree said too little:\n{tree}");
    prove(&refused(&tree));
}

#[test]
fn every_package_comes_from_the_one_registry() {
    for lock in ["Cargo.lock", "tests/fuzz/Cargo.lock"] {
        prove(&foreign(here().text(lock).unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_package_is_found() {
        assert_eq!(refused("serde v1.0.0\nchrono v0.4.45\nchrono v0.4.45\nrustls-webpki v0.102.8").len(), 2);
        assert_eq!(refused("rustls-webpki v0.103.17\nlibsqlite3-sys v0.37.0").len(), 0);
    }

    #[test]
    fn a_package_from_elsewhere_is_found() {
        let lock = "[[package]]\nname = \"ours\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"fork\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/fork\"\n";
        assert_eq!(foreign(lock).len(), 1);
    }
}
