//! Every story of the project that the bare ground plays ends as its file says.

use crate::ground::Ground;
use self_healing_story::{Ground as Place, Story};
use std::path::Path;

/// The stories of the project that are played here; with the environment variable `STORY` those whose names begin so.
pub(crate) fn stories() -> Vec<Story> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut stories = Story::read_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    let only = std::env::var("STORY").unwrap_or_default();
    stories.retain(|story| story.excuse(Place::Bare).is_none() && story.name().starts_with(&only));
    stories
}

#[test]
fn every_story_ends_as_its_file_says() {
    let mut wrong = Vec::new();
    for story in stories() {
        let ground = Ground::play(&story, |_| {}, 0.0).unwrap_or_else(|error| panic!("{error}"));
        if let Err(error) = story.check(Place::Bare, &ground.outcome(), None) {
            wrong.push(format!("{error}\n{}", ground.report()));
        }
    }
    assert!(wrong.is_empty(), "{} stories end otherwise:\n{}", wrong.len(), wrong.join("\n"));
}
