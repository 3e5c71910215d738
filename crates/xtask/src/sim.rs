//! The controller on trial on the embedded cluster, in virtual time.

use crate::parts::Part;
use crate::tools::{own_program, run_own};
use anyhow::Result;

/// Runs what `args` choose; everything without any.
pub(crate) fn run(args: &[String]) -> Result<()> {
    runner(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The parts of `test` that put the controller on trial; the stories are tests of the workspace.
pub(crate) fn parts() -> Vec<Part> {
    vec![
        // `cargo xtask sim` plays all of them, and more seeds; that takes hours.
        Part { name: "one in 96 plans of one fault", run: || runner(&["--exhaustive", "--one-in", "96"]) },
        Part { name: "400 seeds", run: || runner(&["--seeds", "400"]) },
    ]
}

fn runner(args: &[&str]) -> Result<()> {
    let mut command = own_program("self-healing-trial")?;
    command.args(args);
    run_own(command)
}
