//! The test command: every check in its turn, and a closing table of what ran and what was left out.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::deploy;
use crate::fuzz;
use crate::screen::{refuse, say, step};
use crate::services::{Need, Services};
use crate::tally::Tally;
use crate::tools;

/// How a run is to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Start nothing outside the test programs.
    pub(crate) quick: bool,
    /// Leaving anything out is a failure.
    pub(crate) strict: bool,
}

/// One finished stage.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    ok: bool,
    took: Duration,
}

/// Runs everything, ends what it started and says what came of it.
pub(crate) fn test(root: &Path, options: Options) -> ExitCode {
    if let Err(missing) = tools::prerequisites() {
        return refuse(&missing);
    }
    let mut stages = vec![
        stage(root, options, "format", &["fmt", "--all", "--check"]),
        stage(root, options, "clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        stage(root, options, "documentation", &["doc", "--workspace", "--no-deps"]),
        // with all targets cargo builds the very units that the tests use, and the program beside them
        stage(root, options, "build", &["build", "--workspace", "--all-targets"]),
    ];
    let begun = Instant::now();
    let deploy = deploy::check(root);
    stages.push(Stage { name: "deploy", ok: deploy.ok, took: begun.elapsed() });
    let mut needs = deploy.needs;
    if options.quick {
        needs.push(Need { name: "fuzz", found: Err("--quick builds no instruments: cargo xtask fuzz".to_owned()) });
    } else {
        let begun = Instant::now();
        let ok = fuzz::check(root);
        stages.push(Stage { name: "fuzz", ok, took: begun.elapsed() });
    }
    let mut services = if options.quick { Services::none() } else { Services::start(root, false) };
    services.needs.extend(needs);
    let (tests, tally) = run_tests(root, options, &services);
    stages.push(tests);
    close(&stages, &services, &tally, options)
}

/// Runs one cargo command to its end.
fn stage(root: &Path, options: Options, name: &'static str, arguments: &[&str]) -> Stage {
    step(name);
    let begun = Instant::now();
    let status = cargo(root, options, arguments).status();
    Stage { name, ok: status.is_ok_and(|status| status.success()), took: begun.elapsed() }
}

/// Runs every test program, passing on what they print while counting it.
fn run_tests(root: &Path, options: Options, services: &Services) -> (Stage, Tally) {
    step("tests");
    let begun = Instant::now();
    let skips = std::env::temp_dir().join(format!("muster-skips-{}", std::process::id()));
    let mut command = cargo(root, options, &["test", "--workspace", "--no-fail-fast"]);
    services.tell(&mut command);
    command.env("MUSTER_TEST_SKIPS", &skips).stdout(Stdio::piped());
    let mut tally = Tally::default();
    let ok = command.spawn().is_ok_and(|mut child| {
        for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).split(b'\n')).flatten() {
            let line = String::from_utf8_lossy(&line);
            tally.read(&line);
            say(&line);
        }
        child.wait().is_ok_and(|status| status.success())
    });
    if !ok {
        tally.ended_badly();
    }
    tally.take_skips(&std::fs::read_to_string(&skips).unwrap_or_default());
    let _ = std::fs::remove_file(&skips);
    (Stage { name: "tests", ok: ok && tally.failed() == 0, took: begun.elapsed() }, tally)
}

/// A cargo command at the top of the repository that treats warnings in documents as errors.
fn cargo(root: &Path, options: Options, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let (subcommand, rest) = arguments.split_at(1);
    command.args(subcommand).current_dir(root).env("RUSTDOCFLAGS", "-D warnings").stdin(Stdio::null());
    if options.strict {
        command.env("CI", "true");
        if subcommand != ["fmt"] {
            command.arg("--locked");
        }
    }
    command.args(rest);
    command
}

/// Prints the closing table and the line of totals, and judges the run.
fn close(stages: &[Stage], services: &Services, tally: &Tally, options: Options) -> ExitCode {
    say("\nwhat                 result        took");
    for stage in stages {
        let result = if stage.ok { "ok" } else { "FAILED" };
        say(&format!("{:<20} {result:<9} {:>6.1} s", stage.name, stage.took.as_secs_f64()));
    }
    for need in &services.needs {
        match &need.found {
            Ok(with) => say(&format!("{:<20} there     {with}", need.name)),
            Err(why) => say(&format!("{:<20} LEFT OUT  {}", need.name, why.replace('\n', "\n    "))),
        }
    }
    for failure in tally.failures() {
        say(&format!("FAILED {failure}"));
    }
    for skip in tally.skips() {
        say(&format!("SKIPPED {skip}"));
    }
    let complete = tally.skipped() == 0 && services.needs.iter().all(|need| need.found.is_ok());
    let ok = stages.iter().all(|stage| stage.ok);
    match (ok, complete, options.strict) {
        (false, _, _) => say("\nSomething failed: see above."),
        (true, true, _) => say("\nEverything ran."),
        (true, false, false) => {
            say("\nWhat ran is well; what was left out or skipped is named above and proves nothing.")
        }
        (true, false, true) => say("\nSomething was left out or skipped, which CI does not accept."),
    }
    say(&tally.line());
    if ok && (complete || !options.strict) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
