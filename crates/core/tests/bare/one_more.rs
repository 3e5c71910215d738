//! Drains that let one pod more come first where a disruption budget keeps one.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::Phase;
use self_healing_story::Policy;

const SINGLE: &str = "nodes n1 n2 n3\ndeployment web 1 on n1\nbudget web 1";

/// A node whose single replica a budget keeps, under a policy with these rules for drains.
fn under(cluster: &str, rules: &str) -> Ground {
    let mut ground = Ground::of(cluster, QUICK);
    let spec = format!("  match: {{types: [node_failure]}}\n  drain: {{{rules}}}\n");
    ground.truth.apply_policy(&Policy { name: "joins".to_owned(), version: 1, spec });
    ground
}

/// One that has started one more, which does not get ready.
fn waiting() -> Ground {
    let mut ground = under(SINGLE, "surge: true");
    ground.truth.unwell = true;
    ground.does("condition n1 KernelDeadlock");
    ground.until(20, |ground| ground.count("scale") == 1);
    ground.run(1.0);
    ground
}

#[test]
fn several_that_budgets_keep_are_joined_one_after_the_other() {
    let cluster = format!("{SINGLE}\ndeployment api 2 on n1\nbudget api 2\ndeployment free 1 on n1");
    let mut ground = under(&cluster, "surge: true");
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    let mut writes = ground.writes();
    writes.retain(|write| write.contains("scale") || write.starts_with("evict"));
    let of = |name: &str| writes.iter().filter(|write| write.contains(name)).cloned().collect::<Vec<_>>();
    assert_eq!(of("free"), ["evict free.1"]);
    assert_eq!(of("web"), ["scale web", "evict web.1", "unscale web"]);
    assert_eq!(of("api"), ["scale api", "evict api.1", "evict api.2", "unscale api"], "{}", ground.report());
    let at = |write: &str| writes.iter().position(|known| known == write);
    let apart = at("unscale api") < at("scale web") || at("unscale web") < at("scale api");
    assert!(apart && at("evict free.1") < at("scale web"), "{writes:?}");
    assert!(ground.recovery("n1").is_verified(), "{}", ground.report());
}

#[test]
fn one_that_waits_for_its_replacement_needs_no_more() {
    let mut ground = under("nodes n1 n2 n3\ndeployment web 2 on n1\nbudget web 1", "surge: true");
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert_eq!((ground.count("evict web"), ground.count("scale")), (2, 0), "{}", ground.report());
}

#[test]
fn one_more_that_would_not_help_is_not_started() {
    let mut ground = under(SINGLE, "surge: true");
    ground.truth.budgets_follow = true;
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    assert!(ground.held("n1").1.contains("would keep it then as well"), "{}", ground.held("n1").1);
    // What it was not when the drain was planned.
    let mut ground =
        under("nodes n1 n2 n3\ndeployment web 2 on n1\nbudget web 1", "surge: true").tightens("web 2", "n1");
    ground.truth.budgets_follow = true;
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert_eq!((ground.writes(), ground.held("n1").0), (vec!["cordon n1".to_owned()], "Plan"));
    assert!(ground.held("n1").1.contains("would keep it then as well"), "{}", ground.held("n1").1);
}

#[test]
fn a_policy_that_does_not_ask_for_it_gets_none() {
    let mut ground = under(SINGLE, "surge: false");
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
}

#[test]
fn somebody_who_decides_the_number_from_then_on_is_told_of() {
    let mut ground =
        under("nodes n1 n2 n3\ndeployment web 2 on n1\nbudget web 1", "surge: true").tightens("web 2", "n1");
    ground.does("autoscale web");
    ground.does("condition n1 KernelDeadlock");
    ground.run(60.0);
    assert_eq!(ground.writes(), ["cordon n1"], "{}", ground.report());
    assert!(ground.held("n1").1.contains("HorizontalPodAutoscaler web scales it"), "{}", ground.held("n1").1);
    let noted = ground.recovery("n1").evidence("no pod more of Deployment shop/web");
    assert!(noted.is_some_and(|why| why.contains("HorizontalPodAutoscaler web")), "{}", ground.report());
    assert!(ground.sent_like("look at Deployment") < 20, "{}", ground.sent_like("look at Deployment"));
}

#[test]
fn one_more_is_taken_back_however_the_drain_ends() {
    for deed in ["cancel n1", "uncordon n1", "condition n1 KernelDeadlock False"] {
        let mut ground = waiting();
        ground.does(deed);
        ground.run(20.0);
        assert_eq!((ground.count("evict"), ground.count("unscale")), (0, 1), "{deed}: {}", ground.report());
        assert!(!ground.is_marked(), "{deed}: {}", ground.report());
    }
    let mut ground = waiting();
    // The failure is still there, so its next record takes over what the lost one had done.
    ground.forget_records();
    ground.run(5.0);
    ground.does("condition n1 KernelDeadlock False");
    ground.run(20.0);
    assert_eq!((ground.count("scale"), ground.count("unscale")), (1, 1), "{}", ground.report());
    assert!(!ground.is_marked(), "{}", ground.report());
}

#[test]
fn one_more_that_never_gets_ready_is_taken_back_before_the_next_attempt() {
    let mut ground = under(SINGLE, "surge: true, timeout: 20");
    ground.truth.unwell = true;
    ground.does("condition n1 KernelDeadlock");
    ground.run(90.0);
    let mut writes = ground.writes();
    writes.retain(|write| write.contains("scale"));
    assert_eq!(writes, ["scale web", "unscale web", "scale web", "unscale web"], "{}", ground.report());
    assert_eq!((ground.phase("n1"), ground.is_marked()), (Phase::Escalated, false), "{}", ground.report());
}

#[test]
fn a_person_who_takes_the_marks_away_is_not_overruled() {
    let mut ground = waiting();
    ground.truth.unmark_workload("web");
    ground.run(60.0);
    assert_eq!((ground.count("scale"), ground.count("evict")), (1, 0), "{}", ground.report());
    assert!(ground.held("n1").1.contains("somebody took back"), "{}", ground.report());
}

#[test]
fn that_a_person_took_it_back_is_stored_before_the_mark_goes() {
    let mut ground = waiting();
    ground.truth.store_down = true;
    ground.does("scale web 1");
    ground.run(5.0);
    assert_eq!(ground.count("unscale web"), 0, "a successor could not know of it: {}", ground.report());
    ground.truth.store_down = false;
    ground.run(60.0);
    assert_eq!((ground.count("scale web"), ground.count("unscale web")), (1, 1), "{}", ground.report());
}
