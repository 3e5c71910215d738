//! `replay FILE`: what would have been done, under this or another configuration or set of policies.

use super::{CliError, say};
use crate::record::{Line, Recording};
use crate::replay::{Played, Variant, compared, scorecard};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) fn command() -> Command {
    let path = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(value_parser!(PathBuf))
    };
    let many = |name: &'static str| path(name, "FILE").action(ArgAction::Append).num_args(1..);
    let set = |name: &'static str| Arg::new(name).long(name).value_name("KEY=VALUE").action(ArgAction::Append);
    let within = Arg::new("within").long("within").value_name("SECONDS").value_parser(value_parser!(u64));
    Command::new("replay")
        .about("Decides again what run --record has recorded, and says what would have been done")
        .long_about(
            "Runs a recording through the same decisions, under its own or another configuration, and prints a scorecard: what \
             would have been acted on, what of it went away by itself, what guards held back, what was missed. No cluster is \
             needed, and nothing is written.\n\n\
             The recording shows a world in which the recorded controller acted and this one does not: after the first attempt \
             on something, the replay leaves it to what the recording shows. The recorded HealingPolicies apply as long as they \
             were there, unless others are given with --policies; an empty file means none. With --against or --against-set a second replay is made, and what it decides \
             differently is printed.",
        )
        .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)).help("A recording; FILE.1 and so on are read before it"))
        .arg(path("config", "FILE").help("Reads keys from this file instead of the recording"))
        .arg(set("set").help("Sets a configuration key"))
        .arg(many("policies").help("HealingPolicies as YAML in place of the recorded ones: a file, e.g. of kubectl get hp -o yaml, or a folder of them"))
        .arg(many("against").help("HealingPolicies of a second replay to compare with"))
        .arg(set("against-set").help("Sets a configuration key of the second replay"))
        .arg(within.help("A failure that is over within so many seconds went away by itself [default: recovery_timeout]"))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    let wrong = |error: &dyn std::error::Error| CliError::Replay(error.to_string());
    let config = args.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let first = variant(args, config, "set", "policies")?;
    let compares = args.contains_id("against") || args.contains_id("against-set");
    let second = if compares { Some(second(args, config)?) } else { None };
    let within = args.get_one::<u64>("within").map(|seconds| Duration::from_secs(*seconds));
    let path: PathBuf = args.get_one("file").cloned().unwrap_or_default();
    let mut recording = Recording::open(&path).map_err(|error| wrong(&error))?;
    let mut played = Played::new(&first, within);
    let mut other = second.as_ref().map(|variant| Played::new(variant, within));
    let mut failed = None;
    let read = recording.read(|line: Line| {
        let taken = played.line(&line).and_then(|()| other.as_mut().map_or(Ok(()), |other| other.line(&line)));
        failed = failed.take().or(taken.err());
    });
    read.map_err(|error| wrong(&error))?;
    if let Some(error) = failed {
        return Err(wrong(&error));
    }
    let card = played.end();
    say(&scorecard(&card))?;
    if let Some(other) = other {
        say(&format!("\n{}", compared(&card, &other.end())))?;
    }
    if recording.not_understood > 0 {
        eprintln!("warning: {} lines were not understood, and left out", recording.not_understood);
    }
    if recording.cut_off {
        eprintln!("warning: a file of the recording ends in the middle, as after a crash");
    }
    Ok(())
}

fn variant(args: &ArgMatches, config: Option<&Path>, set: &str, policies: &str) -> Result<Variant, CliError> {
    let policies: Vec<PathBuf> = args.get_many(policies).into_iter().flatten().cloned().collect();
    Variant::new(config, &keys(args, set)?, &policies).map_err(|error| CliError::Replay(error.to_string()))
}

/// The second replay: what is not given for it is as in the first.
fn second(args: &ArgMatches, config: Option<&Path>) -> Result<Variant, CliError> {
    let policies = if args.contains_id("against") { "against" } else { "policies" };
    let set = if args.contains_id("against-set") { "against-set" } else { "set" };
    variant(args, config, set, policies)
}

fn keys(args: &ArgMatches, name: &str) -> Result<Vec<(String, String)>, CliError> {
    let pairs = args.get_many::<String>(name).into_iter().flatten();
    let pair = |pair: &String| {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| CliError::Usage(format!("--{name} {pair:?} is not KEY=VALUE")))?;
        Ok((key.trim().to_owned(), value.to_owned()))
    };
    pairs.map(pair).collect()
}
