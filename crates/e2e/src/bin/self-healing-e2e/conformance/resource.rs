//! The resources that the sequences are about.

/// One resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Path of its group and version.
    group: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
}

const fn resource(group: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource { group, plural, kind, namespaced: true }
}

pub(super) const PODS: &Resource = &resource("/api/v1", "pods", "Pod");
pub(super) const NODES: &Resource = &Resource { namespaced: false, ..resource("/api/v1", "nodes", "Node") };
pub(super) const CONFIG_MAPS: &Resource = &resource("/api/v1", "configmaps", "ConfigMap");
pub(super) const DEPLOYMENTS: &Resource = &resource("/apis/apps/v1", "deployments", "Deployment");
pub(super) const REPLICA_SETS: &Resource = &resource("/apis/apps/v1", "replicasets", "ReplicaSet");
pub(super) const STATEFUL_SETS: &Resource = &resource("/apis/apps/v1", "statefulsets", "StatefulSet");
pub(super) const LEASES: &Resource = &resource("/apis/coordination.k8s.io/v1", "leases", "Lease");
pub(super) const BUDGETS: &Resource = &resource("/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget");
pub(super) const EVENTS: &Resource = &resource("/apis/events.k8s.io/v1", "events", "Event");
pub(super) const RECOVERIES: &Resource = &resource("/apis/self-healing.dev/v1alpha1", "recoveries", "Recovery");

/// All of them.
pub(super) const ALL: [&Resource; 10] =
    [PODS, NODES, CONFIG_MAPS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, LEASES, BUDGETS, EVENTS, RECOVERIES];
/// Those that have replicas.
pub(super) const WORKLOADS: [&Resource; 3] = [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS];

impl Resource {
    /// Path of those in one namespace (`<ns>` for the sequence's own), or of all that have none.
    pub(super) fn within(&self, namespace: &str) -> String {
        if self.namespaced {
            format!("{}/namespaces/{namespace}/{}", self.group, self.plural)
        } else {
            self.everywhere()
        }
    }

    /// Path of those of the sequence.
    pub(super) fn all(&self) -> String {
        self.within("<ns>")
    }

    /// Path of those in all namespaces.
    pub(super) fn everywhere(&self) -> String {
        format!("{}/{}", self.group, self.plural)
    }

    /// Path of one.
    pub(super) fn one(&self, name: &Name) -> String {
        format!("{}/{}", self.all(), name.shown(self))
    }

    pub(super) fn api_version(&self) -> &'static str {
        let path = self.group.trim_start_matches('/');
        path.split_once('/').map_or(path, |(_, version)| version)
    }

    /// Whether it has a status of its own.
    pub(super) fn has_status(&self) -> bool {
        [PODS, NODES, BUDGETS, RECOVERIES].contains(&self) || WORKLOADS.contains(&self)
    }
}

/// A name: a plain one, or the prefix that one was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: &'static str,
    pub(super) made: bool,
}

impl Name {
    pub(super) const fn plain(text: &'static str) -> Self {
        Self { text, made: false }
    }

    /// As in paths and objects: objects without a namespace carry that of the sequence in their name.
    pub(super) fn shown(&self, resource: &Resource) -> String {
        match (self.made, resource.namespaced) {
            (true, _) => format!("<name {}>", self.text),
            (false, true) => self.text.to_owned(),
            (false, false) => format!("<ns>-{}", self.text),
        }
    }

    /// As in `<uid pods/a>`.
    pub(super) fn key(&self, resource: &Resource) -> String {
        format!("{}/{}", resource.plural, self.text)
    }
}
