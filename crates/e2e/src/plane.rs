//! The processes of a control plane, their flags and the order in which they start.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::binaries::Binaries;
use crate::certs::Certs;
use crate::cluster::Options;
use crate::nodes::KUBELET_LABEL;
use crate::process::{Process, Program};
use crate::real::network::CONTROL_PLANE;
use crate::{kubeconfig, ports};

const START_DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
const STAGES: &str = include_str!("../stages.yaml");
/// Who used which verb on what, without the bodies.
const AUDIT_POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

/// Fields are dropped in this order, clients first, so that nobody writes errors about servers that ended before.
#[derive(Debug)]
pub(crate) struct Plane {
    pub(crate) actors: Option<Actors>,
    pub(crate) apiserver: Process,
    pub(crate) etcd: Process,
    /// Where etcd answers its clients.
    pub(crate) etcd_port: u16,
    /// Where the API server answers.
    pub(crate) port: u16,
    pub(crate) certs: Certs,
}

/// Those who write without being asked.
#[derive(Debug)]
pub(crate) struct Actors {
    /// Not with real nodes.
    pub(crate) kwok: Option<Process>,
    pub(crate) scheduler: Process,
    pub(crate) controller_manager: Process,
}

/// What every flag list needs to know.
struct Setup<'a> {
    dir: &'a Path,
    binaries: Binaries,
    certs: Certs,
    port: u16,
    options: &'a Options,
}

impl Plane {
    /// Starts everything in `dir`, writes `admin.kubeconfig` there, and returns once the API server is ready and the controller-manager, if
    /// there is one, has made the first service account, so that pods can be created.
    pub(crate) async fn start(dir: &Path, binaries: Binaries, options: &Options) -> Result<(Self, Client)> {
        let setup = Setup { dir, binaries, certs: Certs::create(dir)?, port: ports::free()?, options };
        let etcd_port = ports::free()?;
        let etcd = setup.etcd(etcd_port)?;
        let apiserver = setup.apiserver(etcd_port)?;
        let admin = setup.identity("admin", "admin", Some("system:masters"))?;
        let client = kubeconfig::client(Path::new(&admin)).await?;
        ready(&client, [&etcd, &apiserver]).await?;

        let actors = if options.api_only { None } else { Some(setup.actors(&admin, &client).await?) };
        let Setup { port, certs, .. } = setup;
        Ok((Self { actors, apiserver, etcd, etcd_port, port, certs }, client))
    }
}

impl Setup<'_> {
    fn program(&self, name: &str) -> Program {
        Program::new(name, self.binaries.control_plane(name), self.dir.join(format!("{name}.log")))
    }

    fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// Writes a kubeconfig with a certificate for `user` and returns its path.
    fn identity(&self, name: &str, user: &str, group: Option<&str>) -> Result<String> {
        let path = self.dir.join(format!("{name}.kubeconfig"));
        let user = kubeconfig::certificate(&self.certs.client(user, group)?);
        kubeconfig::write(&path, &kubeconfig::cluster(self.port, &self.certs.ca), &user)?;
        Ok(path.display().to_string())
    }

    fn etcd(&self, port: u16) -> Result<Process> {
        let client = format!("http://127.0.0.1:{port}");
        let peer = format!("http://127.0.0.1:{}", ports::free()?);
        self.program("etcd")
            .args([
                format!("--data-dir={}", self.dir.join("etcd").display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
                // A test's data need not survive a power cut, and disks of test machines are slow.
                "--unsafe-no-fsync".into(),
                "--log-level=warn".into(),
            ])
            .args(self.options.etcd_bytes.map(|bytes| format!("--quota-backend-bytes={bytes}")))
            .start()
    }

    fn apiserver(&self, etcd_port: u16) -> Result<Process> {
        let certs = &self.certs;
        self.program("kube-apiserver")
            .args([
                format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
                format!("--secure-port={}", self.port),
                format!("--tls-cert-file={}", certs.path("apiserver.crt")),
                format!("--tls-private-key-file={}", certs.path("apiserver.key")),
                format!("--client-ca-file={}", certs.path("ca.crt")),
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local".into(),
                format!("--service-account-key-file={}", certs.path("sa.pub")),
                format!("--service-account-signing-key-file={}", certs.path("sa.key")),
                "--service-cluster-ip-range=10.96.0.0/16".into(),
                "--authorization-mode=Node,RBAC".into(),
                "--allow-privileged=true".into(),
                format!("--audit-policy-file={}", self.file("audit-policy.yaml", AUDIT_POLICY)?),
                format!("--audit-log-path={}", self.dir.join("audit.log").display()),
            ])
            .args(if self.options.real_nodes { self.for_real_nodes()? } else { for_fake_nodes() })
            .args(self.options.apiserver_flags.clone())
            .start()
    }

    /// Nodes and pods reach the API server, and it reaches kubelets for logs and commands.
    fn for_real_nodes(&self) -> Result<Vec<String>> {
        let client = self.certs.client("kube-apiserver", Some("system:masters"))?;
        Ok(vec![
            "--bind-address=0.0.0.0".into(),
            format!("--advertise-address={CONTROL_PLANE}"),
            format!("--kubelet-client-certificate={}", self.file("kubelet-client.crt", &client.cert)?),
            format!("--kubelet-client-key={}", self.file("kubelet-client.key", &client.key)?),
            "--kubelet-preferred-address-types=InternalIP".into(),
            "--enable-admission-plugins=NodeRestriction".into(),
        ])
    }

    async fn actors(&self, admin: &str, client: &Client) -> Result<Actors> {
        let controller_manager = self.controller_manager()?;
        let scheduler = self.scheduler()?;
        let kwok = if self.options.real_nodes { None } else { Some(self.kwok(admin)?) };
        let processes: Vec<&Process> = [&controller_manager, &scheduler].into_iter().chain(&kwok).collect();
        service_accounts(client, &processes).await?;
        Ok(Actors { kwok, scheduler, controller_manager })
    }

    fn controller_manager(&self) -> Result<Process> {
        let kubeconfig = self.identity("kube-controller-manager", "system:kube-controller-manager", None)?;
        self.program("kube-controller-manager")
            .args([
                format!("--kubeconfig={kubeconfig}"),
                "--use-service-account-credentials".into(),
                format!("--service-account-private-key-file={}", self.certs.path("sa.key")),
                format!("--root-ca-file={}", self.certs.path("ca.crt")),
                // The only one of its kind: after a kill its successor need not wait for a lease to expire.
                "--leader-elect=false".into(),
                "--secure-port=0".into(),
            ])
            .args(self.options.grace_flags())
            .args(self.options.controller_manager_flags.clone())
            .start()
    }

    fn scheduler(&self) -> Result<Process> {
        let kubeconfig = self.identity("kube-scheduler", "system:kube-scheduler", None)?;
        let config = json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": { "kubeconfig": kubeconfig },
            "leaderElection": { "leaderElect": false },
        });
        let config = self.file("kube-scheduler.json", &config.to_string())?;
        self.program("kube-scheduler").args([format!("--config={config}"), "--secure-port=0".into()]).start()
    }

    fn kwok(&self, kubeconfig: &str) -> Result<Process> {
        Program::new("kwok", self.binaries.kwok(), self.dir.join("kwok.log"))
            .args([
                format!("--kubeconfig={kubeconfig}"),
                format!("--config={}", self.file("stages.yaml", STAGES)?),
                format!("--manage-nodes-with-label-selector={KUBELET_LABEL}=kwok"),
                // Leases are renewed by the test itself.
                "--node-lease-duration-seconds=0".into(),
                format!("--server-address=127.0.0.1:{}", ports::free()?),
            ])
            .start()
    }
}

/// Only this machine reaches the API server.
fn for_fake_nodes() -> Vec<String> {
    vec![
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        // No endpoints for a loopback address: the server would refuse its own.
        "--endpoint-reconciler-type=none".into(),
    ]
}

async fn ready(client: &Client, processes: [&Process; 2]) -> Result<()> {
    let answer = async || -> Result<()> {
        let request = kube::core::Request::new("/readyz").list(&kube::api::ListParams::default())?;
        client.request_text(request).await?;
        Ok(())
    };
    poll("the API server's /readyz", answer, &processes).await
}

async fn service_accounts(client: &Client, processes: &[&Process]) -> Result<()> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    let answer = async || -> Result<()> { Ok(accounts.get("default").await.map(drop)?) };
    poll("the service account that the controller-manager makes", answer, processes).await
}

/// Asks again until the answer is good; what it waits for has no watch yet.
async fn poll(what: &str, answer: impl AsyncFn() -> Result<()>, processes: &[&Process]) -> Result<()> {
    let end = Instant::now() + START_DEADLINE;
    loop {
        let error = match answer().await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        for process in processes {
            process.must_run()?;
        }
        if Instant::now() >= end {
            let logs: Vec<String> = processes.iter().map(|process| process.log_tail(15)).collect();
            bail!(
                "{what} was not there after {START_DEADLINE:?}: {error:#}; the logs end with:\n{}",
                logs.join("\n---\n")
            );
        }
        sleep(POLL).await;
    }
}
