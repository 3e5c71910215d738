//! The cgroups of real nodes (version 1), below the one that this program is in, so that what is accounted above stays right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The hierarchies that a node is given a part of.
pub const CONTROLLERS: [&str; 9] =
    ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"];

const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(50);

/// The cgroups of one node, one in each hierarchy. They are removed with their owner, once their processes have ended.
#[derive(Debug)]
pub struct Cgroups(Vec<PathBuf>);

impl Cgroups {
    /// Makes them below this program's own.
    ///
    /// # Errors
    /// When a hierarchy is missing or refuses.
    pub(super) fn create(node: &str) -> Result<Self> {
        let name = format!("{}{node}", prefix(std::process::id()));
        // What is made before an error is removed again.
        let mut made = Self(Vec::new());
        for (controller, parent) in parents()? {
            let path = parent.join(&name);
            fs::create_dir_all(&path).with_context(|| format!("cannot create the cgroup {}", path.display()))?;
            made.0.push(path.clone());
            if controller == "cpuset" {
                inherit(&parent, &path)?;
            }
        }
        Ok(made)
    }

    /// Where a process writes itself to become a member, in all hierarchies.
    pub(super) fn members(&self) -> impl Iterator<Item = PathBuf> {
        self.0.iter().map(|path| path.join("cgroup.procs"))
    }

    /// Sets how much memory the node has.
    pub(super) fn limit_memory(&self, bytes: u64) -> Result<()> {
        let path = self.0.iter().find(|path| path.starts_with(hierarchy("memory"))).context("no memory cgroup")?;
        fs::write(path.join("memory.limit_in_bytes"), bytes.to_string()).context("cannot limit the node's memory")
    }

    /// Removes them, with all that the node's programs made in them.
    ///
    /// # Errors
    /// When processes are still in them after a while.
    pub(super) fn remove(&mut self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while let Some(path) = self.0.last() {
            match remove_tree(path) {
                Ok(()) => drop(self.0.pop()),
                Err(error) if Instant::now() >= end => bail!("cannot remove the cgroup {}: {error}", path.display()),
                // Its processes are on their way out.
                Err(_) => sleep(POLL),
            }
        }
        Ok(())
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            eprintln!("{error:#}");
        }
    }
}

/// The cgroups of nodes of the program with that pid: what a run must not leave behind.
///
/// # Errors
/// When the hierarchies cannot be read.
pub fn of_program(pid: u32) -> Result<Vec<PathBuf>> {
    let prefix = prefix(pid);
    Ok(all()?.into_iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(_, path)| path).collect())
}

/// Removes the cgroups of programs that were killed before they could.
///
/// # Errors
/// When the hierarchies cannot be read.
pub fn sweep() -> Result<()> {
    let ended = |name: &str| {
        let pid = name.strip_prefix(NAME).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
    };
    for (_, path) in all()?.into_iter().filter(|(name, _)| ended(name)) {
        // A process that is still in it belongs to nobody any more, and the next run looks again.
        let _ = remove_tree(&path);
    }
    Ok(())
}

/// Every cgroup beside those that this program makes, with its name.
fn all() -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for (_, parent) in parents()? {
        for entry in fs::read_dir(&parent)? {
            let entry = entry?;
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    Ok(found)
}

const NAME: &str = "self-healing-e2e-";

/// How the names of the cgroups of the program with that pid begin.
fn prefix(pid: u32) -> String {
    format!("{NAME}{pid}-")
}

/// The cgroup that this program is in, in each hierarchy.
fn parents() -> Result<Vec<(&'static str, PathBuf)>> {
    CONTROLLERS.into_iter().map(|controller| Ok((controller, own(controller)?))).collect()
}

/// The same in one.
pub(crate) fn own(controller: &str) -> Result<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").context("cannot read the cgroups of this process")?;
    Ok(hierarchy(controller).join(path_in(&own, controller)?.trim_start_matches('/')))
}

fn hierarchy(controller: &str) -> PathBuf {
    Path::new("/sys/fs/cgroup").join(controller)
}

/// Lines are like `4:memory:/path`, and `9:name=systemd:/`.
fn path_in<'a>(own: &'a str, controller: &str) -> Result<&'a str> {
    let of = |line: &'a str| {
        let (_, rest) = line.split_once(':')?;
        let (names, path) = rest.split_once(':')?;
        names.split(',').any(|name| name.trim_start_matches("name=") == controller).then_some(path)
    };
    own.lines().find_map(of).with_context(|| format!("this process is in no cgroup of the controller {controller}"))
}

/// A new cpuset is empty, and takes no process.
fn inherit(parent: &Path, path: &Path) -> Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        fs::write(path.join(file), fs::read(parent.join(file))?).with_context(|| format!("cannot set {file}"))?;
    }
    Ok(())
}

fn remove_tree(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_found_among_others() {
        let own = "9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/c\n0::/\n";
        assert_eq!(path_in(own, "memory").unwrap(), "/a/b");
        assert_eq!(path_in(own, "cpuacct").unwrap(), "/c");
        assert_eq!(path_in(own, "systemd").unwrap(), "/");
        assert!(path_in(own, "pids").is_err());
    }
}
