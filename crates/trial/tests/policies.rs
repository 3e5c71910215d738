//! The embedded API takes every example of `docs/policies` as it is, and refuses what matches nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else has failed"
)]

use self_healing_api::policy::policy_crd;
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const POLICIES: &str = "healingpolicies.self-healing.dev";

/// A person's hand on an API that knows policies.
fn hand() -> Hand {
    let cluster = Cluster::new("2026-01-01T00:00:00Z".parse().unwrap());
    let hand = Hand::new(&cluster, User::admin("a-person"));
    let definition = serde_json::to_value(policy_crd()).unwrap();
    hand.create("customresourcedefinitions.apiextensions.k8s.io", "", &definition).unwrap();
    hand
}

#[test]
fn every_example_is_stored_as_it_is_written() {
    let hand = hand();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let examples: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    assert!(examples.len() >= 10, "{examples:?}");
    for path in examples {
        let example: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let stored =
            hand.create(POLICIES, "", &example).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert_eq!(stored["spec"], example["spec"], "{}: a field is not in the schema", path.display());
    }
}

#[test]
fn what_is_of_another_shape_is_refused() {
    for spec in [
        json!({}),
        json!({"match": {"types": []}}),
        json!({"match": {"selector": {"matchExpressions": [{"key": "app"}]}}}),
        json!({"match": {"types": ["pod"]}}),
        json!({"match": {"types": ["pod_failure"]}, "mode": "observe"}),
    ] {
        let policy = json!({"metadata": {"name": "p"}, "spec": spec});
        assert!(hand().create(POLICIES, "", &policy).is_err(), "{policy}");
    }
}
