//! Triage: many symptoms of one trouble are one Recovery.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::Phase;

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
}
