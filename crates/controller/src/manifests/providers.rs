//! What each provider of machines needs in rights: a file of its own for each, which only those who use it apply.

use super::{NAMESPACE, SERVICE_ACCOUNT, labels};
use self_healing_core::names::ProviderKind;
use serde_json::{Value, json};

/// Verbs on a resource of a provider, and what they are for.
struct Right {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    why: &'static str,
}

const fn right(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    why: &'static str,
) -> Right {
    Right { group, resources, verbs, why }
}

const CLUSTER_API: &str = "cluster.x-k8s.io";
const FENCE_AGENTS: &str = "fence-agents-remediation.medik8s.io";
const SELF_NODE: &str = "self-node-remediation.medik8s.io";
const MACHINE_DELETION: &str = "machine-deletion-remediation.medik8s.io";
const METAL3: &str = "infrastructure.cluster.x-k8s.io";
const ATTACHED: Right = right(
    "storage.k8s.io",
    &["volumeattachments"],
    &["list"],
    "replace a drained node only when its volumes are detached",
);
const MAKE: &[&str] = &["get", "create", "delete"];
const OWN: &str = "make the remediation object of a node, follow it, and delete it when the node is healthy";
const FROM: &str = "read the template that the object is made from";

#[rustfmt::skip] // a table, one right per line
const RIGHTS: &[(ProviderKind, &[Right])] = &[
    (ProviderKind::ClusterApi, &[
        right(CLUSTER_API, &["machines"], &["get", "list", "delete"], "find the one Machine of a node, replace it, and see the one that comes in its place"),
        right(CLUSTER_API, &["clusters"], &["get"], "leave alone what is paused, being deleted or rolling out"),
        ATTACHED,
    ]),
    (ProviderKind::Karpenter, &[
        right("karpenter.sh", &["nodeclaims"], &["get", "list", "delete"], "find the one NodeClaim of a node, and replace it"),
        ATTACHED,
    ]),
    (ProviderKind::RemediationTemplate, &[
        right(FENCE_AGENTS, &["fenceagentsremediations"], MAKE, OWN),
        right(FENCE_AGENTS, &["fenceagentsremediationtemplates"], &["get"], FROM),
        right(SELF_NODE, &["selfnoderemediations"], MAKE, OWN),
        right(SELF_NODE, &["selfnoderemediationtemplates"], &["get"], FROM),
        right(MACHINE_DELETION, &["machinedeletionremediations"], MAKE, OWN),
        right(MACHINE_DELETION, &["machinedeletionremediationtemplates"], &["get"], FROM),
        right(METAL3, &["metal3remediations"], MAKE, OWN),
        right(METAL3, &["metal3remediationtemplates"], &["get"], FROM),
        right(CLUSTER_API, &["machines"], &["get", "list"], "name and own a Metal3Remediation as Cluster API asks for"),
        right(CLUSTER_API, &["clusters"], &["get"], "leave alone what is paused, being deleted or rolling out"),
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
    let of =
        |(kind, rights): &(ProviderKind, &[Right])| (file(*kind), comment(*kind, rights), documents(*kind, rights));
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

fn documents(kind: ProviderKind, rights: &[Right]) -> Vec<Value> {
    let name = format!("self-healing-provider-{kind}");
    let rule =
        |right: &Right| json!({ "apiGroups": [right.group], "resources": right.resources, "verbs": right.verbs });
    let metadata = json!({ "name": name, "labels": labels() });
    let rbac = "rbac.authorization.k8s.io";
    vec![
        json!({
            "apiVersion": format!("{rbac}/v1"),
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": rights.iter().map(rule).collect::<Vec<_>>(),
        }),
        json!({
            "apiVersion": format!("{rbac}/v1"),
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE }],
        }),
    ]
}

fn comment(kind: ProviderKind, rights: &[Right]) -> String {
    let line =
        |right: &Right| format!("#   {} {}: {}\n", right.verbs.join(", "), right.resources.join(", "), right.why);
    let lines: String = rights.iter().map(line).collect();
    format!("# Apply it only to use the node provider {kind} (docs/providers.md). What each right is for:\n{lines}")
}
