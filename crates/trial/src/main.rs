//! `cargo xtask sim`: stories, exhaustive plans and seeds, side by side on all cores; the last lines are the sums.

mod sim;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match sim::run(&sim::Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
