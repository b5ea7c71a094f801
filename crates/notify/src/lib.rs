//! Effects to the outside world: loudspeakers, roll calls and notices, each answered by an outcome.
