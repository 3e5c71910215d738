//! Plans of drains: one that cannot succeed is not begun, and says why.

use crate::ground::{Ground, QUICK};
use self_healing_core::effect::Outcome;
use self_healing_core::fact::{Labels, Needs, NodeFact, Requirement, Test};
use self_healing_core::key::Text;
use self_healing_core::names::Phase;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

/// Nothing is begun, and the reason says why.
fn assert_refused(mut ground: Ground, words: &str) {
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert!(ground.writes().is_empty(), "{:?}", ground.writes());
    let (guard, reason) = ground.held("n1");
    assert_eq!((ground.phase("n1"), guard), (Phase::Held, "Plan"), "{}", ground.report());
    assert!(reason.contains(words), "{reason}");
    assert_eq!(ground.announced().iter().filter(|what| **what == "RecoveryHeld").count(), 1, "told once");
    assert!((4..9).contains(&ground.sent_like("plan the drain")), "read again now and then");
}

/// A change of the nodes that pods of the first could go to.
fn others(ground: &mut Ground, change: fn(&mut NodeFact)) {
    ["n2", "n3"].iter().for_each(|name| ground.truth.edit_node(name, change));
}

#[test]
fn a_drain_that_a_budget_blocks_is_not_begun() {
    let words = "disruption budget web needs 2 healthy pods and has 2";
    assert_refused(Ground::of(&format!("{WEB}\nbudget web 2"), QUICK), words);
}

#[test]
fn a_drain_without_room_elsewhere_is_not_begun() {
    let asks = |ground: &mut Ground, pod: &str, cpu: u32| ground.change(pod, |pod| pod.requests.cpu = cpu);
    let mut ground = Ground::of(WEB, QUICK);
    asks(&mut ground, "web.2", 2500);
    others(&mut ground, |node| node.capacity.amount.cpu = 2000);
    assert_refused(ground, "2 have too little room");
    // Either fits beside the third, but not both.
    let mut ground = Ground::of("nodes n1 n2\ndeployment web 2 on n1\ndeployment api 1 on n2", QUICK);
    [("web.1", 1000), ("web.2", 2500), ("api.1", 1000)].iter().for_each(|(pod, cpu)| asks(&mut ground, pod, *cpu));
    assert_refused(ground, "1 have too little room");
    let mut ground = Ground::of(WEB, QUICK);
    others(&mut ground, |node| node.capacity.pods = 0);
    assert_refused(ground, "2 have too little room");
    let mut ground = Ground::of(WEB, QUICK);
    others(&mut ground, |node| node.unschedulable = true);
    assert_refused(ground, "2 are cordoned or not well");
    let mut ground = Ground::of(WEB, QUICK);
    ["n2", "n3"].iter().for_each(|name| ground.does(&format!("taint {name} dedicated")));
    assert_refused(ground, "2 have taints");
}

#[test]
fn one_node_that_takes_all_pods_is_room_enough() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.does("taint n3 dedicated");
    ground.does("condition n1 KernelDeadlock");
    ground.run(30.0);
    assert_eq!(ground.count("evict"), 2, "{}", ground.report());
    let plan = ground.recovery("n1").evidence("plan");
    assert_eq!(plan, Some("2 pods leave: shop/web-rs-0, shop/web-rs-1"));
}

#[test]
fn a_drain_of_what_may_run_nowhere_else_is_not_begun() {
    const ZONE: &str = "topology.kubernetes.io/zone";
    for (zones, refused) in [(&["a"][..], true), (&["a", "b"][..], false)] {
        let mut ground = Ground::of(WEB, QUICK);
        for (name, zone) in [("n1", "a"), ("n2", "b"), ("n3", "b")] {
            ground.truth.edit_node(name, |node| node.labels = Labels::new([(Text::from(ZONE), Text::from(zone))]));
        }
        let disk = Test::In(zones.iter().map(|zone| Text::from(*zone)).collect());
        let places = vec![vec![vec![Requirement { key: Text::from(ZONE), test: disk }]]];
        let uid = ground.pod("web.1").uid.clone();
        ground.truth.needs.insert(uid, Needs { places, ..Needs::default() });
        if refused {
            assert_refused(ground, "2 are not where its node selector, affinity or volumes want it");
        } else {
            ground.does("condition n1 KernelDeadlock");
            ground.run(30.0);
            assert_eq!(ground.count("evict"), 2);
        }
    }
}

#[test]
fn a_drain_whose_plan_cannot_be_read_is_not_begun() {
    let mut ground = Ground::of(WEB, QUICK);
    for _ in 0..100 {
        let outcome = Outcome::Refused { message: "forbidden".into() };
        ground.truth.scripted.push_back(crate::ground::Scripted { verb: "plan", outcome, applied: false });
    }
    ground.does("condition n1 KernelDeadlock");
    ground.run(200.0);
    assert!(ground.writes().is_empty(), "{:?}", ground.writes());
}
