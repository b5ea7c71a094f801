//! The city of `deploy/compose` without its containers: the same processes, settings and secrets, on three brokers.

use std::path::Path;
use std::process::Command;

use muster_tests::{Brokers, Database, Server, database, eventually, root};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::api::{Answer, Api, PATIENCE, send};
use crate::deploy::variables;
use crate::stage::program;

const COMPOSE: &str = "deploy/compose/compose.yaml";

/// What stands around the processes, where compose has a network and volumes.
struct City {
    brokers: Brokers,
    database: Database,
    /// Secrets, and a data folder for each process.
    folder: TempDir,
}

impl City {
    /// `None` means skipped.
    fn prepare() -> Option<Self> {
        let (brokers, database) = (Brokers::start(3, None)?, database()?);
        let city = Self { brokers, database, folder: tempfile::tempdir().unwrap() };
        let script = root().join("deploy/compose/prepare.sh");
        assert!(Command::new("sh").arg(script).arg(city.secrets()).output().unwrap().status.success());
        // Compose mounts each secret under its own name, which this one alone does not have as a file.
        std::fs::rename(city.secrets().join("tokens.toml"), city.secrets().join("tokens")).unwrap();
        std::fs::write(city.secrets().join("store_url"), city.database.url()).unwrap();
        Some(city)
    }

    fn secrets(&self) -> std::path::PathBuf {
        self.folder.path().join("secrets")
    }

    fn token(&self, name: &str) -> String {
        std::fs::read_to_string(self.secrets().join(name)).unwrap()
    }

    /// The service that stands so many-th in the file, with everything that the file gives it.
    fn service(&self, turn: usize) -> Server {
        let mut command = program(&["serve"]);
        for (name, values) in variables(COMPOSE) {
            command.env(name, self.here(&values[turn.min(values.len() - 1)]));
        }
        command.env("MUSTER_DATA_DIR", self.folder.path().join(format!("data-{turn}")));
        Server::start(&mut command)
    }

    /// A value of the file with what is elsewhere here.
    fn here(&self, value: &str) -> String {
        let path = |path: &Path| path.display().to_string();
        value
            .replace("kafka-1:9092,kafka-2:9092,kafka-3:9092", self.brokers.bootstrap())
            .replace("/run/secrets", &path(&self.secrets()))
            .replace("/etc/muster/rules", &path(&root().join("deploy/rules")))
            .replace("0.0.0.0:8080", "127.0.0.1:0")
    }
}

async fn ask(api: &Api, path: &str, token: &str) -> Answer {
    send(api.request(Method::GET, path).bearer_auth(token)).await.unwrap()
}

#[tokio::test]
async fn the_city_of_compose_takes_a_report_to_a_unit_without_its_containers() {
    let Some(city) = City::prepare() else { return };
    let (front, back) = (city.service(0), city.service(1));
    for server in [&front, &back] {
        // What the health check of both services asks.
        let api = Api::new(server.url());
        let well = async || Some(api.get("/readyz").await).filter(|ready| ready.status == 200);
        eventually("a service to be healthy", PATIENCE, well).await;
        let seen_by_prometheus = ask(&api, "/metrics", &city.token("metrics_token")).await;
        assert!(seen_by_prometheus.text().contains("muster_ready{"), "{}", seen_by_prometheus.text());
    }
    // The catalogue, as the page beside the file says.
    let token = city.secrets().join("operator_token").display().to_string();
    for kind in ["grid", "units", "places", "devices"] {
        let file = root().join(format!("deploy/street/{kind}.csv")).display().to_string();
        let mut import = program(&["import", kind, &file, "--url", front.url(), "--token-file", &token]);
        let output = import.output().unwrap();
        assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let (api, operator) = (Api::new(front.url()), city.token("operator_token"));
    let report = json!({
        "source": "hotline", "id": "1", "kind": "street.vending", "text": "占道经营", "place": "cr-guomao",
    });
    let report = api.request(Method::POST, "/api/v1/reports").json(&report);
    let answer = send(report.bearer_auth(city.token("gateway_token"))).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let asked = eventually("a unit to be asked", PATIENCE, async || {
        let case = ask(&api, "/api/v1/cases", &operator).await.json()["items"][0].clone();
        (case["seats"][0]["state"] == "asked").then_some(case)
    });
    assert_eq!(asked.await["kind"], "street.vending");
    let topics = city.brokers.tool(&["topics", "--bootstrap-server", "$BOOTSTRAP", "--describe"]);
    let ours: Vec<&str> =
        topics.lines().filter(|line| line.contains("ReplicationFactor") && line.contains("muster.")).collect();
    assert!(ours.len() > 3 && ours.iter().all(|line| line.contains("ReplicationFactor: 3")), "{topics}");
}
