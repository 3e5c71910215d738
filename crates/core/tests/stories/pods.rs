//! Pods that fail, and what becomes of them.

use crate::world::{Replace, World, defaults, pod, small, with};
use self_healing_core::effect::{Outcome, Verb};
use self_healing_core::fact::{Owner, PodTrouble};
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Cause, Phase, Severity, Strategy};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_failed_pod_is_deleted_once_and_succeeds_when_its_replacement_is_ready() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    world.run(30);
    assert_eq!(world.writes(), ["35 delete default/web-0"]);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert_eq!(world.happenings(), ["35 FailureDetected", "35 RecoveryStarted", "38 RecoverySucceeded"]);
}

#[test]
fn the_record_and_a_fresh_read_come_before_the_delete() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    let version = world.truth.pods.values().find(|(pod, _)| &*pod.key.name == "web-0").unwrap().1.to_string();
    world.run(1);
    let at = |verb: &str| world.log.iter().position(|(_, effect)| effect.verb.to_string().starts_with(verb)).unwrap();
    assert!(at("create recovery") < at("delete") && at("look at Pod") < at("delete"), "{:#?}", world.timeline());
    let Verb::DeletePod { target, resource_version } = &world.log[at("delete")].1.verb else { panic!() };
    assert_eq!((&*target.uid, &**resource_version), ("uid-web-0", version.as_str()));
}

#[test]
fn a_crash_loop_below_the_threshold_is_left_alone() {
    let mut world = small(defaults());
    world.truth.crash_loop("web-0", 4);
    world.run(200);
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.truth.records.is_empty());
}

#[test]
fn a_crash_loop_at_the_threshold_is_restarted_at_once() {
    let mut world = small(defaults());
    world.truth.crash_loop("web-0", 5);
    world.run(10);
    assert_eq!(world.writes(), ["35 delete default/web-0"]);
    assert!(world.only().spec.description.contains("restarted 5 times"), "{}", world.only().spec.description);
}

#[test]
fn an_image_that_cannot_be_pulled_is_acted_on_after_two_checks() {
    let mut world = small(defaults());
    world.truth.waits_for("web-0", "ImagePullBackOff");
    world.run(59);
    assert_eq!(world.writes(), [""; 0]);
    world.run(3);
    assert_eq!(world.writes(), ["95 delete default/web-0"]);
}

#[test]
fn a_pod_that_is_not_ready_is_acted_on_after_ten_checks() {
    let mut world = small(defaults());
    world.truth.unready("web-0");
    world.run(299);
    assert_eq!(world.writes(), [""; 0]);
    world.run(3);
    assert_eq!(world.writes(), ["335 delete default/web-0"]);
}

#[test]
fn a_pod_that_flaps_is_acted_on_too() {
    let mut world = small(defaults());
    for _ in 0..40 {
        world.truth.unready("web-0");
        world.run(20);
        if !world.writes().is_empty() {
            break;
        }
        world.truth.heal("web-0");
        world.run(5);
    }
    assert_eq!(world.count("delete default/web-0"), 1);
    assert!(world.now() > 400_000, "at {} ms", world.now());
}

#[test]
fn a_deletion_that_hangs_is_told_with_its_finalizers_and_nothing_is_deleted() {
    let mut world = small(defaults());
    let due = world.truth.stamp();
    world.truth.change("web-0", |pod| {
        pod.ready = false;
        let finalizers = vec![Text::from("example.com/hold")];
        pod.trouble = Some(Box::new(PodTrouble { deletion_due: Some(due), finalizers, ..PodTrouble::default() }));
    });
    world.run(1000);
    assert_eq!(world.writes(), [""; 0]);
    let record = world.only();
    assert_eq!(record.attempt().map(|attempt| attempt.strategy), Some(Strategy::Monitor));
    assert!(record.spec.description.contains("example.com/hold"), "{}", record.spec.description);
    let target = world.truth.pod("web-0");
    world.truth.remove(&target);
    world.run(40);
    assert_eq!(world.phases(), [Phase::SelfRecovered]);
    assert_eq!(world.terminal_happenings(), 1);
}

#[test]
fn a_deletion_that_hangs_is_found_in_time_by_a_process_that_has_just_started() {
    let mut world = small(with(|settings| settings.pod_check_interval = Duration::from_secs(1)));
    let due = world.truth.stamp();
    world.run(2);
    world.truth.change("web-0", |pod| {
        pod.ready = false;
        pod.trouble = Some(Box::new(PodTrouble { deletion_due: Some(due), ..PodTrouble::default() }));
    });
    // The next heartbeat comes seconds after that; the last one is as good.
    world.restart();
    world.run(4);
    assert_eq!(world.happenings(), ["39 FailureDetected", "39 RecoveryStarted"]);
    assert_eq!(world.only().spec.cause, Some(Cause::StuckTerminating));
}

#[test]
fn a_pod_that_waited_for_a_sign_of_life_is_looked_at_when_there_is_one() {
    let mut world = small(with(|settings| settings.pod_check_interval = Duration::from_secs(1)));
    let due = world.truth.stamp();
    world.truth.kill("n1");
    world.run(39);
    world.truth.change("web-0", |pod| {
        pod.ready = false;
        pod.trouble = Some(Box::new(PodTrouble { deletion_due: Some(due), ..PodTrouble::default() }));
    });
    world.restart();
    world.run(4);
    assert_eq!(world.happenings(), [""; 0], "a node that has long been silent may be what is wrong");
    world.truth.dead.clear();
    world.run(4);
    assert_eq!(world.happenings(), ["80 FailureDetected", "80 RecoveryStarted"]);
}

#[test]
fn a_failed_pod_of_a_job_is_left_to_the_job() {
    let mut world = World::new(defaults(), 2);
    world.truth.add_workload(Kind::Job, "batch", &["n1"]);
    let mut world = world.start();
    world.truth.fail("batch-0");
    world.run(200);
    assert!(world.truth.records.is_empty());
}

fn bare(world: World) -> World {
    let mut world = world;
    world.truth.put(pod("default", "alone", "n1"));
    world.start()
}

#[test]
fn a_bare_pod_is_saved_then_deleted_then_created_again() {
    let mut world = bare(World::new(defaults(), 2));
    world.truth.fail("alone");
    world.run(20);
    assert_eq!(world.verbs(), ["delete default/alone", "create pod from saved manifest"]);
    let deleted = world.log.iter().position(|(_, e)| matches!(e.verb, Verb::DeletePod { .. })).unwrap();
    let saved = world
        .log
        .iter()
        .position(|(_, e)| matches!(&e.verb, Verb::SaveStatus { status, .. } if status.saved_manifest.is_some()));
    assert!(saved.is_some_and(|saved| saved < deleted), "{:#?}", world.timeline());
    assert_eq!((world.phases(), world.truth.created), (vec![Phase::Succeeded], 1));
}

#[test]
fn a_bare_pod_that_fails_again_is_created_again_by_the_next_attempt() {
    let mut world = bare(World::new(with(|s| s.recovery_timeout = Duration::from_secs(20)), 2));
    world.truth.bare_ready = 25_000;
    world.truth.fail("alone");
    world.until(10, |world| world.truth.created == 1);
    world.truth.bare_ready = 3000;
    world.until(60, |world| world.truth.created == 2);
    world.run(30);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}

#[test]
fn without_the_right_to_create_pods_a_bare_pod_is_held_and_nothing_is_written() {
    let mut world = bare(World::new(with(|s| s.recreate_bare_pods = false), 2));
    world.truth.fail("alone");
    world.run(1000);
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.held().0, "NoProvider");
}

#[test]
fn a_bare_pod_whose_recovery_is_cancelled_half_way_is_brought_back() {
    let mut world = bare(World::new(defaults(), 2));
    world.truth.unready("alone");
    world.until(310, |world| world.count("delete") == 1);
    world.truth.order(|orders| orders.cancelled_by = Some("ann".into()));
    world.run(10);
    assert_eq!((world.phases(), world.truth.created), (vec![Phase::Cancelled], 1));
    assert_eq!(world.truth.removed.values().sum::<usize>(), 1);
}

#[test]
fn a_pod_that_a_fresh_read_shows_healthy_is_not_deleted() {
    let mut world = small(defaults());
    world.truth.crash_loop("web-0", 9);
    // The watch is late: the truth is well already.
    let crashed = std::mem::take(&mut world.truth.news).pop().unwrap();
    world.truth.heal("web-0");
    world.truth.news.clear();
    world.tell(crashed);
    world.run(60);
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(world.phases(), [Phase::SelfRecovered]);
}

#[test]
fn another_pod_of_the_same_name_is_not_touched() {
    let mut world = World::new(defaults(), 2);
    world.truth.add_workload(Kind::StatefulSet, "db", &["n1"]);
    let mut world = world.start();
    world.truth.crash_loop("db-0", 9);
    let crashed = std::mem::take(&mut world.truth.news).pop().unwrap();
    world.truth.change("db-0", |pod| pod.uid = Text::from("another"));
    world.truth.news.clear();
    world.tell(crashed);
    world.run(60);
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.truth.pods.values().any(|(pod, _)| &*pod.uid == "another"));
}

#[test]
fn a_restart_that_does_not_help_goes_up_the_ladder_and_ends_with_a_person() {
    let mut world = small(defaults());
    world.truth.replace.insert(Text::from("web"), Replace { after: Some(100), ready: None });
    world.truth.fail("web-0");
    world.run(400);
    let record = world.only();
    assert_eq!(record.attempts_tried(), [Strategy::Restart, Strategy::Recreate]);
    assert!(world.truth.marked(), "the second attempt marks the node where the pod failed");
    world.run(1000);
    let record = world.only();
    assert_eq!(record.attempts_tried(), [Strategy::Restart, Strategy::Recreate, Strategy::ScaleAndReplace]);
    assert_eq!(world.phases(), [Phase::Escalated]);
    assert!(!world.truth.marked(), "{:#?}", world.truth.nodes);
    assert_eq!(world.terminal_happenings(), 1);
    let written = world.writes().len();
    let last = world.truth.pods.values().map(|(pod, _)| pod).find(|pod| !pod.ready).unwrap().key.name.to_string();
    world.truth.crash_loop(&last, 9);
    world.run(300);
    assert_eq!(world.writes().len(), written, "{:#?}", world.writes());
    assert!(world.truth.records.values().any(|record| record.status.phase == Some(Phase::Held)));
}

trait Tried {
    fn attempts_tried(&self) -> Vec<Strategy>;
}

impl Tried for self_healing_core::recovery::Recovery {
    fn attempts_tried(&self) -> Vec<Strategy> {
        self.status.attempts.iter().map(|attempt| attempt.strategy).collect()
    }
}

#[test]
fn a_replacement_that_becomes_ready_late_ends_the_second_attempt_without_another_delete() {
    let mut world = small(defaults());
    world.truth.replace.insert(Text::from("web"), Replace { after: Some(100), ready: Some(299_500) });
    world.truth.fail("web-0");
    world.run(400);
    assert_eq!(world.count("delete"), 1, "{:#?}", world.timeline());
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert!(!world.truth.marked());
}

#[test]
fn a_workload_that_fails_again_and_again_is_taken_more_seriously() {
    let mut world = small(with(|s| s.workload_backoff = Duration::from_secs(1)));
    let mut severities = Vec::new();
    for _ in 0..5 {
        let name = world.truth.pods.values().next().unwrap().0.key.name.to_string();
        let known: Vec<Text> = world.truth.records.keys().cloned().collect();
        world.truth.fail(&name);
        world.run(40);
        let new = world.truth.records.values().find(|record| !known.contains(&record.name)).unwrap();
        severities.push((new.spec.severity, new.spec.strategy.unwrap()));
    }
    let expected = [
        (Severity::Medium, Strategy::Restart),
        (Severity::Medium, Strategy::Restart),
        (Severity::High, Strategy::Recreate),
        (Severity::High, Strategy::Recreate),
        (Severity::Critical, Strategy::ScaleAndReplace),
    ];
    assert_eq!(severities, expected);
    assert!(!world.truth.marked());
}

#[test]
fn a_delete_whose_answer_is_lost_is_not_sent_twice() {
    let mut world = small(defaults());
    let outcome = Outcome::Unknown { message: "timed out".into() };
    world.truth.faults.push_back(crate::world::Fault { verb: "delete", outcome, applied: true });
    world.truth.fail("web-0");
    world.run(30);
    assert_eq!((world.count("delete"), world.phases()), (1, vec![Phase::Succeeded]));
}

#[test]
fn a_pod_of_a_foreign_controller_is_back_only_when_a_new_one_is_ready() {
    let mut world = World::new(defaults(), 2);
    world.truth.add_workload(Kind::Job, "cloneset", &["n1", "n2"]);
    world.truth.workloads.clear();
    let owner = Owner {
        kind: Kind::of("apps.kruise.io", "CloneSet"),
        name: Text::from("cloneset"),
        uid: Text::from("uid-cloneset"),
    };
    let owner = Arc::new(owner);
    for name in ["cloneset-0", "cloneset-1"] {
        let owner = owner.clone();
        world.truth.change(name, |pod| pod.owner = Some(owner));
    }
    world.truth.replace.insert(Text::from("cloneset"), Replace { after: Some(5000), ready: Some(5000) });
    let mut world = world.start();
    world.truth.fail("cloneset-0");
    world.run(9);
    assert_eq!(world.phases(), [Phase::Verifying]);
    world.run(5);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert_eq!(world.only().spec.workload.kind.as_str(), "CloneSet.apps.kruise.io");
}
