//! Everything that parses gets what it was not made for: the kept inputs of `corpus`, and thousands of changes of each.
//!
//! An input that is found to do harm is kept there as a file of its own. `FUZZ_CHANGES` says how many changes of each input are tried,
//! `FUZZ_SEED` which; a failure names input, seed and change.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod change;
#[path = "../letters/mod.rs"]
mod letters;
mod readers;
#[path = "../served/mod.rs"]
mod served;

use change::Changer;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Changes of each input, if `FUZZ_CHANGES` says nothing else: seconds in all.
const CHANGES: u64 = 400;
/// What one input may take, on a machine that is busy with other things; a thousandth is usual.
const LONGEST: Duration = Duration::from_secs(5);

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable).ok().map_or(otherwise, |text| text.parse().unwrap())
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Reads every input of `target` and its changes.
fn hunt(target: &str, read: impl Fn(&[u8])) {
    let (changes, seed) = (number("FUZZ_CHANGES", CHANGES), number("FUZZ_SEED", 1));
    let inputs = corpus(target);
    assert!(!inputs.is_empty(), "{target} has no corpus");
    for (path, input) in &inputs {
        let mut changer = Changer::new(seed, inputs.iter().map(|(_, input)| input.as_slice()));
        for change in 0..=changes {
            let changed = if change == 0 { input.clone() } else { changer.change(input) };
            let begin = Instant::now();
            let ended = catch_unwind(AssertUnwindSafe(|| read(&changed)));
            let what =
                || format!("{}, seed {seed}, change {change}: {:?}", path.display(), String::from_utf8_lossy(&changed));
            assert!(ended.is_ok(), "panics at {}", what());
            assert!(begin.elapsed() < LONGEST, "takes {:?} for {}", begin.elapsed(), what());
        }
    }
}

#[test]
fn configuration() {
    hunt("configuration", readers::configuration);
}

#[test]
fn policies() {
    hunt("policy", readers::policy);
}

#[test]
fn expressions() {
    hunt("expression", readers::expression);
}

#[test]
fn objects_of_a_watch() {
    hunt("object", readers::object);
}

#[test]
fn quantities() {
    hunt("quantity", readers::quantity);
}

#[test]
fn templates() {
    hunt("template", readers::template);
}

#[test]
fn answers_of_receivers() {
    hunt("answer", readers::answer);
}

#[test]
fn requests() {
    let server = readers::Server::start();
    hunt("request", |bytes| server.ask(bytes));
}

#[test]
fn the_hunt_sees_a_panic() {
    let caught = catch_unwind(|| hunt("quantity", |bytes| assert!(bytes.len() < 4, "too long")));
    assert!(caught.unwrap_err().downcast_ref::<String>().unwrap().starts_with("panics at "));
}
