//! Reports of another system: rows become reports by a mapping, and go the way of all reports.

use std::collections::HashMap;
use std::process::ExitCode;

use muster_domain::id::SourceId;
use muster_sources::reports::Mapping;
use muster_sources::table::Table;
use muster_wire::report::ReportIn;

use super::{Import, read};
use crate::commands::tally::{Chunk, Tally};
use crate::exit::Failure;

/// What the lines before have said of each report, by its id: all are of one source, which the mapping names.
#[derive(Debug, Default)]
struct Before(HashMap<SourceId, Said>);

#[derive(Debug)]
struct Said {
    content: Vec<u8>,
    at: String,
}

impl Before {
    /// Counts a line as it would be counted, and names it where a line before has the same report.
    fn tell(&mut self, tally: &mut Tally, (file, line): (&str, u64), report: &ReportIn) {
        let Some(id) = report.id.clone() else { return };
        let said = Said { content: report.content(), at: format!("{file}:{line}") };
        let same = |before: &Said| before.content == report.content();
        match self.0.insert(id.clone(), said) {
            None => tally.accepted += 1,
            Some(before) if same(&before) => tally.repeat((file, line), &format!("{id} is in {} already", before.at)),
            Some(before) => {
                tally.amend((file, line), &format!("{id} is in {} already, and amended here", before.at));
            }
        }
    }
}

pub(super) async fn run(import: &Import) -> Result<ExitCode, Failure> {
    let Some(path) = &import.mapping else {
        return Err(Failure::usage("reports need --mapping FILE, which says what column becomes what"));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    let mapping =
        Mapping::parse(&path.display().to_string(), &text).map_err(|error| Failure::usage(error.to_string()))?;
    let files = import.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let settings = import.remote.settings()?;
    let server = if import.dry_run { None } else { Some(import.remote.reach(&settings).await?) };
    if let Some(parts) = server.as_ref().and_then(|server| server.parts()) {
        parts.settle(&settings).await?;
    }
    let rows = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let (mut tally, mut before) = (Tally::new(import.json, Some(rows)), Before::default());
    for (name, bytes) in files {
        let total = bytes.len() as u64;
        let lines = Table::read(&name, &bytes, import.encoding).map_err(|bad| vec![bad]);
        let lines = match lines.and_then(|table| mapping.read(&table)) {
            Ok(lines) => lines,
            Err(wrong) => {
                wrong.iter().for_each(|bad| tally.refuse(&name, bad.line, &bad.column, "no-table", &bad.reason));
                continue;
            }
        };
        drop(bytes);
        let share = total / (lines.len() as u64).max(1);
        let mut chunk = Chunk::framed(("[", ",", "]"));
        for (line, read) in lines {
            match read {
                Ok(report) if import.dry_run => before.tell(&mut tally, (&name, line), &report),
                Ok(report) => chunk.push(line, report.json().as_bytes()),
                Err(bad) => tally.refuse(&name, line, &bad.column, "no-report", &bad.reason),
            }
            if let Some(server) = server.as_ref().filter(|_| chunk.is_full()) {
                tally.post(server, ("/api/v1/reports", "application/json"), &name, &mut chunk).await?;
            }
            tally.advance(share);
        }
        if let Some(server) = &server {
            tally.post(server, ("/api/v1/reports", "application/json"), &name, &mut chunk).await?;
        }
    }
    if let Some(server) = server {
        server.close().await;
    }
    Ok(tally.finish())
}
