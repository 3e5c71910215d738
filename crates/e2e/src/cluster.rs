//! One cluster under test: started here with all its processes, or an existing one named by `KUBECONFIG`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::binaries::Binaries;
use crate::dir::Dir;
use crate::kubeconfig;
use crate::kubelet::FakeKubelet;
use crate::lease::Renewal;
use crate::plane::{Actors, Plane};
use crate::process::Process;

const STOCK_LEASE_SECONDS: u64 = 40;
const STOCK_MONITOR_PERIOD: Duration = Duration::from_secs(5);

/// How a cluster differs from a stock one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How long a node may be silent before it is Unknown; stock (50 s) if `None`. A shorter one also shortens the nodes' Leases to four
    /// fifths of it, and the controller-manager's look at the nodes to a quarter.
    pub node_monitor_grace_period: Option<Duration>,
    /// More flags for kube-apiserver, for example `--default-unreachable-toleration-seconds=5`.
    pub apiserver_flags: Vec<String>,
    /// More flags for kube-controller-manager.
    pub controller_manager_flags: Vec<String>,
    /// Only etcd and the API server: nobody writes but the test.
    pub api_only: bool,
    /// Bytes that etcd may store; its default (2 GiB) if `None`.
    pub etcd_bytes: Option<u64>,
    /// No kwok: nodes are [`crate::real::Machine`]s, in the network that [`crate::real::network::enter`] has made.
    pub real_nodes: bool,
}

impl Options {
    pub(crate) fn grace_flags(&self) -> Vec<String> {
        let Some(grace) = self.node_monitor_grace_period else { return Vec::new() };
        let period = STOCK_MONITOR_PERIOD.min(grace / 4);
        vec![
            format!("--node-monitor-grace-period={}ms", grace.as_millis()),
            format!("--node-monitor-period={}ms", period.as_millis()),
        ]
    }

    fn node_lease_seconds(&self) -> u64 {
        self.node_monitor_grace_period
            .map_or(STOCK_LEASE_SECONDS, |grace| (grace.as_secs() * 4 / 5).clamp(1, STOCK_LEASE_SECONDS))
    }
}

/// A cluster. Dropping it ends every process of it that was started here, and removes its directory unless the test
/// panics or `SELF_HEALING_KEEP` is set.
pub struct Cluster {
    // Before `dir`, so that the processes have ended when their files go.
    plane: Option<Plane>,
    client: kube::Client,
    pub(crate) kubeconfig: PathBuf,
    kubectl: PathBuf,
    pub(crate) kubelets: Mutex<BTreeMap<String, FakeKubelet>>,
    pub(crate) leases: Mutex<BTreeMap<String, Renewal>>,
    /// How long a Lease of a fake node lasts.
    pub(crate) lease_seconds: u64,
    pub(crate) dir: Dir,
}

impl Cluster {
    /// Starts a control plane with kwok and without nodes; takes some ten seconds, and ten minutes more the first time on a machine, when
    /// the programs are built.
    ///
    /// # Errors
    /// When the programs cannot be built or one of them does not come up; the message carries the end of its log.
    pub async fn start(options: Options) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(Binaries::ready).await??;
        let kubectl = binaries.control_plane("kubectl");
        let dir = Dir::new()?;
        let (plane, client) = Plane::start(dir.path(), binaries, &options).await?;
        let kubeconfig = dir.file("admin.kubeconfig");
        let (kubelets, leases, lease_seconds) = (Mutex::default(), Mutex::default(), options.node_lease_seconds());
        Ok(Self { plane: Some(plane), client, kubeconfig, kubectl, kubelets, leases, lease_seconds, dir })
    }

    /// Uses the existing cluster of the `KUBECONFIG` environment variable, with the `kubectl` of the `PATH`. Its processes cannot be
    /// controlled: [`Cluster::apiserver`] and its like answer with an error.
    ///
    /// # Errors
    /// When `KUBECONFIG` does not name exactly one file, so that nobody's default cluster is taken by accident, or it cannot be read.
    pub async fn adopt_from_env() -> Result<Self> {
        let value = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
        let value = value.context("set KUBECONFIG to the file of the cluster to use; no other is taken")?;
        let [path] = std::env::split_paths(&value).collect::<Vec<_>>().try_into().map_err(|paths: Vec<_>| {
            anyhow!("KUBECONFIG must name one file, so that it is plain which cluster is used, not {}", paths.len())
        })?;
        Self::adopt(path).await
    }

    async fn adopt(kubeconfig: PathBuf) -> Result<Self> {
        let client = kubeconfig::distant_client(&kubeconfig).await;
        let client = client.with_context(|| format!("cannot use {}", kubeconfig.display()))?;
        let kubectl = PathBuf::from("kubectl");
        let (kubelets, leases, lease_seconds) = (Mutex::default(), Mutex::default(), STOCK_LEASE_SECONDS);
        Ok(Self { plane: None, client, kubeconfig, kubectl, kubelets, leases, lease_seconds, dir: Dir::new()? })
    }

    /// Whether it was not started here.
    pub fn is_adopted(&self) -> bool {
        self.plane.is_none()
    }

    /// A client with all rights. It belongs to the tokio runtime that started the cluster.
    pub fn admin(&self) -> kube::Client {
        self.client.clone()
    }

    /// The kubeconfig with all rights.
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Writes a kubeconfig for an address that needs no proof of who one is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn kubeconfig_at(&self, url: &str) -> Result<PathBuf> {
        let path = self.dir.file("relay.kubeconfig");
        kubeconfig::write(&path, &serde_json::json!({ "server": url }), &serde_json::json!({}))?;
        Ok(path)
    }

    /// Writes a kubeconfig of another user with all rights, who can be told from the test by name.
    ///
    /// # Errors
    /// When the cluster was not started here, or the file cannot be written.
    pub fn kubeconfig_of(&self, user: &str) -> Result<PathBuf> {
        let plane = self.plane()?;
        let path = self.dir.file(&format!("{user}.kubeconfig"));
        let proof = kubeconfig::certificate(&plane.certs.client(user, Some("system:masters"))?);
        kubeconfig::write(&path, &kubeconfig::cluster(plane.port, &plane.certs.ca), &proof)?;
        Ok(path)
    }

    /// Writes a kubeconfig with the user of another one, for somebody at `address` who hands on to the API server.
    ///
    /// # Errors
    /// When the other cannot be read or this not be written.
    pub fn kubeconfig_through(&self, of: &Path, address: SocketAddr) -> Result<PathBuf> {
        let name = of.file_stem().unwrap_or_default().to_string_lossy();
        let path = self.dir.file(&format!("{name}-through.kubeconfig"));
        kubeconfig::write_through(&path, of, address)?;
        Ok(path)
    }

    /// The port of the API server on this machine.
    ///
    /// # Errors
    /// When the cluster was not started here.
    pub fn apiserver_port(&self) -> Result<u16> {
        Ok(self.plane()?.port)
    }

    /// Runs kubectl as admin and waits for it, blocking the thread.
    ///
    /// # Errors
    /// When kubectl cannot be run or answers with an error; the message carries its stderr.
    pub async fn kubectl(&self, args: &[&str]) -> Result<Output> {
        let output = self.try_kubectl(args).await?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kubectl {} failed ({}): {stderr}", args.join(" "), output.status);
        Ok(output)
    }

    /// The same, whatever kubectl answers.
    ///
    /// # Errors
    /// When kubectl cannot be run.
    pub async fn try_kubectl(&self, args: &[&str]) -> Result<Output> {
        let output = Command::new(&self.kubectl).arg("--kubeconfig").arg(&self.kubeconfig).args(args).output().await;
        output.with_context(|| {
            format!(
                "cannot run {}; install kubectl (Debian: apt-get install kubernetes-client)",
                self.kubectl.display()
            )
        })
    }

    /// The cluster's directory; a test may put files of its own there.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The API server's audit log: one JSON object per finished request, without bodies; see [`crate::audit`].
    ///
    /// # Errors
    /// When the cluster was not started here.
    pub fn audit_log(&self) -> Result<PathBuf> {
        self.plane()?;
        Ok(self.dir.file("audit.log"))
    }

    /// The kube-apiserver.
    ///
    /// # Errors
    /// When the cluster was not started here.
    pub fn apiserver(&self) -> Result<&Process> {
        Ok(&self.plane()?.apiserver)
    }

    /// Makes etcd forget every version before the one of now, as it does every five minutes.
    ///
    /// # Errors
    /// When the cluster was not started here, or etcd refuses.
    pub async fn compact(&self) -> Result<()> {
        let namespaces = Api::<Namespace>::all(self.admin()).list(&ListParams::default().limit(1)).await?;
        let revision = namespaces.metadata.resource_version.context("the list has no resourceVersion")?;
        let url = format!("http://127.0.0.1:{}/v3/kv/compaction", self.plane()?.etcd_port);
        // Traffic on this machine, which no proxy of the environment could reach.
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.post(url).json(&json!({ "revision": revision })).send().await?;
        answer.error_for_status().context("etcd does not compact").map(drop)
    }

    /// The etcd.
    ///
    /// # Errors
    /// When the cluster was not started here.
    pub fn etcd(&self) -> Result<&Process> {
        Ok(&self.plane()?.etcd)
    }

    /// The kube-controller-manager.
    ///
    /// # Errors
    /// When the cluster was not started here, or without it.
    pub fn controller_manager(&self) -> Result<&Process> {
        Ok(&self.actors()?.controller_manager)
    }

    /// The kube-scheduler.
    ///
    /// # Errors
    /// When the cluster was not started here, or without it.
    pub fn scheduler(&self) -> Result<&Process> {
        Ok(&self.actors()?.scheduler)
    }

    /// The kwok that plays all kubelets, but for their Leases.
    ///
    /// # Errors
    /// When the cluster was not started here, or without it.
    pub fn kwok(&self) -> Result<&Process> {
        self.actors()?.kwok.as_ref().context("the cluster was started for real nodes")
    }

    fn actors(&self) -> Result<&Actors> {
        self.plane()?.actors.as_ref().context("the cluster was started with the API alone")
    }

    pub(crate) fn plane(&self) -> Result<&Plane> {
        self.plane.as_ref().ok_or_else(|| {
            anyhow!("the cluster of KUBECONFIG was not started by this test, so its processes cannot be controlled")
        })
    }
}
