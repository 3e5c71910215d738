//! Node heartbeats: the Leases in `kube-node-lease`.

use super::{Metadata, ObjectError, Shared, stamp};
use jiff::Timestamp;
use self_healing_core::fact::LeaseFact;
use serde::Deserialize;
use std::time::Duration;

/// The kubelet's default, `nodeLeaseDurationSeconds`.
const DEFAULT_SECONDS: u64 = 40;

/// What is read of a Lease.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimLease<'a> {
    /// Its name is the node's.
    pub metadata: Metadata<'a>,
    spec: Option<Spec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    renew_time: Option<Timestamp>,
    lease_duration_seconds: Option<i64>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not a Lease with a name, or a field has another type than documented.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<LeaseFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `lease` states.
///
/// # Errors
/// If the name is absent.
pub fn fact(lease: &SlimLease<'_>, shared: &mut Shared) -> Result<LeaseFact, ObjectError> {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|s| s.lease_duration_seconds).and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
    Ok(LeaseFact {
        node: shared.text(lease.metadata.name()?),
        renewed: stamp(spec.and_then(|s| s.renew_time)),
        duration: Duration::from_secs(seconds.unwrap_or(DEFAULT_SECONDS)),
    })
}
