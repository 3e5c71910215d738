//! A role, and the binding that gives it to the controller.

use super::{NAMESPACE, SERVICE_ACCOUNT, labels};
use serde_json::{Value, json};

const RBAC: &str = "rbac.authorization.k8s.io";

/// What a role and its binding are called, and where they hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant<'a> {
    /// `Cluster` for a ClusterRole, empty for a Role.
    pub(super) prefix: &'static str,
    /// Where a Role lies; `None` for a ClusterRole, and where whoever applies it says that.
    pub(super) namespace: Option<&'a str>,
    /// The role's name.
    pub(super) role: &'a str,
    /// The binding's name.
    pub(super) binding: &'a str,
}

impl<'a> Grant<'a> {
    /// In the whole cluster.
    pub(super) const fn cluster(role: &'a str, binding: &'a str) -> Self {
        Self { prefix: "Cluster", namespace: None, role, binding }
    }

    /// In one namespace, which may be left open.
    pub(super) const fn namespaced(namespace: Option<&'a str>, role: &'a str, binding: &'a str) -> Self {
        Self { prefix: "", namespace, role, binding }
    }

    /// The role with these rules, and its binding to the controller's ServiceAccount.
    pub(super) fn of(&self, rules: Vec<Value>) -> [Value; 2] {
        let kind = format!("{}Role", self.prefix);
        let object = |kind: &str, name: &str| {
            let mut metadata = json!({ "name": name, "labels": labels() });
            if let Some(namespace) = self.namespace {
                metadata["namespace"] = json!(namespace);
            }
            json!({ "apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": metadata })
        };
        let (mut role, mut binding) = (object(&kind, self.role), object(&format!("{kind}Binding"), self.binding));
        role["rules"] = Value::Array(rules);
        binding["roleRef"] = json!({ "apiGroup": RBAC, "kind": kind, "name": self.role });
        binding["subjects"] = json!([{ "kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": NAMESPACE }]);
        [role, binding]
    }
}
