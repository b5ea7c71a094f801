//! Effects to the outside world: loudspeakers, roll calls and notices, each answered by an outcome.
//!
//! Until real equipment is connected, speakers and rooms are simulated, and say so in every outcome's log line.

mod ladder;
mod notice;

pub use ladder::LadderDestination;
pub use notice::NoticeDestination;
