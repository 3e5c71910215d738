//! The limits of a cgroup, of version 2 and of version 1 as container runtimes mount it, by the files that `read` finds.

/// Processors that may be used; `None` for no limit.
pub(crate) fn processors(read: impl Fn(&str) -> Option<String>) -> Option<f64> {
    let version_1 = || quota(&read("cpu/cpu.cfs_quota_us")?, &read("cpu/cpu.cfs_period_us")?);
    read("cpu.max").and_then(|text| quota_v2(&text)).or_else(version_1)
}

/// Bytes that may be used; `None` for no limit, for which version 1 has a number beyond any machine.
pub(crate) fn memory(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    read("memory.max").or_else(|| read("memory/memory.limit_in_bytes"))?.trim().parse().ok()
}

/// `cpu.max`: `"200000 100000"`, or `"max 100000"` for no limit.
fn quota_v2(text: &str) -> Option<f64> {
    let (quota_us, period_us) = text.trim().split_once(' ')?;
    quota(quota_us, period_us)
}

/// CPUs; `None` for no limit (`max`, `-1`).
fn quota(quota_us: &str, period_us: &str) -> Option<f64> {
    let quota: f64 = quota_us.trim().parse().ok()?;
    let period: f64 = period_us.trim().parse().ok()?;
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_cpus_and_no_quota_is_none() {
        assert_eq!(quota_v2("20000 100000\n"), Some(0.2));
        assert_eq!(quota_v2("max 100000\n"), None);
        assert_eq!(quota("-1", "100000"), None);
        assert_eq!(quota("200000\n", "100000\n"), Some(2.0));
    }
}
