use super::{Hint, default_strategy, next_strategy, strategy_for, strategy_now};
use crate::finding::Finding;
use crate::key::{Key, Kind, Target, Text};
use crate::names::{Action, Cause, FailureType, Mode, Severity, Strategy};
use crate::recovery::{Attempt, Orders, Recovery, Spec, Status, StepResult};
use crate::settings::{Cells, Settings};
use crate::time::{Now, Stamp};
use alloc::string::String;
use alloc::vec::Vec;

fn pod() -> Target {
    Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: Text::from("u1") }
}

/// A Recovery of a pod that began with `first` at `severity`, and whose attempts with `tried` failed.
fn recovery(severity: Severity, first: Strategy, tried: &[Strategy]) -> Recovery {
    let finding = Finding {
        failure: FailureType::Pod,
        cause: Cause::Failed,
        target: pod(),
        workload: pod(),
        node: None,
        onset: Stamp(0),
        first_seen: Now::default(),
        description: String::new(),
        evidence: Vec::new(),
    };
    let attempt = |strategy: &Strategy| Attempt {
        strategy: *strategy,
        target: pod(),
        started_at: Stamp(0),
        finished_at: Some(Stamp(1)),
        result: StepResult::Failed,
        steps: Vec::new(),
    };
    let spec = Spec {
        failure: FailureType::Pod,
        action: Some(Action::Pod),
        cause: Some(Cause::Failed),
        severity,
        strategy: Some(first),
        mode: Mode::Enforce,
        target: pod(),
        workload: pod(),
        policy: String::new(),
        description: String::new(),
        first_seen: Stamp(0),
        detected_at: Stamp(0),
        similar_failures: 0,
        reasons: Vec::new(),
    };
    let mut status = Status::opened(&finding);
    status.attempts = tried.iter().map(attempt).collect();
    let text = || Text::from("");
    let (name, created) = (Text::from("pod-failed-1"), Stamp(0));
    Recovery { name, uid: text(), resource_version: text(), created, spec, status, orders: Orders::default() }
}

#[test]
fn without_a_ladder_each_attempt_has_the_next_severitys_strategy() {
    use Strategy::{Recreate, Restart, ScaleAndReplace};
    let settings = Settings::default();
    let next = |tried: &[Strategy]| next_strategy(&settings, &recovery(Severity::Medium, Restart, tried));
    assert_eq!(next(&[]), Some(Restart));
    assert_eq!(next(&[Restart]), Some(Recreate));
    assert_eq!(next(&[Restart, Recreate]), Some(ScaleAndReplace));
    assert_eq!(next(&[Restart, Recreate, ScaleAndReplace]), None);
}

#[test]
fn a_replaced_cell_is_what_is_done_and_what_comes_next() {
    let cells = [((FailureType::Pod, Severity::Medium), Strategy::Recreate)];
    let settings = Settings { strategies: Cells::from_iter(cells), ..Settings::default() };
    let of = |cause, severity| strategy_for(&settings, FailureType::Pod, cause, severity, Hint::None);
    assert_eq!(of(Cause::Failed, Severity::Medium), Strategy::Recreate);
    assert_eq!(of(Cause::Failed, Severity::Critical), default_strategy(FailureType::Pod, Severity::Critical));
    assert_eq!(of(Cause::StuckTerminating, Severity::Medium), Strategy::Monitor, "no write can help");
}

#[test]
fn a_ladder_is_gone_up_from_behind_the_first_strategy() {
    use Strategy::{Monitor, Recreate, Restart};
    let next = |ladder: &[Strategy], first, tried: &[Strategy]| {
        let settings = Settings { ladder: ladder.to_vec(), ..Settings::default() };
        next_strategy(&settings, &recovery(Severity::Medium, first, tried))
    };
    assert_eq!(next(&[Restart, Restart, Recreate], Restart, &[Restart]), Some(Restart));
    assert_eq!(next(&[Restart, Restart, Recreate], Restart, &[Restart, Restart]), Some(Recreate));
    assert_eq!(next(&[Restart, Restart, Recreate], Restart, &[Restart, Restart, Recreate]), None);
    assert_eq!(next(&[Restart], Monitor, &[Monitor]), Some(Restart), "a ladder without the first strategy follows it");
    let of_nodes = [Strategy::DrainAndReplace, Restart, Recreate];
    assert_eq!(next(&of_nodes, Restart, &[Restart]), Some(Recreate));
    assert_eq!(next(&of_nodes, Monitor, &[Monitor]), Some(Restart), "what is not for pods is left out");
}

#[test]
fn an_attempt_under_way_is_what_is_asked_about_not_the_one_after_it() {
    let settings = Settings { ladder: alloc::vec![Strategy::Restart, Strategy::Monitor], ..Settings::default() };
    let mut recovery = recovery(Severity::Medium, Strategy::Restart, &[Strategy::Restart]);
    assert_eq!(strategy_now(&settings, &recovery), Some(Strategy::Monitor));
    recovery.status.attempts[0].finished_at = None;
    assert_eq!(strategy_now(&settings, &recovery), Some(Strategy::Restart));
}
