//! Random worlds for the watch: rule books, sources, delays, gaps, outages, people's acts; as scripts that can be read.

pub(crate) mod book;
pub(crate) mod generate;
pub(crate) mod log;
pub(crate) mod said;
pub(crate) mod world;
