//! Runs the scenarios, or a bench, against the real control plane with the controller as users run it.
//!
//! `self-healing-e2e [--adopt] [FILTER…]` runs the scenarios whose names contain a filter (all without one), `self-healing-e2e bench
//! drain|latency|mass-failure|memory` a bench, `self-healing-e2e --stories [FILTER…]` plays the stories of the folder `scenarios`. With
//! `--adopt` no control plane is started: those scenarios that allow it run on the cluster of `KUBECONFIG`. `self-healing-e2e conformance`
//! sends random requests to the embedded API and to the real one, `self-healing-e2e rules` asks promtool about the alerts.

mod bench;
mod chance;
mod conformance;
mod controller;
mod ground;
mod objects;
mod real;
mod receiver;
mod records;
mod rules;
mod runner;
mod stories;
mod suite;
mod trail;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

/// Path of the release binary of the controller; `cargo xtask` sets it.
const CONTROLLER: &str = "SELF_HEALING_CONTROLLER";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("self-healing-e2e: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["conformance", options @ ..] = words.as_slice() {
        return conformance::run(options).await;
    }
    if let ["rules"] = words.as_slice() {
        return rules::run();
    }
    let binary = std::env::var_os(CONTROLLER).map(PathBuf::from);
    let binary =
        binary.with_context(|| format!("{CONTROLLER} must name the controller's binary; run `cargo xtask e2e`"))?;
    if !binary.is_file() {
        bail!("{CONTROLLER}={} is not a file; run `cargo xtask e2e`, which builds it", binary.display());
    }
    match words.as_slice() {
        ["bench", names @ ..] => bench::run(&binary, names).await,
        ["--stories", filters @ ..] => stories::run(&binary, filters).await,
        ["--real-node", filters @ ..] => real::run(&binary, filters).await,
        ["--adopt", filters @ ..] => runner::adopt(&binary, filters).await,
        filters => runner::run(&binary, filters).await,
    }
}
