//! A record goes to the API server and comes back the same; what this version does not know never breaks reading.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kube::ResourceExt;
use proptest::prelude::*;
use self_healing_api::marks;
use self_healing_api::recovery::{MAX_EVIDENCE_BYTES, Recovery as Resource, from_resource, status_of, to_resource};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{
    Action, Cause, Channel, FailureType, GuardName, Mode, Phase, Severity, Strategy as Remedy,
};
use self_healing_core::recovery::{
    Attempt, Delivery, GuardState, Notification, Orders, Recovery, Spec, Status, Step, StepResult, Verification,
};
use self_healing_core::time::Stamp;
use serde_json::{Value, json};

fn word<W: Copy + std::fmt::Debug + 'static>(all: &'static [W]) -> impl Strategy<Value = W> {
    prop::sample::select(all)
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (0_i64..4_102_444_800_000).prop_map(Stamp)
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,40}"
}

fn target() -> impl Strategy<Value = Target> {
    const KINDS: &[&str] = &["Node", "Pod", "Deployment", "StatefulSet", "Job", "CronTab.example.com"];
    (prop::sample::select(KINDS), "[a-z]{0,8}", "[a-z0-9-]{1,20}", "[0-9a-f-]{0,36}").prop_map(
        |(kind, namespace, name, uid)| Target {
            kind: Kind::named(kind),
            key: Key::new(&namespace, &name),
            uid: Text::from(uid),
        },
    )
}

prop_compose! {
    fn spec()(
        words in (word(FailureType::ALL), word(Action::ALL), word(Cause::ALL), word(Severity::ALL), word(Remedy::ALL), word(Mode::ALL)),
        target in target(),
        workload in target(),
        texts in (text(), text()),
        stamps in (stamp(), stamp()),
        similar_failures in any::<u32>(),
        reasons in prop::collection::vec(text(), 0..4),
    ) -> Spec {
        Spec {
            failure: words.0,
            action: Some(words.1),
            cause: Some(words.2),
            severity: words.3,
            strategy: Some(words.4),
            mode: words.5,
            target,
            workload,
            policy: texts.0,
            description: texts.1,
            first_seen: stamps.0,
            detected_at: stamps.1,
            similar_failures,
            reasons,
        }
    }
}

fn result() -> impl Strategy<Value = StepResult> {
    prop::sample::select(&[StepResult::InProgress, StepResult::Succeeded, StepResult::Failed])
}

prop_compose! {
    fn attempt()(
        strategy in word(Remedy::ALL),
        target in target(),
        started_at in stamp(),
        finished_at in prop::option::of(stamp()),
        result in result(),
        steps in prop::collection::vec((text(), stamp(), prop::option::of(stamp()), result(), text()), 0..3),
    ) -> Attempt {
        let steps = steps.into_iter().map(|(name, started_at, finished_at, result, message)| Step { name, started_at, finished_at, result, message });
        Attempt { strategy, target, started_at, finished_at, result, steps: steps.collect() }
    }
}

prop_compose! {
    fn notification()(
        channel in word(Channel::ALL),
        key in text(),
        state in prop::sample::select(&[Delivery::Pending, Delivery::Sent, Delivery::Failed, Delivery::Grouped]),
        tries in any::<u32>(),
        last_error in text(),
    ) -> Notification {
        Notification { channel, key, state, tries, last_error }
    }
}

prop_compose! {
    fn status()(
        phase in word(Phase::ALL),
        texts in (text(), text()),
        attempts in prop::collection::vec(attempt(), 0..3),
        guards in prop::collection::vec((word(GuardName::ALL), any::<bool>(), text(), stamp()), 0..4),
        evidence in prop::collection::vec(("[a-z ]{1,20}", text()), 0..4),
        impact in prop::collection::vec(text(), 0..3),
        verification in prop::option::of((any::<bool>(), text(), stamp())),
        ending in (prop::option::of(0_u64..1 << 40), prop::option::of(stamp()), prop::option::of(text())),
        notifications in prop::collection::vec(notification(), 0..3),
    ) -> Status {
        Status {
            phase: Some(phase),
            message: texts.0,
            reason: texts.1,
            attempts,
            guards: guards.into_iter().map(|(name, pass, reason, since)| GuardState { name, pass, reason, since }).collect(),
            evidence,
            impact,
            verification: verification.map(|(passed, message, at)| Verification { passed, message, at }),
            recovery_seconds: ending.0,
            notifications,
            saved_manifest: ending.2,
            finished_at: ending.1,
        }
    }
}

prop_compose! {
    fn recovery()(
        name in "[a-z]{1,20}",
        uid in "[0-9a-f]{8}",
        created in 0_i64..4_102_444_800,
        spec in spec(),
        status in status(),
        orders in (prop::option::of("[a-z]{1,9}"), prop::option::of("[a-z]{1,9}")),
    ) -> Recovery {
        Recovery {
            name: Text::from(name),
            uid: Text::from(uid),
            resource_version: Text::from("7"),
            // Kubernetes keeps creation times in whole seconds.
            created: Stamp(created * 1000),
            spec,
            status,
            orders: Orders { approved_by: orders.0, cancelled_by: orders.1 },
        }
    }
}

/// Through JSON, as over the wire.
fn wire(resource: &Resource) -> Value {
    serde_json::to_value(resource).unwrap()
}

fn read(json: Value) -> Recovery {
    from_resource(&serde_json::from_value::<Resource>(json).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_went(record in recovery()) {
        prop_assert_eq!(read(wire(&to_resource(&record, "self-healing"))), record);
    }

    #[test]
    fn whatever_a_record_says_it_fits_its_schema_and_is_stable(lines in prop::collection::vec("\\PC{0,3000}", 1..40)) {
        let mut record = sample();
        record.spec.description = lines.concat();
        record.spec.reasons.clone_from(&lines);
        record.status.message = lines.concat();
        record.status.impact = lines.iter().cycle().take(800).cloned().collect();
        record.status.evidence = lines.iter().map(|line| ("log".to_owned(), line.repeat(3))).collect();
        let resource = to_resource(&record, "self-healing");
        let status = resource.status.clone().unwrap();
        let bytes: usize = status.evidence.iter().map(|item| item.name.len() + item.value.len()).sum();
        prop_assert!(bytes <= MAX_EVIDENCE_BYTES, "{bytes} bytes of evidence");
        prop_assert!(resource.spec.description.chars().count() <= 1024);
        prop_assert!(resource.spec.reasons.len() <= 16 && status.impact.len() <= 500);
        let again = to_resource(&from_resource(&resource).unwrap(), "self-healing");
        prop_assert_eq!(&again.status.as_ref().unwrap().evidence, &status.evidence);
        prop_assert_eq!(again, resource);
    }
}

fn sample() -> Recovery {
    let pod = Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: Text::from("u-1") };
    Recovery {
        name: Text::from("pod-crashloop-0011223344556677"),
        uid: Text::from("r-1"),
        resource_version: Text::from("42"),
        created: Stamp(1_790_000_000_000),
        spec: Spec {
            failure: FailureType::Pod,
            action: Some(Action::Pod),
            cause: Some(Cause::CrashLoop),
            severity: Severity::Medium,
            strategy: Some(Remedy::Restart),
            mode: Mode::Enforce,
            target: pod.clone(),
            workload: Target { kind: Kind::Deployment, key: Key::new("shop", "web"), uid: Text::from("d-1") },
            policy: String::new(),
            description: "container web restarted 6 times".to_owned(),
            first_seen: Stamp(1_790_000_000_001),
            detected_at: Stamp(1_790_000_000_123),
            similar_failures: 0,
            reasons: vec!["base severity of pod_failure is medium".to_owned()],
        },
        status: Status {
            phase: Some(Phase::Running),
            message: "deleting the pod".to_owned(),
            reason: String::new(),
            attempts: vec![Attempt {
                strategy: Remedy::Restart,
                target: pod,
                started_at: Stamp(1_790_000_000_200),
                finished_at: None,
                result: StepResult::InProgress,
                steps: Vec::new(),
            }],
            guards: vec![GuardState {
                name: GuardName::Paused,
                pass: true,
                reason: String::new(),
                since: Stamp(1_790_000_000_150),
            }],
            evidence: vec![("restarts".to_owned(), "6".to_owned())],
            impact: Vec::new(),
            verification: None,
            recovery_seconds: None,
            notifications: Vec::new(),
            saved_manifest: None,
            finished_at: None,
        },
        orders: Orders::default(),
    }
}

/// The sample as stored, with the value at `pointer` replaced.
fn stored(pointer: &str, value: Value) -> Value {
    let mut json = wire(&to_resource(&sample(), "self-healing"));
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    json
}

#[test]
fn times_keep_their_milliseconds() {
    let json = wire(&to_resource(&sample(), "self-healing"));
    assert_eq!(json["spec"]["detectedAt"], "2026-09-21T14:13:20.123000Z");
    assert_eq!(json["metadata"]["creationTimestamp"], "2026-09-21T14:13:20Z");
}

#[test]
fn a_new_recovery_is_labelled_and_has_no_identity_of_the_servers() {
    let mut record = sample();
    record.uid = Text::from("");
    record.resource_version = Text::from("");
    let json = wire(&to_resource(&record, "self-healing"));
    assert_eq!(
        json["metadata"],
        json!({
            "name": "pod-crashloop-0011223344556677",
            "namespace": "self-healing",
            "labels": {
                "app.kubernetes.io/managed-by": "self-healing-controller",
                "self-healing.dev/type": "pod_failure",
                "self-healing.dev/cause": "CrashLoop",
            },
        })
    );
    assert_eq!(json["apiVersion"], "self-healing.dev/v1alpha1");
    assert_eq!(json["kind"], "Recovery");
}

#[test]
fn unknown_words_of_the_spec_become_none() {
    assert_eq!(read(stored("/spec/strategy", json!("teleport"))).spec.strategy, None);
    assert_eq!(read(stored("/spec/action", json!("moon_recovery"))).spec.action, None);
    assert_eq!(read(stored("/spec/cause", json!("Gremlins"))).spec.cause, None);
    assert_eq!(read(stored("/status/phase", json!("Levitating"))).status.phase, None);
}

#[test]
fn an_attempt_with_an_unknown_strategy_makes_the_whole_record_unknown() {
    let record = read(stored("/status/attempts/0/strategy", json!("teleport")));
    assert_eq!(record.spec.strategy, None);
    assert_eq!(record.status.phase, Some(Phase::Running));
}

#[test]
fn unknown_guards_and_channels_are_left_out() {
    assert_eq!(read(stored("/status/guards/0/name", json!("Astrology"))).status.guards, []);
    let strange = json!([{"channel": "pigeon", "key": "opened", "state": "Pending", "tries": 1}]);
    let mut json = stored("/status/phase", json!("Running"));
    json["status"]["notifications"] = strange;
    assert_eq!(read(json).status.notifications, []);
}

#[test]
fn unknown_results_never_read_as_success() {
    assert_eq!(
        read(stored("/status/attempts/0/result", json!("Meh"))).status.attempts[0].result,
        StepResult::InProgress
    );
    let mut json = stored("/status/attempts/0/result", json!("Meh"));
    json["status"]["attempts"][0]["finishedAt"] = json!("2026-09-21T14:13:21Z");
    assert_eq!(read(json).status.attempts[0].result, StepResult::Failed);
    assert!(!read(stored("/status/guards/0/result", json!("Maybe"))).status.guards[0].pass);
}

#[test]
fn a_record_without_status_is_pending_as_just_opened() {
    for status in [Value::Null, json!({})] {
        let record = read(stored("/status", status));
        assert_eq!(record.status.phase, Some(Phase::Pending));
        assert_eq!(record.status.attempts, []);
    }
}

#[test]
fn a_record_without_workload_belongs_to_its_target() {
    let record = read(stored("/spec/workload", json!({})));
    assert_eq!(record.spec.workload, record.spec.target);
}

#[test]
fn unreadable_records_say_what_is_wrong_and_do_not_stop_the_watch() {
    let error =
        |json: Value| from_resource(&serde_json::from_value::<Resource>(json).unwrap()).unwrap_err().to_string();
    let unknown = error(stored("/spec/type", json!("solar_flare")));
    assert!(
        unknown.contains("pod-crashloop-0011223344556677: spec.type \"solar_flare\": expected one of node_failure,"),
        "{unknown}"
    );
    assert!(error(stored("/spec/severity", json!("meh"))).contains("expected one of low, medium, high, critical"));
    assert!(error(stored("/spec/mode", json!("Yolo"))).contains("expected one of Enforce, Approve, Observe"));
    assert!(error(stored("/spec/target", json!({}))).contains("spec.target is empty"));
    assert!(error(stored("/spec/workload", json!({"kind": "Pod"}))).contains("spec.workload is empty"));
    assert!(error(stored("/spec", json!({}))).contains("spec.type \"\""));
    assert!(error(stored("/metadata", json!({}))).contains("metadata.name is empty"));
}

#[test]
fn people_order_by_annotation_and_blank_names_order_nothing() {
    let annotated = |key: &str, who: &str| {
        let mut resource = to_resource(&sample(), "self-healing");
        resource.annotations_mut().insert(key.to_owned(), who.to_owned());
        from_resource(&resource).unwrap().orders
    };
    assert_eq!(annotated(marks::APPROVE, " ada "), Orders { approved_by: Some("ada".to_owned()), cancelled_by: None });
    assert_eq!(annotated(marks::CANCEL, "bob"), Orders { approved_by: None, cancelled_by: Some("bob".to_owned()) });
    assert_eq!(annotated(marks::APPROVE, "  "), Orders::default());
}

#[test]
fn condition_complete_sums_the_phase_up() {
    let mut status = sample().status;
    let condition = |status: &Status| serde_json::to_value(&status_of(status, 1).conditions).unwrap();
    assert_eq!(
        condition(&status),
        json!([{"type": "Complete", "status": "False", "reason": "Running", "message": "deleting the pod",
                "lastTransitionTime": "2026-09-21T14:13:20Z", "observedGeneration": 1}])
    );
    status.phase = Some(Phase::Succeeded);
    status.finished_at = Some(Stamp(1_790_000_060_000));
    assert_eq!(condition(&status)[0]["status"], "True");
    assert_eq!(condition(&status)[0]["reason"], "Succeeded");
    assert_eq!(condition(&status)[0]["lastTransitionTime"], "2026-09-21T14:14:20Z");
}

#[test]
fn too_much_evidence_loses_its_oldest_items_and_says_so() {
    let mut status = sample().status;
    status.evidence = (0..40).map(|n| (format!("event {n}"), "x".repeat(1000))).collect();
    let kept = status_of(&status, 1).evidence;
    assert_eq!(kept[0].name, "omitted");
    assert_eq!(kept[0].value, "24 older items, to stay within 16384 bytes");
    assert_eq!((kept[1].name.as_str(), kept.last().unwrap().name.as_str()), ("event 24", "event 39"));

    status.evidence = vec![("reason".to_owned(), "OOM".to_owned()), ("log".to_owned(), "é".repeat(50_000))];
    let kept = status_of(&status, 1).evidence;
    assert_eq!(kept[0].value, "OOM", "a long value must not push out a short one");
    assert!(kept[1].value.len() <= 4096 && kept[1].value.ends_with('…'));
}

#[test]
fn absurd_times_are_stored_within_what_can_be_written() {
    let mut record = sample();
    record.spec.first_seen = Stamp(i64::MIN);
    record.spec.detected_at = Stamp(i64::MAX);
    let json = wire(&to_resource(&record, "self-healing"));
    assert_eq!(json["spec"]["firstSeen"], "0001-01-01T00:00:00.000000Z");
    assert!(json["spec"]["detectedAt"].as_str().unwrap().starts_with("9999-12-30T"));
    read(json);
}
