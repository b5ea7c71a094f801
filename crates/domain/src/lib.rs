//! The nouns of Muster and their life: pure, without IO, clock, chance, async or serde.
//!
//! Read in this order: [`id`] and [`time`] say what things are called and when they were; [`catalogue`] holds what
//! stands in the street; [`record`] is everything the watch reads; [`condition`] is what it believes; [`case`] and
//! [`lifecycle`] are our accountable work; [`effect`] is what must happen outside because of it.

pub mod case;
pub mod catalogue;
pub mod condition;
pub mod effect;

pub mod geo;
pub mod id;
pub mod lifecycle;

pub mod partition;
pub mod record;
pub mod text;
pub mod time;

pub mod replay;
