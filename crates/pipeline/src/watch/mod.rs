//! Watching partitions: whoever holds a partition's lease reads it in order, ticks it, and commits what it means.

mod apply;
mod commit;
mod corrections;
mod filing;
mod owner;
mod ticker;
mod trouble;
mod worker;

pub(crate) use apply::Fault;
pub use filing::Filing;
pub use owner::{Watch, WatchSettings};
pub use ticker::append as append_control;
pub use trouble::{Trouble, Troubles};

#[cfg(test)]
mod tests;
