//! Who is woken by a commit. A wake-up is only a hint: everybody also looks by themselves now and then.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// The bells of one process.
#[derive(Debug, Clone)]
pub struct Wake {
    /// A seat is wanted.
    pub dispatch: Arc<Notify>,
    /// The outbox has new rows.
    pub publish: Arc<Notify>,
    published: Arc<watch::Sender<u64>>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            dispatch: Arc::new(Notify::new()),
            publish: Arc::new(Notify::new()),
            published: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Wake {
    /// The newest publish number has risen to this.
    pub(crate) fn published(&self, number: u64) {
        self.published.send_if_modified(|known| {
            let rises = number > *known;
            *known = number.max(*known);
            rises
        });
    }

    /// Follows the newest publish number.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }
}
