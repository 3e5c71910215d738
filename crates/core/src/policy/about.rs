//! A failure as policies see it: when it is found, and later from its record.

use crate::cluster::Cluster;
use crate::fact::Labels;
use crate::finding::Finding;
use crate::key::{Kind, Target, Text};
use crate::names::{Cause, FailureType, Severity};
use crate::recovery::{Recovery, signals};
use crate::severity;
use crate::time::Stamp;
use alloc::string::String;

/// What a policy is asked about. Labels that are `None` cannot be seen, because what carries them is gone.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Its type.
    pub failure: FailureType,
    /// Its cause; `None` when a stored record names one that we do not know.
    pub cause: Option<Cause>,
    /// How bad it is without any policy.
    pub severity: Severity,
    /// The failure in one sentence.
    pub description: &'a str,
    /// Earlier failures of the same type and workload.
    pub similar_failures: u32,
    /// When the signal was first seen.
    pub first_seen: Stamp,
    /// When it fired.
    pub detected_at: Stamp,
    /// The signals as seen.
    pub evidence: &'a [(String, String)],
    /// What failed.
    pub target: &'a Target,
    /// Its labels.
    pub labels: Option<Labels>,
    /// The controller at the top of its owners, or the target itself.
    pub workload: &'a Target,
    /// The workload's labels.
    pub workload_labels: Option<Labels>,
    /// Labels of the target's namespace.
    pub namespace_labels: Option<Labels>,
    /// The node it happened on, if on one.
    pub node: Option<Text>,
    /// That node's labels.
    pub node_labels: Option<Labels>,
    /// The policy that the record names: what cannot be seen any more is taken to be as it was when that one was chosen.
    pub named: Option<&'a str>,
}

impl<'a> About<'a> {
    /// A failure that was just found.
    pub(crate) fn finding(finding: &'a Finding, cluster: &Cluster, similar_failures: u32, now: Stamp) -> Self {
        let about = Self {
            failure: finding.failure,
            cause: Some(finding.cause),
            severity: severity::without_policy(finding.failure, Some(finding.cause), similar_failures),
            description: &finding.description,
            similar_failures,
            first_seen: finding.first_seen.stamp,
            detected_at: now,
            evidence: &finding.evidence,
            ..Self::object(&finding.target, &finding.workload)
        };
        about.seen(cluster, finding.node.clone())
    }

    /// A failure that has a record.
    pub(crate) fn recovery(recovery: &'a Recovery, cluster: &Cluster) -> Self {
        let spec = &recovery.spec;
        let node = recovery.evidence("node").map(Text::from);
        let about = Self {
            failure: spec.failure,
            cause: spec.cause,
            severity: severity::without_policy(spec.failure, spec.cause, spec.similar_failures),
            description: &spec.description,
            similar_failures: spec.similar_failures,
            first_seen: spec.first_seen,
            detected_at: spec.detected_at,
            evidence: signals(&recovery.status.evidence),
            named: Some(&*spec.policy).filter(|name| !name.is_empty()),
            ..Self::object(&spec.target, &spec.workload)
        };
        about.seen(cluster, node)
    }

    /// An object of which it is only asked from when on it counts as failed; type and cause are still to be put in.
    pub(crate) fn object(target: &'a Target, workload: &'a Target) -> Self {
        Self {
            failure: FailureType::Pod,
            cause: None,
            severity: Severity::Low,
            description: "",
            similar_failures: 0,
            first_seen: Stamp(0),
            detected_at: Stamp(0),
            evidence: &[],
            target,
            labels: None,
            workload,
            workload_labels: None,
            namespace_labels: None,
            node: None,
            node_labels: None,
            named: None,
        }
    }

    /// With what can be seen of it now.
    pub(crate) fn seen(mut self, cluster: &Cluster, node: Option<Text>) -> Self {
        self.labels = cluster.labels_of(self.target);
        self.workload_labels =
            if self.workload == self.target { self.labels.clone() } else { cluster.labels_of(self.workload) };
        self.namespace_labels = cluster.namespace(&self.target.key.namespace).map(|namespace| namespace.labels.clone());
        self.node = match self.target.kind {
            Kind::Node => Some(self.target.key.name.clone()),
            _ => cluster.exact_pod(self.target).and_then(|pod| pod.node.clone()).or(node),
        };
        self.node_labels = self.node.as_ref().and_then(|node| cluster.node(node)).map(|node| node.labels.clone());
        self
    }

    /// Whether it happened in a namespace.
    pub(super) fn has_namespace(&self) -> bool {
        !self.target.key.namespace.is_empty()
    }
}
