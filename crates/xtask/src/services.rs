//! What the tests need beside themselves: started where it can be, named where it cannot.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kafka::{self, Kafka};
use crate::postgres::{self, Postgres};
use crate::schemathesis;
use crate::screen::step;
use crate::tools;

/// One thing that tests need: with what it is here, or why it is not.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) name: &'static str,
    pub(crate) found: Result<String, String>,
}

/// Everything the tests may need, for as long as this value lives.
#[derive(Debug, Default)]
pub(crate) struct Services {
    pub(crate) needs: Vec<Need>,
    environment: Vec<(&'static str, OsString)>,
    /// Held for their end.
    _postgres: Option<Postgres>,
    _kafka: Option<Kafka>,
}

impl Services {
    /// Starts and finds what this machine has. A durable database waits for its disk, which tests need not.
    pub(crate) fn start(root: &Path, durable: bool) -> Self {
        let mut services = Self::default();
        step("PostgreSQL and Kafka for the tests");
        services.start_postgres(durable);
        services.start_kafka(root);
        services.find_browser();
        services.find_promtool();
        services.find_schemathesis(root);
        services
    }

    /// Starts nothing, and says so of everything.
    pub(crate) fn none() -> Self {
        let left_out = |name| Need { name, found: Err("--quick was given".to_owned()) };
        let needs = ["PostgreSQL", "Apache Kafka", "Chromium", "promtool", "schemathesis"].map(left_out).into();
        Self { needs, ..Self::default() }
    }

    /// Tells a command where the services are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
    }

    fn start_postgres(&mut self, durable: bool) {
        let started = postgres::start(durable);
        self.note("PostgreSQL", started.as_ref().map(|postgres| postgres.version.clone()));
        let Ok(postgres) = started else { return };
        self.environment.push(("MUSTER_TEST_POSTGRES", postgres.url.clone().into()));
        // the harness makes and drops databases with psql, which lies beside the server
        if let Ok(path) = with_folder_on_path(&postgres.programs) {
            self.environment.push(("PATH", path));
        }
        self._postgres = Some(postgres);
    }

    fn start_kafka(&mut self, root: &Path) {
        let started = kafka::start(root);
        self.note("Apache Kafka", started.as_ref().map(|kafka| kafka.bootstrap.clone()));
        let Ok(kafka) = started else { return };
        self.environment.push(("MUSTER_TEST_KAFKA", kafka.bootstrap.clone().into()));
        self._kafka = Some(kafka);
    }

    fn find_browser(&mut self) {
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
        let found = match tools::find(&names).or_else(|| mac.is_file().then_some(mac)) {
            None => Err("no browser: apt-get install -y chromium".to_owned()),
            Some(_) if !tools::chinese_fonts() => Err("no Chinese font: apt-get install -y fonts-noto-cjk".to_owned()),
            Some(path) => Ok(path),
        };
        self.note("Chromium", found.as_ref().map(|path| tools::version(path)));
        self.environment.extend(found.map(|path| ("MUSTER_TEST_CHROMIUM", path.into_os_string())));
    }

    fn find_promtool(&mut self) {
        let found = tools::find(&["promtool"]).ok_or("not installed: apt-get install -y prometheus".to_owned());
        self.note("promtool", found.as_ref().map(|path| tools::version(path)));
        self.environment.extend(found.map(|path| ("MUSTER_TEST_PROMTOOL", path.into_os_string())));
    }

    fn find_schemathesis(&mut self, root: &Path) {
        let found = schemathesis::find(root);
        self.note("schemathesis", found.as_ref().map(|path| tools::version(path)));
        self.environment.extend(found.map(|path| ("MUSTER_TEST_SCHEMATHESIS", path.into_os_string())));
    }

    fn note(&mut self, name: &'static str, found: Result<String, &String>) {
        self.needs.push(Need { name, found: found.map_err(Clone::clone) });
    }
}

fn with_folder_on_path(folder: &Path) -> Result<OsString, std::env::JoinPathsError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path)))
}
