//! Nodes: when one counts as failed, and what happens with a dead one.

use crate::cast::settings;
use crate::world::{World, condition, ready_pod};
use self_healing_core::effect::KubeletLook;
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::Kind;
use self_healing_core::names::{Cause, Phase, Severity, Strategy};
use self_healing_core::settings::Settings;
use std::time::Duration;

/// Three nodes, two pods of a Deployment on the first; long past the settle period, the last renewal at 100 s.
fn shop(settings: Settings) -> World {
    let mut world = World::new(&["n1", "n2", "n3"], settings);
    world.deployment("web", 2, "n1");
    world.run(100.0);
    world
}

#[test]
fn a_silent_node_is_acted_on_90_seconds_after_its_last_renewal() {
    let mut world = shop(settings());
    world.silence("n1", KubeletLook::Silent);
    world.run(89.9);
    assert!(world.writes().is_empty(), "{:?}", world.log);
    world.run(60.0);
    assert_eq!(world.writes(), ["cordon n1", "delete shop/web-1", "delete shop/web-2", "uncordon n1"]);
    assert!((190.0..190.1).contains(&world.when("cordon n1")));
    let recovery = world.recovery("n1");
    assert_eq!((recovery.spec.cause, recovery.spec.severity), (Some(Cause::Unreachable), Severity::Critical));
    assert_eq!(recovery.status.phase, Some(Phase::Succeeded));
}

#[test]
fn a_refused_connection_means_that_the_kubelet_is_down() {
    let mut world = shop(settings());
    world.silence("n1", KubeletLook::Refused);
    world.run(120.0);
    assert_eq!(world.recovery("n1").spec.cause, Some(Cause::KubeletDown));
}

#[test]
fn a_silent_node_whose_kubelet_answers_is_left_alone() {
    let mut world = shop(settings());
    world.silence("n1", KubeletLook::Answers);
    world.run(3600.0);
    assert!(world.writes().is_empty() && world.recoveries.is_empty());
}

#[test]
fn the_control_planes_unknown_is_a_second_signal() {
    let mut world = shop(settings());
    world.silence("n1", KubeletLook::Answers);
    world.run(50.0);
    world.node_says("n1", "Ready", ConditionStatus::Unknown);
    world.run(60.0);
    assert!((190.0..190.1).contains(&world.when("cordon n1")));
    assert_eq!(world.recovery("n1").spec.cause, Some(Cause::Unreachable));
}

#[test]
fn with_checks_every_10_seconds_a_dead_node_is_acted_on_within_43_seconds() {
    let ten = Duration::from_secs(10);
    let mut world = shop(Settings { node_check_interval: ten, sweep: ten, ..settings() });
    world.silence("n1", KubeletLook::Silent);
    world.run(60.0);
    assert!((140.0..143.0).contains(&world.when("cordon n1")), "{:?}", world.log);
}

#[test]
fn a_node_that_says_not_ready_is_acted_on_after_three_checks() {
    let mut world = shop(settings());
    world.node_says("n1", "Ready", ConditionStatus::False);
    world.run(89.0);
    assert!(world.writes().is_empty());
    world.run(60.0);
    assert!((190.0..190.1).contains(&world.when("cordon n1")));
    assert_eq!(world.count("delete"), 0, "a live node's pods are evicted");
    assert_eq!((world.count("evict"), world.phase("n1")), (2, Phase::Succeeded));
    assert_eq!(world.recovery("n1").spec.cause, Some(Cause::NotReady));
}

#[test]
fn a_node_that_flaps_is_acted_on_too() {
    let mut world = shop(settings());
    for _ in 0..30 {
        world.node_says("n1", "Ready", ConditionStatus::False);
        world.run(7.0);
        world.node_says("n1", "Ready", ConditionStatus::True);
        world.run(3.0);
    }
    assert!(world.count("cordon n1") >= 1, "{:?}", world.log);
}

#[test]
fn a_new_node_has_ten_minutes_to_become_ready() {
    let mut world = World::new(&["n1", "n2"], settings());
    let created = world.stamp(0);
    let mut fresh = crate::world::node("n3");
    fresh.created = created;
    fresh.conditions = vec![condition("Ready", ConditionStatus::False, created.0)];
    world.set_node(fresh);
    world.run(599.0);
    assert!(world.recoveries.is_empty());
    world.run(100.0);
    assert_eq!(world.recovery("n3").spec.cause, Some(Cause::NotReady));
}

#[test]
fn a_kernel_deadlock_drains_and_keeps_the_cordon_until_it_clears() {
    let mut world = shop(settings());
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(600.0);
    let spec = &world.recovery("n1").spec;
    assert_eq!((spec.severity, spec.strategy), (Severity::High, Some(Strategy::DrainAndReplace)));
    assert_eq!(world.writes(), ["cordon n1", "evict shop/web-1", "evict shop/web-2"]);
    assert_eq!(world.phase("n1"), Phase::Verifying);
    assert!(world.verbs.len() < 100, "{:#?}", &world.verbs[..60]);
    world.node_says("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(60.0);
    assert_eq!((world.phase("n1"), world.is_marked()), (Phase::Succeeded, false));
}

#[test]
fn a_kernel_deadlock_ends_when_the_node_is_gone() {
    let mut world = shop(settings());
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(600.0);
    world.lose_node("n1");
    world.run(60.0);
    assert_eq!(world.phase("n1"), Phase::Succeeded);
}

#[test]
fn a_condition_whose_detector_fell_silent_says_nothing() {
    let mut world = shop(settings());
    let old = world.stamp(-31 * 60);
    world.change_node("n1", |node| node.conditions.push(condition("KernelDeadlock", ConditionStatus::True, old.0)));
    world.run(600.0);
    assert!(world.recoveries.is_empty());
}

#[test]
fn of_a_dead_node_only_pods_that_others_replace_are_deleted() {
    let mut world = shop(settings());
    world.controlled(Kind::StatefulSet, "db", 1, "n1");
    world.controlled(Kind::DaemonSet, "agent", 1, "n1");
    world.deployment("disk", 1, "n1");
    world.change_pod("disk-1", |pod| pod.marks = Marks::PERSISTENT_VOLUME);
    world.deployment("opt", 1, "n1");
    world.change_pod("opt-1", |pod| pod.marks = Marks::EXCLUDED);
    world.bare_pod("solo", "n1");
    world.change_pod("solo", |pod| pod.marks = Marks::MIRROR);
    world.bare_pod("bare", "n1");
    let mut system = ready_pod("dns-1", "n1", world.pods.values().next().unwrap().owner.clone());
    system.key = self_healing_core::key::Key::new("kube-system", "dns-1");
    world.set_pod(system);
    world.run(60.0);
    world.silence("n1", KubeletLook::Silent);
    world.run(400.0);
    assert_eq!(world.writes(), ["cordon n1", "delete shop/web-1", "delete shop/web-2", "uncordon n1"]);
    assert_eq!(world.phase("n1"), Phase::Succeeded);
    let why = &world.recovery("n1").status.message;
    assert!(why.contains("db-1") && why.contains("disk-1"), "{why}");
    assert_eq!(
        world.recoveries.len(),
        1,
        "pods of a dead node get no Recovery of their own: {:?}",
        world.recoveries.keys()
    );
}

#[test]
fn a_node_that_a_fresh_read_shows_well_is_left_alone() {
    let mut world = shop(settings());
    world.node_says("n1", "Ready", ConditionStatus::False);
    world.run(80.0);
    // It is back, and the watch is late to say so.
    let well = crate::world::node("n1");
    world.nodes.insert(well.name.clone(), well);
    world.run(120.0);
    assert!(world.writes().is_empty(), "{:?}", world.log);
    assert_eq!(world.phase("n1"), Phase::SelfRecovered);
}
