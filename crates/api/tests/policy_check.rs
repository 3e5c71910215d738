//! A HealingPolicy is checked in code as by the API server, and what is wrong is said with field, value and what is expected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use self_healing_api::policy::{HealingPolicy, check, from_resource, read_resource, read_yaml};
use self_healing_core::names::{FailureType, Mode, Severity, Strategy};
use self_healing_core::policy::Content;
use self_healing_core::settings::Resize;
use std::time::Duration;

/// A policy with these lines of `spec`.
fn policy(spec: &str) -> HealingPolicy {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let text =
        format!("apiVersion: self-healing.dev/v1alpha1\nkind: HealingPolicy\nmetadata:\n  name: p\nspec:\n{spec}");
    read_yaml(&text).unwrap().remove(0)
}

fn wrong(spec: &str) -> String {
    check(&policy(spec).spec).expect_err(spec).to_string()
}

#[test]
fn every_part_is_read_as_it_is_written() {
    let spec = "priority: -3
match:
  types: [pod_failure, node_failure]
  causes: [CrashLoop]
  namespaces: [shop, bank]
  workloadKinds: [Deployment, Rollout.argoproj.io]
mode: Approve
severity: {base: low, floor: low, ceiling: high}
strategies: {pod_failure: {medium: recreate}, node_failure: {critical: monitor}}
escalation: {ladder: [restart, recreate], timeout: 1m30s}
budget: {backoff: 20}
resize: {factor: 1.5, max: 2Gi}";
    let policy = check(&policy(spec).spec).unwrap();
    assert_eq!(policy.priority, -3);
    assert_eq!(policy.matches.types, [FailureType::Pod, FailureType::Node]);
    assert_eq!(policy.overlay.mode, Some(Mode::Approve));
    assert_eq!(policy.overlay.severity.ceiling, Some(Severity::High));
    assert_eq!(policy.overlay.strategies.get(FailureType::Pod, Severity::Medium), Some(Strategy::Recreate));
    assert_eq!(policy.overlay.strategies.get(FailureType::Pod, Severity::High), None);
    assert_eq!(policy.overlay.ladder, [Strategy::Restart, Strategy::Recreate]);
    assert_eq!(policy.overlay.timeout, Some(Duration::from_secs(90)));
    assert_eq!(policy.overlay.backoff, Some(Duration::from_secs(20)));
    assert_eq!(policy.overlay.resize, Some(Resize { thousandths: 1500, max: 2 << 30 }));
}

#[test]
fn what_is_wrong_is_named_with_its_field_its_value_and_what_is_expected() {
    const ANY: &str = "match: {types: [pod_failure]}\n";
    for (spec, answer) in [
        ("match: {}".to_owned(), "spec.match: {}: expected at least one of types, causes, "),
        ("mode: Observe".to_owned(), "spec.match: {}: expected at least one of "),
        ("match: {types: []}".to_owned(), "spec.match.types: 0 entries: expected 1 to 64 entries; an empty list"),
        ("match: {types: [pod]}".to_owned(), "spec.match.types[0]: \"pod\": expected one of node_failure, pod_failure"),
        ("match: {causes: [CrashLoop, crash]}".to_owned(), "spec.match.causes[1]: \"crash\": expected one of NotReady"),
        ("match: {namespaces: [Shop]}".to_owned(), "spec.match.namespaces[0]: \"Shop\": expected a namespace"),
        (
            "match: {workloadKinds: [deployment]}".to_owned(),
            "spec.match.workloadKinds[0]: \"deployment\": expected a kind",
        ),
        (
            format!("{ANY}drain: {{deadline: 10m, timeout: 5m}}"),
            "spec.drain.deadline: 600 s: expected less than spec.drain.timeout, 300 s",
        ),
        (
            format!("{ANY}replacement: {{provider: remediation-template, escalatingRemediations: []}}"),
            "spec.replacement.escalatingRemediations: 0 templates: expected 1 to 8",
        ),
        (
            format!(
                "{ANY}replacement: {{provider: remediation-template, escalatingRemediations: [{{templateRef: {{apiVersion: a/v1, kind: RTemplate, name: t}}, timeout: soon}}]}}"
            ),
            "spec.replacement.escalatingRemediations[0].timeout: \"soon\": expected ",
        ),
        (format!("{ANY}drain: {{podGracePeriod: 0}}"), "spec.drain.podGracePeriod: 0: expected"),
        (format!("{ANY}priority: 2000000"), "spec.priority: 2000000: expected a whole number from -1000000 to 1000000"),
        (format!("{ANY}mode: observe"), "spec.mode: \"observe\": expected one of Enforce, Approve, Observe"),
        (format!("{ANY}severity: {{floor: worst}}"), "spec.severity.floor: \"worst\": expected one of low, medium"),
        (
            format!("{ANY}severity: {{floor: high, ceiling: low}}"),
            "spec.severity.floor: high: expected at most the ceiling, low",
        ),
        (
            format!("{ANY}strategies: {{pods: {{low: restart}}}}"),
            "spec.strategies: \"pods\": expected one of node_failure",
        ),
        (
            format!("{ANY}strategies: {{pod_failure: {{worst: restart}}}}"),
            "spec.strategies.pod_failure: \"worst\": expected",
        ),
        (
            format!("{ANY}strategies: {{pod_failure: {{high: drain_and_replace}}}}"),
            "spec.strategies.pod_failure.high: \"drain_and_replace\": expected one of monitor, restart, recreate, scale_and_replace",
        ),
        (
            format!("{ANY}escalation: {{ladder: [restart, kill]}}"),
            "spec.escalation.ladder[1]: \"kill\": expected one of monitor",
        ),
        (
            format!("{ANY}escalation: {{timeout: 5x}}"),
            "spec.escalation.timeout: \"5x\": expected seconds as a whole number, or",
        ),
        (format!("{ANY}escalation: {{timeout: 0}}"), "spec.escalation.timeout: 0: expected"),
        (format!("{ANY}budget: {{backoff: 2h}}"), "spec.budget.backoff: \"2h\": expected"),
        (
            format!("{ANY}strategies: {{resource_exhaustion: {{medium: resize}}}}"),
            "spec.resize: nothing: expected factor and max",
        ),
        (format!("{ANY}escalation: {{ladder: [resize]}}"), "spec.resize: nothing: expected factor and max"),
        (format!("{ANY}resize: {{factor: 1, max: 1Gi}}"), "spec.resize.factor: 1: expected a number above 1"),
        (format!("{ANY}resize: {{factor: 2, max: 1GB}}"), "spec.resize.max: \"1GB\": expected an amount of memory"),
        (
            format!("{ANY}strategies: {{resource_exhaustion: {{medium: recreate}}}}"),
            "spec.strategies.resource_exhaustion.medium: \"recreate\": expected one of monitor, relieve, resize",
        ),
    ] {
        let said = wrong(&spec);
        assert!(said.starts_with(answer), "{spec}\nsays        {said}\nshould say  {answer}");
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn an_invalid_policy_keeps_its_identity_and_says_what_is_wrong() {
    let mut resource = policy("match: {types: [pod_failure]}\nmode: maybe");
    (resource.metadata.uid, resource.metadata.generation) = (Some("u1".into()), Some(7));
    let stored = from_resource(&resource);
    assert_eq!((&*stored.name, &*stored.uid, stored.generation), ("p", "u1", 7));
    assert!(matches!(&stored.content, Content::Invalid(why) if why.starts_with("spec.mode: \"maybe\"")), "{stored:?}");
}

#[test]
fn an_object_of_another_shape_is_an_invalid_policy_and_not_an_unread_one() {
    let json = br#"{"metadata":{"name":"p","uid":"u1","resourceVersion":"5"},"spec":{"match":"all"}}"#;
    let (stored, version) = read_resource(json).unwrap();
    assert_eq!((&*stored.name, version.as_deref()), ("p", Some("5")));
    assert!(matches!(&stored.content, Content::Invalid(why) if why.starts_with("spec: ")), "{stored:?}");
    assert!(read_resource(b"{\"spec\":{}}").is_err());
}
