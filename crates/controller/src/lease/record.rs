//! The election's record: `spec` of the Lease, without touching fields that we do not know.

use super::LEASE;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ApiResource, DynamicObject};
use serde_json::{Value, json};
use std::time::Duration;

/// The fields that the election reads. A change of any shows that the holder lives; the times are only compared for equality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// `holderIdentity`; empty when nobody holds it.
    pub(super) holder: String,
    /// `leaseTransitions`: how often the holder changed.
    pub(super) transitions: u64,
    seconds: Option<u64>,
    acquired: Value,
    renewed: Value,
}

impl Record {
    /// The record in `lease`; what is missing or odd reads as absent.
    pub(super) fn of(lease: &DynamicObject) -> Self {
        let spec = &lease.data["spec"];
        Self {
            holder: spec["holderIdentity"].as_str().unwrap_or_default().to_owned(),
            transitions: spec["leaseTransitions"].as_u64().unwrap_or(0),
            seconds: spec["leaseDurationSeconds"].as_u64(),
            acquired: spec["acquireTime"].clone(),
            renewed: spec["renewTime"].clone(),
        }
    }

    /// The first record ever.
    pub(super) fn first(identity: &str, lease: Duration, now: Timestamp) -> Self {
        Self {
            holder: identity.to_owned(),
            transitions: 0,
            seconds: Some(lease.as_secs()),
            acquired: time(now),
            renewed: time(now),
        }
    }

    /// The record taken or renewed by `identity`.
    pub(super) fn renewed(self, identity: &str, lease: Duration, now: Timestamp) -> Self {
        let renewed = time(now);
        let seconds = Some(lease.as_secs());
        if self.holder == identity {
            return Self { seconds, renewed, ..self };
        }
        Self {
            holder: identity.to_owned(),
            transitions: self.transitions.saturating_add(1),
            seconds,
            acquired: renewed.clone(),
            renewed,
        }
    }

    /// The record with nobody holding it; 1 s, as client-go writes, since the API server refuses 0.
    pub(super) fn released(self, _identity: &str, _lease: Duration, now: Timestamp) -> Self {
        let renewed = time(now);
        Self { holder: String::new(), seconds: Some(1), acquired: renewed.clone(), renewed, ..self }
    }

    /// Whether its holder gave it back, here or with client-go: one that a person has emptied keeps its times and its duration.
    pub(super) fn is_released(&self) -> bool {
        self.holder.is_empty() && self.seconds == Some(1) && self.acquired == self.renewed && !self.renewed.is_null()
    }

    /// How long others must leave it alone after its last change: as it says itself, `default` when it does not.
    pub(super) fn duration(&self, default: Duration) -> Duration {
        self.seconds.map_or(default, |seconds| Duration::from_secs(seconds.min(u64::from(u32::MAX))))
    }

    /// Puts the record into `lease`, keeping every other field.
    pub(super) fn write_to(self, lease: &mut DynamicObject) {
        if !lease.data.is_object() {
            lease.data = json!({});
        }
        if !lease.data["spec"].is_object() {
            lease.data["spec"] = json!({});
        }
        let spec = &mut lease.data["spec"];
        spec["holderIdentity"] = Value::String(self.holder);
        spec["leaseTransitions"] = self.transitions.into();
        spec["leaseDurationSeconds"] = self.seconds.into();
        spec["acquireTime"] = self.acquired;
        spec["renewTime"] = self.renewed;
    }

    /// A new Lease that holds the record.
    pub(super) fn into_object(self, resource: &ApiResource) -> DynamicObject {
        let mut lease = DynamicObject::new(LEASE, resource);
        self.write_to(&mut lease);
        lease
    }
}

/// Written for people to read and never compared by us.
fn time(now: Timestamp) -> Value {
    serde_json::to_value(MicroTime(now)).unwrap_or_default()
}
