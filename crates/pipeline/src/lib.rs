//! Admit, watch, open, dispatch, operate, tick and publish: the one way of an observation.
