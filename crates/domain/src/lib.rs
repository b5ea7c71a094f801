//! The nouns of Muster and their life: pure, without IO, clock, chance, async or serde.
