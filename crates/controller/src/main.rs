//! `self-healing-controller`: parses the command line, does it, and turns errors into one line and an exit code.

use self_healing_controller::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::main(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("self-healing-controller: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
