//! Every versioned format and its way to and from the domain. Nothing is decided here, and nothing is done.
//!
//! Read in this order: [`bounds`] and [`WireError`] hold for everything that comes from outside; [`cloudevents`] is the
//! envelope; [`observation`] and [`report`] are what comes in; [`record`] is the observation topic, which we alone
//! write; [`condition`] and [`case`] are what goes out; [`catalogue`] is how configuration versions are kept;
//! [`backup`] is what a backup holds;
//! [`problem`], [`receipt`], [`api`] and [`system`] are what HTTP answers with. [`schema`] makes the files in `schemas/` of the same types.

pub mod api;
mod attachment;
pub mod backup;
pub mod bounds;
pub mod case;
pub mod catalogue;
pub mod cloudevents;
pub mod condition;
mod error;
pub mod fault;
pub mod geometry;
mod instant;
mod kafka;
pub mod media_type;
mod mirror;
mod object;
pub mod observation;
pub mod problem;
mod read;
mod reason;
pub mod receipt;
pub mod record;
pub mod report;
mod scan;
pub mod schema;
mod split;
pub mod system;
mod text;
mod value;
mod write;

pub use error::{Code, WireError};
pub use instant::{micros, rfc3339};
pub use kafka::Encoded;
