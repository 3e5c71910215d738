//! The controller's release build, against a real control plane and under measurement.

use crate::image::build_static;
use crate::parts::Part;
use crate::tools::{cargo, output, own_program, program, run as run_command, run_own};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// The parts of `test` that follow `check`.
pub(crate) fn tests() -> Vec<Part> {
    vec![
        Part {
            name: "unit and integration tests",
            run: || run_command(cargo(&["test", "--workspace", "--no-fail-fast"])),
        },
        Part { name: "release build", run: || controller().map(drop) },
    ]
}

/// The last parts of `test`.
pub(crate) fn parts() -> Vec<Part> {
    vec![
        Part { name: "alert rules", run: rules },
        Part { name: "conformance", run: || conformance(&[]) },
        Part { name: "end to end", run: || with_controller::<&str>(&[]) },
        Part { name: "one story in eight on real control planes", run: || with_controller(&share(8)?) },
        Part { name: "stories on real nodes", run: || with_controller(&["--real-node"]) },
    ]
}

/// All stories take half an hour on two cores, so each commit plays a share of them, and those after it the others.
fn share(of: usize) -> Result<Vec<String>> {
    let mut git = program("git");
    git.args(["rev-list", "--count", "HEAD"]);
    let commits = output(git)
        .context("cannot count commits with `git rev-list`: install git, and clone the project with its history")?;
    let words = ["--stories", "--one-in", &of.to_string(), "--part", &commits];
    Ok(words.map(str::to_owned).to_vec())
}

/// Builds the controller and runs it against a real control plane.
pub(crate) fn run(args: &[String]) -> Result<()> {
    with_controller(args)
}

/// Compares the embedded API with the real one; the controller takes no part in it.
pub(crate) fn conformance(args: &[String]) -> Result<()> {
    let args = args.iter().map(String::as_str);
    let mut command = own_program("self-healing-e2e")?;
    command.arg("conformance").args(args);
    run_own(command)
}

/// What promtool says of `kubernetes/monitoring`.
fn rules() -> Result<()> {
    let mut command = own_program("self-healing-e2e")?;
    command.arg("rules");
    run_own(command)
}

/// Builds the controller and measures it.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    if matches!(args, [only] if only == "turn") {
        return run_command(cargo(&["run", "--release", "--quiet", "--package", "self-healing-bench", "--", "turn"]));
    }
    with_controller(&[&["bench".to_owned()], args].concat())
}

/// What is tested and measured is what is shipped, the image's own program; the runner itself need not be fast.
fn controller() -> Result<PathBuf> {
    build_static("self-healing-controller", "self-healing-controller")
}

fn with_controller<S: AsRef<str>>(args: &[S]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    let mut command = own_program("self-healing-e2e")?;
    command.args(&args).env("SELF_HEALING_CONTROLLER", controller()?);
    if args.contains(&"--real-node") {
        command.env("SELF_HEALING_FAULT", build_static("self-healing-fault", "fault")?);
    }
    run_own(command)
}
