//! What things are called: kinds, keys and targets.

use alloc::sync::Arc;
use core::fmt;

/// A shared, immutable text.
pub type Text = Arc<str>;

/// A kind of object, as far as rules tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// `v1`.
    Node,
    /// `v1`.
    Pod,
    /// `v1`.
    Service,
    /// `apps/v1`.
    Deployment,
    /// `apps/v1`.
    ReplicaSet,
    /// `apps/v1`.
    StatefulSet,
    /// `apps/v1`.
    DaemonSet,
    /// `batch/v1`.
    Job,
    /// Any other controller; its kind, with the API group when that is not built in.
    Other(Text),
}

impl Kind {
    /// The kind that `kind` of `group` (without version, empty for core) is.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Node") => Self::Node,
            ("", "Pod") => Self::Pod,
            ("", "Service") => Self::Service,
            ("apps", "Deployment") => Self::Deployment,
            ("apps", "ReplicaSet") => Self::ReplicaSet,
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("apps", "DaemonSet") => Self::DaemonSet,
            ("batch", "Job") => Self::Job,
            ("" | "apps" | "batch", other) => Self::Other(Text::from(other)),
            (group, other) => Self::Other(Text::from(alloc::format!("{other}.{group}"))),
        }
    }

    /// The kind as Kubernetes spells it; a foreign one as `Kind.group`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Node => "Node",
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::Other(kind) => kind,
        }
    }

    /// The kind that a stored record's `kind` names; built-in kinds are meant by their plain names.
    #[must_use]
    pub fn named(kind: &str) -> Self {
        for group in ["", "apps", "batch"] {
            let known = Self::of(group, kind);
            if !matches!(known, Self::Other(_)) {
                return known;
            }
        }
        Self::Other(Text::from(kind))
    }
}

/// A namespace and a name in it; the namespace is empty for cluster-scoped objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Key {
    /// Empty for cluster-scoped objects.
    pub namespace: Text,
    /// Unique in its namespace at one time, not over time.
    pub name: Text,
}

impl Key {
    /// The key of `name` in `namespace`.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: Text::from(namespace), name: Text::from(name) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// One object and no other: the uid tells it from a later one of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace and name.
    pub key: Key,
    /// Its uid; empty where only the name is known (a workload above a pod whose owner was never seen).
    pub uid: Text,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_kind_of_another_group_is_another_kind() {
        assert_eq!(Kind::of("apps", "DaemonSet"), Kind::DaemonSet);
        let foreign = Kind::of("apps.kruise.io", "DaemonSet");
        assert_ne!(foreign, Kind::DaemonSet);
        assert_eq!(foreign.as_str(), "DaemonSet.apps.kruise.io");
    }
}
