//! Memory that nobody uses any more goes back to the system.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often. A pass costs some milliseconds of one thread.
const EVERY: Duration = Duration::from_secs(60);

/// Gives it back every minute until told to stop. The C library keeps what is freed for the thread that had it, and a close
/// look, a backlog or a flood of connections is the work of threads that then have nothing to do with theirs.
pub(super) async fn return_regularly(stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        if let Err(error) = tokio::task::spawn_blocking(return_unused).await {
            tracing::warn!(%error, "memory that is not used could not be given back; it is kept until it is needed");
        }
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "a call into the C library")]
fn return_unused() {
    // SAFETY: it may be called by any thread at any time, and takes nothing that is in use (malloc_trim(3)).
    let _returned = unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give back by themselves.
#[cfg(not(target_env = "gnu"))]
const fn return_unused() {}

#[cfg(test)]
mod tests {
    #[cfg(target_env = "gnu")]
    #[test]
    fn what_was_freed_below_something_in_use_goes_back() {
        let resident_pages = || {
            let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
            sizes.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        let mut blocks: Vec<Vec<u8>> = (0..4096).map(|_| vec![1; 16 << 10]).collect();
        let used = blocks.pop();
        drop(blocks);
        let kept = resident_pages();
        super::return_unused();
        let left = resident_pages();
        assert!(left + 8192 < kept, "of 16,384 pages that are free, most go back: {kept} before, {left} after");
        drop(used);
    }
}
