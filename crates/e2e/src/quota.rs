//! A CPU quota for one process, as a kubelet sets it for a container: a cgroup (version 1) below this program's own.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::real::cgroup;

/// In which the kernel counts, in microseconds: what a kubelet sets.
const PERIOD: u32 = 100_000;

/// The quota of one process, until it is dropped.
#[derive(Debug)]
pub struct Quota {
    pid: u32,
    parent: PathBuf,
    path: PathBuf,
}

impl Quota {
    /// Sets it for that process, all its threads included.
    ///
    /// # Errors
    /// When the kernel refuses, which it does to all but root.
    pub fn of(pid: u32, millicores: u32) -> Result<Self> {
        let parent = cgroup::own("cpu")?;
        let path = parent.join(format!("self-healing-quota-{pid}"));
        fs::create_dir(&path).with_context(|| format!("cannot create the cgroup {}; run as root", path.display()))?;
        let quota = Self { pid, parent, path };
        quota.write("cpu.cfs_period_us", PERIOD)?;
        quota.write("cpu.cfs_quota_us", PERIOD / 1000 * millicores)?;
        quota.write("cgroup.procs", pid)?;
        Ok(quota)
    }

    /// How long the process was kept from running so far, summed over its processors.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn held_back(&self) -> Result<Duration> {
        let path = self.path.join("cpu.stat");
        let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let nanos = stat.lines().find_map(|line| line.strip_prefix("throttled_time "));
        Ok(Duration::from_nanos(nanos.context("cpu.stat has no throttled_time")?.trim().parse()?))
    }

    fn write(&self, file: &str, value: u32) -> Result<()> {
        fs::write(self.path.join(file), value.to_string()).with_context(|| format!("cannot set {file} of a quota"))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A cgroup with a process in it cannot be removed; one that has ended is in none.
        let _ = fs::write(self.parent.join("cgroup.procs"), self.pid.to_string());
        if let Err(error) = fs::remove_dir(&self.path) {
            eprintln!("cannot remove the cgroup {}: {error}", self.path.display());
        }
    }
}
