//! What the controller may do on the API: one table, from which the RBAC manifests are made.

use super::grant::Grant;
use super::{CONFIG_MAP, NAME, NAMESPACE, Options, SERVICE_ACCOUNT, labels};
use self_healing_api::marks::{GROUP, NODE_LEASE_NAMESPACE};
use self_healing_core::names::Remedy;
use serde_json::{Value, json};

/// Where a permission holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In all namespaces, or on objects that have none.
    Cluster,
    /// In the controller's namespace.
    OwnNamespace,
    /// In `kube-node-lease`, where kubelets renew their Leases.
    NodeLeases,
}

impl Scope {
    /// The one namespace that it means; `None` for the whole cluster.
    #[must_use]
    pub const fn namespace(self) -> Option<&'static str> {
        match self {
            Self::Cluster => None,
            Self::OwnNamespace => Some(NAMESPACE),
            Self::NodeLeases => Some(NODE_LEASE_NAMESPACE),
        }
    }
}

/// Verbs on one resource, and what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// API group; empty for core.
    pub group: &'static str,
    /// Resource, with its subresource after a slash.
    pub resource: &'static str,
    /// What may be done.
    pub verbs: &'static [&'static str],
    /// The only objects on which it may be done; empty for any.
    pub names: &'static [&'static str],
    /// Where.
    pub scope: Scope,
    /// What for, in words for the person who reviews it.
    pub why: &'static str,
    /// The remedy that alone needs it; `None` for what everything needs.
    pub remedy: Option<Remedy>,
}

/// What a Role of a watched namespace cannot give: resources without a namespace, and Events, as those about nodes and records lie elsewhere.
const CLUSTER_WIDE: &[(&str, &str)] = &[
    ("", "nodes"),
    ("", "namespaces"),
    ("", "persistentvolumes"),
    ("", "events"),
    ("events.k8s.io", "events"),
    (GROUP, "healingpolicies"),
    (GROUP, "healingpolicies/status"),
];
const READING: &[&str] = &["get", "list", "watch"];
/// What mode Observe writes beside its own records: words about a wrong configuration, and whether a policy is valid.
const OBSERVED: &[(&str, &str)] = &[("events.k8s.io", "events"), (GROUP, "healingpolicies/status")];

/// Whether a right on this resource has to hold in the whole cluster, also where only some namespaces are watched.
#[must_use]
pub fn is_cluster_wide(group: &str, resource: &str) -> bool {
    CLUSTER_WIDE.contains(&(group, resource))
}

/// Whether mode Observe makes use of this right on something that is not the controller's own.
#[must_use]
pub fn is_for_observing(verb: &str, group: &str, resource: &str) -> bool {
    READING.contains(&verb) || OBSERVED.contains(&(group, resource))
}

impl Permission {
    /// The RBAC rule that gives it.
    #[must_use]
    pub fn rule(&self) -> Value {
        let mut rule = json!({
            "apiGroups": [self.group],
            "resources": [self.resource],
            "verbs": self.verbs,
        });
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// A permission on any object of the cluster.
pub(super) const fn cluster(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    why: &'static str,
) -> Permission {
    Permission { group, resource, verbs, names: &[], scope: Scope::Cluster, why, remedy: None }
}

/// A permission on any object of the cluster that only one remedy needs.
const fn only(
    remedy: Remedy,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    why: &'static str,
) -> Permission {
    Permission { remedy: Some(remedy), ..cluster(group, resource, verbs, why) }
}

/// A permission in the controller's own namespace.
const fn own(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
) -> Permission {
    Permission { group, resource, verbs, names, scope: Scope::OwnNamespace, why, remedy: None }
}

/// The name of each role of the controller, in whatever scope.
pub const ROLE: &str = "self-healing-role";
const BINDING: &str = "self-healing-binding";

const LEASES: &str = "coordination.k8s.io";

#[rustfmt::skip] // a table, one permission per line
const ALWAYS: &[Permission] = &[
    cluster("", "pods", &["get", "list", "watch"], "see failures; confirm one by a fresh read"),
    only(Remedy::Pods, "", "pods", &["delete"], "restart a failed pod; free the pods of a dead node"),
    only(Remedy::Drains, "", "pods/eviction", &["create"], "drain a node within disruption budgets"),
    only(Remedy::Memory, "", "pods/resize", &["patch"], "raise the memory limit of a pod in place, where a policy says so"),
    only(Remedy::Drains, "policy", "poddisruptionbudgets", &["list"], "plan a drain before anything is touched"),
    only(Remedy::Drains, "", "persistentvolumeclaims", &["get"], "plan a drain: which volumes a pod takes along"),
    only(Remedy::Drains, "", "persistentvolumes", &["get"], "plan a drain: from where a volume can be reached"),
    cluster("", "nodes", &["get", "list", "watch"], "see failures; confirm one by a fresh read"),
    only(Remedy::Nodes, "", "nodes", &["patch"], "cordon and taint, and undo it"),
    cluster("", "namespaces", &["list", "watch"], "honour opt-out marks on namespaces"),
    cluster("apps", "deployments", &["get", "list", "watch"], "know whether a workload is back; honour opt-out marks; confirm by a fresh read who owns it"),
    only(Remedy::Workloads, "apps", "deployments", &["patch"], "restart its pods, start one more, or roll it back"),
    cluster("apps", "replicasets", &["get", "list", "watch"], "find the Deployment above a pod, and the revision to go back to"),
    only(Remedy::Workloads, "apps", "replicasets", &["patch"], "start one pod more than it has, and take that back"),
    cluster("apps", "statefulsets", &["get", "list", "watch"], "know whether a workload is back; honour opt-out marks; confirm by a fresh read who owns it"),
    only(Remedy::Workloads, "apps", "statefulsets", &["patch"], "restart its pods"),
    cluster("apps", "daemonsets", &["get", "list", "watch"], "know whether a workload is back; leave its pods on a drained node"),
    only(Remedy::Workloads, "apps", "daemonsets", &["patch"], "restart its pods"),
    only(Remedy::Workloads, "autoscaling", "horizontalpodautoscalers", &["list"], "never change the number of pods where an autoscaler does"),
    cluster("batch", "jobs", &["list", "watch"], "leave pods to the Job that retries them"),
    cluster("apps", "controllerrevisions", &["list"], "keep as evidence which revision of a workload failed, and what was before"),
    cluster("", "events", &["list"], "keep as evidence what was said about a failed object"),
    cluster("", "services", &["get", "list", "watch"], "see services without ready endpoints"),
    only(Remedy::Services, "", "services", &["patch"], "switch one to its standby, and back"),
    cluster("discovery.k8s.io", "endpointslices", &["list", "watch"], "see services without ready endpoints"),
    cluster("events.k8s.io", "events", &["create"], "tell what was done on the object it was done to"),
    cluster(GROUP, "healingpolicies", &["list", "watch"], "know what is to be done differently, and where"),
    cluster(GROUP, "healingpolicies/status", &["patch"], "say whether a policy is valid, and what it applies to"),
    own(GROUP, "recoveries", &["get", "list", "watch", "create", "delete"], &[], "keep the record of every recovery, and clear it away after recovery_ttl"),
    own(GROUP, "recoveries/status", &["update"], &[], "record each step"),
    own(LEASES, "leases", &["create"], &[], "leader election; a create cannot be limited to a name"),
    own(LEASES, "leases", &["get", "update"], &[NAME], "leader election"),
    own("", "configmaps", &["list", "watch"], &[CONFIG_MAP], "apply changes of the configuration without a restart"),
    Permission { group: LEASES, resource: "leases", verbs: &["get", "list", "watch"], names: &[], scope: Scope::NodeLeases, why: "see which kubelets are silent", remedy: None },
];

const RECREATE_BARE_PODS: Permission =
    cluster("", "pods", &["create"], "restart a bare pod, which no controller would create again");

/// Every permission that an installation with these options needs.
#[must_use]
pub fn permissions(options: &Options) -> Vec<Permission> {
    let create = options.recreate_bare_pods.then_some(RECREATE_BARE_PODS);
    let wanted = |one: &Permission| one.remedy.is_none_or(|remedy| !options.without.contains(&remedy));
    ALWAYS.iter().copied().filter(wanted).chain(create).collect()
}

/// The remedy that alone needs a rule of the roles.
pub(super) fn remedy_of(rule: &Value) -> Option<Remedy> {
    ALWAYS.iter().find(|permission| permission.rule() == *rule)?.remedy
}

/// The ServiceAccount and everything that is granted to it.
pub(super) fn documents(options: &Options) -> Vec<Value> {
    let permissions = permissions(options);
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": { "name": SERVICE_ACCOUNT, "namespace": NAMESPACE, "labels": labels() },
    });
    let granted = [Scope::Cluster, Scope::OwnNamespace, Scope::NodeLeases];
    std::iter::once(account).chain(granted.into_iter().flat_map(|scope| grant(scope, &permissions))).collect()
}

/// The role of one scope and the binding that gives it to the controller.
fn grant(scope: Scope, permissions: &[Permission]) -> [Value; 2] {
    let rules = permissions.iter().filter(|permission| permission.scope == scope).map(Permission::rule).collect();
    match scope.namespace() {
        None => Grant::cluster(ROLE, BINDING),
        namespace => Grant::namespaced(namespace, ROLE, BINDING),
    }
    .of(rules)
}

/// The reasons, as comment lines for the file.
pub(super) fn comment(options: &Options) -> String {
    format!("# What each right is for:\n{}", lines(&permissions(options)))
}

/// One comment line for each permission.
pub(super) fn lines(permissions: &[Permission]) -> String {
    let line = |permission: &Permission| {
        let place = permission.scope.namespace().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("#   {} {}{place}: {}\n", permission.verbs.join(", "), permission.resource, permission.why)
    };
    permissions.iter().map(line).collect()
}
