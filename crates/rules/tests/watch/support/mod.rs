//! Random worlds for the watch: rule books, sources, delays, gaps, outages, people's acts; as scripts that can be read.

pub(crate) mod bend;
pub(crate) mod book;
pub(crate) mod generate;
pub(crate) mod log;
pub(crate) mod margin;
pub(crate) mod program;
pub(crate) mod said;
pub(crate) mod witness;
pub(crate) mod world;
