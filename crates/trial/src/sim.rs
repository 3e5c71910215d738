//! The command's parts, and what they print.

mod exhaustive;
mod one;
mod seeds;
mod stories;
mod sums;

use anyhow::Result;
use clap::Parser;
use self_healing_story::{Ground, Story};
use self_healing_trial::runs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use sums::Sums;

/// Puts the controller on trial on the embedded cluster, in virtual time. Without a choice: stories, every plan, 1000 seeds.
#[derive(Parser)]
#[command(name = "cargo xtask sim")]
pub(crate) struct Args {
    /// Plays every story and compares it with its file.
    #[arg(long)]
    stories: bool,
    /// Plays every story with every plan of one fault.
    #[arg(long)]
    exhaustive: bool,
    /// Of those plans, plays one in N.
    #[arg(long, value_name = "N", requires = "exhaustive")]
    one_in: Option<NonZeroUsize>,
    /// Which of N parts that is, from 0 to N - 1.
    #[arg(long, value_name = "K", default_value_t = 0, requires = "one_in")]
    part: usize,
    /// Plays so many seeds.
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, value_name = "K", default_value_t = 1)]
    seed: u64,
    /// Only this story: a name from the folder of stories, or a path.
    #[arg(long, value_name = "NAME")]
    story: Option<String>,
    /// Plays the one story with this fault and tells what happens; may be given several times.
    #[arg(long, value_name = "FAULT", requires = "story")]
    fault: Vec<String>,
    /// Pods of the controller, where one story is told.
    #[arg(long, value_name = "N", default_value_t = 1)]
    replicas: u64,
    /// Also every request of that one story, or of the least of a seed that fails, with the numbers by which faults are aimed at them.
    #[arg(long)]
    requests: bool,
    /// Runs at once; as many as there are cores, if not given.
    #[arg(long, value_name = "N", default_value_t = runs::threads())]
    threads: usize,
}

const SEEDS: u64 = 1000;

/// Does what was asked for; gives whether all went well.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut sums = Sums::start();
    let told = args.story.is_some() && !args.stories && !args.exhaustive;
    let all = !(args.stories || args.exhaustive || args.seeds.is_some() || told);
    let stories = stories_of(args)?;
    if told {
        one::tell(&stories, args, &mut sums)?;
    }
    if args.stories || all {
        stories::run(&stories, args.threads, &mut sums);
    }
    if args.exhaustive || all {
        exhaustive::run(&stories, args.one_in.map(|of| (args.part, of)), args.threads, &mut sums);
    }
    if let Some(count) = args.seeds.or(all.then_some(SEEDS)) {
        seeds::run(count, args, &mut sums);
    }
    print!("{sums}");
    Ok(sums.all_well())
}

/// The stories that are asked for and that the simulation plays.
fn stories_of(args: &Args) -> Result<Vec<Story>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let Some(name) = &args.story else {
        let mut stories = Story::read_all(&folder)?;
        stories.retain(|story| story.excuse(Ground::Sim).is_none());
        return Ok(stories);
    };
    let path = if name.contains(['/', '.']) { PathBuf::from(name) } else { folder.join(name).with_extension("story") };
    Ok(vec![Story::read(&path)?])
}
