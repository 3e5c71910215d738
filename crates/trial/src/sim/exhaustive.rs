//! Every plan of one fault for every story.

use super::sums::Sums;
use anyhow::Result;
use self_healing_story::Story;
use self_healing_trial::exhaustive::{Family, Plan, Trial};
use self_healing_trial::runs;
use self_healing_trial::world::Report;
use std::num::NonZeroUsize;

/// Wrong runs of one story that are told in full.
const TOLD: usize = 5;

/// Plays every plan of each story, or that part of so many.
pub(crate) fn run(stories: &[Story], part: Option<(usize, NonZeroUsize)>, threads: usize, sums: &mut Sums) {
    let heads: Vec<String> = Family::ALL.iter().map(|family| format!("{:>14}", family.name())).collect();
    println!("{:<32}{}{:>10}", "plans", heads.join(""), "wrong");
    let trials = runs::all(stories, threads, Trial::new);
    let mut all = [0; Family::ALL.len()];
    for (index, (story, trial)) in stories.iter().zip(trials).enumerate() {
        match trial {
            Err(error) => sums.fail(format!("{}: {error:#}", story.name())),
            Ok(trial) => {
                // Other places in each story, so that all together meet every kind of place.
                let chosen = |at: usize| part.is_none_or(|(part, of)| at % of == (index + part) % of);
                let counts = one(&trial, chosen, threads, sums);
                all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
    }
    let cells: Vec<String> = all.iter().map(|count| format!("{count:>14}")).collect();
    println!("{:<32}{}", "in all", cells.join(""));
}

fn one(
    trial: &Trial<'_>,
    chosen: impl Fn(usize) -> bool,
    threads: usize,
    sums: &mut Sums,
) -> [usize; Family::ALL.len()] {
    for calm in &trial.calm {
        sums.add(calm);
        calm.wrong().iter().for_each(|wrong| sums.fail(format!("{} without a fault: {wrong}", trial.story.name())));
    }
    let plans = trial.plans().into_iter().enumerate().filter(|(at, _)| chosen(*at));
    let plans: Vec<Plan> = plans.map(|(_, plan)| plan).collect();
    let played = runs::all(&plans, threads, |plan| trial.run(plan));
    let wrong: Vec<(&Plan, Vec<String>)> =
        plans.iter().zip(played).filter_map(|(plan, played)| bad(plan, played, sums)).collect();
    let counts = Family::ALL.map(|family| plans.iter().filter(|plan| plan.family == family).count());
    let cells: Vec<String> = counts.iter().map(|count| format!("{count:>14}")).collect();
    println!("{:<32}{}{:>10}", trial.story.name(), cells.join(""), wrong.len());
    for (plan, wrong) in wrong.iter().take(TOLD) {
        let replicas = if plan.family == Family::Pause { " --replicas 2" } else { "" };
        let line =
            format!("cargo xtask sim --story {}{replicas} --seed 0 --fault '{}'", trial.story.name(), plan.fault);
        sums.fail(format!("repeat it with: {line}\n  {}", wrong.join("\n  ")));
    }
    wrong.iter().skip(TOLD).for_each(|(plan, _)| sums.fail(format!("{}: {}", trial.story.name(), plan.fault)));
    counts
}

/// What is wrong with a run, if anything is.
fn bad<'a>(plan: &'a Plan, played: Result<(Report, Vec<String>)>, sums: &mut Sums) -> Option<(&'a Plan, Vec<String>)> {
    match played {
        Err(error) => Some((plan, vec![format!("{error:#}")])),
        Ok((report, wrong)) => {
            sums.add(&report);
            (!wrong.is_empty()).then_some((plan, wrong))
        }
    }
}
