//! The flags that make a recording.

use super::CliError;
use crate::record::{Limits, Pace, Recorder};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;

const MIB: u64 = 1 << 20;

/// Adds the flags.
pub(super) fn flags(command: Command) -> Command {
    let heading = "Recording";
    let file = Arg::new("record").long("record").value_name("FILE").value_parser(value_parser!(PathBuf));
    let size = Arg::new("record-size")
        .long("record-size")
        .value_name("MIB")
        .value_parser(value_parser!(u64).range(1..=65_536));
    let files =
        Arg::new("record-files").long("record-files").value_name("N").value_parser(value_parser!(u32).range(0..=1000));
    command
        .arg(file.help_heading(heading).help(
            "Writes what enters the decisions to this file, for replay (gzip, JSON lines; overwritten at the start). It holds \
             names of objects, messages of containers and HealingPolicies, and no secret",
        ))
        .arg(size.default_value("64").help_heading(heading).help(
            "A file that is longer becomes FILE.1 and a new one begins, with everything that is known by then",
        ))
        .arg(files.default_value("4").help_heading(heading).help("So many of them are kept: FILE.1 is the newest"))
}

/// The recorder that is asked for, if one is.
pub(super) fn recorder(args: &ArgMatches, namespace: &str) -> Result<Option<Recorder>, CliError> {
    let Some(path) = args.get_one::<PathBuf>("record") else { return Ok(None) };
    let mib = args.get_one::<u64>("record-size").copied().unwrap_or(64);
    let files = args.get_one::<u32>("record-files").copied().unwrap_or(4);
    let limits = Limits { bytes: mib * MIB, files };
    let recorder = Recorder::start(path, limits, Pace::LeaveOut, namespace);
    recorder.map(Some).map_err(|source| CliError::Record { path: path.display().to_string(), source })
}
