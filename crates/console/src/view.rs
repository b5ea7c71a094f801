//! What each page says: pure functions from cases, conditions and the time to words, without markup.

pub mod board;
pub mod case;
pub mod condition;
pub mod dead;
pub mod decision;
pub mod field;
pub mod finding;
pub mod hour;
pub mod list;
pub mod need;
pub mod parts;
pub mod refusal;
pub mod report;
pub mod system;
pub mod timeline;
pub mod why;
