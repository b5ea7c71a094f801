//! What lies in `deploy/`, held to the programs that will read it: alerts, dashboards, the system unit, compose files.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::{Value, json};

use crate::screen::{say, step};
use crate::services::Need;
use crate::tools;

/// The most exposure that `systemd-analyze security` may find, in tenths of its scale from 0 to 10.
const EXPOSURE: &str = "--threshold=20";

/// What came of the checks.
#[derive(Debug)]
pub(crate) struct Findings {
    /// Whether everything that ran was well.
    pub(crate) ok: bool,
    /// What each check ran with, or why it did not run.
    pub(crate) needs: Vec<Need>,
}

/// One check: what it is called, the program that it takes, and what it asks of it.
type Check = (&'static str, fn() -> Result<Vec<String>, String>, fn(&Path, &[String]) -> Result<(), String>);

const CHECKS: [Check; 4] = [
    ("deploy: alerts", promtool, alerts),
    ("deploy: dashboards", promtool, dashboards),
    ("deploy: systemd", systemd_analyze, unit),
    ("deploy: compose", compose, containers),
];

/// The chore: everything that can be checked here, failing when something is not well.
pub(crate) fn chore(root: &Path, strict: bool) -> ExitCode {
    let findings = check(root);
    for need in &findings.needs {
        match &need.found {
            Ok(with) => say(&format!("{:<20} {with}", need.name)),
            Err(why) => say(&format!("{:<20} LEFT OUT: {why}", need.name)),
        }
    }
    let complete = findings.needs.iter().all(|need| need.found.is_ok());
    if findings.ok && (complete || !strict) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every check whose program is there.
pub(crate) fn check(root: &Path) -> Findings {
    step("deploy");
    let mut findings = Findings { ok: true, needs: Vec::new() };
    for (name, find, run) in CHECKS {
        let program = find();
        if let Ok(program) = &program
            && let Err(complaint) = run(&root.join("deploy"), program)
        {
            say(&format!("{name}: {complaint}"));
            findings.ok = false;
        }
        findings.needs.push(Need { name, found: program.map(|program| program.join(" ")) });
    }
    findings
}

/// Rules that can be read, and that fire and keep silent as their cases say.
fn alerts(deploy: &Path, program: &[String]) -> Result<(), String> {
    let folder = deploy.join("prometheus");
    run(program, &["check", "rules", "--lint=all", "--lint-fatal", "muster.rules.yml"], &folder)?;
    run(program, &["test", "rules", "muster.rules.test.yml"], &folder)?;
    run(program, &["check", "config", "--syntax-only", "prometheus.yml"], &folder).map(drop)
}

/// Dashboards that ask what Prometheus understands: each expression as a rule of a file of their own.
fn dashboards(deploy: &Path, program: &[String]) -> Result<(), String> {
    let folder = Folder::make()?;
    let boards = deploy.join("grafana/dashboards");
    let files = std::fs::read_dir(&boards).map_err(|error| format!("{}: {error}", boards.display()))?;
    for path in files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| broken(&error))?;
        let mut asked = Vec::new();
        expressions(&serde_json::from_str(&text).map_err(|error| broken(&error))?, &mut asked);
        let rule = |(n, expression)| json!({ "record": format!("dashboard:{n}"), "expr": expression });
        let rules: Vec<Value> = asked.into_iter().enumerate().map(rule).collect();
        if rules.is_empty() {
            return Err(broken(&"asks for nothing"));
        }
        // every JSON is YAML
        let file = json!({ "groups": [{ "name": path.display().to_string(), "rules": rules }] });
        std::fs::write(folder.0.join("dashboard.yml"), file.to_string()).map_err(|error| broken(&error))?;
        run(program, &["check", "rules", "dashboard.yml"], &folder.0)?;
    }
    Ok(())
}

/// The expressions of a dashboard, with lengths of time where Grafana puts them.
fn expressions(value: &Value, asked: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let own = members.get("expr").and_then(Value::as_str);
            asked.extend(own.map(|text| {
                ["$__rate_interval", "$__range"].iter().fold(text.to_owned(), |text, name| text.replace(name, "5m"))
            }));
            members.values().for_each(|member| expressions(member, asked));
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, asked)),
        _ => {}
    }
}

/// A unit that is understood, with its drop-in, and that exposes little.
fn unit(deploy: &Path, program: &[String]) -> Result<(), String> {
    let source = deploy.join("systemd");
    let folder = Folder::make()?;
    let broken = |error: std::io::Error| format!("{}: {error}", folder.0.display());
    let text = std::fs::read_to_string(source.join("muster.service")).map_err(broken)?;
    // verify asks that the program be installed, which it need not be here
    let text: Vec<_> =
        text.lines().map(|line| if line.starts_with("ExecStart=") { "ExecStart=/bin/true" } else { line }).collect();
    std::fs::create_dir_all(folder.0.join("muster.service.d")).map_err(broken)?;
    std::fs::write(folder.0.join("muster.service"), text.join("\n") + "\n").map_err(broken)?;
    std::fs::copy(source.join("city.conf"), folder.0.join("muster.service.d/city.conf")).map_err(broken)?;
    let said = run(program, &["verify", "--man=no", "./muster.service"], &folder.0)?;
    // it warns of what it does not understand, ends well, and looks at units of the machine besides
    if let Some(line) = said.lines().find(|line| line.contains("muster.service") || line.contains("city.conf")) {
        return Err(line.to_owned());
    }
    run(program, &["security", "--no-pager", "--offline=true", EXPOSURE, "./muster.service"], &folder.0)?;
    let users = source.join("muster.sysusers.conf");
    match tools::find(&["systemd-sysusers"]) {
        Some(sysusers) => {
            run(&[sysusers.display().to_string()], &["--dry-run", &users.display().to_string()], &source).map(drop)
        }
        None => Err("systemd-sysusers is not beside systemd-analyze".to_owned()),
    }
}

/// Compose files that compose understands.
fn containers(deploy: &Path, program: &[String]) -> Result<(), String> {
    let folder = deploy.join("compose");
    run(program, &["--file", "compose.yaml", "config", "--quiet"], &folder)?;
    run(program, &["--file", "develop.yaml", "config", "--quiet"], &folder).map(drop)
}

fn promtool() -> Result<Vec<String>, String> {
    found("promtool", "prometheus")
}

fn systemd_analyze() -> Result<Vec<String>, String> {
    found("systemd-analyze", "systemd")
}

/// The program of its own, or the plugin of `docker`; neither needs a Docker that runs.
fn compose() -> Result<Vec<String>, String> {
    found("docker-compose", "docker-compose").or_else(|missing| {
        let plugin = tools::run(Command::new("docker").args(["compose", "version"]));
        plugin.map(|_| vec!["docker".to_owned(), "compose".to_owned()]).map_err(|_| missing)
    })
}

fn found(program: &str, package: &str) -> Result<Vec<String>, String> {
    let path = tools::find(&[program]).ok_or(format!("{program} is not installed: apt-get install -y {package}"))?;
    Ok(vec![path.display().to_string()])
}

/// Runs a program to its end; what it printed is its complaint when it ends badly, else the answer.
fn run(program: &[String], arguments: &[&str], folder: &Path) -> Result<String, String> {
    let Some((first, rest)) = program.split_first() else { return Err("no program".to_owned()) };
    let mut command = Command::new(first);
    let output = command.args(rest).args(arguments).current_dir(folder).stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|error| format!("{first}: {error}"))?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() {
        return Ok(said);
    }
    Err(format!("{first} {}: {}\n{}", arguments.join(" "), output.status, said.trim_end()))
}

/// A folder that goes with this value.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, String> {
        let made = tools::run(Command::new("mktemp").arg("-d"))?;
        Ok(Self(PathBuf::from(made.trim())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
