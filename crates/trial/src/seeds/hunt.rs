//! Plays seeds, and makes the least of what fails.

use super::Drawn;
use crate::fault::Fault;
use crate::net::Tape;
use crate::player::play;
use crate::shrink::shrink;
use crate::world::Report;
use anyhow::Result;
use self_healing_story::{Moment, Story};
use std::fmt::{self, Display, Formatter};

/// How often faults that hit nothing are drawn anew; those that still do not are a mistake of the drawing.
const ROUNDS: u64 = 5;
/// Runs that may be spent on making one failure small.
const TRIES: usize = 150;

/// One seed that was played.
pub struct Hunt {
    /// The run.
    pub report: Report,
    /// What went wrong, made small; `None` when nothing did.
    pub failure: Option<Failure>,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What is wrong, as it was seen first.
    pub wrong: Vec<String>,
    /// The deeds without which it does not go wrong.
    pub moments: Vec<Moment>,
    /// The faults without which it does not go wrong.
    pub plan: Vec<Fault>,
    /// The run with no more than these.
    pub least: Report,
}

impl Hunt {
    /// Plays a seed.
    ///
    /// # Errors
    /// When it cannot be drawn or built.
    pub fn seed(seed: u64) -> Result<Self> {
        let mut drawn = Drawn::of(seed)?;
        let mut report = play(&drawn.story, &drawn.play())?;
        for round in 1..=ROUNDS {
            if !drawn.draw_again(&report.fired, round) {
                break;
            }
            report = play(&drawn.story, &drawn.play())?;
        }
        // Only plans are aimed by it, and a thousand of them do not fit into memory.
        report.tape = Tape::default();
        let wrong = report.wrong();
        let failure = (!wrong.is_empty()).then(|| Failure::small(&drawn, wrong)).transpose()?;
        Ok(Self { report, failure })
    }
}

impl Failure {
    fn small(drawn: &Drawn, wrong: Vec<String>) -> Result<Self> {
        let what = kind(&wrong);
        let less = |plan: &[Fault], moments: &[Moment]| {
            let story = Story { moments: moments.to_vec(), ..drawn.story.clone() };
            let less = Drawn { story, plan: plan.to_vec(), ..drawn.clone() };
            play(&less.story, &less.play())
        };
        let fails =
            |plan: &[Fault], moments: &[Moment]| less(plan, moments).is_ok_and(|report| kind(&report.wrong()) == what);
        let mut tries = TRIES;
        let plan = shrink(&drawn.plan, &mut tries, |plan| fails(plan, &drawn.story.moments));
        let moments = shrink(&drawn.story.moments, &mut tries, |moments| fails(&plan, moments));
        let least = less(&plan, &moments)?;
        Ok(Self { seed: drawn.seed, wrong, moments, plan, least })
    }
}

/// What kind of wrong it is: smaller schedules have to fail in the same way, not in any.
fn kind(wrong: &[String]) -> Option<String> {
    wrong.first().map(|first| first.split_whitespace().next().unwrap_or_default().to_owned())
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "repeat it with: cargo xtask sim --seeds 1 --seed {}", self.seed)?;
        self.wrong.iter().take(5).try_for_each(|wrong| writeln!(f, "  {wrong}"))?;
        writeln!(f, "  and it still fails with no more than this:")?;
        for moment in &self.moments {
            writeln!(f, "    {}  {}", moment.at.as_secs_f64(), moment.deed)?;
        }
        self.plan.iter().try_for_each(|fault| writeln!(f, "    fault: {fault}"))?;
        writeln!(f, "  namely:")?;
        self.least.wrong().iter().take(5).try_for_each(|wrong| writeln!(f, "  {wrong}"))
    }
}
