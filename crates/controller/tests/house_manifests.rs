//! What a reviewer of the manifests would look for.
#![allow(clippy::unwrap_used, clippy::panic)]

use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use self_healing_api::keys::{Given, SECRETS, Source, key, read};
use self_healing_controller::manifests::{CONFIG_MAP, NAMESPACE, Options, SHIPPED, all, files};
use self_healing_core::names::{Remedy, WatchKind};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeSet;

const WITHOUT_BARE_PODS: Options = Options { recreate_bare_pods: false, without: BTreeSet::new() };

/// Every object of an installation, once, as a cluster would read it.
fn objects(options: Options) -> Vec<Value> {
    serde_saphyr::from_multiple(&all(options).unwrap()).unwrap()
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap()
}

fn only(wanted: &str) -> Value {
    let mut found: Vec<Value> =
        objects(Options::default()).into_iter().filter(|object| kind(object) == wanted).collect();
    assert_eq!(found.len(), 1, "one {wanted} is expected");
    found.remove(0)
}

fn rules(options: Options) -> Vec<Value> {
    let roles = objects(options).into_iter().filter(|object| matches!(kind(object), "Role" | "ClusterRole"));
    roles.flat_map(|role| role["rules"].as_array().unwrap().clone()).collect()
}

/// Whether some rule grants `verb` on `resource`.
fn grants(rules: &[Value], verb: &str, resource: &str) -> bool {
    let lists =
        |rule: &Value, field: &str, word: &str| rule[field].as_array().unwrap().iter().any(|found| found == word);
    rules.iter().any(|rule| lists(rule, "verbs", verb) && lists(rule, "resources", resource))
}

#[test]
fn any_file_can_be_applied_first() {
    for (name, text) in files(Options::default()).unwrap() {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let needs_namespace = documents.iter().any(|object| object["metadata"]["namespace"] == NAMESPACE);
        let brings_namespace = documents.first().is_some_and(|object| kind(object) == "Namespace");
        assert_eq!(needs_namespace, brings_namespace, "{name}");
    }
}

/// An unknown or misspelt field is lost on the way through the type, which is how an API server would drop it.
fn through<T: Serialize + DeserializeOwned>(object: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap()
}

#[test]
fn every_object_is_of_a_known_kind_and_every_field_exists() {
    for object in objects(Options::default()) {
        let typed = match kind(&object) {
            "Namespace" => through::<Namespace>(&object),
            "ServiceAccount" => through::<ServiceAccount>(&object),
            "ConfigMap" => through::<ConfigMap>(&object),
            "Deployment" => through::<Deployment>(&object),
            "NetworkPolicy" => through::<NetworkPolicy>(&object),
            "Role" => through::<Role>(&object),
            "RoleBinding" => through::<RoleBinding>(&object),
            "ClusterRole" => through::<ClusterRole>(&object),
            "ClusterRoleBinding" => through::<ClusterRoleBinding>(&object),
            "ValidatingAdmissionPolicy" => through::<ValidatingAdmissionPolicy>(&object),
            "ValidatingAdmissionPolicyBinding" => through::<ValidatingAdmissionPolicyBinding>(&object),
            "CustomResourceDefinition" => through::<CustomResourceDefinition>(&object),
            other => panic!("what is a {other}?"),
        };
        assert_eq!(typed, object);
    }
}

#[test]
fn no_rule_has_a_wildcard_or_touches_secrets() {
    for rule in rules(Options::default()) {
        for field in ["apiGroups", "resources", "verbs"] {
            let words = rule[field].as_array().unwrap();
            assert!(!words.is_empty(), "{rule}");
            for word in words {
                assert!(!word.as_str().unwrap().contains('*'), "a wildcard in {rule}");
                assert!(!word.as_str().unwrap().starts_with("secrets"), "{rule}");
            }
        }
    }
}

#[test]
fn every_watched_kind_may_be_watched() {
    for kind in WatchKind::ALL {
        for verb in ["list", "watch"] {
            assert!(grants(&rules(WITHOUT_BARE_PODS), verb, kind.as_str()), "{verb} {kind}");
        }
    }
}

#[test]
fn creating_pods_can_be_left_out() {
    assert!(grants(&rules(Options::default()), "create", "pods"));
    assert!(!grants(&rules(WITHOUT_BARE_PODS), "create", "pods"));
    assert!(grants(&rules(WITHOUT_BARE_PODS), "delete", "pods"), "the rest stays");
}

#[test]
fn each_remedy_can_be_left_out_with_its_writes_and_nothing_else() {
    for (remedy, verb, resource) in [
        (Remedy::Pods, "delete", "pods"),
        (Remedy::Drains, "create", "pods/eviction"),
        (Remedy::Nodes, "patch", "nodes"),
        (Remedy::Workloads, "patch", "deployments"),
        (Remedy::Services, "patch", "services"),
        (Remedy::Memory, "patch", "pods/resize"),
    ] {
        let left = rules(Options { without: [remedy].into(), ..Options::default() });
        let all = rules(Options::default());
        assert!(grants(&all, verb, resource) && !grants(&left, verb, resource), "{remedy}");
        let gone = all.iter().filter(|rule| !left.contains(rule));
        let watches = |rule: &&Value| rule["verbs"].as_array().unwrap().iter().any(|verb| verb == "watch");
        assert_eq!(gone.filter(watches).count(), 0, "without {remedy} something is not seen any more");
    }
}

#[test]
fn leases_recoveries_and_configuration_are_granted_only_where_they_are() {
    let cluster = only("ClusterRole");
    let cluster = cluster["rules"].as_array().unwrap().clone();
    for resource in ["leases", "recoveries", "recoveries/status", "configmaps"] {
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete"] {
            assert!(!grants(&cluster, verb, resource), "{verb} {resource} in the whole cluster");
        }
    }
    let elsewhere = objects(Options::default()).into_iter().filter(|object| kind(object) == "Role");
    for role in elsewhere.filter(|role| role["metadata"]["namespace"] != NAMESPACE) {
        for rule in role["rules"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                assert!(
                    matches!(verb.as_str().unwrap(), "get" | "list" | "watch"),
                    "writes outside its namespace: {rule}"
                );
            }
        }
    }
}

#[test]
fn every_role_is_bound_to_the_service_account() {
    let objects = objects(Options::default());
    for role in objects.iter().filter(|object| matches!(kind(object), "Role" | "ClusterRole")) {
        let bound = objects.iter().any(|binding| {
            binding["roleRef"]["kind"] == role["kind"]
                && binding["roleRef"]["name"] == role["metadata"]["name"]
                && binding["metadata"]["namespace"] == role["metadata"]["namespace"]
                && binding["subjects"][0]["name"] == "self-healing-sa"
                && binding["subjects"][0]["namespace"] == NAMESPACE
        });
        assert!(bound, "{}", role["metadata"]);
    }
}

#[test]
fn every_admission_policy_is_bound_and_holds_for_the_service_account_only() {
    let objects = objects(Options::default());
    let policies: Vec<&Value> = objects.iter().filter(|object| kind(object) == "ValidatingAdmissionPolicy").collect();
    assert!(!policies.is_empty());
    for policy in policies {
        let bound = objects.iter().any(|binding| {
            kind(binding) == "ValidatingAdmissionPolicyBinding"
                && binding["spec"]["policyName"] == policy["metadata"]["name"]
                && binding["spec"]["validationActions"][0] == "Deny"
        });
        assert!(bound, "{} is bound by nothing", policy["metadata"]["name"]);
        let condition = &policy["spec"]["matchConditions"][0]["expression"];
        assert_eq!(condition, "request.userInfo.username == 'system:serviceaccount:self-healing:self-healing-sa'");
        for rule in policy["spec"]["validations"].as_array().unwrap() {
            let message = rule["message"].as_str().unwrap();
            assert!(message.starts_with("self-healing-controller may ") && !message.contains('\''), "{message}");
        }
    }
}

#[test]
fn the_environment_holds_only_secrets_and_the_pods_identity() {
    let deployment = only("Deployment");
    for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap() {
        let from = &variable["valueFrom"];
        assert!(variable.get("value").is_none(), "{variable}");
        assert!(from.get("fieldRef").is_some() || from["secretKeyRef"]["optional"] == true, "{variable}");
    }
}

#[test]
fn every_variable_of_the_environment_is_one_that_the_controller_reads() {
    let deployment = only("Deployment");
    for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        let known =
            matches!(name, "POD_NAME" | "POD_NAMESPACE") || SECRETS.iter().any(|secret| secret.variable == name);
        assert!(known, "{name}");
    }
}

#[test]
fn the_shipped_configuration_is_accepted() {
    let given = |(key, value): &(&str, &str)| Given {
        source: Source::ConfigMap(CONFIG_MAP.to_owned()),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    let given: Vec<Given> = SHIPPED.iter().map(given).collect();
    assert!(given.iter().all(|given| key(&given.key).is_some()), "an unknown key is shipped");
    assert!(read(&given).is_ok(), "{:?}", read(&given).unwrap_err());
}

#[test]
fn the_pod_passes_the_restricted_level_that_its_namespace_enforces() {
    assert_eq!(only("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    let deployment = only("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_ne!(pod["securityContext"]["runAsUser"], 0);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    for host in ["hostNetwork", "hostPID", "hostIPC", "volumes"] {
        assert!(pod.get(host).is_none(), "{host}");
    }
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["capabilities"]["drop"][0], "ALL");
    assert!(container["capabilities"].get("add").is_none());
}
