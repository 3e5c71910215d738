//! `cleanup`: every mark that the controller has left on the cluster's objects, and its undoing, for when it is to be uninstalled.

mod marks;

use super::explain::json;
use super::person::{self, Person};
use super::{CliError, say};
use crate::act::call::Calls;
use crate::act::{Actor, Identity};
use crate::lease::Door;
use crate::outside::Outside;
use clap::{Arg, ArgAction, ArgMatches, Command};
use marks::Mark;
use self_healing_core::effect::{Answer, Effect, EffectId, Outcome};
use self_healing_core::key::Text;
use serde::Serialize;
use std::fmt::Write as _;

/// What became of a mark.
#[derive(Debug, Serialize)]
struct Row {
    object: String,
    recovery: String,
    what: String,
    /// `found`, `undone`, `stays` or `failed`.
    state: &'static str,
    message: String,
}

pub(super) fn command() -> Command {
    let yes = Arg::new("yes").long("yes").short('y').action(ArgAction::SetTrue);
    let command = Command::new("cleanup")
        .about("Shows every mark of the controller on nodes, Services and workloads; with --yes undoes them")
        .long_about(
            "Shows what the controller has changed and not yet given back: cordons, taints, Services that are switched to their standby, \
             pods that were added. With --yes each is undone, by the same code and under the same conditions by which the controller undoes \
             it: what a person or a tool has changed since stays as it is. For before an uninstall; a controller that leads has to be \
             paused, or it would go on.\n\n\
             Annotations that only tell of a restart or a rollback are shown and stay: to take one out of a pod template would restart its \
             pods. Ends with 0 when nothing is left to undo, with 1 when something could not be undone or, without --yes, something is there.",
        )
        .arg(yes.help("Undoes them; without it nothing is changed"));
    person::output(person::flags(command))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    person::run(args, |person| async move {
        let (yes, wants_json) = (args.get_flag("yes"), person::wants_json(args));
        if yes {
            nobody_acts(&person)?;
        }
        let calls = Calls::new(person.clients.reads.clone(), person.clients.writes.clone(), Door::always_open());
        let found = marks::all(&calls).await;
        let found =
            found.map_err(|outcome| CliError::Refused(format!("the marks cannot be read: {}", outcome.trouble())))?;
        let mut rows = Vec::with_capacity(found.len());
        let actor = actor(&person);
        for (number, mark) in (1..).zip(found) {
            rows.push(if yes { undo(&actor, mark, number).await } else { shown(mark) });
        }
        say(&if wants_json { json(&rows)? } else { text(&rows) })?;
        if rows.iter().any(|row| matches!(row.state, "found" | "failed")) { Err(CliError::Unwell) } else { Ok(()) }
    })
}

/// A controller that leads would set its marks again, or miss them in the middle of a recovery.
fn nobody_acts(person: &Person) -> Result<(), CliError> {
    let controller = &person.controller;
    if controller.holder.is_empty() || controller.layers.config().paused {
        return Ok(());
    }
    Err(CliError::Refused(format!(
        "{} leads in namespace {} and is not paused: it would go on with what it undoes; run `pause` first, or scale its Deployment to 0 and \
         wait for it to end",
        controller.leader(),
        controller.namespace
    )))
}

fn actor(person: &Person) -> Actor {
    let identity = Identity { namespace: Text::from(&*person.controller.namespace), instance: Text::from("cleanup") };
    let (reads, writes) = (person.clients.reads.clone(), person.clients.writes.clone());
    Actor::new(reads, writes, Door::always_open(), identity, &Outside::system())
}

fn row(mark: Mark, state: &'static str, message: String) -> Row {
    let Mark { object, recovery, what, .. } = mark;
    Row { object, recovery, what, state, message }
}

fn shown(mark: Mark) -> Row {
    let state = if mark.undo.is_some() { "found" } else { "stays" };
    row(mark, state, String::new())
}

async fn undo(actor: &Actor, mut mark: Mark, number: u64) -> Row {
    let Some(verb) = mark.undo.take() else { return shown(mark) };
    let effect = Effect { id: EffectId(number), recovery: Text::from(&*mark.recovery), verb };
    match actor.perform(&effect).await {
        Outcome::Done(Answer::Said(why)) => row(mark, "undone", why),
        // Who is gone has no marks any more.
        Outcome::Done(_) | Outcome::Gone => row(mark, "undone", String::new()),
        failed => row(mark, "failed", failed.trouble().to_owned()),
    }
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no mark of the controller is on any object\n".to_owned();
    }
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or_default();
    let (objects, whats) = (width(|row| &row.object), width(|row| &row.what));
    let mut text = String::new();
    for row in rows {
        let message = if row.message.is_empty() { String::new() } else { format!(": {}", row.message) };
        let _ = writeln!(
            text,
            "{:<6}  {:<objects$}  {:<whats$}  by {}{message}",
            row.state, row.object, row.what, row.recovery
        );
    }
    text
}
