//! Admit, watch, open, dispatch, operate, tick and publish: the one way of an observation.
//!
//! In the order of that way: [`admit`] checks, resolves and appends; [`watch`] reads a partition and believes;
//! `open` decides what that means for cases, on a docket, in one transaction; [`dispatch`] fills seats; [`operate`]
//! carries people's commands; [`deadlines`] carries those of clocks; [`publish`] tells everybody, in order. [`doctor`]
//! stands beside and says what is wrong; [`roles`] name what a process does of it; [`backup`] makes all of it a folder, and a folder all of it.

pub mod admit;
pub mod backup;
pub mod clock;
pub mod configs;
pub mod deadlines;
pub mod desk;
pub mod dispatch;
pub mod doctor;
pub mod graveyard;
pub mod lease;
pub mod metrics;
pub mod numbering;
pub mod operate;
pub mod outbox;
pub mod pair;
pub mod park;
pub mod publish;
pub mod roles;
pub mod wake;
pub mod watch;

mod docket;
mod docs;
mod error;
mod late;
mod open;
mod sweep;
mod waiting;

pub use error::{PipelineError, chain};
pub use muster_log::Headers;
