//! The configuration's sources and their precedence, the secrets, and which channels they switch on.
//!
//! [`Layers`] holds what does not change while the process runs (file, environment, command line) and applies what
//! does: the ConfigMap. What keys there are and what they accept is the table's matter ([`self_healing_api::keys`]).

mod channels;
mod environment;
mod file;
mod layers;
mod secrets;

pub use channels::active_channels;
pub use environment::Environment;
pub use file::{FileError, read_file};
pub use layers::{Applied, Layers};
pub use secrets::{SecretError, Secrets};

use self_healing_api::keys::Problem;

/// Why the configuration cannot be used; each line of it is one problem.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Values that are not what their keys accept.
    #[error(transparent)]
    Values(#[from] Problems),
    /// The file of `--config`.
    #[error(transparent)]
    File(#[from] FileError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Every problem of every source, one line each: source, key, value and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Problems(pub Vec<Problem>);

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
