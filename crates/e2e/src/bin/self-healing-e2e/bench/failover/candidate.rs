//! Who stands for election, and how a leader goes.

use crate::bench::contestants::FREE;
use crate::controller::{Controller, eventually};
use crate::ground::Ground;
use anyhow::{Result, ensure};
use self_healing_e2e::{Process, Program, Wire};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A Lease that ran out is taken within it, and so is one that is there for the first time.
const ELECTED: Duration = Duration::from_secs(40);

/// How a leader goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Told,
    Killed,
    Asleep,
    CutOff,
}

impl End {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Told => "is told to stop (SIGTERM)",
            Self::Killed => "is killed (SIGKILL)",
            Self::Asleep => "is put to sleep (SIGSTOP)",
            Self::CutOff => "is on a node that is lost",
        }
    }

    /// Seconds at most: a Lease that is given back is taken at the next look, one that is not runs out after 15 s.
    pub(super) const fn target(self) -> u32 {
        match self {
            Self::Told => 3,
            Self::Killed | Self::Asleep | Self::CutOff => 20,
        }
    }
}

/// Whose election is measured.
pub(super) enum Who {
    Ours,
    /// The program of controller-runtime.
    Reference(PathBuf),
}

/// One of two replicas. What it hears goes through a wire.
pub(super) struct Candidate {
    runs: Runs,
    wire: Wire,
}

enum Runs {
    Ours(Box<Controller>),
    Reference(Process),
}

impl Who {
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Ours => "self-healing-controller",
            Self::Reference(_) => "controller-runtime",
        }
    }

    /// Starts one.
    pub(super) async fn start(&self, ground: &Ground) -> Result<Candidate> {
        let wire = Wire::start(&ground.cluster).await?;
        let runs = match self {
            Self::Ours => {
                let credential = ground.credential().await?;
                let kubeconfig = wire.kubeconfig(&ground.cluster, &credential.kubeconfig)?;
                Runs::Ours(Box::new(ground.replica_with(&kubeconfig, FREE).await?))
            }
            Self::Reference(program) => {
                let kubeconfig = wire.kubeconfig(&ground.cluster, &ground.cluster.kubeconfig_of("reference")?)?;
                let log = kubeconfig.with_file_name(format!("reference-{}.log", wire.port()));
                let program = Program::new("controller-runtime", program, log);
                let program = program.args(["--cache", "trimmed", "--leader-elect"]);
                Runs::Reference(program.env("KUBECONFIG", kubeconfig.display().to_string()).start()?)
            }
        };
        Ok(Candidate { runs, wire })
    }
}

impl Candidate {
    fn process(&self) -> &Process {
        match &self.runs {
            Runs::Ours(controller) => &controller.process,
            Runs::Reference(process) => process,
        }
    }

    /// Waits until it leads.
    pub(super) async fn leads(&self) -> Result<()> {
        match &self.runs {
            Runs::Ours(controller) => controller.leads().await,
            Runs::Reference(process) => says(process, "Successfully acquired lease").await,
        }
    }

    /// Waits until it stands for election, and knows the cluster if it is one that waits with that knowledge.
    pub(super) async fn follows(&self) -> Result<()> {
        match &self.runs {
            Runs::Ours(controller) => {
                let ready = async || Ok(controller.get("/ready").await.ok().filter(|(code, _)| *code == 200));
                let (_, answer) = eventually("a follower to be ready", ELECTED, ready).await?;
                ensure!(answer["leader"] == false, "the follower leads: {answer}");
                Ok(())
            }
            Runs::Reference(process) => says(process, "Attempting to acquire leader lease").await,
        }
    }

    /// It goes.
    pub(super) async fn ends(&self, end: End) -> Result<()> {
        match end {
            End::Told => self.process().terminate(Duration::from_secs(20)).await.map(drop),
            End::Killed => self.process().kill().await,
            End::Asleep => self.process().pause(),
            End::CutOff => {
                self.wire.cut();
                Ok(())
            }
        }
    }

    /// Whatever is left of it is gone.
    pub(super) async fn is_gone(&self) -> Result<()> {
        self.process().kill().await
    }
}

/// Waits until its log says that.
async fn says(process: &Process, words: &str) -> Result<()> {
    let said = async || {
        process.must_run()?;
        Ok(fs::read_to_string(process.log())?.contains(words).then_some(()))
    };
    eventually(&format!("the log to say {words:?}"), ELECTED, said).await
}
