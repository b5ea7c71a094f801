//! A simulated sub-district that speaks to Muster as any other client would.
