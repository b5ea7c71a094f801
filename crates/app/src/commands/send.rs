//! `muster send`: CloudEvents from files to a server, or to the intake topic of a Kafka.

mod events;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use muster_log::{LogSettings, Record, TopicWriter};
use muster_pipeline::clock::Clock;
use muster_wire::cloudevents::{KafkaOptions, read_kafka};

use super::server::{Remote, Server};
use super::tally::{Chunk, MOST, MOST_BYTES, Tally};
use crate::exit::Failure;
use crate::serve::parts;
use events::{Events, Form};

const ONE: &str = "application/cloudevents+json";

/// Send observations and reports, as CloudEvents, to a running server or to its Kafka.
#[derive(Debug, clap::Args)]
pub(crate) struct Send {
    #[command(flatten)]
    remote: Remote,
    /// Write to this Kafka instead: host:port,host:port. What cannot be read is named and not written.
    #[arg(long, value_name = "BROKERS", conflicts_with = "url")]
    kafka: Option<String>,
    /// The topic to write to; without it the intake topic of the settings' prefix.
    #[arg(long, requires = "kafka")]
    topic: Option<String>,
    /// One JSON object a line: each item that was not taken, then the sums.
    #[arg(long)]
    json: bool,
    /// Files with an event a line, with an array of events, or with one event; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Where events go.
enum Target {
    Server(Server),
    Kafka(Kafka),
}

impl Send {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.remote.settings()?;
        let target = match &self.kafka {
            None => Target::Server(self.remote.running(&settings)?),
            Some(brokers) => {
                let url = if brokers.starts_with("kafka://") { brokers.clone() } else { format!("kafka://{brokers}") };
                let settings = LogSettings { url, ..parts::log_settings(&settings, &BTreeMap::new()) };
                settings.check().map_err(|error| Failure::log(&error))?;
                let writer = TopicWriter::open(&settings, self.topic.as_deref()).await;
                Target::Kafka(Kafka {
                    writer: writer.map_err(|error| Failure::log(&error))?,
                    records: Vec::new(),
                    bytes: 0,
                })
            }
        };
        let inputs = self.files.iter().map(|path| input(path)).collect::<Result<Vec<_>, _>>()?;
        let known: Option<u64> = inputs.iter().map(|(_, _, bytes)| *bytes).sum();
        let mut tally = Tally::new(self.json, known);
        let mut target = target;
        for (file, input, _) in inputs {
            let failed = |error: std::io::Error| Failure::outside(format!("{file} cannot be read"), &error);
            let mut events = Events::open(input).map_err(failed)?;
            target.take(&mut events, &file, &mut tally).await?;
        }
        if let Target::Kafka(kafka) = target {
            kafka.writer.close().await;
        }
        Ok(tally.finish())
    }
}

type Input = (String, Box<dyn Read>, Option<u64>);

/// A file with its name and its length, if it has one.
fn input(path: &Path) -> Result<Input, Failure> {
    if path == Path::new("-") {
        return Ok(("-".to_owned(), Box::new(std::io::stdin()), None));
    }
    let unreadable = |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.is_dir() {
        return Err(Failure::usage(format!("{} is a folder; name the files", path.display())));
    }
    let length = about.is_file().then_some(about.len());
    Ok((path.display().to_string(), Box::new(file), length))
}

impl Target {
    async fn take<R: Read>(&mut self, events: &mut Events<R>, file: &str, tally: &mut Tally) -> Result<(), Failure> {
        let (kind, frame) = match events.form() {
            Form::Lines => ("application/x-ndjson", ("", "\n", "\n")),
            Form::Batch => ("application/cloudevents-batch+json", ("[", ",", "]")),
        };
        let (mut chunk, mut done) = (Chunk::framed(frame), 0);
        let failed = |error: std::io::Error| Failure::outside(format!("{file} cannot be read"), &error);
        while let Some((line, piece)) = events.next().map_err(failed)? {
            match (piece, &mut *self) {
                (Err(reason), _) => tally.refuse(file, line, "", "not-sent", &reason),
                (Ok(bytes), Target::Server(_)) => chunk.push(line, &bytes),
                (Ok(bytes), Target::Kafka(kafka)) => kafka.push(bytes, (file, line), tally),
            }
            // A stream that has to be waited for is not waited for with full hands.
            let drained = events.is_drained();
            match self {
                Target::Server(server) if chunk.is_full() || drained => {
                    tally.post(server, ("/api/v1/observations", kind), file, &mut chunk).await?;
                }
                Target::Kafka(kafka) if kafka.is_full() || drained => kafka.flush(tally).await?,
                _ => continue,
            }
            tally.advance(events.read() - done);
            done = events.read();
        }
        match self {
            Target::Server(server) => {
                tally.post(server, ("/api/v1/observations", kind), file, &mut chunk).await?;
            }
            Target::Kafka(kafka) => kafka.flush(tally).await?,
        }
        tally.advance(events.read() - done);
        Ok(())
    }
}

/// Records on their way to a topic.
struct Kafka {
    writer: TopicWriter,
    records: Vec<Record>,
    bytes: usize,
}

impl Kafka {
    /// One more event, if it can be read: nobody would tell its sender that it could not.
    fn push(&mut self, bytes: Vec<u8>, (file, line): (&str, u64), tally: &mut Tally) {
        let headers = [("content-type", ONE.as_bytes())];
        let source = match read_kafka(headers.into_iter(), &bytes, KafkaOptions::default()) {
            Ok(event) => event.source.clone().into_owned(),
            Err(error) => return tally.refuse(file, line, &error.pointer, error.code.name(), &error.reason),
        };
        self.bytes += bytes.len();
        // What one source says stays in order.
        let record = Record::new(bytes, Clock::real().micros()).with_key(source).with_header("content-type", ONE);
        self.records.push(record);
    }

    fn is_full(&self) -> bool {
        self.records.len() >= MOST || self.bytes >= MOST_BYTES
    }

    async fn flush(&mut self, tally: &mut Tally) -> Result<(), Failure> {
        let records = std::mem::take(&mut self.records);
        (self.bytes, tally.accepted) = (0, tally.accepted + records.len() as u64);
        self.writer.write(records).await.map_err(|error| Failure::log(&error))
    }
}
