//! What a process uses, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::sys;

/// Of one process, since it started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Resident memory now, in MiB (`VmRSS`).
    pub resident: f64,
    /// How much of that are pages of its files, which is its own code (`RssFile`).
    pub code: f64,
    /// The most that it ever was, in MiB (`VmHWM`).
    pub peak: f64,
    /// Time on a processor, of threads that have ended too.
    pub cpu: Duration,
}

impl Usage {
    /// Reads it.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let mebibytes = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix(" kB"));
            let kib: f64 = line.with_context(|| format!("{path} has no {name}"))?.trim().parse()?;
            Ok(kib / 1024.0)
        };
        Ok(Self {
            resident: mebibytes("VmRSS:")?,
            code: mebibytes("RssFile:")?,
            peak: mebibytes("VmHWM:")?,
            cpu: sys::processor_time(pid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = Usage::of(std::process::id()).unwrap();
        let held = vec![1_u8; 64 << 20];
        let sum: u64 = held.iter().map(|byte| u64::from(*byte)).sum();
        let after = Usage::of(std::process::id()).unwrap();
        assert_eq!(sum, 64 << 20);
        assert!(after.cpu > before.cpu && after.peak > 64.0 && after.peak >= after.resident, "{before:?} {after:?}");
    }
}
