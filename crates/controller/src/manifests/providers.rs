//! What each provider of machines needs in rights: a file of its own for each, which only those who use it apply.

use super::grant::Grant;
use super::rbac::{Permission, cluster, lines};
use self_healing_core::names::ProviderKind;
use serde_json::Value;

const CLUSTER_API: &str = "cluster.x-k8s.io";
const FENCE_AGENTS: &str = "fence-agents-remediation.medik8s.io";
const SELF_NODE: &str = "self-node-remediation.medik8s.io";
const MACHINE_DELETION: &str = "machine-deletion-remediation.medik8s.io";
const METAL3: &str = "infrastructure.cluster.x-k8s.io";
const ATTACHED: Permission = cluster(
    "storage.k8s.io",
    "volumeattachments",
    &["list"],
    "replace a drained node only when its volumes are detached",
);
const MAKE: &[&str] = &["get", "create", "delete"];
const OWN: &str = "make the remediation object of a node, follow it, and delete it when the node is healthy";
const FROM: &str = "read the template that the object is made from";

#[rustfmt::skip] // a table, one right per line
const RIGHTS: &[(ProviderKind, &[Permission])] = &[
    (ProviderKind::ClusterApi, &[
        cluster(CLUSTER_API, "machines", &["get", "list", "delete"], "find the one Machine of a node, replace it, and see the one that comes in its place"),
        cluster(CLUSTER_API, "clusters", &["get"], "leave alone what is paused, being deleted or rolling out"),
        ATTACHED,
    ]),
    (ProviderKind::Karpenter, &[
        cluster("karpenter.sh", "nodeclaims", &["get", "list", "delete"], "find the one NodeClaim of a node, and replace it"),
        ATTACHED,
    ]),
    (ProviderKind::RemediationTemplate, &[
        cluster(FENCE_AGENTS, "fenceagentsremediations", MAKE, OWN),
        cluster(FENCE_AGENTS, "fenceagentsremediationtemplates", &["get"], FROM),
        cluster(SELF_NODE, "selfnoderemediations", MAKE, OWN),
        cluster(SELF_NODE, "selfnoderemediationtemplates", &["get"], FROM),
        cluster(MACHINE_DELETION, "machinedeletionremediations", MAKE, OWN),
        cluster(MACHINE_DELETION, "machinedeletionremediationtemplates", &["get"], FROM),
        cluster(METAL3, "metal3remediations", MAKE, OWN),
        cluster(METAL3, "metal3remediationtemplates", &["get"], FROM),
        cluster(CLUSTER_API, "machines", &["get", "list"], "name and own a Metal3Remediation as Cluster API asks for"),
        cluster(CLUSTER_API, "clusters", &["get"], "leave alone what is paused, being deleted or rolling out"),
        ATTACHED,
    ]),
    (ProviderKind::Webhook, &[ATTACHED]),
];

/// Of each provider that needs rights its name and the role that gives them to the controller, with its binding.
#[must_use]
pub fn provider_objects() -> Vec<(ProviderKind, Vec<Value>)> {
    RIGHTS.iter().map(|(kind, rights)| (*kind, documents(*kind, rights))).collect()
}

/// The same as a file's name, its comment and its documents.
pub(super) fn contents() -> Vec<(&'static str, String, Vec<Value>)> {
    let of = |(kind, rights): &(ProviderKind, &[Permission])| {
        (file(*kind), comment(*kind, rights), documents(*kind, rights))
    };
    RIGHTS.iter().map(of).collect()
}

const fn file(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::ClusterApi => "providers/clusterapi.yaml",
        ProviderKind::Karpenter => "providers/karpenter.yaml",
        ProviderKind::RemediationTemplate => "providers/remediation-template.yaml",
        ProviderKind::Webhook => "providers/webhook.yaml",
        ProviderKind::None => "providers/none.yaml",
    }
}

/// Every permission that the use of a provider needs beside the controller's own; none for one that needs none.
#[must_use]
pub fn provider_permissions(kind: ProviderKind) -> &'static [Permission] {
    RIGHTS.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, rights)| rights)
}

/// The name of the role that gives them.
#[must_use]
pub fn provider_role(kind: ProviderKind) -> String {
    format!("self-healing-provider-{kind}")
}

fn documents(kind: ProviderKind, rights: &[Permission]) -> Vec<Value> {
    let name = provider_role(kind);
    Grant::cluster(&name, &name).of(rights.iter().map(Permission::rule).collect()).into()
}

fn comment(kind: ProviderKind, rights: &[Permission]) -> String {
    let lines = lines(rights);
    format!("# Apply it only to use the node provider {kind} (docs/providers.md). What each right is for:\n{lines}")
}
