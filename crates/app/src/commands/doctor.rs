//! `muster doctor`: what is wrong, the cause, and the next command.

use std::fmt::Write as _;
use std::process::ExitCode;

use bytes::Bytes;
use http::{Method, StatusCode};
use muster_pipeline::clock::Clock;
use muster_pipeline::doctor::{Code, Finding, plain, told};
use muster_wire::system::{self, Findings, Said, WatchState};

use super::server::Remote;
use crate::exit::Failure;
use crate::serve::intake::foreign;
use crate::serve::setup;
use crate::settings::{Settings, SettingsError};

/// Say what is wrong with log, database, settings, rule book, catalogue and running work: the cause, and what comes next.
///
/// Nothing is changed. Where a server holds the data folder it is asked; log and database are looked at from here
/// otherwise. Exit codes: 0 nothing is wrong, 1 something is, 2 the settings cannot be used, 3 broker, database or server
/// do not answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// One finding a line, as a JSON object; the last line is an object that holds the states of the watch: {"states":[…]}.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Doctor {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let settings = match self.remote.load() {
            Ok(settings) => settings,
            Err(error) => return Ok(self.unsettled(mistaken(&error))),
        };
        let foreign = match foreign(&settings.intake.topics) {
            Ok(foreign) => foreign,
            Err(failure) => {
                return Ok(self.unsettled(Finding::new(Code::SettingsRefused).with(plain(failure.words()))));
            }
        };
        let held = settings.log.url == "embedded" && muster_log::FolderLock::is_held(&settings.data_dir);
        let mut unanswered = None;
        if held || self.remote.url.is_some() {
            match self.ask(&settings).await {
                Ok(found) => return Ok(self.told(&found)),
                Err(failure) if held => unanswered = Some(failure),
                Err(failure) if failure.is_absent() => {
                    let silent = Finding::new(Code::ServerSilent).with(plain(failure.words()));
                    return Ok(self.told(&alone(silent)));
                }
                Err(failure) => return Err(failure),
            }
        }
        let doctor = setup::doctor(&settings, &foreign);
        let mut found = told(&doctor.examine(&Clock::real(), held).await);
        if let Some((failure, locked)) =
            unanswered.zip(found.findings.iter_mut().find(|finding| finding.code == Code::DataFolderLocked.name()))
        {
            locked.details.push(Said::from(plain(failure.words())));
        }
        Ok(self.told(&found))
    }

    /// What a running server finds.
    async fn ask(&self, settings: &Settings) -> Result<Findings, Failure> {
        let server = self.remote.running(settings)?;
        let answer = server.ask(Method::GET, "/api/v1/doctor", "application/json", Bytes::new()).await?;
        let found = serde_json::from_slice::<Findings>(&answer.body).ok().filter(|_| answer.status == StatusCode::OK);
        found.ok_or_else(|| Failure::refused(answer.words()))
    }

    /// The settings are none to look with.
    fn unsettled(&self, finding: Finding) -> ExitCode {
        self.told(&alone(finding));
        ExitCode::from(2)
    }

    /// Tells findings and gives the exit code that they come to.
    fn told(&self, found: &Findings) -> ExitCode {
        let findings = &found.findings;
        if self.json {
            for finding in findings {
                crate::say(&format!("{}\n", serde_json::json!(finding)));
            }
            crate::say(&format!("{}\n", serde_json::json!({ "states": found.states })));
        } else {
            crate::say(&in_words(findings));
        }
        for WatchState { partition, offset, hash } in &found.states {
            eprintln!("muster: partition {partition} at offset {offset}: state {hash}");
        }
        let count = |severity: &str| findings.iter().filter(|finding| finding.severity == severity).count();
        let (problems, warnings, notes) = (count("problem"), count("warning"), count("note"));
        eprintln!("muster: {problems} problems, {warnings} warnings, {notes} notes");
        let outside = [Code::BrokerUnreachable, Code::StoreUnreachable, Code::ServerSilent].map(Code::name);
        if findings.iter().any(|finding| outside.contains(&finding.code.as_str())) {
            ExitCode::from(3)
        } else if problems + warnings > 0 {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// One finding and nothing else, where nothing else could be looked at.
fn alone(finding: Finding) -> Findings {
    Findings { findings: vec![finding.told()], states: vec![] }
}

/// What is wrong with settings that cannot be loaded.
fn mistaken(error: &SettingsError) -> Finding {
    let (code, mistakes) = match error {
        SettingsError::Unknown(unknown) => (Code::UnknownSetting, unknown.as_slice()),
        SettingsError::NoPair(_) => (Code::PairMismatch, std::slice::from_ref(error)),
        _ => (Code::SettingsRefused, std::slice::from_ref(error)),
    };
    mistakes.iter().fold(Finding::new(code), |finding, error| finding.with(plain(muster_pipeline::chain(error))))
}

/// Findings for people, area by area.
fn in_words(findings: &[system::Finding]) -> String {
    if findings.is_empty() {
        return "nothing is wrong\n".to_owned();
    }
    let (mut words, mut area) = (String::new(), "");
    for finding in findings {
        if finding.area != area {
            area = &finding.area;
            let _ = writeln!(words, "{area}");
        }
        let severity = if finding.severity == "problem" { "PROBLEM" } else { &finding.severity };
        let _ = writeln!(words, "  {severity} {}: {}", finding.code, finding.cause.en);
        for detail in &finding.details {
            let _ = writeln!(words, "      {}", detail.en);
        }
        if finding.more > 0 {
            let _ = writeln!(words, "      and {} more", finding.more);
        }
        let _ = writeln!(words, "    next: {}", finding.next.en);
        for command in &finding.run {
            let _ = writeln!(words, "    $ {command}");
        }
    }
    words
}
