//! Drains of a live node: in which order pods leave, what stays, and what stops a drain.

use crate::cast::settings;
use crate::world::{World, ready_pod};
use self_healing_core::effect::KubeletLook;
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::Phase;

/// Three nodes, two pods of a Deployment on the first, whose kernel hangs for so long that it is about to be drained.
fn sick() -> World {
    let mut world = World::new(&["n1", "n2", "n3"], settings());
    world.deployment("web", 2, "n1");
    world.run(100.0);
    world
}

fn hang(world: &mut World) {
    world.node_says("n1", "KernelDeadlock", ConditionStatus::True);
    world.run(89.0);
    assert!(world.writes().is_empty());
}

#[test]
fn ordinary_pods_leave_first_then_stateful_ones_one_by_one_then_system_pods() {
    let mut world = sick();
    world.deployment("dns", 1, "n1");
    world.change_pod("dns-1", |pod| pod.priority = 2_000_001_000);
    world.controlled(Kind::StatefulSet, "db", 2, "n1");
    hang(&mut world);
    world.run(60.0);
    let order = ["web-1", "web-2", "db-1", "db-2", "dns-1"].map(|name| format!("evict shop/{name}"));
    assert_eq!(world.writes()[1..], order);
    assert_eq!(world.writes()[0], "cordon n1");
    assert!(world.when("evict shop/db-2") - world.when("evict shop/db-1") > 1.0, "the first one has to run elsewhere");
}

#[test]
fn stateful_pods_of_a_node_that_is_not_ready_leave_one_by_one_as_well() {
    let mut world = sick();
    world.controlled(Kind::StatefulSet, "db", 3, "n1");
    world.node_says("n1", "Ready", ConditionStatus::False);
    for name in ["web-1", "web-2", "db-1", "db-2", "db-3"] {
        // The control plane takes the readiness of every pod on such a node away.
        world.not_ready(name);
    }
    world.run(200.0);
    assert_eq!((world.count("evict shop/db"), world.phase("n1")), (3, Phase::Succeeded), "{:?}", world.log);
    assert!(world.when("evict shop/db-3") - world.when("evict shop/db-2") > 1.0);
}

#[test]
fn a_pod_with_data_in_an_empty_dir_stays() {
    let mut world = sick();
    world.change_pod("web-2", |pod| pod.marks = Marks::EMPTY_DIR);
    hang(&mut world);
    world.run(60.0);
    assert_eq!(world.writes(), ["cordon n1", "evict shop/web-1"]);
    assert!(world.recovery("n1").status.message.contains("shop/web-2 keeps data in an emptyDir"));
}

#[test]
fn a_pod_that_was_bound_just_before_the_cordon_is_found() {
    let mut world = sick();
    hang(&mut world);
    let owner = world.pods[&Key::new("shop", "web-1")].owner.clone();
    let late = ready_pod("web-late", "n1", owner);
    world.pods.insert(late.key.clone(), late);
    world.run(60.0);
    assert_eq!(world.count("evict shop/web-late"), 1);
}

#[test]
fn a_disruption_budget_is_told_once_and_holds_only_its_pod() {
    let mut world = sick();
    world.budget.insert(Text::from("web-1"));
    hang(&mut world);
    world.run(100.0);
    assert_eq!(world.count("evict shop/web-2"), 1);
    assert_eq!(world.count("evict shop/web-1"), 0);
    let (guard, reason) = world.held("n1");
    assert!(guard == "Plan" && reason.contains("shop/web-1") && reason.contains("web-pdb"), "{guard}: {reason}");
    let told = world.happened.iter().filter(|what| what.starts_with("RecoveryHeld")).count();
    assert_eq!(told, 1, "{:?}", world.happened);
    assert!(world.count("blocked") < 15, "tried again, but not all the time");
    world.budget.clear();
    world.run(60.0);
    assert_eq!(world.count("evict shop/web-1"), 1);
    assert!(world.recovery("n1").held_by().is_none());
}

#[test]
fn what_a_webhook_keeps_is_never_deleted() {
    let mut world = sick();
    world.refused.insert(Text::from("web-1"));
    hang(&mut world);
    world.run(1200.0);
    assert_eq!((world.count("delete"), world.count("evict")), (0, 1));
    assert!(world.happened.iter().any(|what| what.starts_with("RecoveryHeld") && what.contains("webhook")));
    assert_eq!((world.phase("n1"), world.is_marked()), (Phase::Escalated, false));
}

#[test]
fn a_node_that_is_back_in_the_middle_keeps_the_rest() {
    let mut world = sick();
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(20.0);
    world.node_says("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(40.0);
    world.budget.clear();
    world.run(300.0);
    assert_eq!((world.phase("n1"), world.is_marked()), (Phase::SelfRecovered, false));
    assert_eq!((world.count("evict"), world.count("uncordon n1")), (1, 1));
}

#[test]
fn a_cordon_of_a_person_is_left_as_it_was() {
    let mut world = sick();
    world.change_node("n1", |node| node.unschedulable = true);
    hang(&mut world);
    world.run(60.0);
    world.node_says("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(60.0);
    assert_eq!(world.writes(), ["evict shop/web-1", "evict shop/web-2"]);
    assert!(world.nodes["n1"].unschedulable && world.phase("n1") == Phase::Succeeded);
}

#[test]
fn a_person_who_uncordons_stops_the_drain_for_good() {
    let mut world = sick();
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(20.0);
    world.change_node("n1", |node| node.unschedulable = false);
    world.budget.clear();
    world.run(600.0);
    assert_eq!((world.phase("n1"), world.count("evict"), world.count("cordon")), (Phase::Cancelled, 1, 1));
    assert!(!world.is_marked());
}

#[test]
fn a_person_who_uncordons_during_the_second_attempt_stops_it_too() {
    let mut world = sick();
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(330.0);
    assert_eq!(world.recovery("n1").status.attempts.len(), 2);
    world.change_node("n1", |node| node.unschedulable = false);
    world.run(60.0);
    assert_eq!((world.phase("n1"), world.count("cordon")), (Phase::Cancelled, 1));
}

#[test]
fn a_node_that_comes_back_as_another_machine_is_not_touched() {
    let mut world = sick();
    world.silence("n1", KubeletLook::Silent);
    world.heals = false;
    world.run(95.0);
    let before = world.log.len();
    assert_eq!(world.count("cordon n1"), 1);
    world.lose_node("n1");
    world.run(1.0);
    let mut other = crate::world::node("n1");
    (other.uid, other.created) = (Text::from("other"), world.stamp(0));
    world.silent.clear();
    world.set_node(other);
    world.run(200.0);
    assert_eq!(world.log.len(), before, "{:?}", world.log);
    assert!(!world.nodes["n1"].unschedulable);
}

#[test]
fn a_person_who_uncordons_a_node_of_many_pods_is_noticed_too() {
    let mut world = sick();
    world.deployment("many", 80, "n1");
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(30.0);
    assert_eq!(world.count("evict shop/many"), 80);
    world.change_node("n1", |node| node.unschedulable = false);
    world.run(30.0);
    assert_eq!((world.phase("n1"), world.count("cordon")), (Phase::Cancelled, 1));
}

#[test]
fn a_stateful_set_that_misses_a_pod_elsewhere_keeps_the_others() {
    let mut world = sick();
    world.controlled(Kind::StatefulSet, "db", 2, "n1");
    world.change_pod("db-2", |pod| pod.node = Some(Text::from("n2")));
    world.not_ready("db-2");
    hang(&mut world);
    world.run(60.0);
    assert_eq!(world.count("evict shop/db-1"), 0, "{:?}", world.log);
    world.recover("db-2");
    world.run(60.0);
    assert_eq!(world.count("evict shop/db-1"), 1);
}

#[test]
fn pausing_stops_a_drain_and_unpausing_lets_it_go_on() {
    let mut world = sick();
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(15.0);
    world.with(|settings| settings.paused = true);
    world.run(1.0);
    world.budget.clear();
    world.run(600.0);
    assert_eq!((world.count("evict"), world.held("n1").0), (1, "Paused"));
    assert!(world.is_marked(), "pausing stops undoing as well");
    world.with(|settings| settings.paused = false);
    world.run(60.0);
    assert_eq!(world.writes().last(), Some(&"evict shop/web-2"));
}

#[test]
fn a_veto_stops_a_drain_and_takes_the_cordon_back() {
    let mut world = sick();
    world.budget.insert(Text::from("web-2"));
    hang(&mut world);
    world.run(15.0);
    world.edit(|recovery| recovery.orders.cancelled_by = Some("ann".into()));
    world.run(600.0);
    assert_eq!((world.phase("n1"), world.count("evict"), world.count("uncordon")), (Phase::Cancelled, 1, 1));
}

#[test]
fn pods_of_an_excluded_workload_stay() {
    let mut world = sick();
    world.deployment("keep", 1, "n1");
    world.mark_workload(Kind::Deployment, "keep", Marks::EXCLUDED);
    world.run(40.0);
    hang(&mut world);
    world.run(60.0);
    assert_eq!((world.count("evict shop/keep"), world.count("evict shop/web")), (0, 2));
}

#[test]
fn a_pod_that_cannot_start_on_a_sick_node_is_part_of_its_trouble() {
    let mut world = sick();
    world.budget.insert(Text::from("web-1"));
    hang(&mut world);
    world.waits("web-1", "ErrImagePull");
    world.run(200.0);
    assert_eq!(world.recoveries.len(), 1, "{:?}", world.recoveries.keys());
    assert!(world.recovery("n1").status.impact.iter().any(|part| part.contains("web-1")));
}
