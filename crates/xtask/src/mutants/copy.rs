//! The copy of the sources with its switches, and its build.

use super::table::Mutant;
use crate::tools::{cargo, output, program, root, run, target};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where mutants may be.
const SOURCES: [&str; 2] = ["crates/core/src", "crates/controller/src"];
/// In a mutant's code: whether its switch is on.
const ON: &str = "$on";

/// The switches of the copy: in the core, which every other crate knows.
const SWITCHES: &str = r#"
extern crate std;
/// Which switch is on.
pub mod mutant {
    static ON: std::sync::LazyLock<Option<usize>> = std::sync::LazyLock::new(|| std::env::var("MUTANT").ok()?.parse().ok());
    /// Whether it is on.
    #[must_use]
    pub fn on(number: usize) -> bool { *ON == Some(number) }
}
"#;

/// The copy, built.
pub(super) struct Copy {
    folder: PathBuf,
    /// The trial's program.
    pub(super) trial: PathBuf,
}

impl Copy {
    /// Copies the sources into `folder`, puts all switches in, and builds the trial there.
    pub(super) fn build(folder: &Path, mutants: &[Mutant]) -> Result<Self> {
        let mut files = sources(folder)?;
        for (at, mutant) in mutants.iter().enumerate() {
            put_in(&mut files, at + 1, mutant)?;
        }
        let core = files.iter_mut().find(|(path, _)| path.ends_with("crates/core/src/lib.rs"));
        core.context("there is no core")?.1.push_str(SWITCHES);
        for (path, text) in &files {
            write(&folder.join(path), text)?;
        }
        let copy = Self { folder: folder.to_owned(), trial: folder.join("self-healing-trial") };
        run(copy.cargo("build", &["--workspace", "--bin", "self-healing-trial"])?)?;
        // What is built next in that folder may take its place.
        let built = target()?.join("debug/self-healing-trial");
        fs::copy(&built, &copy.trial).with_context(|| built.display().to_string())?;
        Ok(copy)
    }

    /// The tests of one binary.
    pub(super) fn tests(&self, binary: &str, rest: &[&str]) -> Result<Command> {
        let args = ["--workspace", "--test", binary, "--"];
        self.cargo("test", &[&args, rest].concat())
    }

    /// What it builds lies beside what the sources build, so that both share their dependencies.
    fn cargo(&self, task: &str, args: &[&str]) -> Result<Command> {
        let mut command = cargo(&[task, "--quiet", "--manifest-path"]);
        command.arg(self.folder.join("Cargo.toml")).arg("--target-dir").arg(target()?).args(args);
        Ok(command)
    }
}

/// The texts of all Rust files that are known to git; every other file is copied.
fn sources(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    for path in known_files()? {
        let from = root().join(&path);
        if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push((path, fs::read_to_string(&from).with_context(|| from.display().to_string())?));
        } else {
            let content = fs::read(&from).with_context(|| from.display().to_string())?;
            let is_root = path == Path::new("Cargo.toml");
            write(&folder.join(&path), if is_root { renamed(&content)? } else { content })?;
        }
    }
    Ok(texts)
}

/// The workspace with a version of its own: what two packages of one name and version build has the same names, and the copy's would
/// take the place of what the sources build.
fn renamed(manifest: &[u8]) -> Result<Vec<u8>> {
    let manifest = std::str::from_utf8(manifest)?;
    let (before, after) = manifest.split_once("\nversion = \"").context("Cargo.toml has no line `version = \"…`")?;
    let (version, after) = after.split_once('"').context("the version in Cargo.toml has no end")?;
    Ok(format!("{before}\nversion = \"{version}-mutants\"{after}").into_bytes())
}

fn known_files() -> Result<Vec<PathBuf>> {
    let mut command = program("git");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let list = output(command).context("cannot run `git ls-files`; install git")?;
    Ok(list.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect())
}

/// Only what has changed is written, so that only that is built.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    let folder = path.parent().context("a file without a folder")?;
    fs::create_dir_all(folder).and_then(|()| fs::write(path, content)).with_context(|| path.display().to_string())
}

/// Replaces the one place that the mutant names.
fn put_in(files: &mut [(PathBuf, String)], number: usize, mutant: &Mutant) -> Result<()> {
    let is_source = |path: &Path| SOURCES.iter().any(|source| path.starts_with(source));
    let mut places: Vec<&mut (PathBuf, String)> =
        files.iter_mut().filter(|(path, text)| is_source(path) && text.contains(mutant.find)).collect();
    let [(path, text)] = places.as_mut_slice() else {
        bail!("{}: `{}` is in {} files of the sources; expected one", mutant.name, mutant.find, places.len());
    };
    let times = text.matches(mutant.find).count();
    if times != 1 {
        bail!("{}: `{}` is {times} times in {}; expected once", mutant.name, mutant.find, path.display());
    }
    let owner = if path.starts_with(SOURCES[0]) { "crate" } else { "self_healing_core" };
    let code = mutant.replace.replace(ON, &format!("{owner}::mutant::on({number})"));
    *text = text.replacen(mutant.find, &code, 1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::table::MUTANTS;
    use super::*;

    #[test]
    fn every_place_of_the_table_is_in_the_sources_once() {
        let known = known_files().unwrap().into_iter();
        let rust = known.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let text = |path: PathBuf| (path.clone(), fs::read_to_string(root().join(path)).unwrap());
        let mut files: Vec<_> = rust.map(text).collect();
        for (at, mutant) in MUTANTS.iter().enumerate() {
            put_in(&mut files, at + 1, mutant).unwrap();
        }
    }
}
