//! A run that is interrupted: its nodes end with it, and nothing of them stays on this machine.

use crate::controller::eventually;
use anyhow::{Context, Result, ensure};
use self_healing_e2e::Program;
use self_healing_e2e::real::cgroup;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Any story that needs nodes.
const STORY: &str = "drain with real grace periods";
/// A control plane and nodes from nothing.
const START: Duration = Duration::from_secs(120);
/// All processes of three nodes end.
const END: Duration = Duration::from_secs(60);

pub(super) async fn leaves_nothing() -> Result<()> {
    let log = std::env::temp_dir().join(format!("self-healing-e2e-interrupted-{}.log", std::process::id()));
    let program = std::env::current_exe().context("where is this program?")?;
    let run = Program::new("the interrupted run", program, &log).args(["--real-node", STORY]).start()?;
    let pid = run.pid();
    // A kubelet is there, so a node is up.
    let processes = eventually("a node to be up", START, async || {
        run.must_run()?;
        let processes = processes_in(&cgroup::of_program(pid)?);
        Ok(processes.iter().any(|pid| runs(*pid, "kubelet")).then_some(processes))
    });
    let processes = processes.await?;
    let interrupted = Command::new("kill").args(["-INT", &pid.to_string()]).status()?;
    ensure!(interrupted.success(), "the run could not be interrupted");
    run.wait(END).await?;
    let left = cgroup::of_program(pid)?;
    ensure!(left.is_empty(), "cgroups were left behind: {left:?}");
    // Whoever buries them takes a moment.
    let gone = async || {
        let there = |pid: &u32| Path::new("/proc").join(pid.to_string()).exists();
        Ok((!processes.iter().any(there)).then_some(()))
    };
    eventually("the processes of the nodes to be gone", END, gone).await?;
    Ok(fs::remove_file(log)?)
}

/// The processes of these cgroups and of those in them, as this machine numbers them.
fn processes_in(cgroups: &[PathBuf]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for cgroup in cgroups {
        let members = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
        found.extend(members.lines().filter_map(|line| line.parse::<u32>().ok()));
        let below = fs::read_dir(cgroup).into_iter().flatten().flatten().map(|entry| entry.path());
        found.extend(processes_in(&below.filter(|path| path.is_dir()).collect::<Vec<_>>()));
    }
    found
}

fn runs(pid: u32, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name)
}
