//! What a sender of observations is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::WireError;
use crate::problem::Problem;

/// What became of what was sent: the three numbers add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Durable in the log.
    pub accepted: u64,
    /// There already; best effort.
    pub duplicates: u64,
    /// Kept with their bytes until they can be read.
    pub parked: Vec<Parked>,
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parked {
    /// Its number in what was sent, from 0.
    pub index: usize,
    /// JSON pointer into the item; empty = the whole.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub reason: String,
    /// The stable code.
    pub code: String,
}

impl Parked {
    /// The item of a number with its refusal.
    #[must_use]
    pub fn new(index: usize, error: &WireError) -> Self {
        let code = error.code.name().to_owned();
        Self { index, pointer: error.pointer.clone(), reason: error.reason.clone(), code }
    }
}

/// The answer when all of it was parked: the receipt in the form of an error.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AllParked {
    #[serde(flatten)]
    problem: Problem,
    #[serde(flatten)]
    receipt: Receipt,
}

impl AllParked {
    /// The HTTP status.
    pub const STATUS: u16 = 422;

    /// What is answered to a receipt of nothing but parked items.
    #[must_use]
    pub fn new(receipt: Receipt) -> Self {
        let detail = "all of it was parked in the dead letters, with the reasons in `parked`";
        Self { problem: Problem::new(Self::STATUS, "all-parked").detail(detail), receipt }
    }
}
