//! One story, told in full.

use super::sums::Sums;
use anyhow::{Context, Result};
use self_healing_story::Story;
use self_healing_trial::fault::Fault;
use self_healing_trial::player::{Pace, Play, play};
use std::time::Duration;

/// How long a run with faults goes on after the story's end.
const REST: Duration = Duration::from_secs(120);

pub(crate) fn tell(stories: &[Story], faults: &[String], replicas: u64, seed: u64, sums: &mut Sums) -> Result<()> {
    let story = stories.first().context("no story")?;
    let plan = faults.iter().map(|fault| fault.parse()).collect::<Result<Vec<Fault>>>()?;
    let pace = if plan.is_empty() { Pace::Told } else { Pace::Patient(REST) };
    let report = play(story, &Play { seed, plan, replicas, pace })?;
    println!("{}\n\ntimeline\n{}\noutcome\n{}", story.title, report.timeline, report.outcome);
    for asked in report.tape.asked.iter().filter(|_| std::env::var_os("TAPE").is_some()) {
        println!("{asked:?}");
    }
    println!("hash {:016x}", report.hash);
    sums.add(&report);
    report.wrong().iter().for_each(|wrong| sums.fail(wrong));
    Ok(())
}
