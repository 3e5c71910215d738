//! The table of resources that the API serves; custom ones join it when their definition is created.

use std::sync::Arc;

/// One kind of object and how it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for core.
    pub group: String,
    /// Version within the group.
    pub version: String,
    /// Plural, as in paths.
    pub plural: String,
    /// Kind, as in objects.
    pub kind: String,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether `/status` is a subresource of its own.
    pub status: bool,
    /// Whether `/scale` is served.
    pub scale: bool,
    /// Short names for kubectl.
    pub short: Vec<String>,
    /// Categories for kubectl, e.g. `all`.
    pub categories: Vec<String>,
}

impl Resource {
    /// `v1` or `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`, as in messages and as [`crate::hand::Hand`] wants it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// group, version, plural, kind, namespaced, status, scale, short names, categories
type Line = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    bool,
    bool,
    &'static [&'static str],
    &'static [&'static str],
);

#[rustfmt::skip] // a table, one resource per line
const BUILT_IN: &[Line] = &[
    ("", "v1", "namespaces", "Namespace", false, true, false, &["ns"], &[]),
    ("", "v1", "nodes", "Node", false, true, false, &["no"], &[]),
    ("", "v1", "pods", "Pod", true, true, false, &["po"], &["all"]),
    ("", "v1", "services", "Service", true, true, false, &["svc"], &["all"]),
    ("", "v1", "configmaps", "ConfigMap", true, false, false, &["cm"], &[]),
    ("", "v1", "secrets", "Secret", true, false, false, &[], &[]),
    ("", "v1", "serviceaccounts", "ServiceAccount", true, false, false, &["sa"], &[]),
    ("", "v1", "events", "Event", true, false, false, &["ev"], &[]),
    ("apps", "v1", "deployments", "Deployment", true, true, true, &["deploy"], &["all"]),
    ("apps", "v1", "replicasets", "ReplicaSet", true, true, true, &["rs"], &["all"]),
    ("apps", "v1", "statefulsets", "StatefulSet", true, true, true, &["sts"], &["all"]),
    ("apps", "v1", "daemonsets", "DaemonSet", true, true, false, &["ds"], &["all"]),
    ("apps", "v1", "controllerrevisions", "ControllerRevision", true, false, false, &[], &[]),
    ("batch", "v1", "jobs", "Job", true, true, false, &[], &["all"]),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, true, false, &["pdb"], &[]),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, false, false, &[], &[]),
    ("coordination.k8s.io", "v1", "leases", "Lease", true, false, false, &[], &[]),
    ("events.k8s.io", "v1", "events", "Event", true, false, false, &["ev"], &[]),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, false, false, &["netpol"], &[]),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, false, false, &[], &[]),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false, false, false, &[], &[]),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", true, false, false, &[], &[]),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true, false, false, &[], &[]),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, true, false, &["crd", "crds"], &[]),
];

/// Every resource that is served, the built-in ones first.
#[derive(Clone, Debug)]
pub struct Registry(Vec<Arc<Resource>>);

impl Default for Registry {
    fn default() -> Self {
        Self(BUILT_IN.iter().map(|line| Arc::new(built_in(line))).collect())
    }
}

fn built_in(line: &Line) -> Resource {
    let (group, version, plural, kind, namespaced, status, scale, short, categories) = *line;
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: plural.to_owned(),
        kind: kind.to_owned(),
        namespaced,
        status,
        scale,
        short: owned(short),
        categories: owned(categories),
    }
}

impl Registry {
    /// The resource of a path.
    #[must_use]
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.0.iter().find(|known| known.plural == plural && known.group == group && known.version == version)
    }

    /// The resource called `pods` or `deployments.apps`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Resource>> {
        let (plural, group) = name.split_once('.').unwrap_or((name, ""));
        self.0.iter().find(|known| known.plural == plural && known.group == group)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.0.iter()
    }

    /// Serves one more; one of the same group and plural is replaced.
    pub fn add(&mut self, resource: Resource) {
        self.0.retain(|known| known.group != resource.group || known.plural != resource.plural);
        self.0.push(Arc::new(resource));
    }
}
