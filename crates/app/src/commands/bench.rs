//! `muster bench`: what Muster does on this machine, beside a bare loop over the same records in the same run.

mod cases;
mod flood;
mod paced;
mod scene;
mod server;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::exit::Failure;
use crate::settings;
use cases::Cases;
use flood::Flood;
use paced::Paced;

/// Measure this machine: a flood that is watched beside a bare loop, cases and their queue, a steady load to an open screen.
///
/// Everything is made for the measurement and removed after it: a folder, or topics of a prefix of their own (these stay)
/// and databases beside the one that the settings name.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// A TOML file of settings: which log and which store are measured. Without it, the embedded ones.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Observations of one flood.
    #[arg(long, default_value_t = 1_000_000)]
    observations: u32,
    /// Floods, each beside a bare loop; 0 leaves them out.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Steady loads, in observations a second.
    #[arg(long, value_delimiter = ',', default_value = "1000,15000")]
    rates: Vec<u32>,
    /// How long each steady load lasts; 0 leaves them out.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Open cases over which the queue is measured; 0 leaves cases out.
    #[arg(long, default_value_t = 100_000)]
    open_cases: u64,
    /// One JSON object with every figure.
    #[arg(long)]
    json: bool,
}

/// Every figure of one run.
#[derive(Debug, Serialize)]
struct Figures {
    /// `embedded` or `kafka`.
    profile: &'static str,
    machine: usage::Machine,
    /// Whether a commit that was answered is on the disk of the database.
    durable: bool,
    floods: Vec<Flood>,
    cases: Option<Cases>,
    paced: Vec<Paced>,
}

impl Bench {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let environment: settings::Environment = std::env::vars().collect();
        let settings = settings::load(self.config.as_deref(), &environment, &[])
            .map_err(|error| Failure::usage(muster_pipeline::chain(&error)))?;
        if self.observations < 10_000 || self.rates.contains(&0) {
            return Err(Failure::usage("--observations must be 10000 or more, and no rate 0"));
        }
        crate::trace::start(&std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()), false);
        let profile = if settings.log.url == "embedded" { "embedded" } else { "kafka" };
        let durable = scene::durable(&settings).await?;
        if !durable {
            eprintln!(
                "muster: the database does not wait for its disk: what is measured here is no figure of one in service"
            );
        }
        let (machine, floods) = (usage::machine(), vec![]);
        let mut figures = Figures { profile, machine, durable, floods, cases: None, paced: vec![] };
        for round in 1..=self.rounds {
            eprintln!("muster: flood {round} of {}: {} observations", self.rounds, self.observations);
            let flood = flood::run(&settings, self.observations, round).await?;
            eprintln!("muster: {flood}");
            figures.floods.push(flood);
        }
        if self.open_cases > 0 {
            eprintln!("muster: cases, until {} are open", self.open_cases);
            let cases = cases::run(&settings, self.open_cases).await?;
            eprint!("muster: {cases}");
            figures.cases = Some(cases);
        }
        if self.seconds > 0 {
            for rate in &self.rates {
                eprintln!("muster: {rate} observations a second for {} s", self.seconds);
                let paced = paced::run(&settings, *rate, self.seconds).await?;
                eprintln!("muster: {paced}");
                figures.paced.push(paced);
            }
        }
        if self.json {
            let text = serde_json::to_string(&figures).map_err(|error| Failure::inside("figures", &error))?;
            crate::say(&format!("{text}\n"));
        } else {
            crate::say(&figures.table());
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Figures {
    fn table(&self) -> String {
        let disk = if self.durable { "" } else { " · the database does not wait for its disk" };
        let mut text = format!("{} · {}{disk}\n", self.profile, self.machine);
        let median = |of: &dyn Fn(&Flood) -> f64| usage::median(self.floods.iter().map(of));
        if !self.floods.is_empty() {
            let rows: [(&str, f64, f64); 4] = [
                ("bare loop", median(&|flood| flood.bare.per_second), median(&|flood| flood.bare.cpu_micros)),
                ("same decoder", median(&|flood| flood.decoded.per_second), median(&|flood| flood.decoded.cpu_micros)),
                ("watch", median(&|flood| flood.watch.per_second), median(&|flood| flood.watch.cpu_micros)),
                ("admit", median(&|flood| flood.admit.per_second), median(&|flood| flood.admit.cpu_micros)),
            ];
            text.push_str(&format!("floods: medians of {}\n", self.floods.len()));
            for (name, rate, cpu) in rows {
                text.push_str(&format!("  {name:<13} {rate:>12.0} /s {cpu:>8.2} µs CPU each\n"));
            }
            text.push_str(&format!("  watch ÷ bare loop: {:.2}\n", median(&Flood::ratio)));
            text.push_str(&format!(
                "  watch ÷ bare loop with the same decoder: {:.2}\n",
                median(&Flood::ratio_decoded)
            ));
        }
        if let Some(cases) = &self.cases {
            text.push_str(&cases.to_string());
        }
        for paced in &self.paced {
            text.push_str(&format!("{paced}\n"));
        }
        text
    }
}
