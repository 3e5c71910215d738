//! A wall clock that jumps: what this process saw goes on as if nothing had happened, and nothing waits for ever.

use crate::ground::Ground;
use crate::plays::stories;
use self_healing_core::names::Phase;
use self_healing_story::{Deed, Story};

const HOUR: i64 = 3_600_000;

/// Whether another process goes on with what one has begun: all that it knows of its times is what was written.
fn changes_hands(story: &Story) -> bool {
    story.moments.iter().any(|moment| matches!(moment.deed, Deed::KillController | Deed::StopController))
}

/// Whether a policy of it goes by the time of day, which the wall clock tells.
fn has_windows(story: &Story) -> bool {
    story.policies.iter().any(|policy| policy.spec.contains("windows:"))
}

/// From when on a jump must not matter: when a deletion is due is in the API server's time, so that is understood by our wall clock
/// when it is first read.
fn understood(story: &Story) -> u64 {
    let deletes = story.moments.iter().filter(|moment| matches!(moment.deed, Deed::Delete(_)));
    deletes.map(|moment| moment.at.as_millis() as u64 + 100).max().unwrap_or_default()
}

#[test]
fn a_jump_changes_nothing_that_this_process_saw() {
    let mut wrong = Vec::new();
    for story in stories().iter().filter(|story| !changes_hands(story) && !has_windows(story)) {
        let told = |at, by| {
            let jump = |ground: &mut Ground| ground.jump = (ground.zero + understood(story) + at, by);
            Ground::play(story, jump, 0.0).unwrap_or_else(|error| panic!("{error}")).timeline()
        };
        let calm = told(0, 0);
        for at in [0, 1000, 5000, 12_500, 20_000, 62_000] {
            for by in [HOUR, -HOUR, 25 * HOUR, -25 * HOUR, 40_000, -40_000] {
                if let Some(diff) = calm.diff(&told(at, by)) {
                    wrong.push(format!("{}: {by} ms after {at} ms:\n{diff}", story.file()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A pod fails in a workload whose replacements do not become ready.
fn incurable(settings: &str) -> Ground {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", settings);
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground
}

fn jump(ground: &mut Ground, by: i64) {
    ground.jump = (ground.now(), by);
}

#[test]
fn what_another_process_began_in_our_future_times_out_after_its_whole_time_at_most() {
    for by in [-HOUR, -40_000, 0] {
        let mut ground = incurable("recovery_timeout 120");
        ground.run(20.0);
        jump(&mut ground, by);
        ground.does("kill controller");
        ground.run(121.0);
        let failed = ground.announced().iter().filter(|what| **what == "RecoveryFailed").count();
        assert_eq!(failed, 1, "{by}: {}", ground.report());
    }
}

#[test]
fn a_budget_that_another_process_used_in_our_future_is_free_after_its_whole_time_at_most() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", "recoveries_per_minute 1");
    ground.does("fail web.1");
    ground.run(20.0);
    jump(&mut ground, -HOUR);
    ground.does("kill controller");
    ground.does("fail web.2");
    ground.run(40.0);
    assert_eq!(ground.count("delete"), 1, "{}", ground.report());
    ground.run(40.0);
    assert_eq!((ground.phase("web.2"), ground.count("delete")), (Phase::Succeeded, 2), "{}", ground.report());
}

#[test]
fn a_leader_that_was_deposed_for_a_moment_remembers_when_things_happened() {
    let mut ground = incurable("recovery_timeout 120");
    ground.run(60.0);
    jump(&mut ground, HOUR);
    ground.lead(false);
    ground.run(1.0);
    ground.lead(true);
    ground.run(50.0);
    assert!(!ground.announced().contains(&"RecoveryFailed"), "{}", ground.report());
    ground.run(20.0);
    assert!(ground.announced().contains(&"RecoveryFailed"), "{}", ground.report());
}
