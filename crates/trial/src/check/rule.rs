//! One invariant, one file.

pub(crate) mod ahead;
pub(crate) mod identity;
pub(crate) mod once;
