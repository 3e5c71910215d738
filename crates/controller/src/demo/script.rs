//! The script: pods first, side by side, then nodes, one after the other; chance decides on order, times and victims.

mod nodes;
mod pods;

use super::error::Error;
use super::records::records;
use super::stage::{Stage, holds};
use super::town::{BUDGETED, DEPLOYMENTS, MACHINES, SHOP, ZONES};
use futures::FutureExt;
use futures::future::{LocalBoxFuture, try_join_all};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Something that goes wrong, and later well again.
type Incident<'a> = LocalBoxFuture<'a, Result<(), Error>>;

/// How long the cluster may take to be well again.
const SETTLE: Duration = Duration::from_secs(600);

/// Plays the whole script once.
///
/// # Errors
/// When something that should have come about has not.
pub(super) async fn round(stage: &Stage) -> Result<(), Error> {
    settled(stage).await?;
    let mut incidents = pods::incidents(stage);
    stage.shuffle(&mut incidents);
    let mut begin = Instant::now();
    let staggered = incidents.into_iter().map(|incident| {
        begin += stage.random(3, 10);
        sleep_until(begin).then(|()| incident)
    });
    try_join_all(staggered.collect::<Vec<_>>()).await?;
    let [a_budget, another] = [BUDGETED[0], BUDGETED[1]];
    let mut incidents: [Incident<'_>; 4] = [
        nodes::dies(stage).boxed_local(),
        nodes::budget_holds(stage, a_budget).boxed_local(),
        nodes::comes_back(stage, another).boxed_local(),
        nodes::zone_goes(stage).boxed_local(),
    ];
    stage.shuffle(&mut incidents);
    for incident in incidents {
        settled(stage).await?;
        sleep(stage.random(3, 9)).await;
        incident.await?;
    }
    settled(stage).await
}

/// Waits until everything runs and no Recovery is open.
async fn settled(stage: &Stage) -> Result<(), Error> {
    stage.until(SETTLE, "everything runs again", || is_well(stage)).await
}

fn is_well(stage: &Stage) -> bool {
    let nodes = stage.hand.list("nodes", "");
    let deployments = stage.hand.list(DEPLOYMENTS, SHOP);
    nodes.len() == ZONES.len() * MACHINES
        && nodes.iter().all(|node| holds(node, "Ready") && node["spec"]["unschedulable"] != true)
        && deployments.iter().all(|one| one["status"]["availableReplicas"] == one["spec"]["replicas"])
        && stage.hand.list("pods", SHOP).iter().all(|pod| holds(pod, "Ready"))
        && !records(&stage.hand).iter().any(|recovery| recovery.is_active())
}
