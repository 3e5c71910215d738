//! The project's commands: `cargo xtask check`, `generate`, `test`, `sim`, `e2e`, `conformance`, `bench`, `pictures` and `image`.

mod check;
mod e2e;
mod image;
mod mutants;
mod parts;
mod sim;
mod tools;

use clap::Parser;
use std::process::ExitCode;

/// The project's commands. `test` is what continuous integration runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Format, lints, dependency rules, and whether the generated files are current.
    Check,
    /// Writes the generated files: manifests, the PrometheusRule, the data of the chart and of the overlays, docs/configuration.md and
    /// docs/invariants.md.
    Generate,
    /// Everything: `check`, all tests of the workspace, the release build, `sim`, `mutants`, the alert rules, `conformance`, `e2e`.
    Test,
    /// Puts the controller on trial on the embedded cluster, in virtual time: stories, every plan of one fault, 1000 seeds;
    /// arguments go to self-healing-trial.
    #[command(disable_help_flag = true)]
    Sim {
        /// Passed on, e.g. `--story NAME` or `--seeds 1 --seed 7`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Takes away each guard, precondition and undo in turn, and must see a story or test fail without it.
    Mutants {
        /// Only those whose names contain one of these.
        filters: Vec<String>,
    },
    /// Builds the controller and runs it against a real control plane; arguments go to self-healing-e2e.
    #[command(disable_help_flag = true)]
    E2e {
        /// Passed on, e.g. the name of one story, or `--adopt` to run on the cluster of `KUBECONFIG`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Sends random requests to the embedded API and to the real one; arguments go to `self-healing-e2e conformance`.
    #[command(disable_help_flag = true)]
    Conformance {
        /// Passed on, e.g. `--seed 7 --sequences 1`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measures: `turn` how long the core takes to decide at 5,000 nodes and 150,000 pods; `all` or one of its names the built controller
    /// beside references on a real control plane, `--write` for docs/performance.md.
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Takes the pictures of the documentation anew, in a headless Chromium against the demo.
    Pictures,
    /// Builds the container image; where no engine answers, assembles its root file system in target/image and checks that.
    Image,
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Check => parts::run(&check::parts()),
        Task::Generate => check::generate(),
        Task::Test => {
            parts::run(&[check::parts(), e2e::tests(), sim::parts(), mutants::parts(), e2e::parts()].concat())
        }
        Task::Sim { args } => sim::run(&args),
        Task::Mutants { filters } => mutants::run(&filters),
        Task::E2e { args } => e2e::run(&args),
        Task::Conformance { args } => e2e::conformance(&args),
        Task::Bench { args } => e2e::bench(&args),
        Task::Pictures => check::pictures(),
        Task::Image => image::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
