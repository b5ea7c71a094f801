//! A real Apache Kafka for the tests, by the launcher under `tests/kafka`.

use std::path::Path;
use std::process::Command;

use crate::keeper::Keeper;
use crate::tools;

/// A running broker, ended when dropped.
#[derive(Debug)]
pub(crate) struct Kafka {
    /// What a client connects to first: `host:port`, several with commas.
    pub(crate) bootstrap: String,
    /// Held for its end: it takes the broker down and removes its data.
    _keeper: Keeper,
}

/// Brings one broker up and waits until it answers; the first time its jars are fetched by Maven.
pub(crate) fn start(root: &Path) -> Result<Kafka, String> {
    for (program, package) in [("java", "default-jre-headless"), ("mvn", "maven")] {
        tools::find(&[program]).ok_or(format!("{program} is not installed: apt-get install -y {package}"))?;
    }
    let launcher = root.join("tests/kafka/kafka");
    if !launcher.is_file() {
        return Err(format!("{} is not there", launcher.display()));
    }
    let folder = root.join(format!("target/kafka/run-{}", std::process::id()));
    let keeper = Keeper::new("MUSTER_KAFKA_DIR=\"$2\" \"$1\" down --wipe\nrm -rf \"$2\"", &[&launcher, &folder])
        .map_err(|error| format!("sh: {error}"))?;
    let printed =
        tools::run(Command::new(&launcher).args(["up", "1"]).env("MUSTER_KAFKA_DIR", &folder).current_dir(root))?;
    let bootstrap = printed.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
    if !bootstrap.contains(':') {
        return Err(format!("the launcher printed no bootstrap servers but {printed:?}"));
    }
    Ok(Kafka { bootstrap, _keeper: keeper })
}
