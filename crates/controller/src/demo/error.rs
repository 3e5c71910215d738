//! Why a demo ends badly.

use crate::config;
use crate::manifests::ManifestError;
use crate::run::RunError;
use self_healing_sim::failure::Failure;
use std::io;
use std::path::PathBuf;

/// One line for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster does not do what the script expects.
    #[error("demo: {0}")]
    Script(String),
    /// The embedded API refused something.
    #[error("demo: the embedded API answered {0}")]
    Api(#[from] Failure),
    /// The manifests cannot be made.
    #[error(transparent)]
    Manifests(#[from] ManifestError),
    /// The controller's configuration is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The controller could not start.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A part of the demo ended although nobody stopped it.
    #[error("demo: {0} ended")]
    Ended(&'static str),
    /// The kubeconfig cannot be written.
    #[error("--kubeconfig-out {path:?} cannot be written: {source}; expected is a new file or one of an earlier demo")]
    Kubeconfig {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The recording cannot be written.
    #[error("--record {path:?} cannot be written: {source}")]
    Record {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The system refuses something basic.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Not everything was healed; what, is on standard output.
    #[error("demo: {0} things are not as they should be, see above")]
    Unverified(usize),
}

impl Error {
    /// 2 when what was given is wrong, 1 when the demo went wrong.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Run(_) | Self::Kubeconfig { .. } | Self::Record { .. } => 2,
            Self::Script(_)
            | Self::Api(_)
            | Self::Manifests(_)
            | Self::Ended(_)
            | Self::System { .. }
            | Self::Unverified(_) => 1,
        }
    }

    /// Whether nobody reads what the demo shows any more, as after `| head`.
    pub(super) fn is_unheard(&self) -> bool {
        matches!(self, Self::System { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// For `map_err`: the system refused `what`.
pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { what, source }
}
