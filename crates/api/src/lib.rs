//! Every name of the contract, once: the custom resources, the configuration keys, the marks on objects.

pub mod keys;
pub mod marks;
pub mod policy;
pub mod recovery;
mod schema;
