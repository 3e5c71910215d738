//! What goes wrong between a candidate and its Lease, in words for people.

use super::LEASE;
use std::time::Duration;

/// Why a try to take or renew the Lease failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot {verb} Lease {namespace}/{LEASE}: no answer within {} s", .within.as_secs_f32())]
    Silent { verb: &'static str, namespace: String, within: Duration },
    #[error(
        "cannot {verb} Lease {namespace}/{LEASE}: {status}; allow get, create and update on leases.coordination.k8s.io in this namespace"
    )]
    Forbidden { verb: &'static str, namespace: String, status: Box<kube::core::Status> },
    #[error("cannot {verb} Lease {namespace}/{LEASE}: {source}")]
    Api { verb: &'static str, namespace: String, source: Box<kube::Error> },
}

impl Error {
    /// What `source` means for `verb` on the Lease in `namespace`.
    pub(super) fn of(verb: &'static str, namespace: &str, source: kube::Error) -> Self {
        let namespace = namespace.to_owned();
        match source {
            kube::Error::Api(status) if status.is_forbidden() => Self::Forbidden { verb, namespace, status },
            source => Self::Api { verb, namespace, source: Box::new(source) },
        }
    }

    /// Whether somebody else wrote or deleted the Lease since it was read.
    pub(super) fn is_outdated(&self) -> bool {
        match self {
            Self::Api { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if status.is_conflict() || status.is_not_found())
            }
            Self::Silent { .. } | Self::Forbidden { .. } => false,
        }
    }
}
