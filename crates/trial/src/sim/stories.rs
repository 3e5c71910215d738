//! Every story, compared with its file.

use super::sums::Sums;
use self_healing_story::{Ground, Story};
use self_healing_trial::player::{Play, play};
use self_healing_trial::runs;

pub(crate) fn run(stories: &[Story], threads: usize, sums: &mut Sums) {
    let played = runs::all(stories, threads, |story| {
        let report = play(story, &Play::default())?;
        let differs = story.check(Ground::Sim, &report.outcome, Some(&report.timeline)).err();
        Ok::<_, anyhow::Error>((report, differs))
    });
    for (story, played) in stories.iter().zip(played) {
        match played {
            Err(error) => sums.fail(format!("{}: {error:#}", story.name())),
            Ok((report, differs)) => {
                sums.add(&report);
                report.wrong().iter().for_each(|wrong| sums.fail(format!("{}: {wrong}", story.name())));
                differs.iter().for_each(|differs| sums.fail(format!("{differs}\ntimeline\n{}", report.timeline)));
            }
        }
    }
    println!("{} stories", stories.len());
}
