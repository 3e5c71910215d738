//! Expressions of policies: what they see, what is refused before it can cost anything, what cannot be evaluated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use self_healing_api::policy::{check, read_yaml};
use self_healing_core::fact::Labels;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Cause, FailureType, Severity};
use self_healing_core::policy::{About, Answer, When};
use self_healing_core::time::Stamp;
use std::time::Instant;

fn when(text: &str) -> Result<When, String> {
    let quoted = serde_json::to_string(text).unwrap();
    let policy = format!("kind: HealingPolicy\nmetadata: {{name: p}}\nspec:\n  match:\n    when: {quoted}\n");
    let policy = check(&read_yaml(&policy).unwrap()[0].spec).map_err(|bad| bad.to_string())?;
    Ok(policy.matches.when.expect("it was there"))
}

/// What an expression says of a pod of Deployment shop/web that crashes on node n1.
fn ask(text: &str) -> Answer {
    let one = |key: &str, value: &str| Some(Labels::new([(Text::from(key), Text::from(value))]));
    let target = Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: Text::from("u1") };
    let workload = Target { kind: Kind::Deployment, key: Key::new("shop", "web"), uid: Text::from("u2") };
    let evidence = [("exitCode".to_owned(), "137".to_owned()), ("restartCount".to_owned(), "7".to_owned())];
    let about = About {
        failure: FailureType::Pod,
        cause: Some(Cause::CrashLoop),
        severity: Severity::High,
        description: "container main restarted 7 times",
        similar_failures: 2,
        first_seen: Stamp(1_767_225_600_000),
        detected_at: Stamp(1_767_225_660_000),
        evidence: &evidence,
        target: &target,
        labels: one("app", "web"),
        workload: &workload,
        workload_labels: one("team", "shop"),
        namespace_labels: one("env", "prod"),
        node: Some(Text::from("n1")),
        node_labels: one("pool", "gpu"),
        named: None,
    };
    when(text).unwrap_or_else(|bad| panic!("{bad}")).expression.ask(&about)
}

#[test]
fn an_expression_sees_the_failure_and_its_target() {
    for text in [
        "failure.type == 'pod_failure' && failure.cause == 'CrashLoop' && failure.severity == 'high'",
        "failure.similarFailures >= 2 && failure.description.contains('7 times')",
        "int(failure.metadata['restartCount']) > 5 && failure.metadata['exitCode'] == '137'",
        "timestamp(failure.detectedAt) - timestamp(failure.firstSeen) == duration('1m')",
        "target.kind == 'Pod' && target.namespace == 'shop' && target.name == 'web-1' && target.uid == 'u1'",
        "target.labels['app'] == 'web' && target.workload.labels['team'] == 'shop'",
        "target.workload.kind == 'Deployment' && target.workload.name == 'web'",
        "target.namespaceLabels['env'] == 'prod' && target.node == 'n1' && target.nodeLabels['pool'] == 'gpu'",
        "!('tier' in target.labels) && target.name.matches('^web-[0-9]+$')",
        "['shop', 'bank'].exists(name, name == target.namespace)",
    ] {
        assert_eq!(ask(text), Answer::Yes, "{text}");
    }
    assert_eq!(ask("target.namespace == 'bank'"), Answer::No);
}

#[test]
fn what_a_failure_does_not_have_is_an_error_and_not_a_match() {
    let Answer::Error(why) = ask("target.labels['tier'] == 'critical'") else { panic!("no error") };
    assert!(why.contains("tier"), "{why}");
    assert!(matches!(ask("failure.similarFailures / 0 == 1"), Answer::Error(_)));
}

#[test]
fn what_cannot_be_a_condition_is_refused_with_its_reason() {
    for (text, answer) in [
        ("", "1 to 1024 characters"),
        ("failure.cause ==", "expected a CEL expression over failure and target"),
        ("failure.cause", "gives true or false, not string"),
        ("pod.name == 'x'", "there is no pod"),
        ("failure.cause.rot13() == 'x'", "there is no rot13"),
        ("[1,2].all(a, [1,2].all(b, [1,2].all(c, a < b + c)))", "within each other"),
        ("lists.range(1000000000).size() > 0", "no lists.range"),
    ] {
        let said = when(text).expect_err(text);
        assert!(said.starts_with("spec.match.when: ") && said.contains(answer), "{text}\nsays {said}");
    }
    let long = format!("'{}' == 'x'", "x".repeat(1100));
    assert!(when(&long).unwrap_err().contains("1 to 1024 characters"));
    let deep = format!("{}true{}", "(".repeat(500), ")".repeat(500));
    assert!(when(&deep).unwrap_err().contains("brackets within each other"));
    let growing = format!("'a'{} == ''", ".replace('a', 'aaaa')".repeat(20));
    assert!(when(&growing).unwrap_err().contains("replace, join, format"));
    let doubling = format!("['a']{}.size() == 1", ".map(x, x + x)".repeat(20));
    assert!(when(&doubling).unwrap_err().contains("at most 4 of all, exists"));
    let list = format!("{:?}.size() == 1", vec![1; 65]);
    assert!(when(&list).unwrap_err().contains("at most 64 entries"));
}

#[test]
fn the_most_that_is_accepted_is_answered_within_a_moment() {
    let list = format!("{:?}", vec![1; 64]);
    let text = format!("{list}.all(a, {list}.all(b, a == b && target.labels['app'] == 'web'))");
    let begin = Instant::now();
    assert_eq!(ask(&text), Answer::Yes);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}
