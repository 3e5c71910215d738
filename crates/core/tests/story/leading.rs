//! Guards of nodes and leadership: when nothing may be done, and what a new leader takes over.

use crate::cast::settings;
use crate::world::World;
use self_healing_core::effect::KubeletLook;
use self_healing_core::event::Event;
use self_healing_core::fact::{ConditionStatus, Marks, Taint};
use self_healing_core::key::Text;
use self_healing_core::names::{Phase, WatchKind};
use self_healing_core::settings::{Settings, Share};

/// Five nodes with two pods each.
fn farm(settings: Settings) -> World {
    let mut world = World::new(&["n1", "n2", "n3", "n4", "n5"], settings);
    for node in ["n1", "n2", "n3", "n4", "n5"] {
        world.deployment(&format!("web-{node}"), 2, node);
    }
    world.run(100.0);
    world
}

#[test]
fn right_after_its_start_a_controller_touches_no_node() {
    let mut world = farm(settings());
    world.silence("n1", KubeletLook::Silent);
    world.node_says("n1", "Ready", ConditionStatus::Unknown);
    world.run(85.0);
    world.restart();
    world.run(29.0);
    assert!(world.writes().is_empty());
    world.run(150.0);
    assert_eq!(world.phase("n1"), Phase::Succeeded);
}

#[test]
fn a_finding_waits_for_the_settle_period() {
    let mut world = farm(settings());
    world.node_says("n1", "Ready", ConditionStatus::False);
    world.run(89.0);
    world.turn(vec![Event::Leading(false)]);
    world.run(10.0);
    world.turn(vec![Event::Leading(true)]);
    world.run(1.0);
    assert_eq!(world.held("n1").0, "Settling");
    world.run(60.0);
    assert!((229.0..229.2).contains(&world.when("cordon n1")), "{:?}", world.log);
}

#[test]
fn silence_while_the_lease_watch_was_blind_does_not_count() {
    let mut world = farm(settings());
    world.silence("n1", KubeletLook::Silent);
    world.mute.insert(WatchKind::Lease);
    world.run(300.0);
    assert!(world.writes().is_empty() && world.recoveries.is_empty());
    world.mute.clear();
    let seen = world.now.tick.0 as f64 / 1000.0 + 10.0;
    world.run(200.0);
    assert!((seen + 80.0..seen + 90.1).contains(&world.when("cordon n1")), "{seen}: {:?}", world.log);
}

#[test]
fn all_nodes_silent_at_once_is_a_shared_cause() {
    let mut world = farm(settings());
    for node in ["n1", "n2", "n3", "n4", "n5"] {
        world.silence(node, KubeletLook::Silent);
    }
    world.run(600.0);
    assert!(world.writes().is_empty(), "{:?}", world.log);
    assert_eq!(world.held("n1").0, "Breaker");
}

#[test]
fn the_first_of_many_silent_nodes_to_fire_is_not_acted_on_alone() {
    let second = std::time::Duration::from_secs(1);
    let mut world = farm(Settings { node_check_interval: second * 10, sweep: second * 10, ..settings() });
    world.silence("n1", KubeletLook::Silent);
    // The others are heard once more, so that nothing can be said of them yet when the first one fires.
    world.run(11.0);
    for node in ["n2", "n3"] {
        world.silence(node, KubeletLook::Silent);
    }
    world.run(300.0);
    assert!(world.writes().is_empty(), "{:?}", world.log);
    assert_eq!(world.held("n1").0, "Breaker");
}

#[test]
fn the_last_node_that_is_well_is_never_touched() {
    let mut world = World::new(&["n1", "n2"], Settings { max_unhealthy_nodes: Share::Percent(100), ..settings() });
    world.deployment("web", 2, "n1");
    world.run(100.0);
    world.silence("n1", KubeletLook::Silent);
    world.silence("n2", KubeletLook::Silent);
    world.run(300.0);
    assert!(world.writes().is_empty(), "{:?}", world.log);
    assert_eq!(world.held("n1").0, "Breaker");
}

#[test]
fn control_plane_nodes_are_left_to_people() {
    let mut world = farm(settings());
    world.change_node("n1", |node| node.marks = Marks::CONTROL_PLANE);
    world.silence("n1", KubeletLook::Silent);
    world.run(300.0);
    assert!(world.writes().is_empty() && world.held("n1").0 == "Quorum");
}

#[test]
fn the_node_under_the_controller_is_left_until_another_replica_leads() {
    let own = (Text::from("shop"), Text::from("web-n1-1"));
    let mut world = farm(Settings { own_pod: own, ..settings() });
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(300.0);
    assert!(world.writes().is_empty() && world.held("n1").0 == "Excluded");
}

#[test]
fn of_two_sick_nodes_one_is_recovered_at_a_time() {
    let mut world = farm(settings());
    world.heals = false;
    world.silence("n1", KubeletLook::Silent);
    world.silence("n2", KubeletLook::Silent);
    world.run(150.0);
    assert_eq!(world.count("cordon"), 1, "{:?}", world.log);
    let waits = if world.count("cordon n1") == 1 { "n2" } else { "n1" };
    assert!(["Breaker", "Budget"].contains(&world.held(waits).0));
}

#[test]
fn as_many_nodes_as_allowed_are_recovered_at_once() {
    let mut world = farm(Settings { node_concurrency: Share::Count(2), ..settings() });
    world.heals = false;
    world.silence("n1", KubeletLook::Silent);
    world.silence("n2", KubeletLook::Silent);
    world.run(150.0);
    assert_eq!((world.count("cordon n1"), world.count("cordon n2")), (1, 1));
}

#[test]
fn pods_of_a_sick_node_belong_to_it_however_long_it_stays_dead() {
    let mut world = farm(settings());
    world.silence("n1", KubeletLook::Silent);
    world.run(60.0);
    world.not_ready("web-n1-1");
    world.run(3600.0);
    assert_eq!((world.recoveries.len(), world.phase("n1")), (1, Phase::Succeeded), "{:?}", world.recoveries.keys());
}

#[test]
fn who_does_not_lead_does_nothing() {
    let mut world = farm(settings());
    world.turn(vec![Event::Leading(false)]);
    let before = world.sent();
    world.silence("n1", KubeletLook::Silent);
    world.fail("web-n2-1");
    world.run(600.0);
    assert_eq!(world.sent(), before, "{:?}", &world.verbs[before..]);
}

#[test]
fn a_new_leader_reads_the_records_first_and_finishes_a_drain_without_evicting_twice() {
    let mut world = farm(settings());
    world.budget.insert(Text::from("web-n1-2"));
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(95.0);
    assert_eq!(world.writes(), ["cordon n1", "evict shop/web-n1-1", "blocked shop/web-n1-2"]);
    let before = world.verbs.len();
    world.budget.clear();
    world.restart();
    assert_eq!(world.verbs[before..], ["read recoveries"]);
    world.run(100.0);
    world.node_says("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(60.0);
    assert_eq!((world.count("evict shop/web-n1-1"), world.count("evict shop/web-n1-2")), (1, 1));
    assert_eq!((world.phase("n1"), world.is_marked(), world.count("cordon")), (Phase::Succeeded, false, 1));
}

#[test]
fn marks_of_a_recovery_that_is_gone_are_taken_back() {
    let mut world = farm(settings());
    let gone = Text::from("node-gone");
    world.change_node("n1", |node| (node.unschedulable, node.owner) = (true, gone.clone()));
    let (key, effect) = (Text::from("self-healing.dev/suspect"), Text::from("PreferNoSchedule"));
    world.change_node("n2", |node| node.taints.push(Taint { key, value: gone.clone(), effect }));
    world.run(60.0);
    assert!(!world.is_marked() && !world.nodes["n1"].unschedulable, "{:?}", world.log);
}

#[test]
fn a_record_that_a_person_deletes_takes_its_marks_along() {
    let mut world = farm(settings());
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(120.0);
    assert!(world.is_marked());
    world.node_says("n1", "KernelDeadlock", ConditionStatus::False);
    world.lose_records();
    world.run(100.0);
    assert!(!world.is_marked(), "{:?}", world.log);
}

#[test]
fn a_healthy_cluster_falls_silent() {
    let mut world = farm(settings());
    let (turns, sent) = (world.turns, world.sent());
    world.run(3600.0);
    assert_eq!(world.sent(), sent);
    // 360 beats and 120 sweeps.
    assert!(world.turns - turns < 1500, "{} turns", world.turns - turns);
}

#[test]
fn a_cluster_whose_trouble_is_over_falls_silent_again() {
    let mut world = farm(settings());
    world.fail("web-n2-1");
    world.silence("n1", KubeletLook::Silent);
    world.run(300.0);
    world.silent.clear();
    world.run(100.0);
    let (turns, sent) = (world.turns, world.sent());
    world.run(3600.0);
    assert_eq!(world.sent(), sent, "{:?}", &world.verbs[sent..]);
    assert!(world.turns - turns < 1500, "{} turns", world.turns - turns);
}

#[test]
fn a_watch_gap_in_the_middle_does_not_make_a_dead_node_well() {
    let mut world = farm(settings());
    world.heals = false;
    world.silence("n1", KubeletLook::Silent);
    world.run(100.0);
    assert_eq!(world.count("delete"), 2);
    world.mute.insert(WatchKind::Lease);
    world.run(90.0);
    world.mute.clear();
    world.run(60.0);
    assert_eq!((world.count("uncordon"), world.is_marked()), (0, true), "{:?}", world.log);
}

#[test]
fn a_new_leader_does_not_take_a_dead_nodes_stateful_pods_for_movable() {
    let mut world = farm(settings());
    world.controlled(self_healing_core::key::Kind::StatefulSet, "db", 1, "n1");
    world.run(60.0);
    world.budget.insert(Text::from("web-n1-1"));
    world.heals = false;
    world.silence("n1", KubeletLook::Silent);
    world.node_says("n1", "Ready", ConditionStatus::Unknown);
    world.run(100.0);
    assert_eq!((world.count("cordon n1"), world.phase("n1")), (1, Phase::Verifying));
    world.restart();
    world.run(200.0);
    assert_eq!(world.count("evict"), 0, "{:?}", world.log);
}

#[test]
fn pods_stuck_on_a_dead_node_are_not_told_by_a_new_leader_either() {
    let mut world = farm(Settings { pod_check_interval: std::time::Duration::from_secs(10), ..settings() });
    world.silence("n1", KubeletLook::Silent);
    world.run(300.0);
    world.restart();
    world.run(600.0);
    assert_eq!(world.recoveries.len(), 1, "{:?}", world.recoveries.keys());
}

#[test]
fn nothing_is_done_while_a_watch_is_stale() {
    let mut world = farm(settings());
    world.mute.insert(WatchKind::Pod);
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(200.0);
    assert!(world.writes().is_empty() && world.held("n1").0 == "StaleWatch");
    world.mute.clear();
    world.run(60.0);
    assert_eq!(world.count("evict"), 2);
}

#[test]
fn a_node_that_is_gone_counts_against_the_concurrency_until_its_workloads_are_back() {
    let mut world = farm(settings());
    world.heals = false;
    world.silence("n1", KubeletLook::Silent);
    world.run(95.0);
    world.lose_node("n1");
    world.silence("n2", KubeletLook::Silent);
    world.run(95.0);
    assert_eq!((world.count("cordon n2"), world.held("n2").0), (0, "Budget"));
}
