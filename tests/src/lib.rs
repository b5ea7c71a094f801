//! What every test from outside shares: servers started and ended by the test that needs them.
