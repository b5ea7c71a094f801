//! Each finding, brought about by facts made up for it.
