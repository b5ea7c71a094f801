//! Nothing in the tree knows the machine it was written on, nor where that machine fetches its packages.

use crate::tree::Tree;
use crate::{here, prove};

/// Folders of somebody's machine.
const FOLDERS: [&str; 4] = ["/work/", "/root/", "/home/", "/Users/"];

/// Parts of host names that belong to somebody's network.
const NETWORK: [&str; 8] = ["registry", "mirror", "mirrors", "artifactory", "nexus", "internal", "lan", "corp"];

/// Hosts that have such a part and are everybody's.
const PUBLIC: [&str; 1] = ["registry.npmjs.org"];

fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    // the rule has to name what it looks for
    for (path, text) in tree.texts().filter(|(path, _)| *path != "tests/tidy/places.rs") {
        for (at, line) in text.lines().enumerate() {
            let folder = FOLDERS.iter().find(|folder| names_folder(line, folder));
            findings.extend(folder.map(|folder| format!("{path}:{}: {folder} is a folder of one machine", at + 1)));
            let hosts = line.split("://").skip(1).map(host).filter(|host| is_private(host));
            findings.extend(hosts.map(|host| format!("{path}:{}: {host} is a host of one network", at + 1)));
        }
    }
    findings
}

/// Whether a path begins here, rather than going on: `/work/` but not `target/work/`.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "/._-}$".contains(letter))
    })
}

fn host(behind_scheme: &str) -> String {
    let end = behind_scheme.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-".contains(letter));
    behind_scheme[..end.unwrap_or(behind_scheme.len())].to_ascii_lowercase()
}

fn is_private(host: &str) -> bool {
    !PUBLIC.contains(&host) && host.contains('.') && host.split(['.', '-']).any(|part| NETWORK.contains(&part))
}

#[test]
fn nothing_names_one_machine_or_its_network() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Tree::of(&[("deploy/x.yml", text)])).len()
    }

    #[test]
    fn a_folder_of_one_machine_is_found() {
        assert_eq!(found("path: /home/somebody/muster"), 1);
        assert_eq!(found("path: ${BASE}/home/pages/ and ./work/x"), 0);
    }

    #[test]
    fn a_host_of_one_network_is_found() {
        assert_eq!(found("index-url = https://mirror.example.org/simple"), 1);
        assert_eq!(found("http://packages.example.internal:8081/"), 1);
        assert_eq!(found("https://registry.npmjs.org/htmx.org http://127.0.0.1:8080/"), 0);
    }
}
