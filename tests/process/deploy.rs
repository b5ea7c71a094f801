//! The program under the settings and credentials that `deploy/` gives it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use muster_tests::{Server, root};

use crate::stage::{Stage, program};

/// The values of each variable of ours that a file sets: a compose file, a unit, an environment file with examples.
pub(crate) fn variables(path: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('#').trim_start_matches("Environment=");
        let Some(end) = line.find([':', '=']).filter(|_| line.starts_with("MUSTER_")) else { continue };
        let value = line[end + 1..].trim().trim_matches('"').to_owned();
        found.entry(line[..end].to_owned()).or_default().push(value);
    }
    assert!(found.len() > 1, "{path} is not read");
    found
}

/// Where a deployed process has its secrets; here they are a folder of the test's.
fn here(value: &str, secrets: &Path) -> String {
    let secrets = secrets.display().to_string();
    value.replace("/run/secrets", &secrets).replace("%d", &secrets).replace("%S", "/var/lib")
}

#[test]
fn every_deployed_setting_is_taken() {
    let secrets = tempfile::tempdir().unwrap();
    let url = "postgres://muster:MARK@postgres/muster\n";
    for name in ["store_url", "store-url"] {
        std::fs::write(secrets.path().join(name), url).unwrap();
    }
    let mut city = variables("deploy/systemd/city.conf");
    city.extend(variables("deploy/systemd/muster.env"));
    for (name, set) in [
        ("compose", variables("deploy/compose/compose.yaml")),
        ("unit", variables("deploy/systemd/muster.service")),
        ("unit with drop-in", city),
    ] {
        let most = set.values().map(Vec::len).max().unwrap_or(0);
        for turn in 0..most {
            let chosen =
                set.iter().map(|(name, values)| (name, here(&values[turn.min(values.len() - 1)], secrets.path())));
            let chosen: Vec<_> = chosen.collect();
            let mut command = program(&["serve", "--print-config"]);
            let output = command.envs(chosen.iter().map(|(name, value)| (name, value))).output().unwrap();
            let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{name}: {chosen:?}: {said}");
            assert!(!printed.contains("MARK"), "{name}: a secret is shown: {printed}");
            for (variable, value) in chosen.iter().filter(|(variable, _)| !variable.ends_with("__URL_FILE")) {
                let parts = value.split(',').map(str::trim);
                // a list is printed an item a time, everything else as it is
                let mut parts =
                    if variable.as_str() == "MUSTER_ROLES" { parts.collect() } else { vec![value.as_str()] };
                parts.retain(|part| !printed.contains(part));
                assert!(parts.is_empty(), "{name}: {variable}: {parts:?} is not in {printed}");
            }
        }
    }
}

#[tokio::test]
async fn the_tokens_of_compose_let_in_whom_they_name() {
    let secrets = tempfile::tempdir().unwrap();
    let prepare = || {
        let script = root().join("deploy/compose/prepare.sh");
        assert!(Command::new("sh").arg(script).arg(secrets.path()).output().unwrap().status.success());
        let read = |name: &str| std::fs::read_to_string(secrets.path().join(name)).unwrap();
        ["postgres_password", "store_url", "tokens.toml", "metrics_token", "gateway_token", "operator_token"].map(read)
    };
    let made = prepare();
    assert_eq!(made, prepare(), "what is there stays");
    let [password, url, _, metrics, gateway, operator] = made;
    assert_eq!(url, format!("postgres://muster:{password}@postgres/muster\n"));
    let stage = Stage::embedded();
    let mut command = stage.command(&["serve"]);
    let server = Server::start(command.env("MUSTER_AUTH__TOKENS_FILE", secrets.path().join("tokens.toml")));
    let http = reqwest::Client::new();
    let asked = [
        ("/readyz", None, 200),
        ("/metrics", None, 401),
        ("/metrics", Some(&metrics), 200),
        ("/metrics", Some(&gateway), 403),
        ("/api/v1/cases", Some(&operator), 200),
        ("/api/v1/cases", Some(&password), 401),
    ];
    for (path, token, status) in asked {
        let request = http.get(format!("{}{path}", server.url()));
        let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
    let event = serde_json::json!({
        "specversion": "1.0", "type": "muster.observation.v1", "source": "/gateways/any", "id": "1",
        "time": "2026-11-24T08:00:00+08:00", "data": {"device": "cam", "kind": "persons", "values": {"persons": 1}},
    });
    for (token, status) in [(&gateway, 422), (&metrics, 403)] {
        let request = http.post(format!("{}/api/v1/observations", server.url())).bearer_auth(token);
        let request = request.header("content-type", "application/cloudevents+json").body(event.to_string());
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    let metrics = http.get(format!("{}/metrics", server.url())).bearer_auth(&metrics).send().await.unwrap();
    assert!(metrics.text().await.unwrap().contains("source=\"gateway\""));
}
