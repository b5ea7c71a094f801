//! The tricky paragraphs of the watch, one by one.
