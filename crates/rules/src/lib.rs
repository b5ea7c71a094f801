//! The rule book, the watch engine and the choice of units: what a rule means, without IO or clock.
