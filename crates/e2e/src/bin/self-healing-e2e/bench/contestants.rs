//! Who is measured side by side: the controller, and the references of `benches/reference`, which do the part of its work that everybody does.

use crate::controller::Controller;
use crate::ground::Ground;
use anyhow::{Context, Result, bail, ensure};
use self_healing_e2e::usage::Usage;
use self_healing_e2e::{Process, Program};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const REFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/reference");
/// A process that has used less than a fiftieth of this much of a processor meanwhile has settled.
const QUIET: Duration = Duration::from_secs(3);
/// After this it is measured as it is: one that lists everything at intervals never rests for long.
const LONGEST: Duration = Duration::from_secs(150);

/// One that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contestant {
    /// The controller with all its features, by its own rights.
    Ours,
    /// controller-runtime with a cache of whole objects.
    GoFull,
    /// controller-runtime with a cache that drops what is not read.
    GoTrimmed,
    /// The official Python client, listing everything every so many seconds.
    Polling,
}

impl Contestant {
    pub(super) const ALL: [Self; 4] = [Self::Ours, Self::GoTrimmed, Self::GoFull, Self::Polling];

    /// Whether it keeps only what it reads.
    pub(super) fn is_small(self) -> bool {
        matches!(self, Self::Ours | Self::GoTrimmed)
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "self-healing-controller",
            Self::GoFull => "controller-runtime, whole objects",
            Self::GoTrimmed => "controller-runtime, trimmed objects",
            Self::Polling => "Python, polling",
        })
    }
}

/// The references, built.
pub(super) struct References {
    go: PathBuf,
    python: PathBuf,
}

/// One that runs.
pub(super) enum Runner {
    Ours(Box<Controller>),
    Reference(Process),
}

impl References {
    /// Builds what is missing, with Go and Python and their registries.
    pub(super) fn ready() -> Result<Self> {
        let go = Self::go_program()?;
        let environment = folder().join("python");
        let python = environment.join("bin/python");
        if !python.is_file() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        }
        let requirements = Path::new(REFERENCES).join("polling/requirements.txt");
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements))?;
        Ok(Self { go, python })
    }

    /// Builds the one of controller-runtime alone.
    pub(super) fn go_program() -> Result<PathBuf> {
        let program = folder().join("controller-runtime");
        let source = Path::new(REFERENCES).join("controller-runtime");
        run(Command::new("go").current_dir(source).args(["build", "-trimpath", "-o"]).arg(&program).arg("."))?;
        Ok(program)
    }

    /// Starts one of them with the credentials of `kubeconfig`.
    pub(super) fn start(&self, who: Contestant, ground: &Ground, kubeconfig: &Path) -> Result<Runner> {
        let program = match who {
            Contestant::GoFull => self.go(&["--cache", "full"], ground),
            Contestant::GoTrimmed => self.go(&["--cache", "trimmed"], ground),
            Contestant::Polling => {
                let main = format!("{REFERENCES}/polling/main.py");
                Program::new("polling", &self.python, ground.cluster.dir().join("polling.log")).args([main])
            }
            Contestant::Ours => bail!("the controller is no reference"),
        };
        Ok(Runner::Reference(program.env("KUBECONFIG", kubeconfig.display().to_string()).start()?))
    }

    fn go(&self, args: &[&str], ground: &Ground) -> Program {
        Program::new("controller-runtime", &self.go, ground.cluster.dir().join("controller-runtime.log"))
            .args(args.iter().copied())
    }
}

/// No budget holds what is measured; nobody of the references has one.
pub(super) const FREE: &[(&str, &str)] = &[("RECOVERIES_PER_MINUTE", "100000"), ("WORKLOAD_BACKOFF", "0")];

impl Runner {
    pub(super) fn process(&self) -> &Process {
        match self {
            Self::Ours(controller) => &controller.process,
            Self::Reference(process) => process,
        }
    }

    pub(super) fn usage(&self) -> Result<Usage> {
        Usage::of(self.process().pid())
    }

    /// Waits until it has read everything: the controller says so, of the others it shows in that they rest.
    pub(super) async fn settled(&self) -> Result<Usage> {
        if let Self::Ours(controller) = self {
            controller.leads().await?;
        }
        let end = Instant::now() + LONGEST;
        let mut before = self.usage()?.cpu;
        loop {
            sleep(QUIET).await;
            self.process().must_run()?;
            let now = self.usage()?;
            let rests = now.cpu > Duration::from_millis(20) && (now.cpu - before) * 50 < QUIET;
            if rests || Instant::now() > end {
                return Ok(now);
            }
            before = now.cpu;
        }
    }

    pub(super) async fn stop(&self) -> Result<()> {
        self.process().terminate(Duration::from_secs(20)).await.map(drop)
    }
}

/// Where they are kept.
fn folder() -> PathBuf {
    std::env::temp_dir().join("self-healing-references")
}

fn run(command: &mut Command) -> Result<()> {
    let line = format!("{} {:?}", command.get_program().to_string_lossy(), command.get_args().collect::<Vec<_>>());
    let status = command.status().with_context(|| format!("cannot start {line}"))?;
    ensure!(status.success(), "{line} ended with {status}");
    Ok(())
}
