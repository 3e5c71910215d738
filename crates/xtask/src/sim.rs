//! The controller on trial on the embedded cluster, in virtual time.

use crate::parts::Part;
use crate::tools::{own_program, run as run_command};
use anyhow::Result;

/// Runs what `args` choose; everything without any.
pub(crate) fn run(args: &[String]) -> Result<()> {
    runner(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The parts of `test` that put the controller on trial; the stories are tests of the workspace.
pub(crate) fn parts() -> Vec<Part> {
    vec![
        // All of them take eight times as long: `cargo xtask sim` plays them.
        Part { name: "one in eight plans of one fault", run: || runner(&["--exhaustive", "--quick"]) },
        Part { name: "1000 seeds", run: || runner(&["--seeds", "1000"]) },
    ]
}

fn runner(args: &[&str]) -> Result<()> {
    let mut command = own_program("self-healing-trial")?;
    command.args(args);
    run_command(command)
}
