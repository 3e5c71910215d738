//! What a container uses and may use, as its cgroup says; of version 2, and of version 1 as container runtimes mount it.

use crate::cgroup;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What could be read; what could not is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Processor time that was used so far.
    used: Option<Duration>,
    /// Processors that may be used.
    processors: Option<f64>,
    /// Bytes that count against the limit, without those that the kernel takes back when it needs them.
    memory: Option<u64>,
    memory_limit: Option<u64>,
}

impl Sample {
    /// Of the container whose file system is at `root`.
    pub(super) fn read(root: &Path) -> Self {
        let group = root.join("sys/fs/cgroup");
        let read = |file: &str| fs::read_to_string(group.join(file)).ok();
        let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let line = |file: &str, key: &str| {
            read(file)?.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok())
        };
        let memory = number("memory.current").or_else(|| number("memory/memory.usage_in_bytes"));
        let idle = line("memory.stat", "inactive_file ").or_else(|| line("memory/memory.stat", "total_inactive_file "));
        Self {
            used: line("cpu.stat", "usage_usec ")
                .map(Duration::from_micros)
                .or_else(|| number("cpuacct/cpuacct.usage").map(Duration::from_nanos)),
            processors: cgroup::processors(read),
            memory: memory.map(|bytes| bytes.saturating_sub(idle.unwrap_or(0))),
            memory_limit: cgroup::memory(read),
        }
    }

    /// Memory in percent of its limit.
    pub(super) fn memory_percent(&self) -> Result<f64, &'static str> {
        // Version 1 says "no limit" with a number beyond any machine.
        let limit = self.memory_limit.filter(|bytes| *bytes < 1 << 60).ok_or("no limit of memory is set")?;
        Ok(self.memory.ok_or("the cgroup does not say what is used")? as f64 / limit as f64 * 100.0)
    }

    /// Processor time since `first`, `span` ago, in percent of what may be used.
    pub(super) fn processor_percent(&self, first: &Self, span: Duration) -> Result<f64, &'static str> {
        let processors = self.processors.ok_or("no limit of the processor is set")?;
        let used = self.used.zip(first.used).map(|(now, then)| now.saturating_sub(then));
        Ok(used.ok_or("the cgroup does not say what is used")?.as_secs_f64() / span.as_secs_f64() / processors * 100.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn group(files: &[(&str, &str)]) -> Sample {
        let name = files.iter().map(|(_, text)| text.len()).sum::<usize>();
        let root = std::env::temp_dir().join(format!("doctor-cgroup-{}-{name}", std::process::id()));
        for (file, text) in files {
            let file = root.join("sys/fs/cgroup").join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let sample = Sample::read(&root);
        fs::remove_dir_all(root).unwrap();
        sample
    }

    #[test]
    fn both_versions_of_cgroups_are_read() {
        let two = [
            ("cpu.stat", "usage_usec 500000\nuser_usec 1\n"),
            ("cpu.max", "20000 100000\n"),
            ("memory.current", "230000000\n"),
            ("memory.stat", "anon 1\ninactive_file 30000000\n"),
            ("memory.max", "400000000\n"),
        ];
        let one = [
            ("cpuacct/cpuacct.usage", "500000000\n"),
            ("cpu/cpu.cfs_quota_us", "20000\n"),
            ("cpu/cpu.cfs_period_us", "100000\n"),
            ("memory/memory.usage_in_bytes", "230000000\n"),
            ("memory/memory.stat", "total_inactive_file 30000000\n"),
            ("memory/memory.limit_in_bytes", "400000000\n"),
        ];
        for sample in [group(&two), group(&one)] {
            assert_eq!(sample.memory_percent(), Ok(50.0));
            let first = Sample { used: Some(Duration::from_millis(400)), ..Sample::default() };
            assert_eq!(sample.processor_percent(&first, Duration::from_secs(1)).map(f64::round), Ok(50.0));
        }
    }

    #[test]
    fn no_limit_is_no_share() {
        let sample = group(&[("cpu.max", "max 100000\n"), ("memory.current", "1\n"), ("memory.max", "max\n")]);
        assert!(sample.memory_percent().is_err() && sample.processor_percent(&sample, SECOND).is_err());
        assert!(Sample::read(Path::new("/nonexistent")).memory_percent().is_err());
    }

    const SECOND: Duration = Duration::from_secs(1);
}
