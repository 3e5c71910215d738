//! Nodes: when exactly one counts as failed, and what may be done with a dead one.

use crate::ground::{Ground, condition, node};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::Text;
use self_healing_core::names::{Cause, Phase, WatchKind};
use self_healing_core::time::Stamp;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

/// When something was first done, in seconds since the last heartbeat of n1.
fn since_heartbeat(ground: &Ground, what: &str) -> f64 {
    let renewed = ground.truth.leases["n1"].renewed;
    ground.when(what) - ground.seconds_of(renewed)
}

#[test]
fn a_silent_node_is_acted_on_90_seconds_after_its_last_heartbeat() {
    let mut ground = Ground::of(WEB, "");
    ground.does("silence n1");
    ground.run(150.0);
    let after = since_heartbeat(&ground, "cordon n1");
    assert!((90.0..90.2).contains(&after), "{after}");
    assert_eq!(ground.writes(), ["cordon n1", "delete web.1", "delete web.2", "uncordon n1"]);
}

#[test]
fn with_a_check_every_10_seconds_it_is_acted_on_as_soon_as_its_lease_has_run_out() {
    let mut ground = Ground::of(WEB, "health_check_interval 10");
    ground.does("silence n1");
    ground.run(60.0);
    let after = since_heartbeat(&ground, "cordon n1");
    assert!((40.0..43.0).contains(&after), "{after}");
}

#[test]
fn the_control_planes_unknown_counts_from_the_last_heartbeat_too() {
    let mut ground = Ground::of(WEB, "");
    ground.does("cut-off n1");
    ground.run(120.0);
    let after = since_heartbeat(&ground, "cordon n1");
    assert!((90.0..90.2).contains(&after), "{after}");
}

#[test]
fn without_a_second_signal_a_silent_node_is_left_alone() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.idle = true;
    ground.does("cut-off n1");
    ground.run(3600.0);
    assert!(ground.writes().is_empty() && ground.truth.records.is_empty());
}

#[test]
fn a_node_that_says_not_ready_is_acted_on_after_three_checks() {
    let mut ground = Ground::of(WEB, "");
    ground.does("not-ready n1");
    ground.run(100.0);
    assert!((90.0..90.2).contains(&ground.when("cordon n1")), "{}", ground.report());
}

#[test]
fn a_node_that_flaps_is_acted_on_too() {
    let mut ground = Ground::of(WEB, "");
    for _ in 0..30 {
        ground.does("not-ready n1");
        ground.run(7.0);
        ground.does("return n1");
        ground.run(3.0);
    }
    assert!(ground.count("cordon n1") >= 1);
}

#[test]
fn a_new_node_has_ten_minutes_to_become_ready_whatever_the_wall_clock_says() {
    const HOUR: i64 = 3_600_000;
    for (jump, by) in [(0, 0), (-1, HOUR), (-1, -HOUR), (300, HOUR), (300, -HOUR)] {
        let mut ground = Ground::of("nodes n1 n2", "");
        ground.jump = (ground.now().saturating_add_signed(jump * 1000), by);
        let created = ground.truth.stamp();
        let mut fresh = node("n3", created);
        fresh.conditions = vec![condition("Ready", ConditionStatus::False, created)];
        ground.truth.add_node(fresh);
        ground.run(599.0);
        assert!(ground.truth.records.is_empty(), "{by} ms after {jump} s");
        ground.run(100.0);
        assert_eq!(ground.recovery("n3").spec.cause, Some(Cause::NotReady), "{by} ms after {jump} s");
    }
}

#[test]
fn a_condition_whose_detector_fell_silent_says_nothing() {
    let mut ground = Ground::of(WEB, "");
    let old = Stamp(ground.truth.stamp().0 - 31 * 60_000);
    ground.truth.edit_node("n1", |node| {
        node.conditions.push(condition("KernelDeadlock", ConditionStatus::True, old));
    });
    ground.does("kill controller");
    ground.run(600.0);
    assert!(ground.truth.records.is_empty());
    ground.does("condition n2 KernelDeadlock");
    ground.run(1789.0);
    assert_eq!(ground.phase("n2"), Phase::Verifying);
    ground.run(60.0);
    assert_eq!((ground.phase("n2"), ground.is_marked()), (Phase::Succeeded, false), "{}", ground.report());
}

#[test]
fn of_a_dead_node_only_what_may_run_twice_is_deleted_and_the_rest_is_named() {
    let things =
        "deployment disk 1 on n1\ndeployment kept 1 on n1\nstatefulset db 1 on n1\ndaemonset agent\npod solo on n1";
    let mut ground = Ground::of(&format!("{WEB}\n{things}\npod static on n1\ndeployment kube-system/dns 1 on n1"), "");
    ground.change("disk.1", |pod| pod.marks = Marks::PERSISTENT_VOLUME);
    ground.change("static", |pod| pod.marks = Marks::MIRROR);
    ground.does("exclude kept.1");
    ground.run(1.0);
    ground.does("silence n1");
    ground.run(400.0);
    assert_eq!(ground.writes(), ["cordon n1", "delete web.1", "delete web.2", "uncordon n1"]);
    let said = &ground.recovery("n1").status.message;
    for left in ["db-0", "disk-rs-0", "kept-rs-0", "shop/solo", "shop/static", "dns-rs-0"] {
        assert!(said.contains(left), "{left} is not in: {said}");
    }
    assert!(!said.contains("agent"), "pods of a DaemonSet are expected to stay: {said}");
    assert_eq!(ground.truth.records.len(), 1, "pods of a dead node get no Recovery of their own");
}

#[test]
fn a_node_that_a_fresh_read_shows_well_is_left_alone() {
    let mut ground = Ground::of(WEB, "");
    ground.does("condition n1 KernelDeadlock");
    ground.run(80.0);
    // It is well, and the watch is late to say so.
    ground.does("condition n1 KernelDeadlock False");
    ground.truth.news.clear();
    ground.run(120.0);
    assert_eq!((ground.phase("n1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn a_recovery_ends_when_its_node_is_gone() {
    let mut ground = Ground::of(WEB, "");
    ground.does("condition n1 KernelDeadlock");
    ground.run(600.0);
    assert_eq!(ground.phase("n1"), Phase::Verifying);
    ground.truth.lose_node("n1");
    ground.run(60.0);
    assert_eq!(ground.phase("n1"), Phase::Succeeded);
}

#[test]
fn a_node_that_dies_during_its_drain_is_not_waited_for() {
    let mut ground =
        Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1\nstatefulset db 1 on n1\nbudget web 2\nbudget db 1", "");
    ground.does("condition n1 KernelDeadlock");
    ground.run(92.0);
    assert_eq!(ground.writes(), ["cordon n1"]);
    ground.does("silence n1");
    ground.does("budget web 0");
    ground.run(400.0);
    assert_eq!((ground.count("delete"), ground.count("evict web")), (0, 2), "{}", ground.report());
    assert_eq!(ground.recovery("n1").status.verification.as_ref().map(|found| found.passed), Some(true));
}

#[test]
fn a_leader_that_starts_does_not_take_the_silence_of_a_dead_node_for_health() {
    let mut ground = Ground::of(WEB, "health_check_interval 10");
    ground.truth.unwell = true;
    ground.does("silence n1");
    ground.until(60, |ground| ground.count("delete") == 2);
    ground.does("kill controller");
    ground.run(150.0);
    assert!(ground.recovery("n1").is_active(), "{}", ground.report());
    ground.does("heal web.3");
    ground.does("heal web.4");
    ground.run(60.0);
    assert_eq!((ground.phase("n1"), ground.count("delete")), (Phase::Succeeded, 2));
}

#[test]
fn a_new_leader_does_not_take_what_holds_state_on_a_dead_node_for_movable() {
    let mut ground = Ground::of(&format!("{WEB}\nstatefulset db 1 on n1"), "health_check_interval 10");
    ground.truth.unwell = true;
    ground.does("silence n1");
    ground.until(60, |ground| ground.count("delete") == 2);
    ground.does("kill controller");
    ground.run(200.0);
    assert_eq!((ground.count("evict"), ground.count("delete db")), (0, 0), "{}", ground.report());
}

#[test]
fn a_gap_of_the_node_watch_starts_the_counting_again() {
    let mut ground = Ground::of(WEB, "");
    ground.does("not-ready n1");
    ground.run(60.0);
    ground.tell(Event::Watch(WatchKind::Node, WatchState::Broken));
    ground.run(1.0);
    ground.deaf = vec![WatchKind::Node];
    ground.run(120.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    ground.deaf.clear();
    let seen = ground.seconds();
    ground.run(200.0);
    let waited = ground.when("cordon n1") - seen;
    assert!((89.0..115.0).contains(&waited), "{waited}");
}

#[test]
fn a_gap_of_the_watches_starts_the_counting_again_and_makes_no_dead_node_well() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.unwell = true;
    ground.deaf = vec![WatchKind::Lease];
    ground.does("silence n1");
    ground.run(300.0);
    assert!(ground.writes().is_empty());
    ground.deaf.clear();
    let seen = ground.seconds();
    ground.run(200.0);
    let waited = ground.when("cordon n1") - seen;
    assert!((89.0..115.0).contains(&waited), "{waited}");
    ground.deaf = vec![WatchKind::Lease];
    ground.run(70.0);
    ground.deaf.clear();
    ground.run(60.0);
    assert_eq!((ground.count("uncordon"), ground.is_marked()), (0, true), "{}", ground.report());
}

#[test]
fn a_node_that_waits_for_its_repair_does_not_keep_others_from_being_healed() {
    let many = "nodes n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11";
    let mut ground = Ground::of(&format!("{many}\ndeployment web 2 on n1"), "");
    ground.does("condition n1 KernelDeadlock");
    ground.run(300.0);
    assert_eq!(ground.phase("n1"), Phase::Verifying);
    let saves = ground.sent_like("save status");
    ground.does("not-ready n2");
    ground.run(120.0);
    assert_eq!(ground.count("cordon n2"), 1, "{}", ground.report());
    assert!(ground.sent_like("save status") < saves + 12, "a node that waits is not saved again and again");
}

#[test]
fn marks_that_nobody_answers_for_are_taken_back() {
    let mut ground = Ground::of(WEB, "");
    let gone = Text::from("node-gone");
    ground.truth.edit_node("n1", |node| (node.unschedulable, node.owner) = (true, gone.clone()));
    ground.truth.taint("n2", &gone);
    ground.run(60.0);
    assert!(!ground.is_marked() && !ground.truth.nodes["n1"].unschedulable, "{}", ground.report());
}
