//! One real node: switched on and off, and its programs killed, frozen and started again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::{Instant, sleep};

use super::cgroup::Cgroups;
use super::config;
use super::network::Place;
use crate::binaries::Binaries;
use crate::cluster::Cluster;
use crate::process::{Process, Program, tail};

const INIT: &str = include_str!("../../real-node/init.sh");
/// A boot from an empty disk unpacks every image; machines that build beside it are slow.
const BOOT_DEADLINE: Duration = Duration::from_secs(90);
const READY_DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// What kind of node.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Its memory; as much as this machine has if `None`.
    pub memory_mib: Option<u64>,
    /// The size of the disk of its pods; that of this machine if `None`.
    pub disk_mib: Option<u64>,
}

impl Spec {
    /// A node of that name, as large as this machine.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// A program of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// The kubelet.
    Kubelet,
    /// kube-proxy.
    KubeProxy,
    /// The container runtime.
    Containerd,
}

impl Daemon {
    const fn name(self) -> &'static str {
        match self {
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::Containerd => "containerd",
        }
    }
}

/// A machine with its disk. Dropping it cuts its power and removes its cgroups.
#[derive(Debug)]
pub struct Machine {
    spec: Spec,
    folder: PathBuf,
    programs: PathBuf,
    place: Place,
    /// `None` while it is off. Before `cgroups`, which are removed when their processes have ended.
    power: Option<Power>,
    cgroups: Option<Cgroups>,
}

#[derive(Debug)]
struct Power {
    /// `unshare`, whose end is the end of the machine.
    process: Process,
    /// The machine's first process, as this machine numbers it.
    init: u32,
}

impl Machine {
    /// Makes the node of that number (from 1) in a cluster with real nodes; it is off. `images` are imported at its first boot.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn new(cluster: &Cluster, number: u8, spec: Spec, images: &[PathBuf]) -> Result<Self> {
        let folder = cluster.dir().join(&spec.name);
        let place = Place { number, boot: 0 };
        config::write(&folder, place, &spec)?;
        cluster.node_credentials(&spec.name, &folder.join("config"))?;
        for below in ["images", "config/static"] {
            fs::create_dir_all(folder.join(below))?;
        }
        for image in images {
            let name = image.file_name().context("an image has a file name")?;
            fs::copy(image, folder.join("images").join(name))
                .with_context(|| format!("cannot copy {}", image.display()))?;
        }
        let init = folder.join("init.sh");
        fs::write(&init, INIT).with_context(|| format!("cannot write {}", init.display()))?;
        Ok(Self { spec, folder, programs: Binaries::node()?, place, power: None, cgroups: None })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Its address in the network of the cluster.
    pub fn address(&self) -> String {
        self.place.address()
    }

    /// Switches it on, and starts its kubelet and kube-proxy; it is not Ready yet.
    ///
    /// # Errors
    /// When it is on, or does not come up; the message carries the end of its log.
    pub async fn boot(&mut self) -> Result<()> {
        ensure!(self.power.is_none(), "{} is on already", self.spec.name);
        self.place.boot += 1;
        let cgroups = Cgroups::create(&self.spec.name)?;
        if let Some(mib) = self.spec.memory_mib {
            cgroups.limit_memory(mib << 20)?;
        }
        let _ = fs::remove_file(self.folder.join("booted"));
        let process = self.unshare(&cgroups)?;
        self.cgroups = Some(cgroups);
        let init = self.first_process(&process).await?;
        self.place.attach(init)?;
        self.power = Some(Power { process, init });
        self.booted().await?;
        self.start(Daemon::Kubelet)?;
        self.start(Daemon::KubeProxy)
    }

    /// Its power fails: everything on it ends at once, and only its disk is left.
    ///
    /// # Errors
    /// When a process of it does not end.
    pub async fn cut_power(&mut self) -> Result<()> {
        if let Some(power) = self.power.take() {
            power.process.kill().await?;
        }
        match self.cgroups.take() {
            Some(mut cgroups) => cgroups.remove(),
            None => Ok(()),
        }
    }

    /// Cuts its network cable (`false`) or mends it.
    ///
    /// # Errors
    /// When it is off.
    pub fn plug(&self, plugged: bool) -> Result<()> {
        self.place.plug(plugged)
    }

    /// Starts one of its programs, which does not run.
    ///
    /// # Errors
    /// When the node is off.
    pub fn start(&self, daemon: Daemon) -> Result<()> {
        let programs = self.programs.display();
        let name = &self.spec.name;
        let line = match daemon {
            Daemon::Kubelet => format!(
                "{programs}/kubelet --config=/run/node/config/kubelet.json --kubeconfig=/run/node/config/kubelet.kubeconfig \
                 --hostname-override={name} --node-ip={} --root-dir=/var/lib/kubelet --cert-dir=/var/lib/kubelet/pki",
                self.address()
            ),
            Daemon::KubeProxy => {
                format!("{programs}/kube-proxy --config=/run/node/config/kube-proxy.json --hostname-override={name}")
            }
            Daemon::Containerd => "containerd --config /run/node/config/containerd.toml".to_owned(),
        };
        let name = daemon.name();
        let script = format!("setsid {line} >>/run/node/{name}.log 2>&1 </dev/null & echo $! >/run/{name}.pid");
        self.run(&["bash", "-c", &script]).map(drop)
    }

    /// Sends a signal to one of its programs, for example `KILL`, `STOP` or `CONT`.
    ///
    /// # Errors
    /// When the node is off or the program does not run.
    pub fn signal(&self, daemon: Daemon, signal: &str) -> Result<()> {
        let script = format!("kill -{signal} \"$(cat /run/{}.pid)\"", daemon.name());
        self.run(&["bash", "-c", &script]).map(drop)
    }

    /// Runs a program on the node and waits for it, blocking the thread.
    ///
    /// # Errors
    /// When the node is off or the program fails; the message carries its stderr.
    pub fn run(&self, words: &[&str]) -> Result<Output> {
        let power = self.power.as_ref().with_context(|| format!("{} is off", self.spec.name))?;
        let cgroups = self.cgroups.as_ref().context("a node that is on has cgroups")?;
        let mut command = Command::new("bash");
        command.args(["-c", &format!("{}exec nsenter -t {} -a -- \"$@\"", join(cgroups), power.init), "bash"]);
        let output = command.args(words).output().with_context(|| format!("cannot run {}", words.join(" ")))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} on {} failed: {}", words.join(" "), self.spec.name, stderr.trim());
        Ok(output)
    }

    /// Its folder: `config`, `images`, `disk` and the logs of its programs; on the node itself it is `/run/node`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until it is Ready, and has said so since it was last switched on.
    ///
    /// # Errors
    /// At the deadline; the message carries the end of the kubelet's log.
    pub async fn ready(&self, cluster: &Cluster) -> Result<()> {
        let boot = fs::read_to_string(self.folder.join("sysctl/boot_id"))?;
        let ready = cluster.node_runs(&self.spec.name, boot.trim(), READY_DEADLINE).await;
        let log = self.folder.join("kubelet.log");
        ready.with_context(|| format!("the kubelet's log ends with:\n{}", tail(&log, 15)))
    }

    fn unshare(&self, cgroups: &Cgroups) -> Result<Process> {
        let own = ["--net", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child=SIGKILL"];
        let script = format!("{}exec unshare {} -- bash \"$1\" \"$2\" \"$3\"", join(cgroups), own.join(" "));
        let folder = self.folder.display().to_string();
        let init = format!("{folder}/init.sh");
        Program::new(&self.spec.name, "bash", self.folder.join("init.log"))
            .args(["-c", &script, "bash", &init, &self.spec.name, &folder])
            .start()
    }

    /// The only child of `unshare`, once it is there.
    async fn first_process(&self, unshare: &Process) -> Result<u32> {
        let pid = unshare.pid();
        let (comm, children) = (format!("/proc/{pid}/comm"), format!("/proc/{pid}/task/{pid}/children"));
        let end = Instant::now() + BOOT_DEADLINE;
        loop {
            unshare.must_run()?;
            // Before that it is the shell, and its children are others.
            let is_unshare = fs::read_to_string(&comm).is_ok_and(|comm| comm.trim() == "unshare");
            let child =
                fs::read_to_string(&children).ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
            if let Some(child) = child.filter(|_| is_unshare) {
                return Ok(child);
            }
            if Instant::now() >= end {
                bail!("{} has no first process; its log ends with:\n{}", self.spec.name, unshare.log_tail(15));
            }
            sleep(POLL).await;
        }
    }

    async fn booted(&self) -> Result<()> {
        let power = self.power.as_ref().context("it is on")?;
        let end = Instant::now() + BOOT_DEADLINE;
        while !self.folder.join("booted").exists() {
            power.process.must_run()?;
            if Instant::now() >= end {
                bail!("{} does not boot; its log ends with:\n{}", self.spec.name, power.process.log_tail(15));
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

/// Shell words that make the shell a member.
fn join(cgroups: &Cgroups) -> String {
    cgroups.members().map(|file| format!("echo $$ >'{}'; ", file.display())).collect()
}
