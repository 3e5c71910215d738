//! What Kubernetes alone does about nodes that fail, measured in the same run.
//!
//! It knows two kinds: those that fall silent, whatever silenced them, and those that say themselves that they are not ready.

use super::ground::RealGround;
use super::nodes::{POWER_CUT, RUNTIME_KILLED};
use super::workload::{pod, server};
use crate::objects::node_of;
use anyhow::{Result, ensure};
use self_healing_e2e::real::machine::Daemon;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The control plane gives the node up, and its pods' tolerations last for five minutes more.
const DEADLINE: Duration = Duration::from_secs(420);
/// Where pods go.
const HEALTHY: &str = "n23";

/// How long it takes until pods with default tolerations are ready elsewhere, after what befell their node, for what is `asked`.
pub(super) async fn elsewhere(binary: &Path, asked: &[&str]) -> Result<BTreeMap<&'static str, Duration>> {
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let real = RealGround::start(binary, 21, 3).await?;
    let shop = real.ground.namespace().await?;
    deploy(&real, &shop, "silent", "n21").await?;
    deploy(&real, &shop, "not-ready", "n22").await?;
    let mut machine = real.take("n21")?;
    let begin = Instant::now();
    real.machine("n22")?.signal(Daemon::Containerd, "KILL")?;
    machine.cut_power().await?;
    let after = async |app: &str, node: &str| -> Result<Duration> {
        real.elsewhere(&shop, app, 3, node, DEADLINE).await?;
        Ok(begin.elapsed())
    };
    let (silent, not_ready) = tokio::try_join!(after("silent", "n21"), after("not-ready", "n22"))?;
    real.end().await?;
    let both = [(POWER_CUT, silent), (RUNTIME_KILLED, not_ready)];
    Ok(both.into_iter().filter(|(what, _)| asked.contains(what)).collect())
}

/// Three pods on that node and the healthy one, so that the two failures do not meet.
async fn deploy(real: &RealGround, shop: &str, app: &str, node: &str) -> Result<()> {
    let mut spec = pod(&server());
    let names = json!([{ "key": "kubernetes.io/hostname", "operator": "In", "values": [node, HEALTHY] }]);
    let terms = json!([{ "matchExpressions": names }]);
    spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] = terms;
    real.deploy_ready(shop, app, 3, &spec).await?;
    let pods = real.ground.pods(shop, app).await?;
    ensure!(pods.iter().any(|pod| node_of(pod) == Some(node)), "no pod of {app} is on {node}, that proves nothing");
    Ok(())
}
