//! marks.
