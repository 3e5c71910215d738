//! Guards: what is held, what it says, and how budgets count; the plain cases are stories.

use crate::ground::{Ground, QUICK};
use self_healing_core::fact::Marks;
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::{Phase, WatchKind};

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";
const FARM: &str = "nodes n1 n2 n3 n4 n5\ndeployment a 2 on n1\ndeployment b 2 on n2\nbudget a 2\nbudget b 2";

/// A deed befalls the ground and nothing is done about its target, for the reason given.
fn assert_held(mut ground: Ground, deed: &str, guard: &str, words: &str) {
    ground.does(deed);
    ground.run(600.0);
    let target = deed.split(' ').nth(1).unwrap();
    assert!(ground.writes().is_empty(), "{:?}", ground.writes());
    let (name, reason) = ground.held(target);
    assert_eq!((ground.phase(target), name), (Phase::Held, guard));
    assert!(reason.contains(words), "{reason}");
    let announced = ground.announced().into_iter().filter(|what| *what == "RecoveryHeld").count();
    assert_eq!(announced, 1, "told once");
}

#[test]
fn every_opt_out_is_honoured_and_named() {
    let marks = [
        (Marks::EXCLUDED, "self-healing.dev/exclude"),
        (Marks::MEDIK8S_EXCLUDED, "remediation.medik8s.io/exclude-from-remediation"),
        (Marks::CAPI_SKIP, "cluster.x-k8s.io/skip-remediation"),
        (Marks::CAPI_PAUSED, "cluster.x-k8s.io/paused"),
    ];
    for (mark, words) in marks {
        let mut ground = Ground::of(WEB, "");
        ground.change("web.1", |pod| pod.marks = mark);
        assert_held(ground, "fail web.1", "Excluded", words);
        let mut ground = Ground::of(WEB, "");
        ground.truth.edit_node("n1", |node| node.marks = mark);
        assert_held(ground, "condition n1 KernelDeadlock", "Excluded", words);
    }
}

#[test]
fn every_reason_says_what_holds() {
    let mut ground = Ground::of(WEB, "");
    ground.change("web.1", |pod| pod.marks = Marks::MIRROR);
    assert_held(ground, "fail web.1", "Excluded", "static pod");
    let mut ground = Ground::of(WEB, "");
    ground.does("exclude web");
    assert_held(ground, "fail web.1", "Excluded", "Deployment shop/web is marked");
    let mut ground = Ground::of(WEB, "");
    ground.does("exclude namespace/shop");
    assert_held(ground, "fail web.1", "Excluded", "namespace shop is marked");
    assert_held(
        Ground::of(WEB, "protected_namespaces shop"),
        "fail web.1",
        "ProtectedNamespace",
        "protected_namespaces",
    );
    assert_held(Ground::of(WEB, "paused true"), "fail web.1", "Paused", "paused");
    let control = "node n1 control-plane\nnodes n2 n3";
    assert_held(Ground::of(control, ""), "condition n1 KernelDeadlock", "Quorum", "control plane");
}

#[test]
fn the_controllers_own_pod_and_its_node_are_left_alone() {
    for (deed, words) in [("fail web.1", "own pod"), ("condition n1 KernelDeadlock", "runs this controller")] {
        let mut ground = Ground::of(WEB, "");
        let own = ground.pod("web.1").key.clone();
        ground.with(|settings| settings.own_pod = (own.namespace, own.name));
        assert_held(ground, deed, "Excluded", words);
    }
}

#[test]
fn an_opt_out_that_a_replicaset_inherited_long_ago_does_not_count() {
    let mut ground = Ground::of(WEB, "");
    let set = Key::new("shop", "web-rs");
    ground.truth.edit_workload(&Kind::ReplicaSet, &set, |fact| fact.marks = Marks::EXCLUDED);
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
}

#[test]
fn an_opt_out_set_during_an_attempt_stops_it_before_its_next_write() {
    let mut ground = Ground::of(WEB, &format!("{QUICK}\nrecovery_timeout 30"));
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(20.0);
    ground.does("exclude web.3");
    ground.run(300.0);
    assert_eq!(ground.writes(), ["delete web.1"]);
    assert_eq!((ground.phase("web.1"), ground.held("web.1").0), (Phase::Held, "Excluded"));
    ground.does("heal web.3");
    ground.run(20.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete")), (Phase::Succeeded, 1), "cured while it was held");
}

#[test]
fn nothing_is_done_on_an_old_view_whichever_watch_is_silent() {
    for kind in WatchKind::ALL {
        let mut ground = Ground::of(WEB, "");
        ground.deaf = vec![*kind];
        ground.run(80.0);
        if *kind == WatchKind::Pod {
            // It was seen just before the watch fell silent.
            ground.deaf.clear();
            ground.run(20.0);
            ground.does("crash-loop web.1 4");
            ground.run(1.0);
            ground.deaf = vec![*kind];
            ground.run(80.0);
            ground.does("set pod_restart_threshold 4");
        } else {
            ground.does("fail web.1");
        }
        ground.run(200.0);
        assert!(ground.writes().is_empty(), "{kind}");
        let (guard, reason) = ground.held("web.1");
        assert!(guard == "StaleWatch" && reason.contains(kind.as_str()), "{kind}: {guard} {reason}");
        assert!(ground.sent_like("save status") <= 3, "{kind}: a reason that does not change is not saved again");
        ground.deaf.clear();
        ground.run(60.0);
        assert_eq!(ground.phase("web.1"), Phase::Succeeded, "{kind}");
    }
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
        let mut ground = Ground::of(FARM, &format!("{QUICK}\nnode_concurrency {concurrency}"));
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
    let mut ground = Ground::of(FARM, QUICK);
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
    let cluster = format!("{nodes}\ndeployment web 3 on n1\ndeployment api 1 on n2\nbudget web 3\nbudget api 1");
    let mut ground = Ground::of(&cluster, &format!("{QUICK}\nnode_concurrency 2"));
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
    let mut ground = Ground::of("nodes n1 n2 n3 n4 n5\ndeployment a 2 on n1", QUICK);
    ground.truth.unwell = true;
    ground.does("not-ready n1");
    ground.run(10.0);
    ground.truth.lose_node("n1");
    ground.does("not-ready n2");
    ground.run(10.0);
    assert_eq!((ground.count("cordon n2"), ground.held("n2").0), (0, "Budget"), "{}", ground.report());
    ground.does("heal a.3");
    ground.does("heal a.4");
    ground.run(10.0);
    assert_eq!(ground.count("cordon n2"), 1);
}

#[test]
fn a_place_is_free_when_the_record_says_so() {
    let acting = |ground: &Ground| ground.truth.records.values().filter(|record| record.is_acting()).count();
    let mut ground = Ground::of(FARM, &format!("{QUICK}\nrecovery_timeout 30"));
    // With nothing to take back, the end is decided while the failure of the last attempt is still being stored.
    ground.does("cordon n1");
    ground.does("not-ready n1");
    ground.run(10.0);
    ground.does("not-ready n2");
    for _ in 0..20_000 {
        ground.run(0.005);
        assert!(acting(&ground) <= 1, "a crash now would let two nodes be recovered: {}", ground.report());
    }
    assert_eq!((ground.phase("n1"), ground.count("cordon n2")), (Phase::Escalated, 1), "{}", ground.report());
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
fn a_node_keeps_its_place_between_two_attempts() {
    // Whichever of the two is looked at first.
    for (first, second) in [("n1", "n2"), ("n2", "n1")] {
        let mut ground = Ground::of(FARM, &format!("{QUICK}\nrecovery_timeout 30\npaused true"));
        ground.does(&format!("condition {first} KernelDeadlock"));
        ground.run(10.0);
        // All are looked at when it begins, and so when its time is up.
        ground.does("set paused false");
        ground.run(10.0);
        ground.does(&format!("condition {second} KernelDeadlock"));
        ground.run(150.0);
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
