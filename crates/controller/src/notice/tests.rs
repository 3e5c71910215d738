use super::*;
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::{Action, Cause, FailureType, GuardName, Mode, Severity, Strategy};
use self_healing_core::recovery::{Attempt, GuardState, Spec, Status, StepResult};

pub(crate) fn recovery() -> Recovery {
    let target = Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: "u1".into() };
    let spec = Spec {
        failure: FailureType::Pod,
        action: Some(Action::Pod),
        cause: Some(Cause::CrashLoop),
        severity: Severity::High,
        strategy: Some(Strategy::Recreate),
        mode: Mode::Enforce,
        workload: target.clone(),
        target,
        policy: String::new(),
        description: "container web restarted 7 times".to_owned(),
        first_seen: Stamp(1_700_000_000_000),
        detected_at: Stamp(1_700_000_001_000),
        similar_failures: 2,
        reasons: Vec::new(),
    };
    let evidence = (1..8).map(|n| (format!("signal {n}"), n.to_string())).collect();
    let status = Status {
        phase: Some(Phase::Running),
        message: String::new(),
        reason: String::new(),
        attempts: Vec::new(),
        guards: Vec::new(),
        evidence,
        impact: Vec::new(),
        verification: None,
        recovery_seconds: None,
        notifications: Vec::new(),
        saved_manifest: Some("{\"canary\":\"manifest\"}".to_owned()),
        finished_at: None,
    };
    Recovery {
        name: "pod-crashloop-1".into(),
        uid: "r1".into(),
        resource_version: "1".into(),
        created: Stamp(1_700_000_001_000),
        spec,
        status,
        orders: self_healing_core::recovery::Orders::default(),
    }
}

fn value(notice: &Notice, label: &str) -> String {
    notice.fields.iter().find(|(listed, _)| *listed == label).unwrap().1.clone()
}

#[test]
fn the_fields_stand_in_the_order_of_the_contract() {
    let notice = Notice::new(&recovery(), "opened", "prod");
    let expected = "Self-Healing Alert
Failure Type: pod_failure (CrashLoop)
Resource: Pod/web-1
Namespace: shop
Severity: high
Description: container web restarted 7 times
Recovery Action: pod_recovery: recreate
Result: In progress
Timestamp: 2023-11-14T22:13:21Z
Cluster: prod
Recovery: pod-crashloop-1
Evidence:
signal 1: 1
signal 2: 2
signal 3: 3
signal 4: 4
signal 5: 5";
    assert_eq!(notice.to_string(), expected);
    assert!(Notice::new(&recovery(), "opened", "").fields.iter().all(|(label, _)| *label != "Cluster"));
}

#[test]
fn the_outcome_says_how_it_ended_and_with_what() {
    let mut about = recovery();
    about.status.phase = Some(Phase::Succeeded);
    about.status.message = "replacement web-2 is Ready".to_owned();
    about.status.recovery_seconds = Some(12);
    about.status.finished_at = Some(Stamp(1_700_000_013_000));
    about.status.attempts.push(Attempt {
        strategy: Strategy::ScaleAndReplace,
        target: about.spec.target.clone(),
        started_at: Stamp(0),
        finished_at: None,
        result: StepResult::Succeeded,
        steps: Vec::new(),
    });
    let notice = Notice::new(&about, "outcome", "");
    assert_eq!(value(&notice, "Result"), "Succeeded after 12 s: replacement web-2 is Ready");
    assert_eq!(value(&notice, "Recovery Action"), "pod_recovery: scale_and_replace");
    assert_eq!(value(&notice, "Timestamp"), "2023-11-14T22:13:33Z");
}

#[test]
fn a_hold_names_its_guard_reason_and_time() {
    let mut about = recovery();
    let held = |name, reason: &str, since| GuardState { name, pass: false, reason: reason.to_owned(), since };
    about.status.guards = vec![
        held(GuardName::Breaker, "3 of 5 nodes are sick", Stamp(1_700_000_002_000)),
        held(GuardName::Budget, "next in 20 s", Stamp(1_700_000_003_000)),
    ];
    let notice = Notice::new(&about, "held-Budget", "");
    assert_eq!(value(&notice, "Result"), "Held by Budget: next in 20 s");
    assert_eq!(value(&notice, "Timestamp"), "2023-11-14T22:13:23Z");
}

#[test]
fn records_of_another_version_are_told_of_as_far_as_they_are_known() {
    let mut about = recovery();
    about.spec.action = None;
    about.spec.cause = None;
    about.spec.strategy = None;
    about.status.phase = None;
    about.spec.target.key = Key::new("", "node-1");
    about.spec.detected_at = Stamp(i64::MAX);
    let notice = Notice::new(&about, "opened", "");
    assert_eq!(value(&notice, "Recovery Action"), "unknown action: unknown strategy");
    assert_eq!(value(&notice, "Namespace"), "<none>");
    assert_eq!(value(&notice, "Result"), "Unknown");
    assert_eq!(value(&notice, "Timestamp"), format!("{} ms", i64::MAX));
}

#[test]
fn a_saved_manifest_is_never_told() {
    let mut about = recovery();
    for phase in Phase::ALL {
        about.status.phase = Some(*phase);
        for key in ["opened", "outcome", "held-Budget", "?"] {
            assert!(!Notice::new(&about, key, "c").to_string().contains("canary"));
        }
    }
}

#[test]
fn the_most_telling_evidence_comes_first() {
    let mut about = recovery();
    let gathered = [
        ("state", "web: exit code 137: heap exhausted"),
        ("state", "proxy: running"),
        ("event", "BackOff x12"),
        ("event", "Pulled"),
        ("revision", "5 since noon"),
        ("gathered", "at noon"),
    ];
    about.status.evidence.extend(gathered.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let lines = value(&Notice::new(&about, "opened", ""), "Evidence");
    let expected = "state: web: exit code 137: heap exhausted\nevent: BackOff x12\nrevision: 5 since noon\nsignal 1: 1\nsignal 2: 2";
    assert_eq!(lines, expected);
}

#[test]
fn texts_from_outside_are_data() {
    let mut about = recovery();
    about.spec.description = format!("a\u{1b}[31m\nSeverity: low\u{202e}{}", "x".repeat(5000));
    about.status.evidence = vec![("m".to_owned(), "1\n2\u{0}".repeat(1000))];
    let notice = Notice::new(&about, "opened", "");
    let description = value(&notice, "Description");
    assert!(description.starts_with("a Severity: lowxxx") && description.ends_with("x…"), "{description}");
    assert_eq!(description.chars().count(), 1024);
    let evidence = value(&notice, "Evidence");
    assert!(!evidence.contains(['\n', '\0']) && evidence.chars().count() == 200);
}

#[test]
fn of_many_sick_nodes_one_recovery_tells_how_many_they_are() {
    let mut about = recovery();
    let words = "6 of 10 nodes are sick at once";
    about.status.evidence.insert(0, ("storm".into(), words.into()));
    let described = |key: &str| {
        let notice = Notice::new(&about, key, "");
        notice.fields.into_iter().find(|(label, _)| *label == "Description").map(|(_, value)| value)
    };
    assert_eq!(described("storm").as_deref(), Some(words));
    assert_eq!(described("outcome").as_deref(), Some(&*about.spec.description));
}
