//! Relief and resizing, as far as no story can show it: order, refusals, and what a crash must not do twice.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::Phase;
use self_healing_story::Policy;

const SLOW: &str = "pod_check_interval 3600\ndeployment_check_interval 3600";

fn ground(cluster: &str, policy: &str) -> Ground {
    let mut ground = Ground::of(cluster, &format!("{QUICK}\n{SLOW}"));
    let spec = policy.lines().map(|line| format!("  {line}\n")).collect();
    ground.truth.apply_policy(&Policy { name: "own".to_owned(), version: 1, spec });
    ground.run(1.0);
    ground
}

fn relieved(cluster: &str) -> Ground {
    ground(cluster, "match:\n  types: [resource_exhaustion]\nstrategies:\n  resource_exhaustion:\n    medium: relieve")
}

fn resized() -> Ground {
    ground(
        "nodes n1 n2 n3\ndeployment web 2 on n1",
        "match:\n  causes: [OOMKilled]\nstrategies:\n  resource_exhaustion:\n    medium: resize\nresize:\n  factor: 2\n  max: 1Gi",
    )
}

fn kill_twice(ground: &mut Ground, pod: &str) {
    ground.does(&format!("oom {pod}"));
    ground.run(2.0);
    ground.does(&format!("oom {pod}"));
}

#[test]
fn the_least_important_pod_goes_first_and_of_two_the_newer() {
    let mut ground = relieved("nodes n1 n2 n3\ndeployment batch 4 on n1 besteffort");
    ground.change("batch.1", |pod| pod.priority = 10);
    ground.change("batch.2", |pod| pod.priority = -5);
    ground.change("batch.4", |pod| pod.created.0 += 1000);
    ground.does("cordon n1");
    ground.does("condition n1 MemoryPressure");
    ground.run(60.0);
    assert_eq!(ground.writes(), ["evict batch.2", "evict batch.4", "evict batch.3", "evict batch.1"]);
    let gaps = [("evict batch.2", "evict batch.4"), ("evict batch.4", "evict batch.3")];
    for (one, next) in gaps {
        assert!(ground.when(next) - ground.when(one) >= 2.0, "two checks between two pods:\n{}", ground.report());
    }
}

#[test]
fn what_asks_for_memory_holds_data_or_is_of_the_system_stays() {
    use self_healing_core::fact::Marks;
    let mut ground = relieved(
        "nodes n1 n2 n3\ndeployment web 1 on n1\ndeployment batch 2 on n1 besteffort\nstatefulset db 1 on n1 besteffort\ndaemonset agent\npod solo on n1",
    );
    ground.change("batch.1", |pod| pod.marks = Marks::EMPTY_DIR);
    ground.change("batch.2", |pod| pod.priority = 2_000_000_000);
    ground.does("condition n1 MemoryPressure");
    ground.run(30.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    let status = &ground.recovery("n1").status;
    assert!(status.message.contains("no pod of n1 that may go asks for less memory"), "{}", status.message);
}

#[test]
fn who_finds_a_relief_under_way_waits_before_the_next_pod_goes() {
    let mut ground = relieved("nodes n1 n2 n3\ndeployment batch 3 on n1 besteffort");
    ground.set("health_check_interval", "5");
    ground.does("cordon n1");
    ground.does("condition n1 MemoryPressure");
    ground.until(60, |ground| ground.count("evict") == 1);
    let first = ground.seconds();
    ground.restart();
    ground.until(60, |ground| ground.count("evict") == 2);
    assert!(ground.seconds() - first >= 10.0, "{}", ground.report());
}

#[test]
fn a_limit_is_raised_once_by_the_factor_whatever_happens_in_between() {
    let mut ground = resized();
    kill_twice(&mut ground, "web.1");
    ground.until(30, |ground| ground.count("resize") == 1);
    ground.restart();
    ground.run(30.0);
    assert_eq!(ground.count("resize"), 1, "{}", ground.report());
    assert_eq!(ground.phase("web.1"), Phase::Succeeded, "{}", ground.report());
    assert_eq!(ground.recovery("web.1").evidence("memoryLimit"), Some("main=67108864"));
    assert_eq!(ground.sent_like("resize shop/web-rs-0 main to 134217728 bytes of memory"), 1);
}

#[test]
fn what_the_api_server_says_against_a_resize_is_told_and_not_asked_again() {
    let mut ground = resized();
    let why = "maximum memory usage per Container is 96Mi, but limit is 128Mi";
    ground.truth.no_resize = Some(why);
    kill_twice(&mut ground, "web.1");
    ground.run(60.0);
    assert_eq!(ground.sent_like("resize "), 1, "{}", ground.report());
    assert!(ground.report().contains(&format!("cannot be resized in place: {why}")), "{}", ground.report());
}

#[test]
fn a_limit_that_a_person_sets_meanwhile_stays() {
    let mut ground = resized();
    ground.truth.unsized_for = 60_000;
    kill_twice(&mut ground, "web.1");
    ground.until(30, |ground| ground.count("resize") == 1);
    ground.run(2.0);
    let pod = ground.target("web.1");
    ground.truth.limit(&pod, 48 << 20);
    ground.run(30.0);
    assert_eq!((ground.phase("web.1"), ground.count("resize")), (Phase::Cancelled, 1), "{}", ground.report());
}

#[test]
fn a_pod_of_a_job_is_not_resized() {
    let mut ground = ground(
        "nodes n1 n2 n3\njob import 1 on n1",
        "match:\n  causes: [OOMKilled]\nstrategies:\n  resource_exhaustion:\n    medium: resize\nresize:\n  factor: 2\n  max: 1Gi",
    );
    kill_twice(&mut ground, "import.1");
    ground.run(30.0);
    assert_eq!(ground.count("resize"), 0);
    assert!(ground.report().contains("belongs to a Job"), "{}", ground.report());
}

#[test]
fn a_strategy_that_is_not_for_the_cause_only_watches() {
    let mut ground = relieved("nodes n1 n2 n3\ndeployment web 2 on n1 besteffort");
    kill_twice(&mut ground, "web.1");
    ground.run(30.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::Running, 0), "{}", ground.report());
}
