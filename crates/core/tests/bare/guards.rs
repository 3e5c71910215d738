//! Guards: what is held, and what it says; the plain cases are stories.

use crate::ground::{Ground, QUICK};
use self_healing_core::fact::Marks;
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::{Phase, WatchKind};

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

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
fn control_plane_nodes_are_recovered_one_at_a_time_while_a_majority_stays() {
    let members = |count: usize| (1..=count).map(|n| format!("node cp{n} control-plane\n")).collect::<String>();
    let sick = |count: usize, names: &[&str]| {
        let mut ground = Ground::of(
            &format!("{}nodes n1 n2 n3 n4 n5 n6", members(count)),
            "health_check_interval 1\nsettle_period 1\nnode_concurrency 5",
        );
        ground.with(|settings| settings.control_plane_nodes = true);
        names.iter().for_each(|name| ground.does(&format!("condition {name} KernelDeadlock")));
        ground.run(3.2);
        let first = ground.held(names[0]);
        (ground.count("cordon"), first.0, first.1.to_owned())
    };
    assert_eq!(sick(3, &["cp1"]).0, 1);
    for (count, names) in [(1, &["cp1"][..]), (2, &["cp1"]), (3, &["cp1", "cp2"]), (4, &["cp1", "cp2"])] {
        let (cordons, guard, reason) = sick(count, names);
        assert_eq!((cordons, guard), (0, "Quorum"), "{names:?} of {count}");
        assert!(reason.contains("no majority"), "{reason}");
    }
    assert_eq!(sick(5, &["cp1", "cp2"]).0, 1, "one at a time");
}

#[test]
fn a_node_that_another_actor_has_claimed_is_left_to_it() {
    let claims = [
        ("taint n1 karpenter.sh/disrupted", "karpenter.sh/disrupted"),
        ("taint n1 karpenter.sh/disruption", "karpenter.sh/disruption"),
        ("taint n1 ToBeDeletedByClusterAutoscaler", "cluster autoscaler"),
        ("taint n1 medik8s.io/remediation", "medik8s"),
        ("taint n1 medik8s.io/drain", "medik8s"),
        ("condition n1 MaintenanceInProgress", "MaintenanceInProgress"),
        ("condition n1 DrainInProgress", "DrainInProgress"),
        ("condition n1 GracefulNodeShutdownInProgress", "GracefulNodeShutdownInProgress"),
    ];
    for (claim, words) in claims {
        let mut ground = Ground::of(WEB, "");
        ground.does(claim);
        assert_held(ground, "condition n1 KernelDeadlock", "Busy", words);
    }
    let mut ground = Ground::of(WEB, "");
    ground.truth.edit_node("n1", |node| node.marks = Marks::DELETING);
    assert_held(ground, "condition n1 KernelDeadlock", "Busy", "is being deleted");
}
