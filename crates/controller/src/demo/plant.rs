//! The controller and its cluster, put together.

use super::error::{Error, system};
use super::{Options, kubeconfig, town};
use crate::client::Embedded;
use crate::config::{Environment, Layers};
use crate::log::Log;
use crate::manifests::{NAMESPACE, SERVICE_ACCOUNT};
use crate::outside::{Chance, Kubelets, Outside, Wall};
use crate::record::{Limits, Pace, Recorder};
use crate::run::{self, Launch, RunError};
use futures::future::{BoxFuture, pending};
use self_healing_core::effect::KubeletLook;
use self_healing_sim::actor::{self, Actors, Levers, Look};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::http::Server;
use self_healing_sim::service::ApiService;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// When the cluster's clock begins. Fixed: the names of Recoveries, and so the order of things, depend on it.
const BEGIN: &str = "2026-01-01T00:00:00Z";
/// The way to the API server, and as long back.
const LATENCY: Duration = Duration::from_millis(2);
/// The controller's pod name, by which it would leave itself alone.
const POD: &str = "self-healing-controller-demo";

/// All that runs; it ends when this is dropped.
pub(super) struct Plant {
    pub(super) cluster: Cluster,
    pub(super) actors: Actors,
    /// The hand of a person.
    pub(super) person: Hand,
    pub(super) controller: AbortOnDropHandle<Result<(), RunError>>,
    /// Where the controller serves its pages.
    pub(super) pages: SocketAddr,
    /// The cluster for kubectl.
    _server: Option<Server>,
}

impl Plant {
    /// Builds the cluster and starts its actors and the controller; in a runtime whose clock is paused.
    ///
    /// # Errors
    /// When the embedded API refuses what belongs to the cluster, or an option cannot be used.
    pub(super) fn start(options: &Options) -> Result<Self, Error> {
        let pages = options.address().map_err(system("a free port"))?;
        let cluster = Cluster::new(BEGIN.parse().unwrap_or_default());
        let actors = Actors::start(&cluster, &actor::Options::default());
        let person = Hand::new(&cluster, User::admin("person"));
        town::build(&person, actors.levers())?;
        let server = options.kubeconfig_out.as_deref().map(|path| serve(&cluster, path)).transpose()?;
        let mut launch = launch(&cluster, actors.levers(), options.seed, pages)?;
        launch.recorder = options.record.as_deref().map(record).transpose()?;
        let controller = tokio::spawn(async move { run::run(launch, &Log::silent(), pending()).await });
        Ok(Self { cluster, actors, person, controller: AbortOnDropHandle::new(controller), pages, _server: server })
    }

    /// Waits until the controller ends by itself, which it should not.
    pub(super) async fn failed(&mut self) -> Error {
        match (&mut self.controller).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) | Err(_) => Error::Ended("the controller"),
        }
    }
}

/// Serves the cluster on a loopback port, and writes the kubeconfig for it.
fn serve(cluster: &Cluster, path: &Path) -> Result<Server, Error> {
    let service = ApiService::new(cluster, User::admin("kubectl"));
    let server = Server::start(service, (Ipv4Addr::LOCALHOST, 0).into()).map_err(system("a port for kubectl"))?;
    let cannot = |source| Error::Kubeconfig { path: path.to_owned(), source };
    kubeconfig::write(path, server.url()).map_err(cannot)?;
    Ok(server)
}

/// Records everything: the demo's clock waits for the disk.
fn record(path: &Path) -> Result<Recorder, Error> {
    let limits = Limits { bytes: u64::MAX, files: 0 };
    let cannot = |source| Error::Record { path: path.to_owned(), source };
    Recorder::start(path, limits, Pace::Wait, NAMESPACE).map_err(cannot)
}

/// The controller as it would start in its pod: the ConfigMap says the rest, and no secret switches a channel on.
fn launch(cluster: &Cluster, levers: &Levers, seed: u64, pages: SocketAddr) -> Result<Launch, Error> {
    let flags = [("listen_address".to_owned(), pages.to_string())];
    let layers = Layers::new(None, &Environment::default(), &flags)?;
    let (clock, levers) = (cluster.clone(), levers.clone());
    let outside = Outside {
        wall: Wall::new(move || clock.now()),
        kubelets: Arc::new(Machines(levers)),
        receiver: None,
        webhooks: None,
        chance: Chance::seeded(seed),
    };
    let user = User::service_account(NAMESPACE, SERVICE_ACCOUNT, POD);
    let service = ApiService::new(cluster, user).with_latency(LATENCY);
    Ok(Launch::embedded(Embedded::new(service), layers, NAMESPACE, POD, outside))
}

/// The ports of the cluster's machines.
struct Machines(Levers);

impl Kubelets for Machines {
    fn look(&self, kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>> {
        let seen = self.0.look(&kubelet.ip().to_string(), kubelet.port());
        Box::pin(async move {
            match seen {
                Look::Answers => Ok(KubeletLook::Answers),
                Look::Refused => Ok(KubeletLook::Refused),
                // Nobody says that nobody is there.
                Look::Silent => pending().await,
            }
        })
    }
}
