//! The controller on trial on the embedded cluster, in virtual time.

use crate::tools::{cargo, run as run_command};
use anyhow::Result;

/// Runs what `args` choose; everything without any.
pub(crate) fn run(args: &[String]) -> Result<()> {
    runner(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Virtual time costs real time, so it runs as a release build.
fn runner(args: &[&str]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "self-healing-trial", "--"]);
    command.args(args);
    run_command(command)
}
