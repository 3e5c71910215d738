use super::*;

#[test]
fn cpu_time_is_read_behind_any_process_name() {
    let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 150 9 9 20 0 1 0 5 1 1 1";
    assert_eq!(parse_cpu_seconds(stat), Some(4.0));
    assert_eq!(parse_cpu_seconds("7 (x) S 1"), None);
}

#[test]
fn memory_is_read_in_bytes() {
    assert_eq!(kibibytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2 * 1024 * 1024));
    assert_eq!(kibibytes("Name:\tx\n", "VmRSS:"), None);
}

fn machine(name: &str, files: &[(&str, &str)]) -> Limits {
    let root = std::env::temp_dir().join(format!("self-healing-limits-{}-{name}", std::process::id()));
    for (file, text) in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let limits = Limits::read(&root.join("cgroup"), &root.join("proc"));
    fs::remove_dir_all(&root).unwrap();
    limits
}

#[test]
fn limits_of_a_container_win_over_the_machine() {
    let meminfo = ("proc/meminfo", "MemTotal:       8388608 kB\n");
    let v2 = machine("v2", &[meminfo, ("cgroup/cpu.max", "20000 100000"), ("cgroup/memory.max", "268435456\n")]);
    assert_eq!(v2, Limits { cpus: 0.2, memory_bytes: Some(256 << 20) });

    let v1 = [
        meminfo,
        ("cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
        ("cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ("cgroup/memory/memory.limit_in_bytes", "134217728\n"),
    ];
    assert_eq!(machine("v1", &v1), Limits { cpus: 0.5, memory_bytes: Some(128 << 20) });
}

#[test]
fn without_a_limit_the_machine_counts() {
    let meminfo = ("proc/meminfo", "MemTotal:       1024 kB\n");
    let v2 = machine("none2", &[meminfo, ("cgroup/cpu.max", "max 100000"), ("cgroup/memory.max", "max\n")]);
    assert_eq!(v2, Limits { cpus: machine_cpus(), memory_bytes: Some(1 << 20) });
    let v1 = machine("none1", &[meminfo, ("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")]);
    assert_eq!(v1, Limits { cpus: machine_cpus(), memory_bytes: Some(1 << 20) });
}

#[test]
fn the_own_group_on_a_host_is_found() {
    let files = [
        ("proc/self/cgroup", "0::/system.slice/healer.service\n"),
        ("cgroup/system.slice/healer.service/cpu.max", "100000 100000"),
        ("cgroup/system.slice/healer.service/memory.max", "1048576"),
    ];
    assert_eq!(machine("host", &files), Limits { cpus: 1.0, memory_bytes: Some(1 << 20) });
}

#[test]
fn this_process_uses_something() {
    let process = Process::new();
    assert!(resident_bytes().unwrap() > 0);
    assert!(process.memory_percent().unwrap() > 0.0);
    assert!(process.cpu_percent().unwrap() >= 0.0);
}
