//! The pages people look at and the API behind each of them.
//!
//! Read in this order: [`scene`] is what a page is drawn against; [`view`] turns cases and conditions into words;
//! [`map`] draws the street; [`page`] pours views into templates;
//! [`http`] serves them, with the API behind each.

pub mod asset;
pub mod http;
pub mod look;
pub mod map;
pub mod page;
pub mod phrase;
pub mod scene;
pub mod text;
pub mod tone;
pub mod view;
pub mod wording;
