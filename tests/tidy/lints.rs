//! A crate with lint settings of its own loses the house's: it must restate them. And every crate takes the house's lints.

use toml::{Table, Value};

use crate::tree::Tree;
use crate::{here, prove};

/// Settings of the top that a crate's own `clippy.toml` does not repeat.
fn restated(tree: &Tree) -> Vec<String> {
    let house = table(tree, "clippy.toml");
    let mut findings = Vec::new();
    for (path, _) in tree.ending(&["/clippy.toml"]) {
        let own = table(tree, path);
        for (key, value) in &house {
            let missing = match (value, own.get(key)) {
                (Value::Array(all), Some(Value::Array(some))) => {
                    all.iter().filter(|ban| !some.contains(ban)).cloned().collect()
                }
                (value, Some(own)) if value == own => Vec::new(),
                _ => vec![value.clone()],
            };
            findings.extend(missing.iter().map(|value| format!("{path}: does not restate {key} = {value}")));
        }
    }
    findings
}

/// Packages that do not take the workspace's lints.
fn taken(tree: &Tree) -> Vec<String> {
    let takes =
        |path: &str| table(tree, path).get("lints").and_then(|lints| lints.get("workspace")) == Some(&true.into());
    let packages = tree.ending(&["/Cargo.toml"]).filter(|(path, _)| !takes(path));
    packages.map(|(path, _)| format!("{path}: [lints] workspace = true is missing")).collect()
}

/// The one Rust version, wherever it is written.
fn toolchain(tree: &Tree) -> Vec<String> {
    let channel = table(tree, "rust-toolchain.toml");
    let channel = channel.get("toolchain").and_then(|toolchain| toolchain.get("channel")?.as_str()).unwrap_or_default();
    let workspace = table(tree, "Cargo.toml");
    let version = workspace.get("workspace").and_then(|top| top.get("package")?.get("rust-version")?.as_str());
    let agree = version.is_some_and(|version| channel == version || channel.starts_with(&format!("{version}.")));
    if agree { vec![] } else { vec![format!("rust-toolchain.toml says {channel}, Cargo.toml says {version:?}")] }
}

fn table(tree: &Tree, path: &str) -> Table {
    tree.text(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[test]
fn lint_settings_of_a_crate_restate_the_houses() {
    prove(&restated(&here()));
}

#[test]
fn every_package_takes_the_houses_lints() {
    prove(&taken(&here()));
}

#[test]
fn there_is_one_rust_version() {
    prove(&toolchain(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_ban_is_found() {
        let house = "allow-unwrap-in-tests = true\ndisallowed-methods = [{ path = \"a\" }, { path = \"b\" }]";
        let own = "disallowed-methods = [{ path = \"b\" }, { path = \"c\" }]";
        let tree = Tree::of(&[("clippy.toml", house), ("crates/domain/clippy.toml", own)]);
        assert_eq!(restated(&tree).len(), 2);
    }

    #[test]
    fn a_package_without_lints_is_found() {
        assert_eq!(taken(&Tree::of(&[("crates/a/Cargo.toml", "[package]\nname = \"a\"")])).len(), 1);
    }

    #[test]
    fn two_rust_versions_are_found() {
        let tree = Tree::of(&[
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\""),
            ("Cargo.toml", "[workspace.package]\nrust-version = \"1.90\""),
        ]);
        assert_eq!(toolchain(&tree).len(), 1);
    }
}
