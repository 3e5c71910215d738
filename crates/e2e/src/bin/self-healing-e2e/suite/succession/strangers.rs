//! Somebody who is no replica writes to the Lease or deletes it, in the middle of a drain: never two lead, and the drain goes on.

use super::drain::Drain;
use super::replica::{Replica, pair};
use crate::ground::{Ground, OWN, SOON};
use crate::objects::merge;
use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use self_healing_e2e::wait::wait_for;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const LEASE: &str = "self-healing-controller";
/// How often both are asked whether they lead.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) async fn at_the_lease(ground: &Ground) -> Result<()> {
    let drain = Drain::prepare(ground).await?;
    let replicas = pair(ground).await?;
    drain.begin().await?;
    tokio::select! {
        both = never_both(&replicas) => return both,
        done = meddle(ground, &drain, &replicas) => done?,
    }
    drain.go_on().await?;
    drain.end().await?;
    for replica in &replicas {
        replica.controller.stop().await?;
    }
    Ok(())
}

/// Ends when both say that they lead.
async fn never_both(replicas: &[Replica; 2]) -> Result<()> {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let [first, second] = replicas;
        if try_join(first.says_that_it_leads(), second.says_that_it_leads()).await? == (true, true) {
            bail!("both replicas lead");
        }
    }
}

async fn meddle(ground: &Ground, drain: &Drain<'_>, replicas: &[Replica; 2]) -> Result<()> {
    let leases = Api::<Lease>::namespaced(ground.cluster.admin(), OWN);
    let began = Timestamp::now();
    let [first, second] = replicas;
    let holds = |lease: &Lease| holder(lease).starts_with(&format!("{}_", first.name));
    let refused = leases.patch(LEASE, &PatchParams::default(), &spec(json!({ "leaseDurationSeconds": 0 }))).await;
    ensure!(
        matches!(&refused, Err(kube::Error::Api(status)) if status.code == 422),
        "a Lease of no time is taken: {refused:?}"
    );

    // What names nobody else the leader keeps.
    leases.delete(LEASE, &DeleteParams::default()).await?;
    renewed(&leases, "after it was deleted", &holds).await?;
    for change in [
        json!({ "holderIdentity": "" }),
        json!({ "holderIdentity": null, "leaseDurationSeconds": null, "acquireTime": null, "renewTime": null }),
        json!({ "leaseDurationSeconds": 1, "renewTime": "2099-01-01T00:00:00.000000Z" }),
    ] {
        merge(&leases, LEASE, json!({ "spec": change })).await?;
        renewed(&leases, &format!("after {change}"), &holds).await?;
    }
    let mut taken = drain.trail.requests_of(&second.credential, began)?;
    taken.retain(|request| request.writes() && request.granted());
    ensure!(taken.is_empty(), "the other replica wrote: {taken:?}");

    // What names somebody else is his for as long as a Lease lasts; then anybody may take it.
    merge(&leases, LEASE, json!({ "spec": { "holderIdentity": "a-stranger" } })).await?;
    let anybody = |lease: &Lease| holder(lease).starts_with("controller-");
    renewed(&leases, "after a stranger had it", anybody).await.map(drop)
}

fn spec(change: Value) -> Patch<Value> {
    Patch::Merge(json!({ "spec": change }))
}

fn holder(lease: &Lease) -> &str {
    lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default()
}

/// Waits until it is as a replica writes it.
async fn renewed(leases: &Api<Lease>, what: &str, good: impl Fn(&Lease) -> bool) -> Result<Lease> {
    let whole = |lease: &Lease| {
        let duration = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds);
        duration == Some(15) && lease.metadata.deletion_timestamp.is_none() && good(lease)
    };
    let what = format!("the Lease to be renewed {what}");
    let lease = wait_for(leases, LEASE, &what, SOON, |lease| lease.is_some_and(whole)).await?;
    lease.with_context(|| format!("{LEASE} is gone"))
}
