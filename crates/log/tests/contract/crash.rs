//! The embedded log under `kill -9`: what was acknowledged is there, once and in order, and nothing is half-written.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use muster_log::{EventLog, LogSettings, Topic};

use crate::bed::{PARTITIONS, at, read_all};

const FOLDER: &str = "MUSTER_LOG_CRASH_FOLDER";
const ROUND: &str = "MUSTER_LOG_CRASH_ROUND";
const ROUNDS: u32 = 15;
const CALLERS: u64 = 6;

fn settings(folder: &Path) -> LogSettings {
    LogSettings {
        data_dir: folder.to_owned(),
        partitions: PARTITIONS,
        free_disk_floor_percent: 0,
        ..Default::default()
    }
}

/// Not a test of its own: the process that is killed. Appends for ever and tells what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let (Some(folder), Ok(round)) = (std::env::var_os(FOLDER), std::env::var(ROUND)) else { return };
    let log = muster_log::open(&settings(Path::new(&folder))).await.unwrap();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let (log, round) = (log.clone(), round.clone());
        callers.push(tokio::spawn(async move {
            for number in 0_u64.. {
                let count = 1 + (number + caller) % 5;
                let partition = u32::try_from((number + caller) % u64::from(PARTITIONS)).unwrap();
                let text = |index| format!("{round} {caller} {number} {index} {}", "x".repeat(200));
                let batch = (0..count).map(|index| at(partition, text(index))).collect();
                let offsets = log.append(batch).await.unwrap();
                // One write, so that the parent never sees half a line; the line ends with a full stop.
                let line = format!("acknowledged {partition} {} {count} {caller} {number} .\n", offsets[0]);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
}

fn start(folder: &Path, round: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_process_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the process after a random number of acknowledgements; everything it said until it was dead.
fn run_and_kill(folder: &Path, round: u32) -> Vec<(u32, u64, u64, String)> {
    let mut child = start(folder, round);
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let enough = rand::random_range(1..400);
    let mut line = String::new();
    loop {
        line.clear();
        if said.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // The test harness says "test … ..." in front of the first line.
        let Some((_, place)) = line.split_once("acknowledged ") else { continue };
        let words: Vec<_> = place.split(' ').collect();
        let [partition, first, count, caller, number, ".\n"] = words[..] else { continue };
        let text = format!("{round} {caller} {number}");
        acknowledged.push((partition.parse().unwrap(), first.parse().unwrap(), count.parse().unwrap(), text));
        if acknowledged.len() == enough {
            child.kill().unwrap();
        }
    }
    assert!(acknowledged.len() >= enough, "the process ended by itself");
    child.wait().unwrap();
    acknowledged
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for round in 0..ROUNDS {
        for (partition, first, count, text) in run_and_kill(folder.path(), round) {
            for index in 0..count {
                let before = acknowledged.insert((partition, first + index), format!("{text} {index}"));
                assert_eq!(before, None, "offset {} of partition {partition} was given twice", first + index);
            }
        }
        let log = muster_log::open(&settings(folder.path())).await.unwrap();
        check(&log, &acknowledged).await;
        log.close().await;
    }
    assert!(acknowledged.len() > 1000, "only {} records were acknowledged", acknowledged.len());
}

async fn check(log: &std::sync::Arc<dyn EventLog>, acknowledged: &HashMap<(u32, u64), String>) {
    let mut found = 0;
    let mut last: HashMap<(u32, String), (u64, u64)> = HashMap::new();
    for partition in 0..PARTITIONS {
        for (expected, fetched) in read_all(log, &Topic::Observation, partition).await.iter().enumerate() {
            assert_eq!(fetched.offset, expected as u64);
            let text = std::str::from_utf8(&fetched.record.payload).unwrap();
            let words: Vec<_> = text.split(' ').collect();
            let [round, caller, number, index, filling] = words[..] else { panic!("half a record: {text}") };
            assert_eq!(filling.len(), 200, "half a record: {text}");
            let place = (number.parse().unwrap(), index.parse().unwrap());
            let before = last.insert((partition, format!("{round} {caller}")), place);
            // Calls are whole: index 0 begins a call, and no call is cut short or there twice.
            match before {
                Some((number, index)) if place.1 > 0 => assert_eq!(place, (number, index + 1), "{text}"),
                Some((number, _)) => assert!(place.0 > number && place.1 == 0, "{text} came twice or too late"),
                None => assert_eq!(place.1, 0, "{text}"),
            }
            let known = acknowledged.get(&(partition, fetched.offset));
            if let Some(known) = known {
                assert_eq!(known, &format!("{round} {caller} {number} {index}"));
                found += 1;
            }
        }
    }
    assert_eq!(found, acknowledged.len(), "acknowledged records are missing");
}
