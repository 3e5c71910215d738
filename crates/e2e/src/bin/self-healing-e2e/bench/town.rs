//! The cluster of most benches: a real API server with a load that grows, on which everybody is measured in turn.

use super::contestants::{Contestant, FREE, References, Runner};
use super::latency::Deletions;
use super::wire::Wire;
use crate::ground::Ground;
use crate::trail::{CONTROLLER, Trail};
use anyhow::Result;
use self_healing_e2e::Options;
use self_healing_e2e::load::{Load, NAMESPACE, Size};
use std::path::{Path, PathBuf};
use std::time::Instant;

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
}

impl Town {
    /// An empty one. Nobody writes but the bench, so that nothing else takes part in what is measured.
    pub(super) async fn start(binary: &Path, alone: bool) -> Result<Self> {
        let references = if alone { None } else { Some(References::ready()?) };
        let options = Options { api_only: true, etcd_bytes: Some(ETCD), ..Options::default() };
        let ground = Ground::start(binary, options).await?;
        let load = Load::prepare(&ground.cluster).await?;
        let theirs = ground.cluster.kubeconfig_of(THEIRS)?;
        Ok(Self { ground, load, references, theirs })
    }

    /// Who is measured.
    pub(super) fn contestants(&self) -> &'static [Contestant] {
        if self.references.is_some() { &Contestant::ALL } else { &[Contestant::Ours] }
    }

    /// Starts one behind a wire of its own.
    pub(super) async fn begin(&self, who: Contestant) -> Result<(Runner, Wire)> {
        let wire = Wire::start(&self.ground.cluster).await?;
        let kubeconfig = if who == Contestant::Ours { &self.ground.kubeconfig } else { &self.theirs };
        let kubeconfig = wire.kubeconfig(&self.ground.cluster, kubeconfig)?;
        let runner = match &self.references {
            Some(references) if who != Contestant::Ours => references.start(who, &self.ground, &kubeconfig)?,
            _ => Runner::Ours(Box::new(self.ground.replica_with(&kubeconfig, FREE).await?)),
        };
        Ok((runner, wire))
    }

    /// What one of them asks for from now on.
    pub(super) fn trail(&self, who: Contestant) -> Result<Trail> {
        Trail::of(if who == Contestant::Ours { CONTROLLER } else { THEIRS }, &self.ground)
    }

    /// Seconds until a pod that fails now is deleted, so until everything before that has been read.
    pub(super) async fn behind(&self, number: usize) -> Result<f64> {
        let (pod, cluster) = (Load::pod(number), &self.ground.cluster);
        let mut deletions = Deletions::follow(&cluster.pod_api(NAMESPACE)).await?;
        cluster.fail(NAMESPACE, &pod).await?;
        let failed = Instant::now();
        Ok(deletions.of(&pod).await?.saturating_duration_since(failed).as_secs_f64())
    }

    /// What the next one is measured beside: nobody's records.
    pub(super) async fn sweep(&self) -> Result<()> {
        self.ground.forget().await
    }
}

/// As it stands in tables.
pub(super) fn words(size: Size) -> String {
    format!("{} / {}", size.nodes, size.pods)
}
