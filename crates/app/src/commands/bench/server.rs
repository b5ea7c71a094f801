//! This program as a server that is measured from outside, in a process of its own.

use std::process::Stdio;

use muster_street::load::Load;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::scene::{self, Scene};
use crate::exit::Failure;

/// This program as a server, in a process of its own.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
    /// From the start of the process to its address, in milliseconds.
    pub(super) start_ms: f64,
}

impl Server {
    pub(super) async fn start(scene: &Scene) -> Result<Self, Failure> {
        let outside = |error: std::io::Error| Failure::outside("cannot start the server to be measured", &error);
        let rules = scene.folder().join("rules");
        std::fs::create_dir_all(&rules).map_err(outside)?;
        for (name, text) in scene::rules(true) {
            let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
            std::fs::write(rules.join(name), text).map_err(outside)?;
        }
        let settings = &scene.settings;
        let program = std::env::current_exe().map_err(outside)?;
        let begun = std::time::Instant::now();
        let mut child = Command::new(program)
            .arg("serve")
            .env("MUSTER_DATA_DIR", scene.folder())
            .env("MUSTER_HTTP__LISTEN", "127.0.0.1:0")
            .env("MUSTER_RULES__DIR", &rules)
            .env("MUSTER_LOG__URL", &settings.log.url)
            .env("MUSTER_LOG__TOPIC_PREFIX", &settings.log.topic_prefix)
            .env("MUSTER_LOG__PARTITIONS", settings.log.partitions.to_string())
            .env("MUSTER_STORE__URL", &settings.store.url)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(outside)?;
        let out = child.stdout.take().ok_or_else(|| Failure::absent("the server to be measured says nothing"))?;
        let mut lines = BufReader::new(out).lines();
        while let Some(line) = lines.next_line().await.map_err(outside)? {
            if let Some(at) = line.find("http://") {
                let url = line[at..].trim().trim_end_matches('/').to_owned();
                let start_ms = begun.elapsed().as_secs_f64() * 1000.0;
                return Ok(Self { child, url, start_ms });
            }
        }
        Err(Failure::absent("the server to be measured ended at once"))
    }

    pub(super) async fn adopt(&self, load: &Load) -> Result<(), Failure> {
        let catalogue = load.catalogue();
        for (kind, text) in scene::files(&catalogue) {
            let request = reqwest::Client::new()
                .post(format!("{}/api/v1/catalogue/{}", self.url, kind.name()))
                .header("content-type", "text/csv")
                .body(text.to_owned());
            let answer = request.send().await.map_err(|error| Failure::outside("the catalogue", &error))?;
            if !answer.status().is_success() {
                let words = answer.text().await.unwrap_or_default();
                return Err(Failure::refused(format!("the catalogue of the load is refused: {words}")));
            }
        }
        Ok(())
    }

    /// What it holds in memory, in MiB.
    pub(super) fn resident_mib(&self) -> f64 {
        resident_mib(self.id())
    }

    /// Its number among the processes of the machine.
    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Asks it to end, and waits: the time that it took counts once it has been waited for.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        let id = self.child.id().map(|id| id.to_string()).unwrap_or_default();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        asked.map_err(|error| Failure::outside("cannot end the server that was measured", &error))?;
        let ended = self.child.wait().await;
        ended.map(|_| ()).map_err(|error| Failure::outside("the server that was measured", &error))
    }
}

/// What a process holds in memory, in MiB.
pub(super) fn resident_mib(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
