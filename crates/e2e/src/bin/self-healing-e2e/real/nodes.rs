//! Nodes that fail, and their programs.

use super::ground::RealGround;
use super::workload::{container, pod, server};
use crate::controller::Controller;
use crate::ground::SOON;
use crate::objects::{is_cordoned, is_ready, marks, node_of, stays};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use self_healing_e2e::nodes::has_condition;
use self_healing_e2e::real::Machine;
use self_healing_e2e::real::machine::Daemon;
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;
use std::time::{Duration, Instant};

/// A node has failed 15 s after its last heartbeat; a Lease here lasts 8 s, so that is a late one.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("HEALTH_CHECK_INTERVAL", "5"),
    ("POD_CHECK_INTERVAL", "60"),
    ("DEPLOYMENT_CHECK_INTERVAL", "600"),
    ("SETTLE_PERIOD", "1"),
    ("RECOVERIES_PER_MINUTE", "100"),
];
/// What a node's failure takes until it is seen, with room for a machine that does something else beside it.
const SEEN: Duration = Duration::from_secs(90);

/// What befalls a node, as the comparison with stock Kubernetes names it.
pub(super) const POWER_CUT: &str = "power cut";
pub(super) const RUNTIME_KILLED: &str = "container runtime killed";
const KUBELET_KILLED: &str = "kubelet killed";
const KUBELET_HANGS: &str = "kubelet hangs";
const NETWORK_CUT: &str = "network cut";

/// A Deployment `web`, and the node that most of the story is about: one that runs pods of it.
pub(super) struct Scene {
    pub(super) shop: String,
    pub(super) node: String,
    controller: Controller,
}

impl Scene {
    async fn begin(real: &RealGround) -> Result<Self> {
        Self::with(real, &pod(&server())).await
    }

    async fn with(real: &RealGround, spec: &serde_json::Value) -> Result<Self> {
        let controller = real.ground.controller(SETTINGS).await?;
        let shop = real.ground.namespace().await?;
        real.deploy_ready(&shop, "web", 3, spec).await?;
        let first = real.ground.pod(&shop, "web").await?;
        let node = node_of(&first).context("the pod is nowhere")?.to_owned();
        Ok(Self { shop, node, controller })
    }

    /// The controller ends, and nothing is left that the next story could see.
    async fn end(self, real: &RealGround) -> Result<()> {
        self.controller.stop().await?;
        real.tidy(&self.shop).await
    }

    /// Waits until all pods of `web` are ready on other nodes.
    async fn elsewhere(&self, real: &RealGround, deadline: Duration) -> Result<()> {
        real.elsewhere(&self.shop, "web", 3, &self.node, deadline).await
    }

    /// The same after what has just befallen the node, for the comparison with stock Kubernetes.
    async fn elsewhere_after(&self, real: &RealGround, what: &'static str, begin: Instant) -> Result<()> {
        self.elsewhere(real, SEEN).await?;
        real.elsewhere.borrow_mut().insert(what, begin.elapsed());
        Ok(())
    }

    async fn recovery(&self, real: &RealGround, cause: &str) -> Result<DynamicObject> {
        real.ground.recovery(&self.node, &format!("for {cause}"), SEEN, |data| data["spec"]["cause"] == cause).await
    }

    /// The node is Ready again, takes pods, and carries no mark of ours; nothing of the controller goes on.
    async fn is_back(&self, real: &RealGround) -> Result<()> {
        let back = |node: &Node| has_condition(node, "Ready", "True") && !is_cordoned(node) && marks(node).is_empty();
        real.ground.node(&self.node, "to be back without a mark of ours", SEEN, back).await?;
        real.ground.cluster.deployment_ready(&self.shop, "web", SOON).await?;
        let over = |all: &[DynamicObject]| all.iter().all(crate::records::is_over);
        let what = "all Recoveries to end";
        wait_for_all(&real.ground.recoveries(), &ListParams::default(), what, SEEN, over).await.map(drop)
    }
}

pub(super) async fn drain(real: &RealGround) -> Result<()> {
    const GRACE: Duration = Duration::from_secs(6);
    let mut deaf = pod(&container(&["ignore-term", "serve", "8080"]));
    deaf["terminationGracePeriodSeconds"] = json!(GRACE.as_secs());
    let scene = Scene::with(real, &deaf).await?;
    let on_node = real.ground.pod(&scene.shop, "web").await?;
    let begin = Instant::now();
    real.problem(&scene.node, true).await?;
    scene.recovery(real, "ProblemCondition").await?;
    real.ground.pod_gone(&on_node, SEEN).await?;
    let after = begin.elapsed();
    ensure!(after >= Duration::from_secs(15) + GRACE, "the pod was gone after {after:?}, without its grace period");
    scene.elsewhere(real, SEEN).await?;
    real.problem(&scene.node, false).await?;
    scene.is_back(real).await?;
    scene.end(real).await
}

pub(super) async fn kubelet_back(real: &RealGround) -> Result<()> {
    let scene = Scene::begin(real).await?;
    real.machine(&scene.node)?.signal(Daemon::Kubelet, "KILL")?;
    real.machine(&scene.node)?.start(Daemon::Kubelet)?;
    let none = |all: &[DynamicObject]| all.is_empty();
    let what = "no Recovery of a kubelet that was back at once";
    stays(&real.ground.recoveries(), &ListParams::default(), what, Duration::from_secs(30), none).await?;
    scene.is_back(real).await?;
    scene.end(real).await
}

pub(super) async fn kubelet_killed(real: &RealGround) -> Result<()> {
    let killed = |node: &Machine| node.signal(Daemon::Kubelet, "KILL");
    fails_and_returns(real, (KUBELET_KILLED, killed), "KubeletDown", |node| node.start(Daemon::Kubelet)).await
}

/// The kernel goes on taking connections for it, so it is the control plane that gives it up.
pub(super) async fn kubelet_hangs(real: &RealGround) -> Result<()> {
    let hangs = |node: &Machine| node.signal(Daemon::Kubelet, "STOP");
    fails_and_returns(real, (KUBELET_HANGS, hangs), "Unreachable", |node| node.signal(Daemon::Kubelet, "CONT")).await
}

pub(super) async fn runtime_killed(real: &RealGround) -> Result<()> {
    let killed = |node: &Machine| node.signal(Daemon::Containerd, "KILL");
    fails_and_returns(real, (RUNTIME_KILLED, killed), "NotReady", |node| node.start(Daemon::Containerd)).await
}

/// A program of a node fails; the pods are ready elsewhere, and the node is as it was once the program is back.
async fn fails_and_returns(
    real: &RealGround,
    (what, fail): (&'static str, impl FnOnce(&Machine) -> Result<()>),
    cause: &str,
    mend: impl FnOnce(&Machine) -> Result<()>,
) -> Result<()> {
    let scene = Scene::begin(real).await?;
    let begin = Instant::now();
    fail(&*real.machine(&scene.node)?)?;
    scene.recovery(real, cause).await?;
    scene.elsewhere_after(real, what, begin).await?;
    mend(&*real.machine(&scene.node)?)?;
    scene.is_back(real).await?;
    scene.end(real).await
}

pub(super) async fn network_cut(real: &RealGround) -> Result<()> {
    let scene = Scene::begin(real).await?;
    real.stateful(&scene.shop, "db", 3, &pod(&server())).await?;
    let on_node = |pod: &&Pod| node_of(pod) == Some(&scene.node);
    let db = real.ground.pods(&scene.shop, "db").await?.into_iter().find(|pod| on_node(&pod));
    let db = db.with_context(|| format!("no pod of the StatefulSet is on {}, that proves nothing", scene.node))?;
    let begin = Instant::now();
    real.machine(&scene.node)?.plug(false)?;
    scene.recovery(real, "Unreachable").await?;
    scene.elsewhere_after(real, NETWORK_CUT, begin).await?;
    // It may still run there, and two of one name would write to the same place: nobody may start another.
    let one = |pods: &[Pod]| pods.iter().all(|pod| pod.name_any() != db.name_any() || pod.uid() == db.uid());
    let what = format!("no second {} beside the one that nobody can see", db.name_any());
    let pods = real.ground.cluster.pod_api(&scene.shop);
    stays(&pods, &ListParams::default().labels("app=db"), &what, Duration::from_secs(15), one).await?;
    real.machine(&scene.node)?.plug(true)?;
    scene.is_back(real).await?;
    let all_ready = |pods: &[Pod]| pods.len() == 3 && pods.iter().all(is_ready);
    real.pods_are(&scene.shop, "db", "to be ready", SEEN, all_ready).await?;
    scene.end(real).await
}

pub(super) async fn power_cut(real: &RealGround) -> Result<()> {
    let scene = Scene::begin(real).await?;
    let mut machine = real.take(&scene.node)?;
    let boot = boot_id(&real.ground.cluster.nodes().get(&scene.node).await?);
    let begin = Instant::now();
    machine.cut_power().await?;
    scene.recovery(real, "Unreachable").await?;
    scene.elsewhere_after(real, POWER_CUT, begin).await?;
    real.switch_on(machine).await?;
    scene.is_back(real).await?;
    let again = boot_id(&real.ground.cluster.nodes().get(&scene.node).await?);
    ensure!(again != boot, "the bootID {again:?} did not change with the boot");
    scene.end(real).await
}

fn boot_id(node: &Node) -> Option<String> {
    Some(node.status.as_ref()?.node_info.as_ref()?.boot_id.clone())
}

impl RealGround {
    /// Waits until the pods of `app` are ready on other nodes than `node`.
    pub(super) async fn elsewhere(
        &self,
        shop: &str,
        app: &str,
        replicas: usize,
        node: &str,
        deadline: Duration,
    ) -> Result<()> {
        let there = |pods: &[Pod]| {
            pods.iter().filter(|pod| is_ready(pod) && node_of(pod).is_some_and(|on| on != node)).count() >= replicas
        };
        self.pods_are(shop, app, &format!("to be ready elsewhere than on {node}"), deadline, there).await.map(drop)
    }

    /// A problem detector says that the kernel of the node is deadlocked, or is not any more.
    async fn problem(&self, node: &str, on: bool) -> Result<()> {
        let now = Timestamp::now().to_string();
        let condition = json!({
            "type": "KernelDeadlock", "status": if on { "True" } else { "False" }, "reason": "TaskHung",
            "message": "said by the test", "lastHeartbeatTime": now, "lastTransitionTime": now,
        });
        let patch = Patch::Strategic(json!({ "status": { "conditions": [condition] } }));
        self.ground.cluster.nodes().patch_status(node, &PatchParams::default(), &patch).await.map(drop)?;
        Ok(())
    }

    /// Shows the Recoveries of a story and removes them, with its namespace.
    pub(super) async fn tidy(&self, shop: &str) -> Result<()> {
        let table = self.ground.cluster.kubectl(&["get", "recoveries", "-n", crate::ground::OWN]).await?;
        println!("{}", String::from_utf8_lossy(&table.stdout).trim_end());
        self.remove(shop).await?;
        let gone = |pods: &[Pod]| pods.is_empty();
        let pods = self.ground.cluster.pod_api(shop);
        wait_for_all(&pods, &ListParams::default(), "all pods to be gone", SEEN, gone).await?;
        self.ground.cluster.kubectl(&["delete", "recoveries", "--all", "-n", crate::ground::OWN]).await.map(drop)
    }
}
