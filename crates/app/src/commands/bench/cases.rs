//! Cases: how many a second are written in transactions of several sizes, and how fast the queue is with all of them open.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use muster_console::http::{Access, Inside};
use muster_domain::id::{CaseKind, SourceId, SourceName};
use muster_domain::record::Report;
use muster_domain::time::Received;
use muster_pipeline::clock::Clock;
use muster_pipeline::roles::Role;
use muster_pipeline::watch::Filing;
use muster_street::load::{Load, LoadSettings};
use serde::{Deserialize, Serialize};

use super::scene::{self, Scene};
use super::usage;
use crate::exit::Failure;
use crate::serve::parts::Parts;
use crate::serve::{console, run};
use crate::settings::Settings;

/// Cases in one transaction.
const SIZES: [usize; 4] = [1, 10, 100, 1_000];
/// How long each size is measured.
const MEASURED: Duration = Duration::from_secs(3);
/// How often each page is asked for.
const ASKED: usize = 200;

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Cases {
    transactions: Vec<Transactions>,
    /// Open cases when the pages were asked for.
    open: u64,
    pages: Vec<Page>,
}

/// Transactions of one size, one after another.
#[derive(Debug, Serialize, Deserialize)]
struct Transactions {
    cases: usize,
    transactions_per_second: f64,
    cases_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// A page over all open cases, from the request to the whole answer, without a socket.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    path: String,
    bytes: usize,
    p50_ms: f64,
    p99_ms: f64,
}

impl fmt::Display for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.transactions {
            let Transactions { cases, transactions_per_second, cases_per_second, p50_ms, p99_ms } = one;
            writeln!(
                f,
                "{cases:>5} cases a transaction: {transactions_per_second:.0} transactions /s, {cases_per_second:.0} cases /s; \
                 p50 {p50_ms:.2} p99 {p99_ms:.2} ms"
            )?;
        }
        for Page { path, bytes, p50_ms, p99_ms } in &self.pages {
            writeln!(f, "{path} at {} open cases: p50 {p50_ms:.1} p99 {p99_ms:.1} ms, {bytes} bytes", self.open)?;
        }
        Ok(())
    }
}

pub(super) async fn run(settings: &Settings, open: u64) -> Result<Cases, Failure> {
    let load = LoadSettings { rate: 10, places: 10, seconds: 10, seed: 1, batch: 10, hurry: 1 };
    let load = Load::new(load).map_err(|error| Failure::usage(error.to_string()))?;
    let scene = Scene::set(settings, "cases").await?;
    let parts = Parts::open(&scene.settings, Clock::real()).await?;
    parts.adopt(Some(scene::rules(false)), Some(scene::catalogue(&load)?)).await?;
    let filing = Filing::take(run::watch_of(&parts, &scene.settings), 0).await;
    let filing = filing.map_err(|error| Failure::pipeline(&error))?;
    let mut filer = Filer { filing: filing.ok_or_else(|| Failure::absent("partition 0 is held"))?, filed: 0 };
    let mut transactions = Vec::new();
    for size in SIZES {
        transactions.push(filer.measured(size).await?);
    }
    while filer.filed < open {
        filer.file(usize::try_from(open - filer.filed).unwrap_or(1_000).min(1_000)).await?;
    }
    scene.settle().await?;
    let pages = pages(&parts, &scene.settings).await?;
    parts.log.close().await;
    parts.store.close().await;
    scene.end().await?;
    Ok(Cases { transactions, open: filer.filed, pages })
}

/// Files one case after another.
struct Filer {
    filing: Filing,
    filed: u64,
}

impl Filer {
    /// Files so many cases in one transaction.
    async fn file(&mut self, size: usize) -> Result<(), Failure> {
        let none = |error| Failure::inside("a report of the measurement", &error);
        let (source, kind) =
            (SourceName::parse("/bench").map_err(none)?, CaseKind::parse("street.litter").map_err(none)?);
        let mut reports = Vec::with_capacity(size);
        for number in self.filed..self.filed + size as u64 {
            reports.push(Report {
                source: source.clone(),
                id: SourceId::parse(&format!("report-{number}")).map_err(none)?,
                kind: kind.clone(),
                text: "小区门口垃圾未清理，请尽快处理".to_owned(),
                occurred: None,
                received: Received::from_micros(Clock::real().micros()),
                place: None,
                location: None,
                grid: None,
                address: Some("示例路 1 号".to_owned()),
                reporter: None,
                severity: None,
                attachments: vec![],
                config: 1,
                content: format!("{number:064x}"),
            });
        }
        self.filed += size as u64;
        self.filing.commit(reports).await.map_err(|error| Failure::pipeline(&error))
    }

    async fn measured(&mut self, size: usize) -> Result<Transactions, Failure> {
        let (begun, mut took) = (Instant::now(), Vec::new());
        while begun.elapsed() < MEASURED {
            let one = Instant::now();
            self.file(size).await?;
            took.push(one.elapsed().as_secs_f64() * 1000.0);
        }
        let per_second = took.len() as f64 / begun.elapsed().as_secs_f64();
        let took = usage::sorted(took.into_iter());
        Ok(Transactions {
            cases: size,
            transactions_per_second: per_second,
            cases_per_second: per_second * size as f64,
            p50_ms: usage::quantile(&took, 0.5),
            p99_ms: usage::quantile(&took, 0.99),
        })
    }
}

/// Asks for the first page of the queue, as programs and as people see it.
async fn pages(parts: &Parts, settings: &Settings) -> Result<Vec<Page>, Failure> {
    let routes = run::routes(parts, settings, &[Role::Admit, Role::Console])?;
    let inside = Inside::new(run::desk(parts, settings), console(settings, Access::LocalOnly)?, routes);
    let mut pages = Vec::new();
    for path in ["/api/v1/cases", "/"] {
        let (mut took, mut bytes) = (Vec::new(), 0);
        for _ in 0..ASKED {
            let request = Request::builder().uri(path).body(Bytes::new());
            let request = request.map_err(|error| Failure::inside("the request is none", &error))?;
            let begun = Instant::now();
            let answer = inside.ask(request).await;
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
            if !answer.status().is_success() {
                let words = String::from_utf8_lossy(answer.body()).into_owned();
                return Err(Failure::refused(format!("{path} answers {}: {words}", answer.status())));
            }
            bytes = answer.body().len();
        }
        let took = usage::sorted(took.into_iter());
        let [p50_ms, p99_ms] = [0.5, 0.99].map(|share| usage::quantile(&took, share));
        pages.push(Page { path: path.to_owned(), bytes, p50_ms, p99_ms });
    }
    Ok(pages)
}
