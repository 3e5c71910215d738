//! Stories that nobody wrote: a cluster, troubles and faults drawn from a seed. First both come together for a while,
//! then faults cease, and what the controller still owes has to be done.

mod chaos;
mod cluster;
mod dice;
mod hunt;
mod troubles;

pub use hunt::{Failure, Hunt};

use crate::fault::{Fault, Fired};
use crate::player::{Pace, Play};
use anyhow::Result;
use dice::Dice;
use self_healing_story::Story;
use std::path::Path;
use std::time::Duration;

/// How long a run goes on after the last deed and fault: longer than any promise that the drawn settings let the
/// controller make.
const REST: Duration = Duration::from_secs(900);

/// What a seed stands for.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The seed.
    pub seed: u64,
    /// The cluster, the settings and what befalls them.
    pub story: Story,
    /// What goes wrong around the controller.
    pub plan: Vec<Fault>,
    /// How many pods of the controller there are.
    pub replicas: u64,
}

impl Drawn {
    /// Draws everything.
    ///
    /// # Errors
    /// Never, unless the drawing makes a story that cannot be read, which is a mistake in it.
    pub fn of(seed: u64) -> Result<Self> {
        let mut dice = Dice::of(seed);
        let cluster = cluster::draw(&mut dice);
        let span = 120 + 60 * dice.below(6);
        let troubles = troubles::draw(&mut dice, &cluster, span);
        let mut text = format!("Seed {seed}\n\ncluster\n");
        cluster.lines.iter().for_each(|line| text.extend(["  ", line, "\n"]));
        text.push_str("\nsettings\n");
        cluster.settings.iter().for_each(|line| text.extend(["  ", line, "\n"]));
        text.push_str("\nstory\n");
        troubles.iter().for_each(|(at, deed)| text.push_str(&format!("  {at}  {deed}\n")));
        text.push_str(&format!("  {span}  end\n"));
        let story = Story::parse(Path::new(&format!("seed-{seed}.story")), &text)?;
        Ok(Self { seed, story, plan: chaos::draw(&mut dice, span), replicas: 1 + dice.below(2) })
    }

    /// Draws those faults anew that hit nothing in a run of it: what a fault could hit is often known only when the others
    /// have done their work. Gives whether there were any.
    pub fn draw_again(&mut self, fired: &[Fired], round: u64) -> bool {
        let mut dice = Dice::of(self.seed ^ (round << 32));
        let span = self.story.end.as_secs();
        let missed = self.plan.iter_mut().zip(fired).filter(|(_, fired)| fired.hits == 0);
        let drawn = missed.map(|(fault, _)| *fault = chaos::fault(&mut dice, span));
        drawn.count() > 0
    }

    /// How it is played.
    #[must_use]
    pub fn play(&self) -> Play {
        Play { seed: self.seed, plan: self.plan.clone(), replicas: self.replicas, pace: Pace::Loose(REST) }
    }
}
