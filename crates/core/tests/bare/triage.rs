//! Triage: many symptoms of one trouble are one Recovery.

use crate::ground::{Ground, QUICK, condition};
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::{Cause, Phase};

#[test]
fn pods_of_one_workload_that_crash_alike_are_one_recovery_and_one_action_and_then_a_persons() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 4", &format!("{QUICK}\ndeployment_check_interval 60"));
    for pod in ["web.1", "web.2", "web.3", "web.4"] {
        ground.does(&format!("crash-loop {pod} 5"));
    }
    ground.run(60.0);
    assert_eq!(ground.truth.records.len(), 1, "{}", ground.report());
    let record = ground.recovery("web.1");
    assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Escalated), "ApplicationFault"));
    assert_eq!(ground.writes(), ["delete web.1"], "{}", ground.report());
}

#[test]
fn what_goes_with_its_namespace_has_not_failed() {
    // The Deployment tells of it, or where that is looked at too seldom the Service.
    for of_deployments in [1, 3600] {
        for marks in [Marks::default(), Marks::DELETING] {
            let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval {of_deployments}");
            let mut ground = Ground::of("nodes n1 n2\ndeployment web 2 on n1\nservice web", &settings);
            ground.truth.unwell = true;
            ground.truth.mark_namespace("shop", marks);
            ground.does("unready web.1");
            ground.does("unready web.2");
            ground.run(600.0);
            assert_eq!(ground.truth.records.is_empty(), marks == Marks::DELETING, "{}", ground.report());
        }
    }
}

#[test]
fn a_ready_pod_that_was_killed_for_its_memory_twice_is_told() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", QUICK);
    ground.does("oom web.1");
    ground.run(10.0);
    assert!(ground.truth.records.is_empty(), "{}", ground.report());
    ground.does("oom web.1");
    ground.run(10.0);
    let record = ground.recovery("web.1");
    assert_eq!(record.spec.cause.map(|cause| cause.as_str()), Some("OOMKilled"));
    assert!(ground.writes().is_empty(), "it is only watched");
    // A new process sees only the last of the kills in the pod.
    ground.does("kill controller");
    ground.run(30.0);
    assert_eq!(ground.phase("web.1"), Phase::Running, "{}", ground.report());
}

#[test]
fn from_the_third_pod_on_what_fails_alike_in_one_workload_is_one_trouble() {
    let settings = "health_check_interval 1\nsettle_period 1\ndeployment_check_interval 60";
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 6 on n1", settings);
    for pod in ["web.1", "web.2", "web.3", "web.4"] {
        ground.does(&format!("unready {pod}"));
    }
    ground.run(11.0);
    let records = ground.truth.records.values();
    let impact: usize = records.map(|record| record.status.impact.len()).sum();
    assert_eq!((ground.truth.records.len(), impact), (1, 3), "{}", ground.report());
}

#[test]
fn a_kill_for_memory_beside_a_recovery_of_the_workload_is_told_with_it() {
    let settings = "health_check_interval 1\nsettle_period 1\ndeployment_check_interval 60";
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", settings);
    ground.truth.unwell = true;
    ground.does("crash-loop web.1 5");
    ground.run(5.0);
    for _ in 0..2 {
        ground.does("oom web.2");
        ground.run(3.0);
    }
    assert_eq!(ground.truth.records.len(), 1, "{}", ground.report());
    assert_eq!(ground.recovery("web.1").status.impact.first().unwrap(), "Pod shop/web-rs-1: OOMKilled");
}

#[test]
fn a_deployment_that_cannot_make_its_pods_is_told() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", QUICK);
    let at = ground.truth.stamp();
    ground.truth.edit_workload(&Kind::Deployment, &Key::new("shop", "web"), |fact| {
        fact.conditions.push(condition("ReplicaFailure", ConditionStatus::True, at));
    });
    ground.run(2.5);
    assert!(ground.truth.records.is_empty(), "three checks: {}", ground.report());
    ground.run(2.5);
    let record = ground.recovery("web");
    assert_eq!((record.spec.cause, ground.writes().len()), (Some(Cause::ReplicaFailure), 0));
}
