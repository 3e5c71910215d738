//! What holds without running the controller: format, lints, dependency rules, generated files.

use crate::parts::Part;
use crate::tools::{cargo, output, program, run};
use anyhow::{Context, Result, ensure};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that `deny.toml` was written for.
const CARGO_DENY: &str = "0.20.2";

/// The parts of `check`.
pub(crate) fn parts() -> Vec<Part> {
    vec![
        Part { name: "format", run: format },
        Part { name: "lints", run: lints },
        Part { name: "dependency rules", run: dependencies },
        Part { name: "generated files", run: generated },
    ]
}

/// Writes the generated files.
pub(crate) fn generate() -> Result<()> {
    let mut command = generated_tests();
    command.env("UPDATE_GENERATED", "1");
    run(command)
}

/// Takes the pictures in docs/pictures.
pub(crate) fn pictures() -> Result<()> {
    run(cargo(&["test", "--workspace", "--test", "page", "--", "--ignored", "pictures"]))
}

fn format() -> Result<()> {
    component("fmt", "rustfmt")?;
    run(cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> Result<()> {
    component("clippy", "clippy")?;
    run(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// rustup may be forbidden to install what rust-toolchain.toml asks for, so a missing component gets its line here.
fn component(subcommand: &str, name: &str) -> Result<()> {
    let found = output(cargo(&[subcommand, "--version"])).is_some();
    ensure!(found, "`cargo {subcommand}` is missing; install it with: rustup component add {name}");
    Ok(())
}

/// Licences, banned crates and sources; advisories need a database from the network and belong to a scheduled job.
fn dependencies() -> Result<()> {
    let mut command = program(cargo_deny()?);
    command.args(["--workspace", "check", "bans", "licenses", "sources"]);
    run(command)
}

/// The cargo-deny of the right version: the one on the path, or one of our own that is built on first use.
fn cargo_deny() -> Result<PathBuf> {
    let is_right = |path: &Path| {
        let mut command = program(path);
        command.arg("--version");
        output(command).is_some_and(|text| text.ends_with(CARGO_DENY))
    };
    let on_path = PathBuf::from("cargo-deny");
    if is_right(&on_path) {
        return Ok(on_path);
    }
    let folder = cache()?.join(format!("cargo-deny-{CARGO_DENY}"));
    let own = folder.join("bin/cargo-deny");
    if !is_right(&own) {
        println!("cargo-deny {CARGO_DENY} is not there; building it once into {}", folder.display());
        // Unoptimised: it is built in a third of the time and runs for seconds.
        let mut install = cargo(&["install", "--debug", "--locked", "cargo-deny", "--version", CARGO_DENY, "--root"]);
        // Its own temporary target folder: its crates are of no use to ours.
        install.arg(&folder).env_remove("CARGO_TARGET_DIR");
        run(install)?;
    }
    Ok(own)
}

/// A folder for tools, outside the work tree so that they outlive it.
fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set: set it or XDG_CACHE_HOME")?).join(".cache"),
    };
    Ok(base.join("self-healing-controller"))
}

fn generated() -> Result<()> {
    run(generated_tests())
}

/// The tests that compare generated files with the tables they come from; with `UPDATE_GENERATED` they write them.
fn generated_tests() -> Command {
    let tests = ["house_generated", "invariants_page", "coverage_page"];
    cargo(&[&["test", "--quiet", "--workspace"][..], &tests.map(|test| ["--test", test]).concat()].concat())
}
