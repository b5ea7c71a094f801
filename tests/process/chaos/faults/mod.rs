//! What goes wrong beside `kill -9`, one fault after another, each under load and with the one checker after it.
//!
//! `MUSTER_CHAOS=full` makes every fault as long and as large as its name says; otherwise they are as short as shows the
//! same, so that a test run stays one. Each says how many seconds after the fault's end work went on.

mod backlog;
mod backups;
mod clocks;
mod limits;
mod network;
mod outages;
mod processes;
mod records;
mod restores;
mod stores;

use std::time::Duration;

use super::account::say;

/// Seconds of evidence under one fault: enough batches to be still sending when it is over.
const SECONDS: u32 = 900;

/// Whether faults are to have their full size.
fn full() -> bool {
    std::env::var("MUSTER_CHAOS").is_ok_and(|size| size == "full")
}

/// How long something is gone.
fn outage() -> Duration {
    // Longer than intake waits for the log, so that it must answer before it is over.
    Duration::from_secs(if full() { 30 } else { 12 })
}

/// One line of the table of faults.
fn tell(fault: &str, after: &[Duration], told: &str) {
    let after: Vec<String> = after.iter().map(|after| format!("{:.1}", after.as_secs_f64())).collect();
    let went_on = if after.is_empty() { String::new() } else { format!("work went on after {} s; ", after.join(", ")) };
    say(&format!("fault: {fault}; {went_on}{told}"));
}
