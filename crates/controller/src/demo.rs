//! The demonstration: an embedded cluster, the unmodified controller on it, and a script that breaks things, in one process.

mod error;
mod flags;
mod kubeconfig;
mod ledger;
mod news;
mod pace;
mod plant;
mod records;
mod screen;
mod script;
mod show;
mod stage;
mod table;
mod town;
mod verdict;
mod view;

pub use error::Error;
pub use flags::Options;
pub use pace::Speed;

pub(crate) use flags::command;

use error::system;
use news::Voice;
use pace::Pacer;
use plant::Plant;
use records::{RECOVERIES, clock, records};
use screen::write_out;
use self_healing_sim::hand::Changes;
use show::Show;
use stage::Stage;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the demo until it is over, or until somebody ends it.
///
/// # Errors
/// When an option cannot be used, or not everything was healed.
pub fn run(options: &Options) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(system("the async runtime"))?;
    let result = runtime.block_on(play(options));
    // The pacer's last slice may still sleep.
    runtime.shutdown_background();
    result.or_else(|error| if error.is_unheard() { Ok(()) } else { Err(error) })
}

async fn play(options: &Options) -> Result<(), Error> {
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    let mut plant = Plant::start(options)?;
    let stage = Stage::new(plant.person.clone(), plant.actors.levers().clone(), options.seed);
    let changes = stage.hand.watch(RECOVERIES);
    let mut show = Show::start(options, &plant).map_err(system("standard output"))?;
    let played = tokio::select! {
        biased;
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
        error = plant.failed() => return Err(error),
        () = tell(&stage, changes) => return Err(Error::Ended("the cluster")),
        error = refresh(&stage, &mut show, options.speed) => return Err(error),
        played = direct(&stage, options.once) => played,
    };
    show.refresh(&stage, true).map_err(system("standard output"))?;
    drop(show);
    conclude(&stage, &plant, played.err())
}

fn stop(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(system("signal handlers"))
}

/// Plays the script once, or again and again.
async fn direct(stage: &Stage, once: bool) -> Result<(), Error> {
    loop {
        let played = script::round(stage).await;
        if once {
            return played;
        }
        // People may have their hands in the cluster as well.
        if let Err(error) = played {
            stage.say(Voice::Lost, error.to_string());
        }
        stage.pause(20, 40).await;
    }
}

/// Tells what becomes of Recoveries, as they change.
async fn tell(stage: &Stage, mut changes: Changes) {
    while let Some(change) = changes.next().await {
        if let Some(object) = &change.new {
            stage.news.borrow_mut().recovery(stage.elapsed(), object);
        }
    }
}

/// Shows frame after frame; gives why that is not possible any more.
async fn refresh(stage: &Stage, show: &mut Show, speed: Speed) -> Error {
    let mut pacer = Pacer::start(speed);
    loop {
        if let Err(error) = show.refresh(stage, false) {
            return system("standard output")(error);
        }
        pacer.frame().await;
    }
}

/// Prints the table, and what is not as it should be.
fn conclude(stage: &Stage, plant: &Plant, failed: Option<Error>) -> Result<(), Error> {
    let rows = ledger::rows(&stage.damages(), &records(&stage.hand));
    let mut problems = verdict::problems(&rows, &plant.cluster, &stage.hand);
    problems.extend(failed.map(|error| error.to_string()));
    let mut text = format!("\n{}\n", table::table(&rows));
    if problems.is_empty() {
        let took = clock(stage.elapsed());
        text += &format!("{} of {0} verified within {took}; no mark is left on any object.\n", rows.len());
    }
    problems.iter().for_each(|problem| text += &format!("NOT AS IT SHOULD BE: {problem}\n"));
    write_out(&text).map_err(system("standard output"))?;
    if problems.is_empty() { Ok(()) } else { Err(Error::Unverified(problems.len())) }
}
