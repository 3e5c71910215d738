//! One story, told in full.

use super::Args;
use super::sums::Sums;
use anyhow::{Context, Result};
use self_healing_story::Story;
use self_healing_trial::fault::Fault;
use self_healing_trial::player::{Pace, Play, play};
use std::time::Duration;

/// How long a run with faults goes on after the story's end.
const REST: Duration = Duration::from_secs(60);

pub(crate) fn tell(stories: &[Story], args: &Args, sums: &mut Sums) -> Result<()> {
    let story = stories.first().context("no story")?;
    let plan = args.fault.iter().map(|fault| fault.parse()).collect::<Result<Vec<Fault>>>()?;
    let pace = if plan.is_empty() { Pace::Told } else { Pace::Patient(REST) };
    let report = play(story, &Play { seed: args.seed, plan, replicas: args.replicas, pace })?;
    println!("{}\n\ntimeline\n{}\noutcome\n{}", story.title, report.timeline, report.outcome);
    for asked in report.tape.asked.iter().filter(|_| args.requests) {
        println!("{asked}");
    }
    println!("hash {:016x}", report.hash);
    sums.add(&report);
    report.wrong().iter().for_each(|wrong| sums.fail(wrong));
    Ok(())
}
