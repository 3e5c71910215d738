//! Every name of the contract, once: the custom resources, the configuration keys, the marks on objects.

pub mod board;
pub mod explanation;
pub mod history;
pub mod keys;
pub mod marks;
pub mod overview;
pub mod policy;
pub mod recovery;
mod schema;
