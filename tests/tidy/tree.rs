//! Every text file of the repository, by its path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::rust::{self, Token};

/// Folders that hold what tools made or fetched.
const NOT_OURS: [&str; 4] = [".git", "target", "node_modules", "__pycache__"];

/// The files of the repository, by path from its top with `/` between.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads everything below a folder; `/data` is where a running Muster keeps what it knows.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.walk(root, "");
        tree
    }

    /// A tree made up for a test.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<_, _> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let mut tree = Self { paths: texts.keys().cloned().collect(), texts };
        for path in tree.texts.keys() {
            let folders = path.match_indices('/').map(|(end, _)| path[..end].to_owned());
            tree.paths.extend(folders);
        }
        tree
    }

    fn walk(&mut self, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if NOT_OURS.contains(&name.as_str()) || path == "data" {
                continue;
            }
            if is_folder {
                self.walk(&entry.path(), &format!("{path}/"));
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                self.texts.insert(path.clone(), text);
            }
            self.paths.insert(path);
        }
    }

    /// Every text file.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every text file with one of these endings.
    pub(crate) fn ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(|(path, _)| endings.iter().any(|ending| path.ends_with(ending)))
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether a file or folder is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains(path.trim_end_matches('/'))
    }

    /// Whether some file or folder has a path that ends so.
    pub(crate) fn has_ending(&self, ending: &str) -> bool {
        let ending = format!("/{}", ending.trim_end_matches('/'));
        self.paths.iter().any(|path| path.ends_with(&ending))
    }

    /// Rust files with their tokens.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, Vec<Token>)> {
        self.ending(&[".rs"]).map(|(path, text)| (path, rust::tokens(text)))
    }

    /// Rust files without what is only compiled for tests.
    pub(crate) fn product(&self) -> impl Iterator<Item = (&str, Vec<Token>)> {
        let test_files = self.test_files();
        self.rust()
            .filter(move |(path, _)| !is_test(path) && !test_files.iter().any(|test| path.starts_with(test)))
            .map(|(path, tokens)| (path, rust::split(tokens).0))
    }

    /// Rust that is only compiled for tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (&str, Vec<Token>)> {
        let test_files = self.test_files();
        self.rust().map(move |(path, tokens)| {
            let whole = is_test(path) || test_files.iter().any(|test| path.starts_with(test));
            (path, if whole { tokens } else { rust::split(tokens).1 })
        })
    }

    /// Beginnings of the paths of modules that are declared under `#[cfg(test)]` and live in files of their own.
    fn test_files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for (path, tokens) in self.rust() {
            let folder = match path.rsplit_once('/') {
                Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder.to_owned(),
                _ => path.trim_end_matches(".rs").to_owned(),
            };
            for module in rust::declared_modules(&rust::split(tokens).1) {
                files.push(format!("{folder}/{module}.rs"));
                files.push(format!("{folder}/{module}/"));
            }
        }
        files
    }
}

/// Whether the whole file belongs to the tests by where it lies.
pub(crate) fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.contains("/benches/")
}

/// The name of the crate a path lies in, as in `crates/NAME/…`.
pub(crate) fn crate_of(path: &str) -> &str {
    path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_code_is_told_from_the_product() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "fn life() {}\n#[cfg(test)]\nmod far;\n#[cfg(test)]\nmod near { fn inside() {} }"),
            ("crates/a/src/far.rs", "fn outside() {}"),
            ("crates/a/tests/whole.rs", "fn whole() {}"),
        ]);
        let words =
            |tokens: Vec<Token>| tokens.iter().filter_map(|token| token.word().map(str::to_owned)).collect::<Vec<_>>();
        let product: Vec<_> = tree.product().map(|(path, tokens)| (path, words(tokens))).collect();
        assert_eq!(product, [("crates/a/src/lib.rs", vec!["fn".to_owned(), "life".to_owned()])]);
        let tests: Vec<String> = tree.tests().flat_map(|(_, tokens)| words(tokens)).collect();
        assert!(["outside", "inside", "whole"].iter().all(|name| tests.contains(&(*name).to_owned())), "{tests:?}");
    }

    #[test]
    fn folders_are_there_because_files_are() {
        let tree = Tree::of(&[("deploy/rules/lane.toml", "")]);
        assert!(tree.has("deploy/rules/") && tree.has("deploy") && !tree.has("deploy/lane.toml"));
        assert!(tree.has_ending("rules/lane.toml") && !tree.has_ending("ane.toml"));
    }
}
