//! What befalls very much at once is one trouble for the whole controller too: few records, one action, few messages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

use self_healing_story::{Outcome, Story, Verb};
use self_healing_trial::player::{Play, play};
use std::fmt::Write as _;
use std::path::Path;

/// A configuration that all pods of one revision read is bad: each crashes in the same way at the same moment.
fn crashed(pods: usize) -> Outcome {
    let mut text = "A wave\n\ncluster\n  nodes".to_owned();
    (1..=10).for_each(|number| write!(text, " n{number}").unwrap());
    write!(text, "\n  deployment web {pods}\n\nsettings\n  health_check_interval 1\n  settle_period 1\n\nstory\n")
        .unwrap();
    (1..=pods).for_each(|number| writeln!(text, "  0  crash-loop web.{number} 5").unwrap());
    text += "  60  end\n";
    let story = Story::parse(Path::new("wave.story"), &text).unwrap_or_else(|error| panic!("{error}"));
    let report = play(&story, &Play::default()).unwrap();
    assert_eq!(report.wrong(), [""; 0]);
    report.outcome
}

#[test]
fn a_bad_configuration_that_crashes_hundreds_of_pods_is_a_few_recoveries_and_one_restart() {
    let outcome = crashed(500);
    assert!(outcome.recoveries.len() <= 3, "{outcome}");
    let writes: u32 = outcome.writes.values().sum();
    let is_delete = |(verb, _): &&(Verb, String)| *verb == Verb::Delete;
    assert!(writes <= 1 && outcome.writes.keys().all(|write| is_delete(&write)), "{outcome}");
    assert!(outcome.told.values().sum::<u32>() <= 4, "{outcome}");
}
