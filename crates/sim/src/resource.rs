//! The table of resources that the API serves; custom ones join it when their definition is created.

use crate::definition::Custom;
use std::sync::Arc;

/// One kind of object and how it is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Whether `metadata.generation` counts the changes of `spec`.
    pub generation: bool,
    /// Whether an update must name the version that it changes.
    pub versioned: bool,
    /// Whether an update of what is not there creates it.
    pub upsert: bool,
    /// Whether a delete answers with the object instead of a Status.
    pub returned: bool,
    /// Short names for kubectl.
    pub short: Vec<String>,
    /// Categories for kubectl, e.g. `all`.
    pub categories: Vec<String>,
    /// What a CustomResourceDefinition says about it.
    pub custom: Option<Arc<Custom>>,
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
        qualified(&self.plural, &self.group)
    }

    /// `Pod` or `Deployment.apps`, as in messages about wrong fields.
    #[must_use]
    pub fn qualified_kind(&self) -> String {
        qualified(&self.kind, &self.group)
    }

    /// The resource whose objects these are: Events are one thing under two names.
    #[must_use]
    pub fn stored_as(&self) -> String {
        if self.group == "events.k8s.io" { self.plural.clone() } else { self.name() }
    }

    /// The singular, as kubectl accepts it.
    #[must_use]
    pub fn singular(&self) -> String {
        self.kind.to_lowercase()
    }
}

fn qualified(word: &str, group: &str) -> String {
    if group.is_empty() { word.to_owned() } else { format!("{word}.{group}") }
}

/// group, version, plural, kind, traits (the fields of [`Resource`] that are true), short names, categories
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table, one resource per line
const BUILT_IN: &[Line] = &[
    ("", "v1", "namespaces", "Namespace", "status returned", "ns", ""),
    ("", "v1", "nodes", "Node", "status", "no", ""),
    ("", "v1", "pods", "Pod", "namespaced status generation returned", "po", "all"),
    ("", "v1", "services", "Service", "namespaced status upsert returned", "svc", "all"),
    ("", "v1", "configmaps", "ConfigMap", "namespaced", "cm", ""),
    ("", "v1", "secrets", "Secret", "namespaced", "", ""),
    ("", "v1", "serviceaccounts", "ServiceAccount", "namespaced returned", "sa", ""),
    ("", "v1", "events", "Event", "namespaced upsert", "ev", ""),
    ("apps", "v1", "deployments", "Deployment", "namespaced status scale generation", "deploy", "all"),
    ("apps", "v1", "replicasets", "ReplicaSet", "namespaced status scale generation", "rs", "all"),
    ("apps", "v1", "statefulsets", "StatefulSet", "namespaced status scale generation", "sts", "all"),
    ("apps", "v1", "daemonsets", "DaemonSet", "namespaced status generation", "ds", "all"),
    ("apps", "v1", "controllerrevisions", "ControllerRevision", "namespaced", "", ""),
    ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "namespaced status", "hpa", "all"),
    ("batch", "v1", "jobs", "Job", "namespaced status generation", "", "all"),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "namespaced status generation versioned", "pdb", ""),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "namespaced generation", "", ""),
    ("coordination.k8s.io", "v1", "leases", "Lease", "namespaced versioned upsert", "", ""),
    ("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", "status", "", ""),
    ("events.k8s.io", "v1", "events", "Event", "namespaced upsert", "ev", ""),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "namespaced generation", "netpol", ""),
    ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "upsert", "", ""),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", "upsert", "", ""),
    ("rbac.authorization.k8s.io", "v1", "roles", "Role", "namespaced upsert", "", ""),
    ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "namespaced upsert", "", ""),
    // Stored, and asked of nobody: expressions are not evaluated here.
    ("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", "status generation versioned", "", "api-extensions"),
    ("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", "generation versioned", "", "api-extensions"),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "status generation versioned", "crd crds", "api-extensions"),
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
    let (group, version, plural, kind, traits, short, categories) = *line;
    let has = |word| traits.split(' ').any(|known| known == word);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: plural.to_owned(),
        kind: kind.to_owned(),
        namespaced: has("namespaced"),
        status: has("status"),
        scale: has("scale"),
        generation: has("generation"),
        versioned: has("versioned"),
        upsert: has("upsert"),
        returned: has("returned"),
        short: words(short),
        categories: words(categories),
        custom: None,
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
        self.remove(&resource.name());
        self.0.push(Arc::new(resource));
    }

    /// Serves it no longer.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|known| known.name() != name);
    }
}
