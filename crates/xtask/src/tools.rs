//! Where things are, and how other programs are started.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What one failed scenario says of itself fits into these.
const ERROR_LINES: usize = 40;

/// The root of the work tree.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").components().collect()
}

/// The folder that cargo builds into: this program was built into `<target>/debug`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = env::current_exe().context("where is this program?")?;
    let folder = program.parent().and_then(Path::parent);
    folder.map(Path::to_path_buf).with_context(|| format!("{} lies in no target folder", program.display()))
}

/// A cargo command in the root of the work tree.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// A program that will run in the root of the work tree, without input.
///
/// What cargo told this program about its own package is taken away: build scripts that read such variables (ring's
/// does) would take the change for a reason to build again.
pub(crate) fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    command.current_dir(root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs it with its output shown; an error names the command.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let line = line(&command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs one of the workspace's own programs with its output shown; an error gives what the program said of it, which are its last lines on
/// standard error.
pub(crate) fn run_own(mut command: Command) -> Result<()> {
    let line = line(&command);
    println!("$ {line}");
    let mut child = command.stderr(Stdio::piped()).spawn().with_context(|| format!("cannot start `{line}`"))?;
    let mut said: Vec<String> = Vec::new();
    for read in BufReader::new(child.stderr.take().context("standard error is piped")?).lines() {
        let read = read?;
        eprintln!("{read}");
        said.push(read);
    }
    let status = child.wait()?;
    if !status.success() {
        let last = said.len().saturating_sub(ERROR_LINES);
        bail!("`{line}` ended with {status}\n{}", said.get(last..).unwrap_or_default().join("\n"));
    }
    Ok(())
}

/// One of the workspace's own programs, built as its tests are. All are built together: for one package alone cargo would choose other
/// features for what many of them depend on, and build that once more.
pub(crate) fn own_program(name: &str) -> Result<Command> {
    run(cargo(&["build", "--quiet", "--workspace", "--bins"]))?;
    Ok(program(target()?.join("debug").join(name)))
}

/// Its standard output without the last line end; `None` when it cannot be started or fails.
pub(crate) fn output(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The command as one would type it, with the program's name instead of its path.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
