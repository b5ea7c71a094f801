//! Every route that programs may use is described, and nothing is described that no router has.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// The description, made of the table of routes in the wire crate.
const DESCRIPTION: &str = "schemas/openapi.json";

/// Addresses for programs; pages, fragments, field links and assets are for browsers.
const FOR_PROGRAMS: [&str; 6] = ["/api/", "/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json"];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn check(tree: &Tree) -> Vec<String> {
    let described = described(tree.text(DESCRIPTION).unwrap_or_default());
    let served: BTreeSet<String> = tree
        .product()
        .filter(|(path, _)| path.starts_with("crates/console/") || path.starts_with("crates/sources/"))
        .flat_map(|(_, tokens)| routes(&tokens))
        .collect();
    let missing = served.difference(&described).map(|route| format!("{route} is not in {DESCRIPTION}"));
    let gone = described.difference(&served).map(|route| format!("{DESCRIPTION}: no router has {route}"));
    missing.chain(gone).collect()
}

fn described(document: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods =
        paths.flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |one| (path, one.0)));
    methods.map(|(path, method)| format!("{method} {path}")).collect()
}

/// What `.route("path", get(…).post(…))` says, method by method.
fn routes(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, three) in tokens.windows(3).enumerate() {
        let (Some("route"), true, Some(path)) = (three[0].word(), three[1].is('('), three[2].literal()) else {
            continue;
        };
        if !FOR_PROGRAMS.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        let mut depth = 1;
        for pair in tokens[at + 2..].windows(2) {
            depth += i32::from(pair[0].is('(')) - i32::from(pair[0].is(')'));
            if depth == 0 {
                break;
            }
            let method = pair[0].word().filter(|word| depth == 1 && pair[1].is('(') && METHODS.contains(word));
            found.extend(method.map(|method| format!("{method} {path}")));
        }
    }
    found
}

#[test]
fn every_route_is_described_and_every_description_is_routed() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str, paths: &str) -> Vec<String> {
        let document = format!("{{\"paths\":{{{paths}}}}}");
        check(&Tree::of(&[("crates/console/src/http.rs", source), (DESCRIPTION, &document)]))
    }

    #[test]
    fn a_route_that_is_not_described_is_found() {
        let source = "fn f() { r.route(\"/api/v1/x\", get(one).post(two)).route(\"/page\", get(three)) }";
        assert_eq!(found(source, "\"/api/v1/x\":{\"get\":{}}"), ["post /api/v1/x is not in schemas/openapi.json"]);
    }

    #[test]
    fn a_description_that_no_router_has_is_found() {
        let source = "fn f() { r.route(\"/livez\", get(one)) }";
        let paths = "\"/livez\":{\"get\":{}},\"/gone\":{\"get\":{}}";
        assert_eq!(found(source, paths), ["schemas/openapi.json: no router has get /gone"]);
    }
}
