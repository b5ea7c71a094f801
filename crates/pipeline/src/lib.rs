//! Admit, watch, open, dispatch, operate, tick and publish: the one way of an observation.

pub mod clock;
pub mod metrics;
