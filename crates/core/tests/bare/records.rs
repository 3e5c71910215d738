//! The store: records that others change, delete or wrote in words that we do not know.

use crate::ground::{Ground, QUICK, Scripted, later};
use self_healing_core::effect::Outcome;
use self_healing_core::names::Phase;
use self_healing_core::recovery::Recovery;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

/// A pod failed and is held, since everything is paused.
fn held() -> Ground {
    let mut ground = Ground::of(WEB, "paused true");
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!(ground.phase("web.1"), Phase::Held);
    ground
}

pub(crate) fn assert_healed(ground: &Ground) {
    assert_eq!((ground.writes(), ground.phase("web.1")), (vec!["delete web.1".to_owned()], Phase::Succeeded));
}

#[test]
fn somebody_elses_changes_of_the_record_delay_no_recovery() {
    let mut ground = Ground::of(WEB, "");
    ground.does("fail web.1");
    ground.until(5, |ground| !ground.truth.records.is_empty());
    for _ in 0..20 {
        ground.edit(|record| record.spec.policy = "touched".into());
        ground.run(0.02);
    }
    ground.run(10.0);
    assert_healed(&ground);
}

#[test]
fn a_status_that_conflicts_is_not_acted_on_and_stored_in_the_end() {
    let mut ground = held();
    // A version that no watch has shown.
    ground.edit(|_| ());
    ground.truth.news.clear();
    ground.does("set paused false");
    ground.run(60.0);
    assert!(ground.writes().is_empty(), "an attempt that cannot be stored does not write");
    ground.edit(|_| ());
    ground.run(60.0);
    assert_healed(&ground);
}

#[test]
fn a_record_that_a_person_deletes_is_opened_again_while_the_failure_lasts() {
    let mut ground = held();
    ground.forget_records();
    ground.run(60.0);
    assert_eq!((ground.truth.records.len(), ground.phase("web.1")), (1, Phase::Held));
    ground.does("set paused false");
    ground.run(60.0);
    assert_healed(&ground);
}

#[test]
fn a_record_that_a_person_deletes_at_any_moment_leaves_none_that_nobody_ends() {
    for milliseconds in 0..60 {
        let mut ground = Ground::of(WEB, "");
        ground.does("crash-loop web.1 9");
        ground.run(f64::from(milliseconds) / 1000.0);
        ground.forget_records();
        ground.run(5.0);
        if ground.pods().any(|pod| pod.uid == ground.target("web.1").uid) {
            ground.does("heal web.1");
        }
        ground.run(600.0);
        assert!(ground.truth.records.values().all(|record| !record.is_active()), "{milliseconds} {}", ground.report());
    }
}

#[test]
fn an_answer_about_a_deleted_record_does_not_count_for_the_next_one() {
    let mut ground = held();
    // Held for another reason: that is being stored.
    ground.does("set protected_namespaces shop");
    ground.does("set paused false");
    ground.run(0.001);
    ground.truth.store_down = true;
    ground.forget_records();
    ground.does("set protected_namespaces kube-system");
    ground.run(20.0);
    assert!(ground.truth.records.is_empty() && ground.writes().is_empty(), "{}", ground.report());
    ground.truth.store_down = false;
    ground.run(60.0);
    assert_healed(&ground);
}

#[test]
fn a_record_deleted_during_an_attempt_takes_its_marks_along() {
    let mut ground = Ground::of(&format!("{WEB}\nbudget web 1"), QUICK).tightens("web 2", "n1");
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    assert!(ground.is_marked());
    ground.does("condition n1 KernelDeadlock False");
    ground.forget_records();
    ground.run(60.0);
    assert!(!ground.is_marked() && !ground.truth.nodes["n1"].unschedulable, "{}", ground.report());
}

#[test]
fn what_a_newer_version_wrote_fails_the_record_or_leaves_it_alone_and_touches_nothing() {
    let changes: [fn(&mut Recovery); 4] =
        [|r| r.spec.action = None, |r| r.spec.strategy = None, |r| r.spec.cause = None, |r| r.status.phase = None];
    for (number, change) in changes.into_iter().enumerate() {
        let mut ground = held();
        ground.edit(change);
        ground.does("set paused false");
        ground.does("kill controller");
        ground.run(600.0);
        let status = &ground.recovery("web.1").status;
        assert!(ground.writes().is_empty());
        if number == 3 {
            assert_eq!((status.phase, &*status.reason), (None, "Paused"));
        } else {
            assert_eq!((status.phase, &*status.reason), (Some(Phase::Failed), "UnknownAction"));
            assert_eq!(ground.announced().last(), Some(&"RecoveryFailed"));
        }
    }
}

#[test]
fn of_a_record_in_a_phase_that_we_do_not_know_nothing_is_told_either() {
    let mut ground = Ground::of(WEB, "paused true");
    ground.truth.receiver.extend((0..100).map(|_| later("down")));
    ground.does("fail web.1");
    ground.run(60.0);
    ground.edit(|record| record.status.phase = None);
    ground.does("kill controller");
    ground.truth.receiver.clear();
    let before = ground.recovery("web.1").clone();
    ground.run(600.0);
    assert!(!ground.truth.told.contains(&"slack opened ok".to_owned()) && *ground.recovery("web.1") == before);
}

#[test]
fn only_finished_records_are_deleted_and_only_when_their_time_is_up() {
    let mut ground = Ground::of(WEB, "recovery_ttl 600");
    ground.does("fail web.1");
    ground.run(590.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
    ground.run(60.0);
    assert!(ground.truth.records.is_empty());
    let mut ground = held();
    ground.does("set recovery_ttl 60");
    ground.run(4000.0);
    assert_eq!(ground.phase("web.1"), Phase::Held);
}

#[test]
fn nothing_is_deleted_before_its_record_could_be_created() {
    let mut ground = Ground::of(WEB, "");
    for _ in 0..4 {
        let outcome = Outcome::Refused { message: "forbidden".into() };
        ground.truth.scripted.push_back(Scripted { verb: "create recovery", outcome, applied: false });
    }
    ground.does("fail web.1");
    ground.run(6.0);
    assert!(ground.writes().is_empty());
    ground.run(30.0);
    assert_healed(&ground);
}

#[test]
fn an_approval_and_its_time_survive_a_restart() {
    let mut ground = Ground::of(WEB, "mode Approve\napproval_timeout 100");
    ground.does("fail web.1");
    ground.run(60.0);
    ground.does("kill controller");
    ground.run(35.0);
    assert_eq!(ground.phase("web.1"), Phase::AwaitingApproval);
    ground.run(10.0);
    assert_eq!(ground.phase("web.1"), Phase::Cancelled, "the time counts from the question");
    ground.does("fail web.2");
    ground.run(20.0);
    ground.does("approve web.2");
    ground.does("kill controller");
    ground.run(30.0);
    assert_eq!(ground.phase("web.2"), Phase::Succeeded);
}

#[test]
fn watching_needs_no_approval() {
    let mut ground = Ground::of(WEB, "mode Approve\napproval_timeout 100");
    ground.does("finalizer web.1 example.com/hold");
    ground.does("delete web.1");
    ground.run(500.0);
    assert_eq!(ground.phase("web.1"), Phase::Running);
}

#[test]
fn observe_sends_nothing_but_records_looks_and_messages() {
    let mut ground = Ground::of(WEB, "mode Observe");
    ground.does("fail web.1");
    ground.does("silence n2");
    ground.run(600.0);
    let allowed =
        ["read recoveries", "look at kubelet", "gather evidence", "create recovery", "save status", "announce", "tell"];
    for (_, effect) in &ground.log {
        let text = effect.verb.to_string();
        assert!(allowed.iter().any(|verb| text.starts_with(verb)), "{text}");
    }
    assert_eq!((ground.phase("web.1"), ground.phase("n2")), (Phase::Observed, Phase::Observed));
    ground.does("delete web.1");
    ground.run(60.0);
    assert_eq!(ground.phase("web.1"), Phase::SelfRecovered);
    assert!(!ground.truth.told.iter().any(|told| told.contains("outcome")), "{:?}", ground.truth.told);
}
