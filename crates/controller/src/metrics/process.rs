//! What this process uses, from `/proc/self`, and what it may use, from its cgroup.
//!
//! Hand-written because prometheus-client has no process collector and the ones that exist belong to other libraries.

use crate::cgroup;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// `USER_HZ`: the unit of times in `/proc/PID/stat`, 100 a second on every architecture that Rust's Linux targets have.
const TICKS_PER_SECOND: f64 = 100.0;

/// Shorter spans give no useful share: the kernel counts in hundredths of a second.
const SHORTEST_SPAN: Duration = Duration::from_secs(1);

/// This process and its limits.
#[derive(Debug)]
pub(super) struct Process {
    limits: Limits,
    sample: Mutex<Sample>,
}

#[derive(Debug)]
struct Sample {
    at: Instant,
    cpu_seconds: f64,
    /// Share of one CPU used before `at`; `None` before the first span.
    share: Option<f64>,
}

impl Process {
    pub(super) fn new() -> Self {
        let sample = Sample { at: Instant::now(), cpu_seconds: cpu_seconds().unwrap_or(0.0), share: None };
        Self { limits: Limits::read(Path::new("/sys/fs/cgroup"), Path::new("/proc")), sample: Mutex::new(sample) }
    }

    /// CPU time in percent of the limit, over the span since the last call that was at least a second ago.
    pub(super) fn cpu_percent(&self) -> Option<f64> {
        let used = cpu_seconds()?;
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        let span = sample.at.elapsed();
        let share = match sample.share {
            Some(share) if span < SHORTEST_SPAN => share,
            Some(_) | None => (used - sample.cpu_seconds) / span.as_secs_f64().max(0.01),
        };
        if span >= SHORTEST_SPAN {
            *sample = Sample { at: Instant::now(), cpu_seconds: used, share: Some(share) };
        }
        Some(percent(share, self.limits.cpus))
    }

    /// Resident memory in percent of the limit.
    pub(super) fn memory_percent(&self) -> Option<f64> {
        Some(percent(resident_bytes()? as f64, self.limits.memory_bytes? as f64))
    }
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole * 100.0 } else { 0.0 }
}

/// Exposes the two process metrics at each scrape; one that cannot be read is left out.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "User and system CPU time spent, in seconds";
            counter.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, counter.metric_type())?)?;
        }
        if let Some(bytes) = resident_bytes() {
            let gauge = ConstGauge::new(bytes);
            let help = "Resident memory size in bytes";
            gauge.encode(encoder.encode_descriptor(
                "process_resident_memory_bytes",
                help,
                None,
                gauge.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

fn cpu_seconds() -> Option<f64> {
    parse_cpu_seconds(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// `utime` and `stime` are fields 14 and 15; the name in field 2 may hold blanks and brackets, so count from its end.
fn parse_cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn resident_bytes() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// The value of a line such as `VmRSS:     1234 kB`, in bytes.
fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// What the process may use: its cgroup's limits, else the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limits {
    cpus: f64,
    /// `None` where neither a limit nor the machine's memory can be read.
    memory_bytes: Option<u64>,
}

impl Limits {
    fn read(group: &Path, proc: &Path) -> Self {
        // Inside a container the own group is the root of the mount; on a host it is where /proc/self/cgroup says.
        let own = fs::read_to_string(proc.join("self/cgroup")).unwrap_or_default();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default().to_owned();
        let read = |file: &str| fs::read_to_string(group.join(file)).ok();
        let either = |file: &str| read(&format!("{own}/{file}")).filter(|_| !own.is_empty()).or_else(|| read(file));

        let machine = fs::read_to_string(proc.join("meminfo")).ok().and_then(|text| kibibytes(&text, "MemTotal:"));
        Self {
            cpus: cgroup::processors(either).unwrap_or_else(machine_cpus),
            memory_bytes: cgroup::memory(either).into_iter().chain(machine).min(),
        }
    }
}

fn machine_cpus() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cpus| f64::from(u32::try_from(cpus.get()).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests;
