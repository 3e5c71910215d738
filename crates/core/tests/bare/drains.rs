//! Drains of a live node: in which order pods leave, what stays, and what stops a drain.

use crate::ground::{Ground, QUICK, ready_pod};
use self_healing_core::effect::{Outcome, Verb};
use self_healing_core::fact::{Marks, Owner};
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::{GuardName, Phase};
use self_healing_story::Policy;
use std::sync::Arc;
use std::time::Duration;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";
const BLOCKED: &str = "nodes n1 n2 n3\ndeployment web 2 on n1\ndeployment api 1 on n1\nbudget web 1";

/// A drain of its first node never ends.
fn blocked(more: &str, settings: &str) -> Ground {
    Ground::of(&format!("{BLOCKED}\n{more}"), settings).tightens("web 2", "n1")
}

#[test]
fn ordinary_pods_leave_first_then_stateful_ones_one_by_one_then_system_pods() {
    for deed in ["condition n1 KernelDeadlock", "not-ready n1"] {
        let mut ground = Ground::of(&format!("{WEB}\ndeployment dns 1 on n1\nstatefulset db 2 on n1"), QUICK);
        ground.change("dns.1", |pod| pod.priority = 2_000_001_000);
        ground.does(deed);
        if deed == "not-ready n1" {
            // The control plane may have taken their readiness away.
            ["db.1", "db.2"].into_iter().for_each(|pod| ground.change(pod, |pod| pod.ready = false));
        }
        ground.run(40.0);
        let order = ["cordon n1", "evict web.1", "evict web.2", "evict db.1", "evict db.2", "evict dns.1"];
        assert_eq!(ground.writes()[..6], order, "{deed}");
        let apart = ground.when("evict db.2") - ground.when("evict db.1");
        assert!(apart > 2.0, "the first one has to run elsewhere before the second leaves: {apart}");
    }
}

#[test]
fn a_pod_that_holds_state_and_has_an_empty_dir_stays_as_well() {
    let mut ground = Ground::of(&format!("{WEB}\nstatefulset db 1 on n1"), QUICK);
    ground.change("db.1", |pod| pod.marks = Marks::EMPTY_DIR);
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    assert_eq!((ground.count("evict web"), ground.count("evict db")), (2, 0), "{}", ground.report());
}

#[test]
fn pods_of_a_daemon_set_stay_whether_it_can_be_read_or_not() {
    let mut ground = Ground::of(WEB, QUICK);
    // Neither its watch nor a read knows this one.
    let owner = Owner { kind: Kind::DaemonSet, name: Text::from("agent"), uid: Text::from("uid-agent") };
    ground.change("web.2", |pod| pod.owner = Some(Arc::new(owner)));
    ground.does("condition n1 KernelDeadlock");
    ground.run(40.0);
    let moved: Vec<String> = ground.writes().into_iter().filter(|write| !write.contains("cordon")).collect();
    assert_eq!(moved, ["evict web.1"], "{}", ground.report());
}

#[test]
fn a_pod_without_grace_period_gets_a_second_to_end() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.change("web.1", |pod| pod.marks = Marks::ENDS_AT_ONCE);
    ground.does("condition n1 KernelDeadlock");
    let target = ground.target("web.1");
    ground.run(20.0);
    let graces: Vec<Option<Duration>> = (ground.log.iter())
        .filter_map(|(_, effect)| match &effect.verb {
            Verb::Evict { target: of, grace } if *of == target => Some(*grace),
            _ => None,
        })
        .collect();
    assert_eq!(graces, [Some(Duration::from_secs(1))], "{}", ground.report());
}

#[test]
fn a_finalizer_that_keeps_a_pod_is_named_and_left_to_its_owner() {
    let mut ground = Ground::of(WEB, &format!("{QUICK}\nrecovery_timeout 30"));
    ground.does("finalizer web.1 example.com/keep");
    ground.does("condition n1 KernelDeadlock");
    ground.until(60, |ground| ground.count("evict") == 2);
    ground.run(10.0);
    let message = &ground.recovery("n1").status.message;
    assert!(message.ends_with("leaves n1; finalizers: example.com/keep"), "{message}");
    ground.run(60.0);
    let told = ground.report();
    assert!(told.contains("not verified within 30 s: ") && told.contains("finalizers: example.com/keep"), "{told}");
    assert!(ground.pods().any(|pod| pod.terminating()), "{told}");
}

#[test]
fn a_drain_asks_at_most_three_things_per_pod() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 50 on n1", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.until(60, |ground| ground.count("cordon") == 1);
    let before = ground.sent;
    ground.until(60, |ground| ground.count("evict") == 50);
    assert!(ground.sent - before <= 3 * 50, "{} effects", ground.sent - before);
    ground.run(3.0);
    let steps = ground.recovery("n1").attempt().map_or(0, |attempt| attempt.steps.len());
    assert!(steps > 50, "the record shows {steps} steps");
}

#[test]
fn what_a_pod_says_of_itself_keeps_it_and_is_named() {
    let marks = [
        (Marks::EMPTY_DIR, "keeps data in an emptyDir"),
        (Marks::KARPENTER_KEEP, "opts out of drains"),
        (Marks::AUTOSCALER_KEEP, "opts out of drains"),
        (Marks::MIRROR, "is excluded"),
        (Marks::EXCLUDED, "is excluded"),
    ];
    for (mark, words) in marks {
        let mut ground = Ground::of(WEB, QUICK);
        ground.change("web.2", |pod| pod.marks = mark);
        ground.does("condition n1 KernelDeadlock");
        ground.run(20.0);
        assert_eq!(ground.count("evict"), 1, "{words}: {:?}", ground.writes());
        assert!(ground.recovery("n1").status.message.contains(words), "{}", ground.recovery("n1").status.message);
    }
}

/// A policy for nodes with these rules for drains.
fn with_rules(cluster: &str, rules: &str) -> Ground {
    let mut ground = Ground::of(cluster, QUICK);
    let spec = format!("  match: {{types: [node_failure]}}\n  drain: {{{rules}}}\n");
    ground.truth.apply_policy(&Policy { name: "drains".to_owned(), version: 1, spec });
    ground
}

#[test]
fn a_policy_lets_pods_leave_that_lose_their_data_or_their_life_by_it() {
    for (rules, leave) in [
        ("timeout: 60", &[][..]),
        ("deleteEmptyDirData: true", &["evict web.1"]),
        ("evictUnmanaged: true", &["evict solo"]),
        ("deleteEmptyDirData: true, evictUnmanaged: true", &["evict solo", "evict web.1"]),
    ] {
        let mut ground = with_rules("nodes n1 n2 n3\ndeployment web 1 on n1\npod solo on n1", rules);
        ground.change("web.1", |pod| pod.marks = Marks::EMPTY_DIR);
        ground.does("condition n1 KernelDeadlock");
        ground.run(20.0);
        let mut evicted = ground.writes();
        evicted.retain(|write| write.starts_with("evict"));
        evicted.sort();
        assert_eq!(evicted, leave, "{rules}");
    }
}

#[test]
fn a_policy_says_how_long_pods_have_to_end_whether_evicted_or_deleted() {
    let rules = "podGracePeriod: 7, respectPDB: UntilDeadline, deadline: 5";
    let mut ground = with_rules(BLOCKED, rules).tightens("web 2", "n1");
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    let graces: Vec<(&str, Option<Duration>)> = ground
        .log
        .iter()
        .filter_map(|(_, effect)| match &effect.verb {
            Verb::Evict { grace, .. } => Some(("evict", *grace)),
            Verb::DeletePod { grace, .. } => Some(("delete", *grace)),
            _ => None,
        })
        .collect();
    assert!(graces.iter().any(|(verb, _)| *verb == "evict") && graces.iter().any(|(verb, _)| *verb == "delete"));
    assert!(graces.iter().all(|(_, grace)| *grace == Some(Duration::from_secs(7))), "{graces:?}");
}

#[test]
fn what_a_webhook_keeps_is_not_deleted_at_the_deadline_either() {
    let mut ground = with_rules(WEB, "respectPDB: UntilDeadline, deadline: 5");
    ground.truth.refused.insert(ground.pod("web.1").key.name.clone());
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert_eq!(ground.writes()[..2], ["cordon n1", "evict web.2"]);
    assert_eq!(ground.count("delete"), 0, "{:?}", ground.writes());
}

#[test]
fn pods_without_controller_and_in_protected_namespaces_stay_and_are_named() {
    let mut ground = Ground::of("nodes n1 n2 n3\npod solo on n1\ndeployment kube-system/dns 1 on n1", QUICK);
    ground.does("not-ready n1");
    ground.run(20.0);
    assert_eq!(ground.writes(), ["cordon n1", "uncordon n1"]);
    let said = &ground.recovery("n1").status.message;
    assert!(said.contains("shop/solo has no controller") && said.contains("is in a protected namespace"), "{said}");
}

#[test]
fn a_pod_that_was_bound_just_before_the_cordon_is_found() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(2.9);
    // Of a controller that nobody plays: one more than a Deployment wants would go by itself.
    let owner = Owner { kind: Kind::ReplicaSet, name: Text::from("other"), uid: Text::from("uid-other") };
    let owner = Some(Arc::new(owner));
    // No watch has shown it yet.
    ground.truth.put(ready_pod(Key::new("shop", "web-late"), Some(Text::from("n1")), owner));
    ground.truth.news.clear();
    ground.run(20.0);
    assert_eq!(ground.count("evict"), 3, "{}", ground.report());
}

#[test]
fn a_disruption_budget_is_told_once_and_asked_again_now_and_then() {
    let mut ground = blocked("", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(100.0);
    let held = ground.happenings().filter(|what| what.as_str() == "RecoveryHeld").count();
    let asked = ground.sent_like("evict shop/web");
    assert!(held <= 2 && (6..20).contains(&asked), "told {held} times, asked {asked} times");
    assert!(ground.held("n1").1.contains("The disruption budget web needs 2 healthy pods"), "{}", ground.held("n1").1);
}

#[test]
fn what_a_webhook_keeps_is_never_deleted() {
    let mut ground = Ground::of(WEB, &format!("{QUICK}\nrecovery_timeout 60"));
    ground.truth.refused.insert(ground.pod("web.1").key.name.clone());
    ground.does("condition n1 KernelDeadlock");
    ground.run(300.0);
    assert_eq!((ground.count("delete"), ground.count("evict")), (0, 1));
    assert_eq!((ground.phase("n1"), ground.is_marked()), (Phase::Escalated, false));
    let held = |what: &_| matches!(what, self_healing_core::happening::What::RecoveryHeld { guard: GuardName::Plan });
    assert!(ground.happenings().any(|what| held(&what)), "{}", ground.report());
}

#[test]
fn a_person_who_uncordons_during_the_second_attempt_stops_it_too() {
    let mut ground = blocked("", &format!("{QUICK}\nrecovery_timeout 30"));
    ground.does("condition n1 KernelDeadlock");
    ground.run(45.0);
    assert_eq!(ground.recovery("n1").status.attempts.len(), 2);
    ground.does("uncordon n1");
    ground.run(20.0);
    assert_eq!((ground.phase("n1"), ground.count("cordon"), ground.is_marked()), (Phase::Cancelled, 1, false));
}

#[test]
fn a_person_who_uncordons_a_node_of_many_pods_is_noticed_too() {
    let mut ground = blocked("deployment many 80 on n1", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    assert_eq!(ground.count("evict many"), 80);
    ground.does("uncordon n1");
    ground.run(20.0);
    assert_eq!((ground.phase("n1"), ground.count("cordon")), (Phase::Cancelled, 1));
}

#[test]
fn a_stateful_set_that_misses_a_pod_elsewhere_keeps_the_others() {
    let mut ground = Ground::of(&format!("{WEB}\nstatefulset db 2 on n1"), QUICK);
    ground.change("db.2", |pod| pod.node = Some(Text::from("n2")));
    ground.does("unready db.2");
    ground.does("condition n1 KernelDeadlock");
    ground.run(8.0);
    assert_eq!((ground.count("evict web"), ground.count("evict db")), (2, 0), "{}", ground.report());
    ground.does("heal db.2");
    ground.run(20.0);
    assert_eq!(ground.count("evict db.1"), 1);
}

#[test]
fn a_node_that_is_well_while_its_recovery_is_held_gets_its_cordon_undone() {
    let mut ground = blocked("", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(10.0);
    ground.does("exclude n1");
    ground.run(10.0);
    assert_eq!((ground.phase("n1"), ground.held("n1").0), (Phase::Held, "Excluded"));
    ground.does("condition n1 KernelDeadlock False");
    ground.run(20.0);
    assert_eq!((ground.phase("n1"), ground.is_marked()), (Phase::SelfRecovered, false));
}

#[test]
fn pausing_stops_undoing_as_well() {
    let mut ground = blocked("", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(10.0);
    ground.does("set paused true");
    ground.does("condition n1 KernelDeadlock False");
    let written = ground.writes();
    ground.run(100.0);
    assert_eq!((ground.writes(), ground.held("n1").0), (written, "Paused"));
    ground.does("set paused false");
    ground.run(10.0);
    assert_eq!((ground.phase("n1"), ground.is_marked()), (Phase::SelfRecovered, false));
}

#[test]
fn a_pod_that_leaves_by_itself_is_not_evicted_as_well() {
    let mut ground = Ground::of(WEB, QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(2.0);
    ground.does("finalizer web.1 example.com/hold");
    ground.does("delete web.1");
    // The watch is late to say so.
    ground.truth.news.clear();
    ground.run(20.0);
    assert_eq!((ground.count("evict web.1"), ground.count("evict web.2")), (0, 1), "{}", ground.report());
}

#[test]
fn switching_to_observe_stops_what_runs() {
    let mut ground = blocked("", QUICK);
    ground.does("condition n1 KernelDeadlock");
    ground.run(10.0);
    ground.does("set mode Observe");
    ground.does("budget web 0");
    let written = ground.writes();
    ground.run(100.0);
    assert_eq!((ground.writes(), ground.held("n1").0), (written, "Mode"));
}

#[test]
fn a_cordon_whose_answer_is_lost_and_that_a_person_took_back_is_not_set_again() {
    let mut ground = blocked("", QUICK);
    let outcome = Outcome::Unknown { message: "timed out".into() };
    ground.truth.scripted.push_back(crate::ground::Scripted { verb: "cordon", outcome, applied: true });
    ground.does("condition n1 KernelDeadlock");
    ground.until(10, |ground| ground.count("cordon") == 1);
    ground.run(3.0);
    ground.does("uncordon n1");
    ground.run(30.0);
    assert_eq!((ground.count("cordon"), ground.phase("n1")), (1, Phase::Cancelled), "{}", ground.report());
}

#[test]
fn what_befalls_the_workloads_after_a_drain_is_no_reason_for_another_attempt() {
    let mut ground = Ground::of(WEB, &format!("{QUICK}\nrecovery_timeout 30"));
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    assert!(ground.recovery("n1").is_verified(), "{}", ground.report());
    ground.truth.unwell = true;
    ground.does("unready web.3");
    ground.does("unready web.4");
    ground.run(60.0);
    let record = ground.recovery("n1");
    assert_eq!((record.status.attempts.len(), record.is_verified()), (1, true), "{}", ground.report());
    assert_eq!((ground.phase("n1"), ground.is_marked()), (Phase::Verifying, true), "{}", ground.report());
    ground.truth.lose_node("n1");
    ground.run(10.0);
    assert_eq!(ground.phase("n1"), Phase::Succeeded);
}
