//! Budgets and the breaker: how many at once, how many a minute, how soon again, and who waits for whom.

use crate::ground::{Ground, QUICK, SLOW_PODS};
use self_healing_core::names::Phase;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";
const FARM: &str = "nodes n1 n2 n3 n4 n5\ndeployment a 2 on n1\ndeployment b 2 on n2\nbudget a 1\nbudget b 1";

/// Drains of its first two nodes never end.
fn farm(settings: &str) -> Ground {
    Ground::of(FARM, settings).tightens("a 2", "n1").tightens("b 2", "n2")
}

#[test]
fn the_rate_is_counted_from_records_so_that_a_restart_forgets_nothing() {
    let cluster = "nodes n1 n2\ndeployment a 1 on n1\ndeployment b 1 on n1\ndeployment c 1 on n1";
    let mut ground = Ground::of(cluster, "recoveries_per_minute 2");
    for pod in ["a.1", "b.1", "c.1"] {
        ground.does(&format!("fail {pod}"));
    }
    ground.run(30.0);
    ground.does("kill controller");
    ground.run(29.0);
    assert_eq!(ground.count("delete"), 2);
    ground.run(5.0);
    assert_eq!(ground.count("delete"), 3);
}

#[test]
fn the_second_attempt_of_a_recovery_counts_the_first() {
    let mut ground = Ground::of(WEB, &format!("{QUICK}\nrecoveries_per_minute 1\nrecovery_timeout 20"));
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(100.0);
    let [first, second] = ["delete web.1", "delete web.3"].map(|write| ground.when(write));
    assert!((60.0..62.0).contains(&(second - first)), "{}", ground.report());
}

#[test]
fn each_next_recovery_of_a_workload_waits_twice_as_long() {
    let mut ground = Ground::of("nodes n1\ndeployment web 1 on n1", "");
    for number in 1..=6 {
        let pod = format!("web.{number}");
        ground.does(&format!("fail {pod}"));
        ground.until(200, |ground| ground.count("delete") == number);
        ground.run(3.0);
    }
    let at: Vec<f64> = (1..=6).map(|number| ground.when(&format!("delete web.{number}"))).collect();
    let waits: Vec<f64> = at.windows(2).map(|two| (two[1] - two[0]).round()).collect();
    assert_eq!(waits, [10.0, 20.0, 40.0, 80.0, 160.0]);
}

#[test]
fn the_breaker_lets_as_many_nodes_as_allowed_be_recovered_at_once() {
    for (concurrency, cordons) in [("1", 1), ("2", 2)] {
        let mut ground = farm(&format!("{QUICK}\nnode_concurrency {concurrency}"));
        ground.does("condition n1 KernelDeadlock");
        ground.does("condition n2 KernelDeadlock");
        ground.run(20.0);
        assert_eq!(ground.count("cordon"), cordons, "{concurrency}");
        if concurrency == "2" {
            // A third one trips the breaker, and the two under way do not wait for each other.
            ground.does("condition n3 KernelDeadlock");
            ground.run(10.0);
            assert_eq!((ground.count("cordon"), ground.held("n3").0), (2, "Breaker"));
        }
    }
}

#[test]
fn a_hold_whose_numbers_change_is_not_told_again() {
    let mut ground = farm(QUICK);
    for node in ["n1", "n2", "n3"] {
        ground.does(&format!("condition {node} KernelDeadlock"));
    }
    ground.run(10.0);
    ground.does("condition n4 KernelDeadlock");
    ground.run(10.0);
    assert!(ground.held("n1").1.starts_with("4 of 5 nodes are sick"), "{}", ground.held("n1").1);
    assert_eq!(ground.announced().iter().filter(|what| **what == "RecoveryHeld").count(), 4, "{}", ground.report());
}

#[test]
fn two_nodes_under_way_do_not_wait_for_each_other_when_a_third_falls_ill() {
    let nodes = "nodes n1 n2 n3 n4 n5 n6 n7 n8 n9 n10";
    let cluster = format!("{nodes}\ndeployment web 3 on n1\ndeployment api 1 on n2\nbudget web 2\nbudget api 0");
    let mut ground = Ground::of(&cluster, &format!("{QUICK}\nnode_concurrency 2"));
    ground = ground.tightens("web 3", "n1").tightens("api 1", "n2");
    ground.does("not-ready n1");
    ground.does("not-ready n2");
    ground.run(10.0);
    assert_eq!((ground.count("cordon n1"), ground.count("cordon n2")), (1, 1));
    ground.does("not-ready n3");
    ground.run(10.0);
    ground.does("budget web 0");
    ground.does("budget api 0");
    ground.run(120.0);
    for node in ["n1", "n2", "n3"] {
        assert_eq!(ground.phase(node), Phase::Succeeded, "{}", ground.report());
    }
}

#[test]
fn a_node_that_is_gone_counts_against_the_concurrency_until_its_workloads_are_back() {
    let mut ground = Ground::of("nodes n1 n2 n3 n4 n5\ndeployment a 2 on n1", SLOW_PODS);
    ground.truth.unwell = true;
    ground.does("not-ready n1");
    ground.run(10.0);
    ground.truth.lose_node("n1");
    ground.does("not-ready n2");
    ground.run(10.0);
    assert_eq!((ground.count("cordon n2"), ground.held("n2").0), (0, "Breaker"), "{}", ground.report());
    ground.does("heal a.3");
    ground.does("heal a.4");
    ground.run(10.0);
    assert_eq!(ground.count("cordon n2"), 1);
}

#[test]
fn a_place_is_free_when_the_record_says_so() {
    let acting = |ground: &Ground| ground.truth.records.values().filter(|record| record.is_acting()).count();
    let mut ground = Ground::of(FARM, &format!("{SLOW_PODS}\nrecovery_timeout 30\ndeployment_check_interval 60"));
    ground.truth.unwell = true;
    // With nothing to take back, the end is decided while the failure of the last attempt is still being stored.
    ground.does("cordon n1");
    ground.does("not-ready n1");
    ground.run(10.0);
    ground.does("not-ready n2");
    for _ in 0..20_000 {
        ground.run(0.005);
        if ground.phase("n1") == Phase::Escalated {
            // What did not help would keep the next from being tried.
            ground.does("return n1");
        }
        assert!(acting(&ground) <= 1, "a crash now would let two nodes be recovered: {}", ground.report());
    }
    assert_eq!((ground.phase("n1"), ground.count("cordon n2")), (Phase::Escalated, 1), "{}", ground.report());
}

#[test]
fn a_node_keeps_its_place_between_two_attempts() {
    // Whichever of the two is looked at first.
    for (first, second) in [("n1", "n2"), ("n2", "n1")] {
        let mut ground = farm(&format!("{QUICK}\nrecovery_timeout 30\npaused true"));
        ground.does(&format!("condition {first} KernelDeadlock"));
        ground.run(10.0);
        // All are looked at when it begins, and so when its time is up.
        ground.does("set paused false");
        ground.run(10.0);
        ground.does(&format!("condition {second} KernelDeadlock"));
        ground.until(150, |ground| ground.phase(first) == Phase::Escalated);
        ground.does(&format!("condition {first} KernelDeadlock False"));
        ground.run(60.0);
        let [begun, handed] = ["cordon", "uncordon"].map(|verb| ground.when(&format!("{verb} {first}")));
        assert_eq!((ground.phase(first), handed - begun >= 60.0), (Phase::Escalated, true), "{}", ground.report());
        let waited = ground.when(&format!("cordon {second}")) >= handed;
        assert!(waited, "{second} did not wait for the second attempt: {}", ground.report());
    }
}

#[test]
fn the_last_node_that_is_well_counts_by_our_own_eyes() {
    let mut ground =
        Ground::of("nodes n1 n2\ndeployment web 2 on n1", "max_unhealthy_nodes 100%\nhealth_check_interval 10");
    // The control plane still calls both Ready.
    ground.truth.idle = true;
    ground.does("silence n1");
    ground.does("silence n2");
    ground.run(100.0);
    assert!(ground.writes().is_empty());
    assert!(ground.held("n1").1.contains("no Ready node"), "{}", ground.held("n1").1);
}
