//! An old and a new version side by side, during a rollout and on its way back.

use super::drain::Drain;
use crate::ground::{Ground, OWN};
use crate::objects::FINALIZER;
use crate::suite::QUICK;
use crate::suite::drains::FAST;
use anyhow::{Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use self_healing_e2e::wait::wait_for;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Names the program of an earlier version; without it the program under test stands for that as well.
const EARLIER: &str = "SELF_HEALING_EARLIER";
/// A Lease that was released is taken within a few seconds, long before it would have expired.
const TAKEOVER: Duration = Duration::from_secs(5);

/// The earlier version drains a node and is told to stop, the newest goes on; that one restarts a pod and is told to stop, and the
/// earlier version goes on with what the newest has written.
pub(crate) async fn side_by_side(ground: &Ground) -> Result<()> {
    let earlier = std::env::var_os(EARLIER).map_or_else(|| ground.binary().to_owned(), PathBuf::from);
    let drain = Drain::prepare(ground).await?;
    let before = ground.replica_of(&earlier, FAST).await?;
    before.leads().await?;
    let newest = ground.replica(FAST).await?;
    let (_, answer) = newest.get("/ready").await?;
    ensure!(answer["leader"] == false, "two leaders: {answer}");

    drain.begin().await?;
    before.stop().await?;
    let stopped = Instant::now();
    newest.leads().await?;
    ensure!(stopped.elapsed() <= TAKEOVER, "the newest led only after {:?}", stopped.elapsed());
    drain.go_on().await?;
    drain.end().await?;

    // Not on n1, which is sick still.
    let old = ground.bare_pod(drain.namespace(), "cache", &[FINALIZER]).await?;
    let back = ground.replica_of(&earlier, FAST).await?;
    ground.cluster.fail(drain.namespace(), "cache").await?;
    let leaving = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.metadata.deletion_timestamp.is_some());
    let pods = ground.cluster.pod_api(drain.namespace());
    wait_for(&pods, "cache", "the failed pod to leave", QUICK, leaving).await?;
    newest.stop().await?;
    back.leads().await?;
    ground.mark_pod(&old, json!({ "finalizers": null })).await?;
    ground.successor(&old, QUICK).await?;
    ground.recovery_is("cache", "Succeeded", QUICK).await?;
    let made: usize = drain.trail.granted("create", "pods", drain.namespace())?.values().sum();
    ensure!(made == 1, "the pod was created {made} times");
    back.stop().await?;
    let leases = Api::<Lease>::namespaced(ground.cluster.admin(), OWN);
    let holder = leases.get("self-healing-controller").await?.spec.and_then(|spec| spec.holder_identity);
    ensure!(holder.is_none_or(|holder| holder.is_empty()), "the Lease was not released at the end");
    Ok(())
}
