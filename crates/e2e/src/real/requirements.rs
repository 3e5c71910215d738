//! What a host must have so that real nodes can run on it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::cgroup::CONTROLLERS;

/// A program, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 10] = [
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("bash", "bash"),
    ("mount", "mount"),
    ("hostname", "hostname"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
];

/// What this host is not able to do, one line each; empty when real nodes can run on it.
pub fn missing() -> Vec<String> {
    let mut missing = Vec::new();
    if !is_root() {
        missing.push("root: namespaces and cgroups are made with its rights".to_owned());
    }
    let is_there = |controller: &&str| Path::new("/sys/fs/cgroup").join(controller).join("tasks").exists();
    let controllers: Vec<&str> = CONTROLLERS.into_iter().filter(|controller| !is_there(controller)).collect();
    if !controllers.is_empty() {
        missing.push(format!(
            "the cgroup v1 controllers {} below /sys/fs/cgroup; these nodes do not know cgroup v2",
            controllers.join(", ")
        ));
    }
    if !fs::read_to_string("/proc/filesystems").is_ok_and(|text| text.split_whitespace().any(|word| word == "overlay"))
    {
        missing.push("the file system overlay in this kernel".to_owned());
    }
    missing
}

/// Whether all programs are there that a node consists of, beside those that are built.
///
/// # Errors
/// When one is not; the message tells the line that installs it.
pub fn programs() -> Result<()> {
    let packages = packages();
    ensure!(
        packages.is_empty(),
        "real nodes need programs that are not there; install them with: apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    Ok(())
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}

fn packages() -> Vec<&'static str> {
    let mut packages: Vec<&str> =
        PROGRAMS.into_iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| package).collect();
    packages.dedup();
    packages
}

fn is_there(program: &str) -> bool {
    if program.starts_with('/') {
        return Path::new(program).exists();
    }
    let mut command = Command::new("sh");
    command.args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
