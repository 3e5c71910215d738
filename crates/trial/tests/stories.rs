//! Every story of the project ends on the embedded cluster as its file says, and breaks no invariant on the way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

use self_healing_story::{Ground, Story};
use self_healing_trial::player::{Play, play};
use self_healing_trial::runs;
use std::path::Path;

#[test]
fn every_story_ends_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut stories = Story::read_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    stories.retain(|story| story.excuse(Ground::Sim).is_none());
    let wrong: Vec<String> = runs::all(&stories, runs::threads(), wrong).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn wrong(story: &Story) -> Vec<String> {
    let report = match play(story, &Play::default()) {
        Ok(report) => report,
        Err(error) => return vec![format!("{}: {error:#}", story.name())],
    };
    let mut wrong: Vec<String> = report.wrong().iter().map(|wrong| format!("{}: {wrong}", story.name())).collect();
    if let Err(error) = story.check(Ground::Sim, &report.outcome, Some(&report.timeline)) {
        wrong.push(format!("{error}\ntimeline\n{}", report.timeline));
    }
    wrong
}
