//! Nodes that fail, and what becomes of them and of their pods.

use crate::world::{World, defaults, pod, with};
use self_healing_core::effect::{KubeletLook, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Cause, Phase, Strategy, WatchKind};
use self_healing_core::settings::Settings;
use std::time::Duration;

/// Three nodes; on n1 two pods of `web`, which has a third elsewhere.
fn three(settings: Settings) -> World {
    let mut world = World::new(settings, 3);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n1", "n2"]);
    world.start()
}

/// Seconds since the last renewal of n1's Lease.
fn silence(world: &World) -> f64 {
    let renewed = world.truth.leases["n1"].renewed;
    world.truth.stamp().since(renewed).as_secs_f64()
}

#[test]
fn a_silent_node_is_acted_on_ninety_seconds_after_its_last_heartbeat() {
    let mut world = three(defaults());
    world.truth.kill("n1");
    world.until(120, |world| world.count("cordon n1") == 1);
    assert!((89.9..91.0).contains(&silence(&world)), "after {} s", silence(&world));
    assert_eq!(world.only().spec.cause, Some(Cause::Unreachable));
}

#[test]
fn a_node_whose_kubelet_answers_is_not_called_dead_for_a_silent_lease() {
    let mut world = three(defaults());
    world.truth.ports.insert(Text::from("n1"), KubeletLook::Answers);
    world.truth.kill("n1");
    world.run(1000);
    assert!(world.truth.records.is_empty());
}

#[test]
fn a_refused_connection_says_that_only_the_kubelet_is_down() {
    let mut world = three(defaults());
    world.truth.ports.insert(Text::from("n1"), KubeletLook::Refused);
    world.truth.kill("n1");
    world.run(120);
    assert_eq!(world.only().spec.cause, Some(Cause::KubeletDown));
}

#[test]
fn with_checks_of_ten_seconds_a_silent_node_is_acted_on_within_forty_two() {
    let ten = Duration::from_secs(10);
    let mut world = three(with(|s| (s.node_check_interval, s.pod_check_interval, s.sweep) = (ten, ten, ten)));
    world.truth.kill("n1");
    world.until(60, |world| world.count("cordon n1") == 1);
    assert!(silence(&world) <= 42.0, "after {} s", silence(&world));
}

#[test]
fn ready_unknown_counts_from_the_last_heartbeat_without_any_look() {
    let mut world = three(defaults());
    world.truth.ports.insert(Text::from("n1"), KubeletLook::Answers);
    world.truth.kill("n1");
    world.run(50);
    world.truth.set_condition("n1", "Ready", ConditionStatus::Unknown);
    world.until(60, |world| world.count("cordon n1") == 1);
    assert!((89.9..91.5).contains(&silence(&world)), "after {} s", silence(&world));
}

#[test]
fn a_node_that_is_not_ready_is_cordoned_emptied_and_given_back() {
    let mut world = three(defaults());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    assert_eq!(world.verbs(), ["cordon n1", "evict default/web-0", "evict default/web-1", "uncordon n1"]);
    assert_eq!(world.writes()[0], "125 cordon n1");
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert!(!world.truth.marked());
    assert_eq!(world.terminal_happenings(), 1);
}

#[test]
fn a_node_with_a_kernel_deadlock_stays_cordoned_until_the_deadlock_is_gone() {
    let mut world = three(defaults());
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(600);
    assert_eq!(world.only().attempt().map(|attempt| attempt.strategy), Some(Strategy::DrainAndReplace));
    assert_eq!(world.verbs(), ["cordon n1", "evict default/web-0", "evict default/web-1"]);
    assert_eq!(world.phases(), [Phase::Verifying]);
    let saves = world.count("save status");
    world.run(600);
    assert!(world.count("save status") <= saves + 1, "saved {} times more", world.count("save status") - saves);
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(60);
    assert_eq!((world.phases(), world.truth.marked()), (vec![Phase::Succeeded], false));
}

#[test]
fn a_node_that_waits_for_its_repair_does_not_keep_others_from_being_healed() {
    let mut world = three(defaults());
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(300);
    world.truth.set_condition("n1", "Ready", ConditionStatus::True);
    for node in ["n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11"] {
        world.truth.add_node(node);
    }
    world.run(20);
    world.truth.set_condition("n2", "Ready", ConditionStatus::False);
    world.run(120);
    assert_eq!(world.count("cordon n2"), 1, "{}", world.timeline().join("\n"));
}

#[test]
fn an_eviction_that_a_budget_blocks_is_told_once_with_its_name_and_done_when_it_may() {
    let mut world = three(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(190);
    assert_eq!(world.held().0, "Plan");
    assert!(world.held().1.contains("web-pdb"), "{}", world.held().1);
    let held = world.happenings().iter().filter(|text| text.ends_with("RecoveryHeld")).count();
    assert_eq!(held, 1, "{:#?}", world.happenings());
    assert!(world.count("evict") < 30, "tried {} times", world.count("evict"));
    world.truth.blocked.clear();
    world.run(60);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}

#[test]
fn a_node_that_comes_back_half_way_keeps_its_pods_and_gets_its_cordon_undone() {
    let mut world = three(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    assert!(world.truth.marked());
    world.truth.set_condition("n1", "Ready", ConditionStatus::True);
    world.run(60);
    assert_eq!((world.phases(), world.truth.marked()), (vec![Phase::SelfRecovered], false));
    assert!(world.truth.removed.is_empty());
    assert!(!world.truth.nodes["n1"].unschedulable);
}

#[test]
fn a_node_that_comes_back_while_its_recovery_is_held_gets_its_cordon_undone() {
    let mut world = three(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    world.truth.edit_node("n1", |node| node.marks = Marks::EXCLUDED);
    world.run(30);
    assert_eq!(world.phases(), [Phase::Held]);
    world.truth.set_condition("n1", "Ready", ConditionStatus::True);
    world.run(60);
    assert_eq!((world.phases(), world.truth.marked()), (vec![Phase::SelfRecovered], false));
}

#[test]
fn a_cordon_that_somebody_else_set_is_left_in_place() {
    let mut world = three(defaults());
    world.truth.edit_node("n1", |node| node.unschedulable = true);
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(150);
    assert_eq!(world.verbs(), ["evict default/web-0", "evict default/web-1"]);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert!(world.truth.nodes["n1"].unschedulable);
}

#[test]
fn when_a_person_uncordons_the_node_nothing_more_is_evicted() {
    let mut world = three(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    world.truth.edit_node("n1", |node| (node.unschedulable, node.owner) = (false, Text::from("")));
    world.truth.blocked.clear();
    world.run(600);
    assert_eq!(world.phases(), [Phase::Cancelled]);
    assert!(world.truth.removed.is_empty());
    assert!(!world.truth.nodes["n1"].unschedulable);
}

#[test]
fn pods_that_nobody_would_replace_or_that_are_not_ours_stay() {
    let mut world = World::new(defaults(), 3);
    world.truth.add_workload(Kind::DaemonSet, "agent", &["n1", "n2", "n3"]);
    world.truth.add_workload(Kind::Deployment, "kept", &["n1"]);
    world.truth.change("kept-0", |pod| pod.marks = Marks::AUTOSCALER_KEEP);
    let mut mirror = pod("default", "static-n1", "n1");
    mirror.marks = Marks::MIRROR;
    world.truth.put(mirror);
    world.truth.put(pod("default", "alone", "n1"));
    world.truth.put(pod("kube-system", "dns", "n1"));
    let mut world = world.start();
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(150);
    assert_eq!(world.verbs(), ["cordon n1", "uncordon n1"]);
    let said = world.only().status.message.clone();
    assert!(said.contains("default/alone") && said.contains("default/kept-0"), "{said}");
}

#[test]
fn on_a_dead_node_pods_are_deleted_instead_of_evicted_and_stateful_ones_stay() {
    let mut world = World::new(defaults(), 3);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n2"]);
    world.truth.add_workload(Kind::StatefulSet, "db", &["n1"]);
    let mut world = world.start();
    world.truth.kill("n1");
    world.run(130);
    assert_eq!(world.verbs(), ["cordon n1", "delete default/web-0", "uncordon n1"]);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    // What hangs on the dead node because of us is no trouble of its own.
    world.run(600);
    assert_eq!(world.truth.records.len(), 1, "{:#?}", world.truth.records);
}

#[test]
fn stateful_pods_leave_one_by_one() {
    let mut world = World::new(defaults(), 3);
    world.truth.add_workload(Kind::StatefulSet, "db", &["n1", "n1"]);
    let mut world = world.start();
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    let evictions: Vec<u64> =
        world.log.iter().filter(|(_, e)| matches!(e.verb, Verb::Evict(_))).map(|(at, _)| *at).collect();
    assert_eq!(evictions.len(), 2);
    assert!(evictions[1] - evictions[0] >= 4000, "the second left {} ms after the first", evictions[1] - evictions[0]);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}

#[test]
fn a_new_node_that_was_never_ready_has_ten_minutes() {
    let mut world = three(defaults());
    world.truth.add_node("n4");
    let created = world.truth.stamp();
    world.truth.edit_node("n4", |node| node.created = created);
    world.truth.news.clear();
    world.truth.set_condition("n4", "Ready", ConditionStatus::False);
    world.run(595);
    assert!(world.truth.records.is_empty());
    world.run(120);
    assert_eq!(world.count("cordon n4"), 1);
}

#[test]
fn a_new_leader_lets_the_cluster_settle_before_it_acts_on_nodes() {
    let tiny = Duration::from_millis(500);
    let mut world = World::new(with(|s| s.node_check_interval = tiny), 3);
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.restart();
    world.run(25);
    assert_eq!((world.writes().len(), world.held().0), (0, "Settling"));
    world.run(10);
    assert_eq!(world.writes()[0], "30 cordon n1");
}

#[test]
fn a_watch_gap_starts_the_counting_again() {
    let mut world = three(defaults());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(60);
    world.tell(Event::Watch(WatchKind::Node, WatchState::Broken));
    world.run(1);
    world.deaf = vec![WatchKind::Node];
    world.run(120);
    assert_eq!(world.writes(), [""; 0]);
    world.deaf.clear();
    let since = world.now() / 1000;
    world.until(200, |world| world.count("cordon n1") == 1);
    let waited = world.now() / 1000 - since;
    assert!((89..=115).contains(&waited), "waited {waited} s after the gap");
}

#[test]
fn when_all_nodes_fall_silent_at_once_nothing_is_written() {
    let mut world = three(defaults());
    for node in ["n1", "n2", "n3"] {
        world.truth.kill(node);
    }
    world.run(1000);
    assert_eq!(world.writes(), [""; 0]);
    for record in world.truth.records.values() {
        assert_eq!(record.held_by().map(|guard| guard.name.as_str()), Some("Breaker"));
    }
}

#[test]
fn the_last_ready_node_is_never_touched() {
    let mut world = World::new(defaults(), 2).start();
    world.truth.set_condition("n2", "Ready", ConditionStatus::False);
    world.truth.edit_node("n2", |node| node.marks = Marks::EXCLUDED);
    world.run(30);
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(300);
    assert_eq!(world.writes(), [""; 0]);
    let reasons = world.truth.records.values().filter_map(|record| record.held_by()).map(|guard| guard.reason.clone());
    assert!(reasons.into_iter().any(|reason| reason.contains("no Ready node")), "{:#?}", world.truth.records);
}

#[test]
fn a_control_plane_node_is_held() {
    let mut world = three(defaults());
    world.truth.edit_node("n1", |node| node.marks = Marks::CONTROL_PLANE);
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(300);
    assert_eq!((world.writes().len(), world.held().0), (0, "Quorum"));
}

#[test]
fn a_node_that_is_deleted_ends_its_recovery() {
    let mut world = three(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    world.truth.nodes.remove("n1");
    world.truth.news.push(Event::NodeGone(Text::from("n1")));
    for name in ["web-0", "web-1"] {
        let target = world.truth.pod(name);
        world.truth.remove(&target);
    }
    world.run(60);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert_eq!(world.terminal_happenings(), 1);
}

#[test]
fn a_leader_that_restarts_while_a_dead_node_is_in_recovery_does_not_take_silence_for_health() {
    let ten = Duration::from_secs(10);
    let mut world = three(with(|s| (s.node_check_interval, s.sweep) = (ten, ten)));
    world.truth.replace.insert(Text::from("web"), crate::world::Replace { after: Some(100), ready: Some(200_000) });
    world.truth.kill("n1");
    world.until(60, |world| world.count("delete") == 2);
    world.restart();
    world.run(150);
    assert!(world.only().is_active(), "{:?} {}", world.phases(), world.only().status.message);
    world.run(120);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert!(world.truth.removed.values().all(|count| *count == 1));
}
