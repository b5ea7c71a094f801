//! `muster rules`: a rule book checked, and its examples run, without a server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use muster_rules::examples;
use muster_rules::rulebook::{RuleBook, RuleError};

use crate::exit::Failure;
use crate::serve::parts;

/// Check a rule book, or run its examples.
#[derive(Debug, clap::Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every error with file:line:column and a hint; exit code 1 if there is one.
    Check {
        /// The folder of the rule book, or its files; together they are one book.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Each example a line; exit code 1 if one does not come true.
    Test {
        /// The folder of the rule book, or its files; together they are one book.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

impl Rules {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Check { files, json } => {
                let files = parts::rules_of(&files)?;
                let book = RuleBook::check(&files).map_err(|errors| refused(&errors, json))?;
                let words = format!("{} rules, every example comes true", book.rules.len());
                let line =
                    if json { serde_json::json!({ "rules": book.rules.len(), "ok": true }).to_string() } else { words };
                crate::say(&format!("{line}\n"));
                Ok(ExitCode::SUCCESS)
            }
            What::Test { files, json } => {
                let files = parts::rules_of(&files)?;
                let book = RuleBook::parse(&files).map_err(|errors| refused(&errors, json))?;
                let verdicts = examples::run(&book);
                for verdict in &verdicts {
                    crate::say(&line(verdict, json));
                }
                let bad = verdicts.iter().filter(|verdict| !verdict.is_ok()).count();
                eprintln!("muster: {} examples, {bad} did not come true", verdicts.len());
                Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}

fn refused(errors: &[RuleError], json: bool) -> Failure {
    for error in errors.iter().filter(|_| json) {
        let RuleError { file, line, column, message, hint } = error;
        let error =
            serde_json::json!({ "file": file, "line": line, "column": column, "message": message, "hint": hint });
        crate::say(&format!("{error}\n"));
    }
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::refused(format!("the rule book is refused\n{}", lines.join("\n")))
}

fn line(verdict: &examples::Verdict, json: bool) -> String {
    let (rule, example, ok) = (verdict.rule.as_str(), verdict.example.as_str(), verdict.is_ok());
    let why = verdict.failed.as_ref().map(ToString::to_string).unwrap_or_default();
    if json {
        let line = serde_json::json!({ "rule": rule, "example": example, "ok": ok, "why": why });
        return format!("{line}\n");
    }
    let mark = if ok { "ok  " } else { "FAIL" };
    format!("{mark} {rule}: {example}{}{why}\n", if why.is_empty() { "" } else { "\n     " })
}
