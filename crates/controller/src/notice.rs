//! notice.
