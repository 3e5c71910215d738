//! The rights, one line each, asked of the API server itself: what it would allow now, whatever roles say.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::config::Layers;
use crate::manifests::{
    Options, Permission, ROLE, Scope, is_cluster_wide, is_for_observing, permissions, provider_permissions,
    provider_role,
};
use crate::rights::{may, wish};
use futures::stream::{self, StreamExt};
use k8s_openapi::api::authorization::v1::ResourceAttributes;
use self_healing_api::keys::Config;
use self_healing_core::names::{Mode, Remedy};
use std::collections::BTreeSet;

/// Questions under way at once.
const AT_ONCE: usize = 8;

/// A permission where it has to hold.
struct Needed {
    permission: Permission,
    /// `None` for the whole cluster.
    namespace: Option<String>,
    /// What should give it.
    role: String,
    /// The file that grants it.
    file: String,
}

/// One line for each permission that the configuration asks for.
pub(super) async fn checks(cluster: &Cluster, layers: &Layers, without: &BTreeSet<Remedy>) -> Vec<Check> {
    let needed = needed(&cluster.namespace, layers.config());
    stream::iter(&needed).map(|one| one.check(cluster, layers, without)).buffered(AT_ONCE).collect().await
}

/// Every permission, once for each place where it is needed.
fn needed(own: &str, config: &Config) -> Vec<Needed> {
    let mut needed = Vec::new();
    let shipped = |permission, namespace: Option<&str>, role: &str| {
        let role = match namespace {
            None => format!("ClusterRole {role}"),
            Some(namespace) => format!("Role {role} in namespace {namespace}"),
        };
        Needed { permission, namespace: namespace.map(str::to_owned), role, file: "rbac.yaml".to_owned() }
    };
    for permission in permissions(&Options::default()) {
        let everywhere = config.watch_namespaces.is_empty() || is_cluster_wide(permission.group, permission.resource);
        match permission.scope {
            Scope::Cluster if everywhere => needed.push(shipped(permission, None, ROLE)),
            Scope::Cluster => {
                let role = format!("{ROLE}-watched");
                needed.extend(config.watch_namespaces.iter().map(|watched| shipped(permission, Some(watched), &role)));
            }
            Scope::OwnNamespace => needed.push(shipped(permission, Some(own), ROLE)),
            Scope::NodeLeases => needed.push(shipped(permission, permission.scope.namespace(), ROLE)),
        }
    }
    let provider = config.node_replacement;
    needed.extend(provider_permissions(provider).iter().map(|permission| Needed {
        permission: *permission,
        namespace: None,
        role: format!("ClusterRole {}", provider_role(provider)),
        file: format!("providers/{provider}.yaml"),
    }));
    needed
}

impl Needed {
    async fn check(&self, cluster: &Cluster, layers: &Layers, without: &BTreeSet<Remedy>) -> Check {
        let of = |state, message: String| Check::new(Area::Rights, self.name(), state, message);
        let mut missing = Vec::new();
        for verb in self.permission.verbs {
            match may(&cluster.clients.reads, &self.wish(verb)).await {
                Ok(true) => {}
                Ok(false) => missing.push(*verb),
                Err(why) => return of(State::Unchecked, format!("cannot be asked: {why}")),
            }
        }
        let why = self.permission.why;
        if missing.is_empty() {
            return of(State::Ok, format!("given ({why})"));
        }
        let lost = format!("{} missing ({why})", missing.join(", "));
        let lost = match self.permission.remedy {
            Some(remedy) => format!("{lost}; Disabled: strategies that need the remedy {remedy} are not begun"),
            None => lost,
        };
        if self.permission.remedy.is_some_and(|remedy| without.contains(&remedy)) {
            return of(State::Off, lost);
        }
        if let Some(excuse) = self.excuse(&missing, layers) {
            return of(State::Off, format!("{lost}; {excuse}"));
        }
        let mut rule = self.permission.rule();
        rule["verbs"] = missing.into();
        let todo = format!(
            "add to {} the rule {rule}; all of them: kubectl apply -f kubernetes/self-healing/{}, or helm upgrade",
            self.role, self.file
        );
        Check { rule: Some(rule), ..of(State::Failed, lost).todo(todo) }
    }

    /// Such as `right get,watch deployments.apps in shop`.
    fn name(&self) -> String {
        let Permission { group, resource, verbs, names, .. } = self.permission;
        let group = if group.is_empty() { String::new() } else { format!(".{group}") };
        let named = names.first().map(|name| format!("/{name}")).unwrap_or_default();
        let place = self.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("right {} {resource}{group}{named}{place}", verbs.join(","))
    }

    /// Why its lack is no failure.
    fn excuse(&self, missing: &[&str], layers: &Layers) -> Option<&'static str> {
        let Permission { group, resource, scope, verbs, .. } = self.permission;
        let config = layers.config();
        let own = scope == Scope::OwnNamespace;
        if resource == "pods" && *verbs == ["create"] {
            return Some("a pod without controller is told of and left alone");
        }
        if own && resource == "leases" && !config.leader_election {
            return Some("leader_election is false");
        }
        if own && resource == "configmaps" && !layers.follows_config_map() {
            return Some("the configuration comes from a file");
        }
        let acts = missing.iter().any(|verb| !is_for_observing(verb, group, resource));
        (config.mode == Mode::Observe && scope == Scope::Cluster && acts)
            .then_some("mode is Observe: nothing is changed")
    }

    fn wish(&self, verb: &str) -> ResourceAttributes {
        let Permission { group, resource, names, .. } = self.permission;
        wish(verb, group, resource, self.namespace.as_deref(), names.first().copied())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn names(config: &[(&str, &str)]) -> Vec<String> {
        let layers = Layers::new(None, &config.iter().copied().collect::<Environment>(), &[]).unwrap();
        needed("ours", layers.config()).iter().map(Needed::name).collect()
    }

    #[test]
    fn what_is_asked_follows_the_table_and_the_configuration() {
        let all = names(&[]);
        assert_eq!(all.len(), permissions(&Options::default()).len());
        for name in [
            "right get,list,watch deployments.apps",
            "right patch deployments.apps",
            "right create pods/eviction",
            "right get,update leases.coordination.k8s.io/self-healing-controller in ours",
            "right get,list,watch leases.coordination.k8s.io in kube-node-lease",
        ] {
            assert!(all.iter().any(|known| known == name), "{name} is not in {all:#?}");
        }
        let some = names(&[("WATCH_NAMESPACES", "shop,web"), ("NODE_REPLACEMENT", "karpenter")]);
        for name in [
            "right create pods/eviction in shop",
            "right create pods/eviction in web",
            "right patch nodes",
            "right get,list,delete nodeclaims.karpenter.sh",
        ] {
            assert!(some.iter().any(|known| known == name), "{name} is not in {some:#?}");
        }
        assert!(!some.iter().any(|name| name == "right create pods/eviction"));
    }
}
