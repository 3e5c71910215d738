//! Every plan of one fault for a story, aimed at what a run without faults sent and saw; each must end as that run did.

mod differ;
mod plans;

pub use differ::difference;
pub use plans::{Family, plans};

use crate::fault::Fault;
use crate::player::{Pace, Play, play};
use crate::world::Report;
use anyhow::Result;
use self_healing_story::Story;
use std::time::Duration;

/// How long a run goes on after the story's end, so that what a fault delayed is done as well.
const REST: Duration = Duration::from_secs(60);

/// A story with its runs without faults.
pub struct Trial<'a> {
    /// The story.
    pub story: &'a Story,
    /// How it goes with one pod of the controller, and with two.
    pub calm: [Report; 2],
}

/// One plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Of which kind.
    pub family: Family,
    /// The one fault.
    pub fault: Fault,
}

impl Family {
    /// How many pods of the controller there are.
    const fn replicas(self) -> u64 {
        match self {
            Self::Pause => 2,
            Self::Crash | Self::OldView | Self::Lost | Self::Doubled | Self::Hidden => 1,
        }
    }
}

/// The run of a story with a plan.
fn scripted(replicas: u64, plan: Vec<Fault>) -> Play {
    Play { seed: 0, plan, replicas, pace: Pace::Patient(REST) }
}

impl<'a> Trial<'a> {
    /// Plays the story without faults.
    ///
    /// # Errors
    /// When it cannot be played.
    pub fn new(story: &'a Story) -> Result<Self> {
        let calm = [play(story, &scripted(1, Vec::new()))?, play(story, &scripted(2, Vec::new()))?];
        Ok(Self { story, calm })
    }

    /// The run without faults that a plan of this family is compared with.
    #[must_use]
    pub fn calm(&self, family: Family) -> &Report {
        let [one, two] = &self.calm;
        if family.replicas() == 1 { one } else { two }
    }

    /// Every plan.
    #[must_use]
    pub fn plans(&self) -> Vec<Plan> {
        let plans = Family::ALL.into_iter().flat_map(|family| {
            plans(family, &self.calm(family).tape, self.story.end).into_iter().map(move |fault| Plan { family, fault })
        });
        plans.collect()
    }

    /// Plays the story with a plan; gives the run, and what is wrong with it.
    ///
    /// The story waits for a fault, so that what it tells comes as late as what the controller does. Where its own times
    /// matter, as of nodes that fall silent one after the other, that is what makes the difference: then it may also end
    /// as it should when it does not wait.
    ///
    /// # Errors
    /// When it cannot be played.
    pub fn run(&self, plan: &Plan) -> Result<(Report, Vec<String>)> {
        let (report, wrong) = self.at(plan, Pace::Patient(REST))?;
        if wrong.is_empty() || !report.wrong().is_empty() {
            return Ok((report, wrong));
        }
        let (again, nothing) = self.at(plan, Pace::Loose(REST))?;
        Ok(if nothing.is_empty() { (again, nothing) } else { (report, wrong) })
    }

    fn at(&self, plan: &Plan, pace: Pace) -> Result<(Report, Vec<String>)> {
        let how = Play { pace, ..scripted(plan.family.replicas(), vec![plan.fault.clone()]) };
        let report = play(self.story, &how)?;
        let mut wrong = report.wrong();
        wrong.extend(difference(plan.family, &self.calm(plan.family).outcome, &report.outcome));
        Ok((report, wrong))
    }
}
