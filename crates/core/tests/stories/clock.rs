//! A wall clock that jumps: what this process saw goes on as if nothing had happened, and nothing waits for ever.

use crate::world::{Replace, World, small, with};
use self_healing_core::names::{Mode, Phase};
use self_healing_core::settings::Settings;
use std::time::Duration;

const HOUR: i64 = 3_600_000;

/// A cluster, what breaks in it, and for how many seconds it is watched.
struct Story {
    name: &'static str,
    settings: fn(&mut Settings),
    breaks: fn(&mut World),
    seconds: u64,
    /// Something that has to be seen, or the story tells nothing.
    shows: &'static str,
}

const STORIES: &[Story] = &[
    Story {
        name: "attempts that time out, up the whole ladder",
        settings: |_| {},
        breaks: |world| {
            world.truth.replace.insert("web".into(), Replace { after: Some(100), ready: None });
            world.truth.fail("web-0");
        },
        seconds: 1000,
        shows: "RecoveryEscalated",
    },
    Story {
        name: "an approval that does not come",
        settings: |settings| {
            settings.mode = Mode::Approve;
            settings.approval_timeout = Duration::from_secs(300);
        },
        breaks: |world| world.truth.fail("web-0"),
        seconds: 400,
        shows: "RecoveryCancelled",
    },
    Story {
        name: "more failures in a minute than may be recovered",
        settings: |settings| settings.recoveries_per_minute = 1,
        breaks: |world| {
            world.truth.fail("web-0");
            world.truth.fail("web-1");
        },
        seconds: 400,
        shows: "RecoveryHeld",
    },
    Story {
        name: "a workload that has to wait longer each time, and a record whose time is up",
        settings: |settings| {
            settings.workload_backoff = Duration::from_secs(60);
            settings.recovery_ttl = Duration::from_secs(300);
        },
        breaks: |world| {
            world.truth.fail("web-0");
            world.run(10);
            world.truth.fail("web-1");
        },
        seconds: 700,
        shows: "RecoveryHeld",
    },
    Story {
        name: "a silent node",
        settings: |_| {},
        breaks: |world| world.truth.kill("n1"),
        seconds: 700,
        shows: "RecoverySucceeded",
    },
    Story {
        name: "pods that are not ready for long",
        settings: |_| {},
        breaks: |world| world.truth.unready("web-0"),
        seconds: 400,
        shows: "RecoverySucceeded",
    },
];

impl Story {
    /// Everything that is sent and when, if the wall clock jumps `by` milliseconds after `at` seconds.
    fn told(&self, at: u64, by: i64) -> Vec<String> {
        let mut world = small(with(self.settings));
        (self.breaks)(&mut world);
        world.run(at);
        world.wall_ahead = by;
        world.run(self.seconds - at);
        let told = world.happenings();
        assert!(told.iter().any(|what| what.ends_with(self.shows)), "{}: {told:#?}", self.name);
        world.timeline().into_iter().chain(told).collect()
    }
}

#[test]
fn a_jump_changes_nothing_that_this_process_saw() {
    for story in STORIES {
        let quiet = story.told(0, 0);
        for at in [1, 5, 20, 62, 100, 200, 310] {
            for by in [HOUR, -HOUR, 25 * HOUR, -25 * HOUR, 40_000, -40_000] {
                assert_eq!(story.told(at, by), quiet, "{}: {by} ms after {at} s", story.name);
            }
        }
    }
}

#[test]
fn what_another_process_began_in_our_future_times_out_after_its_whole_time_at_most() {
    for by in [-HOUR, -40_000, 0] {
        let mut world = small(with(|settings| settings.recovery_timeout = Duration::from_secs(120)));
        world.truth.replace.insert("web".into(), Replace { after: Some(100), ready: None });
        world.truth.fail("web-0");
        world.run(20);
        world.wall_ahead = by;
        world.restart();
        world.run(121);
        let failed = world.happenings().iter().filter(|what| what.ends_with("RecoveryFailed")).count();
        assert_eq!(failed, 1, "{by}: {:#?}", world.happenings());
    }
}

#[test]
fn a_budget_that_another_process_used_in_our_future_is_free_after_its_whole_time_at_most() {
    let mut world = small(with(|settings| settings.recoveries_per_minute = 1));
    world.truth.fail("web-0");
    world.run(20);
    world.wall_ahead = -HOUR;
    world.restart();
    world.truth.fail("web-1");
    world.run(40);
    assert_eq!(world.count("delete default/"), 1, "{:#?}", world.timeline());
    world.run(40);
    assert_eq!(world.count("delete default/"), 2, "{:#?}", world.timeline());
    assert_eq!(world.phases(), [Phase::Succeeded, Phase::Succeeded]);
}

#[test]
fn a_leader_that_was_deposed_for_a_moment_remembers_when_things_happened() {
    use self_healing_core::event::Event;
    let mut world = small(with(|settings| settings.recovery_timeout = Duration::from_secs(120)));
    world.truth.replace.insert("web".into(), Replace { after: Some(100), ready: None });
    world.truth.fail("web-0");
    world.run(60);
    world.wall_ahead = HOUR;
    world.tell(Event::Leading(false));
    world.run(1);
    world.tell(Event::Leading(true));
    world.run(50);
    assert!(!world.happenings().iter().any(|what| what.ends_with("RecoveryFailed")), "{:#?}", world.happenings());
    world.run(20);
    assert!(world.happenings().iter().any(|what| what.ends_with("RecoveryFailed")), "{:#?}", world.happenings());
}
