//! The breaker: its table for small clusters, zones, what counts as sick, who is tried next, and one message for many.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::Phase;

fn nodes(count: usize) -> String {
    (1..=count).map(|number| format!("node n{number}\n")).collect()
}

/// How many of `sick` nodes of `count` are cordoned within a minute, and what holds the others.
fn cordoned(count: usize, sick: usize, settings: &str) -> (usize, &'static str) {
    let mut ground = Ground::of(&nodes(count), &format!("{QUICK}\n{settings}"));
    for number in 1..=sick {
        ground.does(&format!("condition n{number} KernelDeadlock"));
    }
    // Nothing else is wrong, and a cordoned node is verified at once; so each that may be recovered is.
    ground.run(60.0);
    let mut guards: Vec<&str> = (1..=sick).map(|number| ground.held(&format!("n{number}")).0).collect();
    guards.retain(|guard| !guard.is_empty());
    guards.dedup();
    (ground.count("cordon"), guards.first().copied().unwrap_or(""))
}

/// The table of docs/concepts/breaker.md, with the defaults of 10% at once and 40% at most.
#[test]
fn pools_of_one_to_five_nodes_have_whole_limits() {
    let table = [
        // nodes, sick nodes, recovered (one after the other), and what holds the rest
        (1, 1, 0, "Breaker"),
        (2, 1, 1, ""),
        (2, 2, 0, "Breaker"),
        (3, 1, 1, ""),
        (3, 2, 2, ""),
        (3, 3, 0, "Breaker"),
        (4, 2, 2, ""),
        (4, 3, 0, "Breaker"),
        (5, 2, 2, ""),
        (5, 3, 0, "Breaker"),
    ];
    for (count, sick, recovered, guard) in table {
        assert_eq!(cordoned(count, sick, ""), (recovered, guard), "{sick} of {count}");
    }
}

#[test]
fn worse_never_means_more_recoveries() {
    let many = [("", 1), ("node_concurrency 30%", 3), ("max_unhealthy_nodes 100%", 1), ("node_concurrency 100%", 10)];
    for (settings, at_once) in many {
        let mut before = 0;
        for sick in 1..=10 {
            let mut ground = Ground::of(&nodes(10), &format!("{QUICK}\n{settings}"));
            for number in 1..=sick {
                ground.does(&format!("condition n{number} KernelDeadlock"));
            }
            ground.run(3.2);
            let begun = ground.count("cordon");
            assert!(begun <= before || sick <= at_once, "{sick} of 10 with {settings}: {begun} after {before}");
            before = begun;
        }
        assert_eq!(before, 0, "no node is well");
    }
}

#[test]
fn a_node_in_recovery_counts_as_sick_however_well_it_looks() {
    let mut ground = Ground::of(&format!("{}deployment web 2 on n1", nodes(10)), QUICK);
    // Its workload does not come back.
    ground.truth.unwell = true;
    ground.does("condition n1 KernelDeadlock");
    ground.run(10.0);
    ground.truth.lose_node("n1");
    for number in 2..=5 {
        ground.does(&format!("condition n{number} KernelDeadlock"));
    }
    ground.run(10.0);
    assert!(ground.held("n2").1.starts_with("5 of 10 nodes are sick"), "{:?}", ground.held("n2"));
}

#[test]
fn a_node_that_an_old_view_shows_well_counts_as_sick_when_its_recovery_is_judged() {
    let things = format!("{}deployment web 2 on n1\nbudget web 1", nodes(5));
    let mut ground = Ground::of(&things, "health_check_interval 1\nsettle_period 0.5\nrecovery_timeout 20");
    ground.does("condition n1 KernelDeadlock");
    ground.until(10, |ground| ground.count("cordon n1") == 1);
    // What is done for the first node does not help, so the second is not tried.
    ground.does("budget web 2");
    let before = ground.truth.nodes["n2"].clone();
    ground.does("condition n2 KernelDeadlock");
    ground.until(60, |ground| ground.phase("n1") == Phase::Escalated);
    assert_eq!((ground.held("n2").0, ground.count("cordon n2")), ("Breaker", 0));
    // A new process starts on a view from before, and reads what is true when it is about to act.
    let sick = ground.truth.nodes.insert("n2".into(), before).unwrap();
    ground.restart();
    ground.run(0.3);
    ground.truth.nodes.insert("n2".into(), sick);
    ground.run(5.0);
    assert_eq!(ground.count("cordon n2"), 0, "{}", ground.report());
}

#[test]
fn a_node_that_is_gone_after_its_recovery_is_still_one_of_the_nodes() {
    let mut ground = Ground::of(&nodes(6), QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(6.0);
    ground.truth.lose_node("n1");
    ground.until(20, |ground| ground.phase("n1") == Phase::Succeeded);
    for number in 2..=4 {
        ground.does(&format!("condition n{number} KernelDeadlock"));
    }
    ground.run(30.0);
    // 40% of six, not of five.
    assert_eq!(ground.count("cordon"), 4, "{}", ground.report());
    let mut fewer = Ground::of(&nodes(5), QUICK);
    for number in 2..=4 {
        fewer.does(&format!("condition n{number} KernelDeadlock"));
    }
    fewer.run(30.0);
    assert_eq!(fewer.count("cordon"), 0);
}

#[test]
fn what_is_released_waits_until_the_share_was_small_for_a_while_and_is_paced() {
    let mut ground = Ground::of(&nodes(20), "health_check_interval 1\nnode_concurrency 25%\nrecoveries_per_minute 2");
    for number in 1..=12 {
        ground.does(&format!("condition n{number} KernelDeadlock"));
    }
    ground.run(60.0);
    assert_eq!(ground.count("cordon"), 0);
    for number in 6..=12 {
        ground.does(&format!("condition n{number} KernelDeadlock False"));
    }
    ground.run(29.0);
    assert_eq!(ground.count("cordon"), 0, "settle_period is 30 s");
    ground.run(5.0);
    assert_eq!(ground.count("cordon"), 2, "{}", ground.report());
    ground.run(60.0);
    assert_eq!(ground.count("cordon"), 4);
    ground.run(120.0);
    assert_eq!(ground.count("cordon"), 5);
}

#[test]
fn who_has_waited_longest_is_first() {
    let mut ground = Ground::of(&nodes(10), QUICK);
    for number in [7, 3, 9, 5, 1] {
        ground.does(&format!("condition n{number} KernelDeadlock"));
        ground.run(1.0);
    }
    ground.run(5.0);
    assert_eq!(ground.count("cordon"), 1, "the first was alone when it fell ill");
    ground.does("condition n1 KernelDeadlock False");
    ground.run(60.0);
    let order: Vec<f64> = [7, 3, 9, 5].map(|number| ground.when(&format!("cordon n{number}"))).to_vec();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn many_at_once_are_one_message_also_for_the_process_that_comes_next() {
    let mut ground = Ground::of(&nodes(10), "health_check_interval 10");
    for number in 1..=6 {
        ground.does(&format!("silence n{number}"));
    }
    ground.run(60.0);
    assert_eq!(
        (ground.truth.records.len(), ground.truth.told.as_slice()),
        (6, &["slack-incident storm ok".to_owned()][..])
    );
    for _ in 0..3 {
        ground.does("kill controller");
        ground.run(120.0);
    }
    assert_eq!((ground.truth.told.len(), ground.writes().len()), (1, 0), "{}", ground.report());
    for number in 1..=6 {
        ground.does(&format!("return n{number}"));
    }
    ground.run(120.0);
    assert_eq!(ground.truth.told, ["slack-incident storm ok", "slack-incident outcome ok"]);
    assert!(ground.writes().is_empty(), "{}", ground.report());
}

#[test]
fn of_many_the_one_that_is_acted_on_later_is_told_then() {
    let mut ground = Ground::of(&nodes(10), QUICK);
    for number in 1..=6 {
        ground.does(&format!("condition n{number} KernelDeadlock"));
    }
    ground.run(30.0);
    for number in [1, 2, 3, 4] {
        ground.does(&format!("condition n{number} KernelDeadlock False"));
    }
    ground.run(120.0);
    assert_eq!(ground.count("cordon"), 2, "{}", ground.report());
    let told = |key: &str| ground.truth.told.iter().filter(|told| told.contains(key)).count();
    assert_eq!((told("storm"), told("opened")), (1, 2), "{:?}", ground.truth.told);
}

#[test]
fn zones_have_limits_of_their_own_where_there_are_two() {
    let zone =
        |name: &str, count: usize| (1..=count).map(|n| format!("node {name}{n} zone {name}\n")).collect::<String>();
    let sick = |cluster: &str, names: &[&str], settings: &str| {
        let mut ground = Ground::of(cluster, &format!("{QUICK}\n{settings}"));
        for name in names {
            ground.does(&format!("condition {name} KernelDeadlock"));
        }
        ground.run(3.2);
        ground.count("cordon")
    };
    let two = format!("{}{}", zone("a", 4), zone("b", 16));
    let wide = "node_concurrency 50%\nmax_unhealthy_nodes 50%";
    assert_eq!(sick(&two, &["a1", "a2", "b1", "b2"], wide), 4);
    assert_eq!(sick(&two, &["a1", "a2", "a3", "b1"], wide), 1, "three of four are too many for zone a, not for b");
    assert_eq!(sick(&two, &["a1", "a2", "a3", "a4"], "node_concurrency 100%"), 0, "the zone is out");
    assert_eq!(sick(&zone("a", 20), &["a1", "a2", "a3"], wide), 3, "one zone is no zone");
    let lone = format!("{}{}", zone("a", 1), zone("b", 9));
    assert_eq!(sick(&lone, &["a1"], ""), 1, "one sick node alone never trips it, be it a zone's only one");
}
