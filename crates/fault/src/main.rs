//! A workload for tests on real nodes, that fails as it is told. It is the only program of its image, and the nodes' `pause` as well.
//!
//! | arguments | what it does |
//! |---|---|
//! | `serve PORT` | answers `/healthz` and `/readyz`; `/set?ready=0&alive=0` changes what they answer, `/exit?code=N` ends it, `/hang` makes it silent |
//! | `exit CODE SECONDS` | runs for so long and ends with that code |
//! | `eat MIB` | takes so many MiB more every second, and writes to them, until it is stopped |
//! | `fill FOLDER MIB` | writes so many MiB more to a file there every half second, until it is stopped |
//! | `wait` | does nothing |
//!
//! It ends with 0 at SIGTERM, which `ignore-term` as the first argument forbids.

mod eat;
mod fill;
mod serve;
mod signals;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const USAGE: &str = "fault [ignore-term] serve PORT | exit CODE SECONDS | eat MIB | fill FOLDER MIB | wait";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Before any other thread is there, so that all inherit what is blocked.
    let signals = signals::Signals::block();
    match words.as_slice() {
        [name] if name.ends_with("pause") => signals.wait(true),
        [_, "ignore-term", rest @ ..] => run(rest, signals, false),
        [_, rest @ ..] => run(rest, signals, true),
        [] => usage(),
    }
}

/// Does what is asked on another thread, while this one waits for the signal to end.
fn run(words: &[&str], signals: signals::Signals, ends_at_term: bool) -> ExitCode {
    match words {
        ["serve", port] => {
            let Ok(port) = port.parse() else { return usage() };
            thread::spawn(move || serve::forever(port));
        }
        ["exit", code, seconds] => {
            let (Ok(code), Ok(seconds)) = (code.parse(), seconds.parse()) else { return usage() };
            thread::spawn(move || {
                thread::sleep(Duration::from_secs_f64(f64::max(seconds, 0.0)));
                std::process::exit(code)
            });
        }
        ["eat", step] => {
            let Ok(step) = step.parse() else { return usage() };
            thread::spawn(move || eat::forever(step));
        }
        ["fill", folder, step] => {
            let Ok(step) = step.parse() else { return usage() };
            let folder = (*folder).to_owned();
            thread::spawn(move || fill::forever(&folder, step));
        }
        ["wait"] => {}
        _ => return usage(),
    }
    signals.wait(ends_at_term)
}

fn usage() -> ExitCode {
    eprintln!("usage: {USAGE}");
    ExitCode::from(64)
}
