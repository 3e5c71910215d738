//! The controller's release build, against a real control plane and under measurement.

use crate::parts::Part;
use crate::tools::{cargo, run as run_command, target};
use anyhow::Result;

/// The parts of `test` that follow `check`.
pub(crate) fn tests() -> Vec<Part> {
    vec![
        Part { name: "unit and integration tests", run: || run_command(cargo(&["test", "--workspace"])) },
        Part { name: "release build", run: build },
    ]
}

/// The last parts of `test`.
pub(crate) fn parts() -> Vec<Part> {
    vec![
        Part { name: "conformance", run: || conformance(&[]) },
        Part { name: "end to end", run: || runner(&[]) },
        Part { name: "stories on real control planes", run: || runner(&["--stories"]) },
    ]
}

/// Builds the controller and runs it against a real control plane.
pub(crate) fn run(args: &[String]) -> Result<()> {
    build()?;
    runner(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Compares the embedded API with the real one; the controller takes no part in it.
pub(crate) fn conformance(args: &[String]) -> Result<()> {
    let args = args.iter().map(String::as_str);
    runner(&std::iter::once("conformance").chain(args).collect::<Vec<_>>())
}

/// Builds the controller and measures it.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    if matches!(args, [only] if only == "turn") {
        return run_command(cargo(&["run", "--release", "--quiet", "--package", "self-healing-bench"]));
    }
    build()?;
    let args = args.iter().map(String::as_str);
    runner(&std::iter::once("bench").chain(args).collect::<Vec<_>>())
}

/// What is tested and measured is what is shipped; the runner itself need not be fast.
fn build() -> Result<()> {
    run_command(cargo(&["build", "--release", "--package", "self-healing-controller"]))
}

fn runner(args: &[&str]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--package", "self-healing-e2e", "--"]);
    command.args(args).env("SELF_HEALING_CONTROLLER", target()?.join("release/self-healing-controller"));
    run_command(command)
}
