//! The cluster of most benches: a real API server with a load that grows, on which everybody is measured in turn.

use super::contestants::{Contestant, FREE, References, Runner};
use super::sightings::Sightings;
use crate::ground::Ground;
use crate::trail::{CONTROLLER, Trail};
use anyhow::Result;
use self_healing_e2e::load::{Load, NAMESPACE, REPLICAS, Size};
use self_healing_e2e::{Options, Wire};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// Bytes that etcd may store: 100,000 pods, and what changes of them.
const ETCD: u64 = 8 << 30;
/// The user of the references.
const THEIRS: &str = "reference";
/// At these the design is measured.
pub(super) const SIZES: [Size; 3] =
    [Size { nodes: 1000, pods: 10_000 }, Size { nodes: 5000, pods: 50_000 }, Size { nodes: 5000, pods: 100_000 }];

pub(super) struct Town {
    pub(super) ground: Ground,
    pub(super) load: Load,
    references: Option<References>,
    theirs: PathBuf,
    /// Pods that were failed since the last sweep.
    failed: RefCell<Vec<usize>>,
}

impl Town {
    /// An empty one. Nobody writes but the bench, so that nothing else takes part in what is measured.
    pub(super) async fn start(binary: &Path, alone: bool) -> Result<Self> {
        let references = if alone { None } else { Some(References::ready()?) };
        let options = Options { api_only: true, etcd_bytes: Some(ETCD), ..Options::default() };
        let ground = Ground::start(binary, options).await?;
        let load = Load::prepare(&ground.cluster).await?;
        let theirs = ground.cluster.kubeconfig_of(THEIRS)?;
        Ok(Self { ground, load, references, theirs, failed: RefCell::default() })
    }

    /// Who is measured.
    pub(super) fn contestants(&self) -> &'static [Contestant] {
        if self.references.is_some() { &Contestant::ALL } else { &[Contestant::Ours] }
    }

    /// Starts one behind a wire of its own, with nothing that holds the controller back.
    pub(super) async fn begin(&self, who: Contestant) -> Result<(Runner, Wire)> {
        self.begin_with(who, FREE).await
    }

    /// The same, with the controller configured as the environment says.
    pub(super) async fn begin_with(&self, who: Contestant, environment: &[(&str, &str)]) -> Result<(Runner, Wire)> {
        let wire = Wire::start(&self.ground.cluster).await?;
        let kubeconfig = if who == Contestant::Ours { &self.ground.kubeconfig } else { &self.theirs };
        let kubeconfig = wire.kubeconfig(&self.ground.cluster, kubeconfig)?;
        let runner = match &self.references {
            Some(references) if who != Contestant::Ours => references.start(who, &self.ground, &kubeconfig)?,
            _ => Runner::Ours(Box::new(self.ground.replica_with(&kubeconfig, environment).await?)),
        };
        Ok((runner, wire))
    }

    /// What one of them asks for from now on.
    pub(super) fn trail(&self, who: Contestant) -> Result<Trail> {
        Trail::of(if who == Contestant::Ours { CONTROLLER } else { THEIRS }, &self.ground)
    }

    /// A watch that notes deletions of pods from now on.
    pub(super) async fn deletions(&self) -> Result<Sightings> {
        Sightings::of_deletions(&self.ground.cluster.pod_api(NAMESPACE)).await
    }

    /// Fails a pod; its name, and when the API server had taken it. Pods of different workloads are no history of each other.
    pub(super) async fn fail(&self, number: usize) -> Result<(String, Instant)> {
        let pod = Load::pod(number);
        self.failed.borrow_mut().push(number);
        self.ground.cluster.fail(NAMESPACE, &pod).await?;
        Ok((pod, Instant::now()))
    }

    /// Milliseconds from a pod's failure to its deletion.
    pub(super) async fn reaction(&self, deletions: &mut Sightings, number: usize) -> Result<f64> {
        let (pod, failed) = self.fail(number).await?;
        Ok(deletions.of_one(&pod).await?.saturating_duration_since(failed).as_secs_f64() * 1000.0)
    }

    /// The same of so many pods of different workloads, one after the other and no sooner than every `pace`; sorted.
    pub(super) async fn reactions(&self, count: usize, pace: Duration) -> Result<Vec<f64>> {
        let mut deletions = self.deletions().await?;
        let mut times = Vec::with_capacity(count);
        for number in 0..count {
            let next = tokio::time::Instant::now() + pace;
            times.push(self.reaction(&mut deletions, number * REPLICAS).await?);
            sleep_until(next).await;
        }
        times.sort_by(f64::total_cmp);
        Ok(times)
    }

    /// What the next one is measured beside: nobody's records, and every pod as it was.
    pub(super) async fn sweep(&self) -> Result<()> {
        self.load.restore_pods(&self.failed.take()).await?;
        self.ground.forget().await
    }
}

/// As it stands in tables.
pub(super) fn words(size: Size) -> String {
    format!("{} / {}", size.nodes, size.pods)
}
