//! One of several replicas: a controller with a token of its own, so that the audit log tells who asked for what.

use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use crate::suite::drains::FAST;
use crate::trail::Trail;
use anyhow::{Result, ensure};
use jiff::Timestamp;
use self_healing_e2e::{Credential, Wire};

pub(crate) struct Replica {
    pub(crate) controller: Controller,
    /// Its pod's name, with which its identity in the Lease begins.
    pub(super) name: String,
    /// Its token, as the audit log names it.
    pub(crate) credential: String,
}

/// Two of them, the first of which leads.
pub(super) async fn pair(ground: &Ground) -> Result<[Replica; 2]> {
    let first = Replica::start(ground, FAST).await?;
    first.controller.leads().await?;
    let second = Replica::start(ground, FAST).await?;
    second.follows().await?;
    Ok([first, second])
}

impl Replica {
    /// Does not wait until it leads.
    pub(crate) async fn start(ground: &Ground, environment: &[(&str, &str)]) -> Result<Self> {
        let credential = ground.credential().await?;
        let controller = ground.replica_with(&credential.kubeconfig, environment).await?;
        Ok(Self::of(controller, &credential))
    }

    /// The same, and all that it asks and hears goes through `wire`.
    pub(crate) async fn start_behind(wire: &Wire, ground: &Ground, environment: &[(&str, &str)]) -> Result<Self> {
        let credential = ground.credential().await?;
        let kubeconfig = wire.kubeconfig(&ground.cluster, &credential.kubeconfig)?;
        let controller = ground.replica_with(&kubeconfig, environment).await?;
        Ok(Self::of(controller, &credential))
    }

    fn of(controller: Controller, credential: &Credential) -> Self {
        let name = credential.kubeconfig.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { controller, name, credential: credential.id.clone() }
    }

    /// What it says of itself, whatever else it says.
    pub(crate) async fn says_that_it_leads(&self) -> Result<bool> {
        self.controller.process.must_run()?;
        Ok(self.controller.get("/ready").await?.1["leader"] == true)
    }

    /// That it runs and does not lead.
    pub(super) async fn follows(&self) -> Result<()> {
        ensure!(!self.says_that_it_leads().await?, "it leads as well");
        Ok(())
    }

    /// Waits until it has read the Lease twice since then: it runs again, and knows who leads.
    pub(super) async fn looks_at_the_lease(&self, trail: &Trail, since: Timestamp) -> Result<()> {
        let looked = async || {
            self.controller.process.must_run()?;
            let requests = trail.requests_of(&self.credential, since)?;
            let looks = requests.iter().filter(|request| request.resource == "leases" && request.verb == "get");
            Ok((looks.count() >= 2).then_some(()))
        };
        eventually("the old leader to read the Lease", SOON, looked).await
    }
}
