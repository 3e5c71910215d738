//! Pods: when exactly one counts as failed, and what becomes of one without a controller that we know.

use crate::ground::{Ground, QUICK, ready_pod};
use self_healing_core::effect::Verb;
use self_healing_core::fact::{ContainerFact, Exit, Owner, PodFact};
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::{Cause, Phase, Strategy};
use std::sync::Arc;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";
const SOLO: &str = "nodes n1 n2\npod solo on n1";

/// Seconds until the pod that suffers `deed` is deleted.
fn seconds_until_restart(deed: &str) -> f64 {
    let mut ground = Ground::of(WEB, "");
    ground.does(deed);
    ground.run(400.0);
    ground.when("delete web.1")
}

#[test]
fn what_keeps_a_container_from_starting_counts_after_two_checks() {
    let image = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"];
    let config = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];
    for reason in image.into_iter().chain(config) {
        let seconds = seconds_until_restart(&format!("waits web.1 {reason}"));
        assert!((60.0..61.0).contains(&seconds), "{reason}: {seconds}");
    }
}

#[test]
fn a_pod_that_is_not_ready_counts_after_ten_checks() {
    let seconds = seconds_until_restart("unready web.1");
    assert!((300.0..301.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_pod_that_a_readiness_gate_keeps_is_told_of_and_not_restarted() {
    let mut ground = Ground::of(WEB, "");
    ground.does("unready web.1");
    ground.change("web.1", |pod| {
        let trouble = pod.trouble.as_mut().unwrap();
        trouble.containers.clear();
        trouble.awaits_gate = true;
    });
    ground.run(2000.0);
    assert!(ground.writes().is_empty(), "{:?}", ground.writes());
    let recovery = ground.recovery("web.1");
    assert_eq!((recovery.spec.cause, recovery.spec.strategy), (Some(Cause::NotReady), Some(Strategy::Monitor)));
    assert!(
        recovery.spec.reasons.iter().any(|reason| reason.contains("readiness gate")),
        "{:?}",
        recovery.spec.reasons
    );
}

#[test]
fn a_failed_pod_and_a_crash_loop_count_at_once() {
    for deed in ["fail web.1", "crash-loop web.1 5"] {
        assert!(seconds_until_restart(deed) < 0.1, "{deed}");
    }
}

#[test]
fn a_pod_that_is_mostly_ready_is_left_alone() {
    let mut ground = Ground::of(WEB, "");
    for _ in 0..40 {
        ground.does("unready web.1");
        ground.run(20.0);
        ground.does("heal web.1");
        ground.run(30.0);
    }
    assert!(ground.writes().is_empty() && ground.truth.records.is_empty());
}

#[test]
fn a_container_that_ended_and_is_not_ready_since_is_in_a_crash_loop_without_saying_so() {
    let mut ground = Ground::of(WEB, "");
    let exit = Some(Exit { code: 1, reason: "Error".into() });
    let ended = ContainerFact { name: "main".into(), restarts: 5, exit, ..ContainerFact::default() };
    ground.does("unready web.1");
    ground.change("web.1", |pod| pod.trouble.as_mut().unwrap().containers = vec![ended]);
    ground.run(5.0);
    assert_eq!(ground.writes(), ["delete web.1"]);
    assert!(ground.recovery("web.1").spec.description.contains("restarted 5 times"));
}

#[test]
fn a_container_that_ends_with_0_again_and_again_is_in_a_crash_loop() {
    let mut ground = Ground::of(WEB, "");
    let exit = Some(Exit { code: 0, reason: "Completed".into() });
    let done = ContainerFact { name: "main".into(), restarts: 5, exit, ..ContainerFact::default() };
    ground.does("unready web.1");
    // As of a pod that is not started again after a success.
    ground.change("web.1", |pod| pod.trouble.as_mut().unwrap().containers = vec![done.clone()]);
    ground.run(5.0);
    assert!(ground.truth.records.is_empty());
    let ended = ContainerFact { ended_to_restart: true, ..done };
    ground.change("web.1", |pod| pod.trouble.as_mut().unwrap().containers = vec![ended]);
    ground.run(5.0);
    assert_eq!(ground.writes(), ["delete web.1"]);
}

#[test]
fn a_deletion_that_hangs_names_what_keeps_it_and_ends_when_it_is_over() {
    let mut ground = Ground::of(WEB, "");
    ground.does("finalizer web.1 example.com/hold");
    ground.does("delete web.1");
    ground.run(89.0);
    assert!(ground.truth.records.is_empty(), "thirty seconds of grace, then two checks");
    ground.run(3.0);
    assert_eq!(ground.phase("web.1"), Phase::Running);
    assert!(ground.recovery("web.1").spec.description.contains("example.com/hold"));
    let target = ground.target("web.1");
    ground.truth.remove(&target);
    ground.run(40.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn a_deletion_that_hangs_is_found_in_time_by_a_process_that_has_just_started() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.does("finalizer web.1 example.com/hold");
    ground.does("delete web.1");
    // The next heartbeat of its node comes seconds later; the last one is as good.
    ground.run(31.0);
    assert!(ground.truth.records.is_empty());
    ground.does("kill controller");
    ground.run(4.0);
    assert_eq!(ground.recovery("web.1").spec.cause, Some(Cause::StuckTerminating));
}

#[test]
fn a_pod_that_hangs_on_a_node_that_may_be_dead_waits_for_a_sign_of_life() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.does("finalizer web.1 example.com/hold");
    ground.does("delete web.1");
    ground.does("set paused true");
    ground.does("silence n1");
    ground.run(40.0);
    ground.truth.records.clear();
    ground.does("kill controller");
    ground.run(4.0);
    assert!(ground.truth.records.is_empty(), "a node that has long been silent may be what is wrong");
    ground.does("return n1");
    ground.run(4.0);
    assert_eq!(ground.recovery("web.1").spec.cause, Some(Cause::StuckTerminating));
}

#[test]
fn a_bare_pod_is_saved_before_it_is_deleted() {
    let mut ground = Ground::of(SOLO, QUICK);
    ground.does("fail solo");
    ground.run(10.0);
    let saves = |verb: &Verb| matches!(verb, Verb::SaveStatus { status, .. } if status.saved_manifest.is_some());
    let saved = ground.log.iter().position(|(_, effect)| saves(&effect.verb));
    let deleted = ground.log.iter().position(|(_, effect)| matches!(effect.verb, Verb::DeletePod { .. }));
    assert!(saved.is_some() && saved < deleted, "{}", ground.report());
    assert_eq!(ground.recovery("solo").status.saved_manifest, None, "kept only until the pod is back");
}

#[test]
fn a_bare_pod_that_may_not_be_created_again_is_not_deleted() {
    let mut ground = Ground::of(SOLO, QUICK);
    ground.with(|settings| settings.recreate_bare_pods = false);
    ground.does("fail solo");
    ground.run(600.0);
    assert_eq!((ground.writes().len(), ground.phase("solo"), ground.held("solo").0), (0, Phase::Held, "NoProvider"));
    ground.with(|settings| settings.recreate_bare_pods = true);
    ground.run(60.0);
    assert_eq!(ground.phase("solo"), Phase::Succeeded);
}

#[test]
fn a_bare_pod_that_does_not_become_ready_is_created_again_by_the_next_attempt() {
    let mut ground = Ground::of(SOLO, "recovery_timeout 20");
    ground.truth.unwell = true;
    ground.does("fail solo");
    ground.run(15.0);
    assert_eq!(ground.count("create solo"), 1);
    ground.truth.unwell = false;
    ground.run(60.0);
    assert_eq!((ground.count("create solo"), ground.phase("solo")), (2, Phase::Succeeded));
}

#[test]
fn a_pod_of_a_foreign_controller_is_back_only_when_a_new_one_is_ready_whatever_the_wall_clock_says() {
    let kind = Kind::of("apps.kruise.io", "CloneSet");
    let owner = Arc::new(Owner { kind, name: Text::from("clones"), uid: Text::from("uid-clones") });
    for ahead in [0, 3_600_000, -3_600_000] {
        let mut ground = Ground::of("nodes n1 n2\njob clones 2 on n1", "");
        ["clones.1", "clones.2"].into_iter().for_each(|pod| ground.change(pod, |pod| pod.owner = Some(owner.clone())));
        ground.jump = (ground.now(), ahead);
        ground.does("fail clones.1");
        ground.run(30.0);
        assert_eq!(ground.phase("clones.1"), Phase::Verifying, "{ahead}");
        let new = ready_pod(Key::new("shop", "new"), Some(Text::from("n2")), Some(owner.clone()));
        ground.truth.put(PodFact { created: ground.truth.stamp(), ..new });
        ground.run(5.0);
        assert_eq!(ground.phase("clones.1"), Phase::Succeeded, "{ahead}");
        assert_eq!(ground.recovery("clones.1").spec.workload.kind.as_str(), "CloneSet.apps.kruise.io");
    }
}
