//! The validation rules of the HealingPolicy CRD say the same as the checks in code, as far as rules can say it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kube_cel::Validator;
use self_healing_api::policy::{check, policy_crd, read_yaml};
use serde_json::Value;

fn schema() -> Value {
    let crd = serde_json::to_value(policy_crd()).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// What the rules say of a policy with this spec; an empty text when they let it pass.
fn said(spec: &str) -> String {
    let object: Value = serde_saphyr::from_str(&policy(spec)).unwrap();
    match Validator::new().validate(&schema(), &object, None) {
        Ok(()) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

fn policy(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: self-healing.dev/v1alpha1\nkind: HealingPolicy\nmetadata:\n  name: p\nspec:\n{spec}")
}

#[test]
fn what_a_rule_refuses_the_code_refuses_as_well() {
    const ANY: &str = "match: {types: [pod_failure]}\n";
    const RT: &str = "{apiVersion: a/v1, kind: RTemplate, name: t}";
    for (spec, message) in [
        ("match: {}".to_owned(), "matches nothing"),
        (format!("{ANY}severity: {{floor: critical, ceiling: low}}"), "the floor may be at most the ceiling"),
        (
            "match: {when: 'true'}\ndetection: {podRestartThreshold: 2}".to_owned(),
            "detection cannot depend on match.when",
        ),
        (format!("{ANY}drain: {{respectPDB: UntilDeadline}}"), "needs a deadline"),
        (format!("{ANY}replacement: {{provider: webhook}}"), "webhook belongs to provider webhook"),
        (
            format!(
                "{ANY}replacement: {{provider: none, templateRef: {{apiVersion: a/v1, kind: RTemplate, name: t}}}}"
            ),
            "templateRef belongs to provider remediation-template",
        ),
        (
            format!(
                "{ANY}replacement: {{provider: remediation-template, templateRef: {{apiVersion: a/v1, kind: R, name: t}}}}"
            ),
            "ends in Template",
        ),
        (
            format!(
                "{ANY}replacement: {{provider: remediation-template, templateRef: {{apiVersion: v1, kind: RTemplate, name: t}}}}"
            ),
            "GROUP/VERSION",
        ),
        (
            format!(
                "{ANY}replacement: {{provider: none, escalatingRemediations: [{{templateRef: {RT}, timeout: 1m}}]}}"
            ),
            "so does escalatingRemediations",
        ),
        (
            format!(
                "{ANY}replacement: {{provider: remediation-template, templateRef: {RT}, escalatingRemediations: [{{templateRef: {RT}, timeout: 1m}}]}}"
            ),
            "either templateRef or escalatingRemediations",
        ),
        (
            format!("{ANY}replacement: {{provider: karpenter, acceptAssumed: true}}"),
            "acceptAssumed belongs to provider",
        ),
        (
            format!("{ANY}replacement: {{provider: webhook, webhook: {{url: 'http://example.com/x'}}}}"),
            "plain http needs insecure",
        ),
    ] {
        let said = said(&spec);
        assert!(said.contains(message), "{spec}\nsays        {said}\nshould say  {message}");
        let policies = read_yaml(&policy(&spec)).unwrap();
        assert!(check(&policies[0].spec).is_err(), "{spec}: the code lets it pass");
    }
}

#[test]
fn rules_let_pass_what_the_code_lets_pass() {
    for spec in [
        "match: {namespaces: [shop]}",
        "match: {selector: {matchLabels: {app: web}}}\ndetection: {podRestartThreshold: 2}",
        "match: {when: 'failure.cause == \"Failed\"'}\nseverity: {floor: low, ceiling: low}",
        "match: {nodeSelector: {pool: gpu}}\ndrain: {respectPDB: UntilDeadline, deadline: 1h}",
        "match: {types: [node_failure]}\nreplacement: {provider: webhook, webhook: {url: 'https://example.com/x'}}",
        "match: {types: [node_failure]}\nreplacement: {provider: remediation-template, acceptAssumed: true, templateRef: {apiVersion: a/v1, kind: RTemplate, name: t}}",
        "match: {types: [node_failure]}\nreplacement: {provider: webhook, webhook: {url: 'http://relay.machines/x', insecure: true}}",
        "match: {types: [node_failure]}\nreplacement: {provider: remediation-template, escalatingRemediations: [{templateRef: {apiVersion: a/v1, kind: RTemplate, name: t}, timeout: 3m}, {templateRef: {apiVersion: b/v1, kind: STemplate, name: t}, timeout: 300}]}",
        "match: {causes: [OOMKilled]}\nresize: {factor: 1.5, max: 2Gi}\nnotify: {routes: {critical: [pagerduty]}}",
    ] {
        assert_eq!(said(spec), "", "{spec}");
        let policies = read_yaml(&policy(spec)).unwrap();
        check(&policies[0].spec).unwrap_or_else(|bad| panic!("{spec}: {bad}"));
    }
}
