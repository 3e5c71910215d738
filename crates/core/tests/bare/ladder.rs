//! The ladder: what is tried after what, whose failure a replacement's is, and when it ends well after all.

use crate::ground::{Ground, QUICK};
use self_healing_core::effect::Outcome;
use self_healing_core::names::{Phase, Severity, Strategy};

/// A pod fails, and no replacement becomes ready.
fn incurable(settings: &str) -> Ground {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", settings);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground
}

#[test]
fn each_strategy_has_its_full_time_and_each_step_is_announced_once() {
    let mut ground = incurable("pod_check_interval 3600");
    ground.run(1000.0);
    let record = ground.recovery("web.1");
    let tried: Vec<Strategy> = record.status.attempts.iter().map(|attempt| attempt.strategy).collect();
    assert_eq!(tried, [Strategy::Restart, Strategy::Recreate, Strategy::ScaleAndReplace]);
    let starts: Vec<i64> = record.status.attempts.iter().map(|attempt| attempt.started_at.0).collect();
    assert!(starts.windows(2).all(|two| (300_000..301_000).contains(&(two[1] - two[0]))), "{starts:?}");
    let attempt = ["RecoveryStarted", "RecoveryFailed"];
    let expected = [&["FailureDetected"][..], &attempt, &attempt, &attempt, &["RecoveryEscalated"]].concat();
    assert_eq!(ground.announced(), expected);
}

#[test]
fn the_node_of_a_recreated_pod_is_suspect_until_the_end() {
    let mut ground = incurable("");
    ground.run(290.0);
    assert!(!ground.is_marked());
    ground.run(20.0);
    assert_eq!(ground.writes(), ["delete web.1", "taint n2", "delete web.3"]);
    ground.run(900.0);
    assert_eq!((ground.is_marked(), ground.phase("web.1")), (false, Phase::Escalated));
}

#[test]
fn the_replacement_of_a_recreated_pod_goes_to_another_node() {
    let mut ground = Ground::of("nodes n1 n2\ndeployment web 1 on n1", &format!("{QUICK}\nworkload_backoff 0"));
    for pod in ["web.1", "web.2", "web.3"] {
        ground.does(&format!("fail {pod}"));
        ground.run(10.0);
    }
    assert_eq!(ground.recovery("web.3").attempt().map(|attempt| attempt.strategy), Some(Strategy::Recreate));
    assert_eq!((ground.count("taint"), ground.count("untaint"), ground.is_marked()), (1, 1, false));
}

#[test]
fn a_workload_that_was_handed_to_a_person_is_left_alone_until_the_window_passes() {
    let mut ground = incurable("recovery_timeout 60");
    ground.run(200.0);
    let before = ground.writes();
    ground.does("fail web.2");
    ground.run(1500.0);
    let (guard, reason) = ground.held("web.2");
    assert!(guard == "Budget" && reason.contains("handed to a person"), "{reason}");
    ground.does("kill controller");
    ground.run(1500.0);
    assert_eq!(ground.writes(), before);
    ground.truth.unwell = false;
    ground.run(1000.0);
    assert!(ground.writes().len() > before.len());
}

#[test]
fn replacements_that_fail_too_open_nothing_of_their_own_even_while_paused() {
    for ahead in [0, 3_600_000] {
        let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", "");
        ground.truth.unwell = true;
        ground.jump = (ground.now(), ahead);
        ground.does("fail web.1");
        ground.does("set pod_check_interval 1");
        ground.run(5.0);
        ground.does("unready web.3");
        ground.does("set paused true");
        ground.run(600.0);
        assert_eq!(ground.truth.records.len(), 1, "{ahead}: {}", ground.report());
        assert!(ground.recovery("web.1").status.impact.iter().any(|line| line.contains("web-rs")));
        ground.does("set paused false");
        ground.run(100.0);
        assert_eq!((ground.truth.records.len(), ground.count("delete")), (1, 2));
    }
}

#[test]
fn without_a_replacement_there_is_nothing_to_try_next() {
    let mut ground = Ground::of("nodes n1 n2\ndeployment web 2 on n1", "");
    ground.truth.idle = true;
    ground.does("fail web.1");
    ground.run(400.0);
    let record = ground.recovery("web.1");
    assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Escalated), "NoReplacement"));
    assert_eq!(ground.writes(), ["delete web.1"]);
}

#[test]
fn an_older_pod_that_is_sick_as_well_is_no_replacement() {
    let mut ground = Ground::of("nodes n1 n2\ndeployment web 3 on n1", "recovery_timeout 60");
    ground.truth.idle = true;
    ground.does("crash-loop web.1 6");
    ground.run(5.0);
    ground.does("unready web.2");
    ground.run(100.0);
    let record = ground.recovery("web.1");
    assert_eq!((record.status.phase, &*record.status.reason), (Some(Phase::Escalated), "NoReplacement"));
    assert_eq!(ground.writes(), ["delete web.1"]);
}

#[test]
fn two_that_wait_for_replacements_never_take_the_same_one() {
    let settings = "recovery_timeout 60\nworkload_backoff 0";
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", settings);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.does("fail web.2");
    ground.run(70.0);
    let mut deleted = ground.writes();
    deleted.retain(|write| write.starts_with("delete"));
    deleted.sort();
    assert_eq!(deleted, ["delete web.1", "delete web.2", "delete web.3", "delete web.4"], "{}", ground.report());
}

#[test]
fn the_severity_says_why_it_rose_and_falls_after_the_window() {
    let mut ground = Ground::of("nodes n1\ndeployment web 1 on n1", "workload_backoff 0\nhistory_window 600");
    for (number, severity) in [(1, Severity::Medium), (2, Severity::Medium), (3, Severity::High)] {
        ground.does(&format!("fail web.{number}"));
        ground.run(20.0);
        let record = ground.recovery(&format!("web.{number}"));
        assert_eq!((record.spec.severity, record.spec.similar_failures), (severity, number - 1));
        let says = record.spec.reasons.iter().any(|reason| reason.contains("similar failures of Deployment shop/web"));
        assert_eq!(says, severity == Severity::High, "{:?}", record.spec.reasons);
    }
    ground.run(700.0);
    ground.does("fail web.4");
    ground.run(20.0);
    assert_eq!(ground.recovery("web.4").spec.severity, Severity::Medium);
}

#[test]
fn a_replacement_that_is_ready_late_ends_it_well_without_another_delete() {
    let mut ground = incurable("");
    ground.run(299.9);
    ground.does("heal web.3");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete"), ground.is_marked()), (Phase::Succeeded, 1, false));
}

#[test]
fn a_replacement_that_is_ready_while_paused_ends_it_well() {
    let mut ground = incurable("");
    ground.run(200.0);
    ground.does("set paused true");
    ground.run(200.0);
    assert_eq!(ground.phase("web.1"), Phase::Held);
    ground.does("heal web.3");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete")), (Phase::Succeeded, 1));
}

#[test]
fn an_attempt_that_was_paused_has_its_full_time_afterwards() {
    let mut ground = Ground::of("nodes n1 n2\npod solo on n1", QUICK);
    ground.does_after("set paused true", self_healing_story::Verb::Delete, "solo");
    ground.does("fail solo");
    ground.run(400.0);
    assert_eq!((ground.phase("solo"), ground.writes().len()), (Phase::Held, 1));
    ground.does("set paused false");
    ground.run(10.0);
    assert_eq!((ground.phase("solo"), ground.recovery("solo").status.attempts.len()), (Phase::Succeeded, 1));
}

#[test]
fn a_veto_during_the_second_attempt_takes_the_taint_back() {
    let mut ground = incurable("recovery_timeout 30");
    ground.run(35.0);
    assert!(ground.is_marked());
    ground.does("cancel web.1");
    ground.run(1.0);
    assert_eq!((ground.phase("web.1"), ground.is_marked(), ground.count("delete")), (Phase::Cancelled, false, 2));
}

#[test]
fn a_taint_whose_answer_is_lost_is_taken_back_all_the_same() {
    let mut ground = incurable("recovery_timeout 30");
    let outcome = Outcome::Unknown { message: "timed out".into() };
    ground.truth.scripted.push_back(crate::ground::Scripted { verb: "taint", outcome, applied: true });
    ground.until(40, |ground| ground.count("taint") == 1);
    ground.does("cancel web.1");
    ground.run(10.0);
    assert_eq!((ground.phase("web.1"), ground.is_marked()), (Phase::Cancelled, false));
}
