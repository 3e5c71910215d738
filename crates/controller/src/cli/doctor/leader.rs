//! The Lease: who leads, and whether whoever holds it is alive.

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::client::words;
use crate::lease::LEASE;
use crate::outside::Wall;
use crate::plain::plain;
use jiff::SignedDuration;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::Api;
use self_healing_api::keys::Config;
use std::time::Duration;
use tokio::time::sleep;

/// A leader renews every 2 s at least, and gives up a request after 3 s.
const AGAIN: Duration = Duration::from_secs(5);
/// Characters of a holder's name.
const NAME: usize = 200;
/// Of a Lease that does not say.
const DURATION: i32 = 15;

/// `ahead` is how far the API server's clock is ahead of this one.
pub(super) async fn check(cluster: &Cluster, config: &Config, ahead: SignedDuration) -> Check {
    let of = |state, message: String| Check::of(Area::Leader, state, message);
    if !config.leader_election {
        return of(State::Off, "leader_election is false: whoever runs acts".to_owned());
    }
    let place = format!("{}/{LEASE}", cluster.namespace);
    let nobody = format!(
        "is a controller running, and is this its namespace? kubectl -n {} get pods -l app=self-healing-controller",
        cluster.namespace
    );
    let spec = match read(cluster).await {
        Ok(Some(spec)) => spec,
        Ok(None) => {
            let message = format!("there is no Lease {place}: no controller has ever started here");
            return of(State::Failed, message).todo(nobody);
        }
        Err(why) => return of(State::Unchecked, format!("Lease {place} cannot be read: {why}")),
    };
    let holder = holder(&spec);
    if holder.is_empty() {
        return of(State::Failed, format!("nobody holds the Lease {place}: nothing is healed")).todo(nobody);
    }
    let age = age(&spec, ahead);
    if is_fresh(&spec, age) {
        return of(State::Ok, format!("{holder} leads, and renewed its Lease {} s ago", age.as_secs().max(0)));
    }
    // By its times it is dead, but they are those of its own clock: what counts is whether it still writes.
    sleep(AGAIN).await;
    match read(cluster).await {
        Ok(Some(later)) if later != spec => {
            let side = if age.is_positive() { "behind" } else { "ahead of" };
            let message = format!("{holder} leads, with a clock {} s {side} the API server's", age.abs().as_secs());
            of(State::Warning, message).todo("synchronise the clock of its node")
        }
        Ok(_) => {
            let message = format!("{holder} holds the Lease {place} and has not renewed it for {} s", age.as_secs());
            of(State::Failed, message).todo(nobody)
        }
        Err(why) => of(State::Unchecked, format!("Lease {place} cannot be read again: {why}")),
    }
}

async fn read(cluster: &Cluster) -> Result<Option<LeaseSpec>, String> {
    let api = Api::<Lease>::namespaced(cluster.clients.reads.clone(), &cluster.namespace);
    let lease = api.get_opt(LEASE).await.map_err(|error| words(&error))?;
    Ok(lease.map(|lease| lease.spec.unwrap_or_default()))
}

/// Who holds it, safe to show.
pub(super) fn holder(spec: &LeaseSpec) -> String {
    plain(spec.holder_identity.as_deref().unwrap_or_default(), NAME)
}

/// How long ago it was renewed, on the API server's clock.
pub(super) fn age(spec: &LeaseSpec, ahead: SignedDuration) -> SignedDuration {
    let now = Wall::system().now();
    spec.renew_time.as_ref().map_or(SignedDuration::MAX, |at| now.duration_since(at.0).saturating_add(ahead))
}

/// Whether its times say that its holder lives.
pub(super) fn is_fresh(spec: &LeaseSpec, age: SignedDuration) -> bool {
    let lasts = SignedDuration::from_secs(spec.lease_duration_seconds.unwrap_or(DURATION).into());
    age <= lasts && age >= -lasts
}
