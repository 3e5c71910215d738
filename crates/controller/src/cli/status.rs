//! `status`: how the controller is doing, on one screen.

use super::explain::json;
use super::person::{self, Person};
use super::{CliError, say};
use crate::explain::{Installation, overview, overview_text};
use clap::{ArgMatches, Command};

pub(super) fn command() -> Command {
    let command = Command::new("status")
        .about("Shows who leads, the mode, what is under way or held and by which guard, and what ended last")
        .long_about(
            "Shows who leads, the mode, whether it is paused, how its watches are, Recoveries that are under way or held with \
             the guard and its reason, and those that ended last. Nothing is changed.\n\n\
             The running leader is asked through the API server (which takes the right to get pods/proxy in its \
             namespace); else the stored Recoveries are shown, and it says so.",
        );
    person::output(person::flags(command))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    person::run(args, |person| async move {
        let controller: &Installation = &person.controller;
        let found = overview(&person.clients, controller, Person::now()).await;
        let found = found.map_err(CliError::Unreachable)?;
        if person::wants_json(args) { say(&json(&found)?) } else { say(&overview_text(&found, controller)) }
    })
}
