//! Nodes: when exactly one counts as failed, and what may be done with a dead one.

use crate::ground::{Ground, QUICK, condition, node};
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::key::Kind;
use self_healing_core::names::{Cause, Phase};
use self_healing_core::time::Stamp;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

#[test]
fn silence_counts_from_the_last_heartbeat() {
    // The control plane's word counts from there as well; a shorter time than the Lease's is not to be had.
    let cases = [
        ("silence n1", "", 90.0..90.2),
        ("cut-off n1", "", 90.0..90.2),
        ("silence n1", "health_check_interval 10", 40.0..43.0),
    ];
    for (deed, settings, seconds) in cases {
        let mut ground = Ground::of(WEB, settings);
        ground.does(deed);
        ground.run(150.0);
        let after = ground.when("cordon n1") - ground.seconds_of(ground.truth.leases["n1"].renewed);
        assert!(seconds.contains(&after), "{deed} {settings}: {after}");
        assert_eq!(ground.writes(), ["cordon n1", "delete web.1", "delete web.2", "uncordon n1"]);
    }
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
fn pods_of_a_node_that_lives_are_not_deleted_because_its_lease_is_silent() {
    let mut ground = Ground::of(&format!("{WEB}\nbudget web 1"), QUICK).tightens("web 2", "n1");
    // Its kubelet answers, and nobody calls it Unknown.
    ground.truth.idle = true;
    ground.does("not-ready n1");
    ground.run(20.0);
    ground.does("cut-off n1");
    ground.run(200.0);
    assert_eq!((ground.count("cordon n1"), ground.count("delete")), (1, 0), "{}", ground.report());
}

#[test]
fn what_fails_on_a_node_in_recovery_is_told_as_its_impact() {
    let mut ground = Ground::of(&format!("{WEB}\nbudget web 1"), QUICK).tightens("web 2", "n1");
    ground.does("condition n1 KernelDeadlock");
    ground.run(10.0);
    ground.does("fail web.1");
    ground.run(10.0);
    let impact = &ground.recovery("n1").status.impact;
    assert!(impact.iter().any(|text| text.starts_with("Pod shop/web") && text.ends_with(": Failed")), "{impact:?}");
    assert_eq!(ground.truth.records.len(), 1, "{}", ground.report());
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
fn a_new_node_that_was_ready_once_has_no_more_time_than_others() {
    let mut ground = Ground::of("nodes n1 n2", "");
    let fresh = node("n3", ground.truth.stamp());
    ground.truth.add_node(fresh);
    ground.run(10.0);
    ground.truth.set_condition("n3", "Ready", ConditionStatus::False);
    ground.run(100.0);
    assert_eq!(ground.count("cordon n3"), 1, "{}", ground.report());
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
        Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1\nstatefulset db 1 on n1\nbudget web 1\nbudget db 0", "")
            .tightens("web 2", "n1")
            .tightens("db 1", "n1");
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
fn a_silent_node_that_then_says_that_it_is_not_ready_has_one_recovery() {
    let mut ground = Ground::of(&format!("{WEB}\nbudget web 2"), QUICK);
    ground.does("silence n1");
    ground.until(120, |ground| ground.count("cordon") == 1);
    // Its kubelet reports again, and says that it is not ready.
    ground.does("not-ready n1");
    ground.does("return n1");
    ground.does("not-ready n1");
    ground.run(60.0);
    let nodes = ground.truth.records.values().filter(|record| record.spec.target.kind == Kind::Node);
    assert_eq!(nodes.count(), 1, "{}", ground.report());
}

#[test]
fn many_new_nodes_at_once_have_as_much_time_as_one() {
    let mut ground = Ground::of("nodes n1 n2", "");
    let created = ground.truth.stamp();
    for number in 3..=300 {
        let mut fresh = node(&format!("n{number}"), created);
        fresh.conditions = vec![condition("Ready", ConditionStatus::False, created)];
        ground.truth.add_node(fresh);
    }
    ground.run(599.0);
    assert!(ground.truth.records.is_empty(), "{}", ground.report());
    ground.run(100.0);
    assert!(!ground.truth.records.is_empty() && ground.writes().is_empty(), "all at once are a shared cause");
}
