//! How many files the process may open, which is how many may be connected.

/// Files that everything but connections needs: databases, segments of the log, brokers, rules.
const OWN: u64 = 512;

/// As many connections as were asked for, or as the process may have; first it takes all the files it can get.
pub(super) fn connections(wanted: u32) -> usize {
    let may = may_open();
    let most = may.saturating_sub(OWN).max(may / 4).max(1);
    if u64::from(wanted) > most {
        tracing::warn!(files = may, connections = most, "http.max_connections is more than the files that may be open");
    }
    usize::try_from(u64::from(wanted).min(most)).unwrap_or(usize::MAX)
}

#[cfg(unix)]
fn may_open() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => limit.current.unwrap_or(u64::MAX),
    }
}

#[cfg(not(unix))]
fn may_open() -> u64 {
    u64::MAX
}
