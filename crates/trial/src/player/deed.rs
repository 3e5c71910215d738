//! The deeds of stories, done with levers and by the hand of a person.

use super::{Player, machines};
use crate::check::FaultKind;
use crate::net::Link;
use crate::world::POLICIES;
use anyhow::{Context, Result, bail};
use self_healing_api::marks::{APPROVE, CANCEL, EXCLUDE};
use self_healing_controller::manifests::{CONFIG_MAP, NAMESPACE};
use self_healing_sim::actor::{Behaviour, Look};
use self_healing_sim::api::DeleteOptions;
use self_healing_story::story::RELEASE_RESTARTS;
use self_healing_story::{Deed, Kubelet, Moment, Name, Object, PodName, Release, WorkloadKind};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks for something that the world has yet to bring.
const LOOK: Duration = Duration::from_millis(100);
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What actors take to notice something.
const MOMENT: Duration = Duration::from_millis(10);

/// Phases after which nothing follows.
const ENDS: [&str; 5] = ["Succeeded", "Failed", "Escalated", "SelfRecovered", "Cancelled"];

impl Player<'_> {
    pub(super) async fn deed(&self, moment: &Moment) -> Result<()> {
        let (levers, admin, net) = (self.world.levers(), self.world.admin(), self.world.net());
        let ready = |node: &str, status: &str, reason: &str| levers.condition(node, "Ready", status, reason);
        match &moment.deed {
            Deed::Fail(pod) => self.behave(pod, Behaviour::Fails { exit: 1, reason: String::new() }).await?,
            Deed::CrashLoop(pod, restarts) => {
                self.behave(pod, Behaviour::CrashLoop { restarts: *restarts, exit: 1 }).await?;
            }
            Deed::Waits(pod, reason) => self.behave(pod, Behaviour::Waits { reason: reason.clone() }).await?,
            Deed::Unready(pod) => self.behave(pod, Behaviour::Unready).await?,
            Deed::Heal(pod) => {
                self.behave(pod, Behaviour::Healthy).await?;
                let name = self.pod(pod).await?;
                levers.heal(&name.namespace, &name.name)?;
            }
            Deed::Oom(pod) => {
                self.behave(pod, Behaviour::OutOfMemory { restarts: 0 }).await?;
                sleep(MOMENT).await;
                self.behave(pod, Behaviour::Healthy).await?;
            }
            Deed::Finalizer(pod, finalizer) => {
                let name = self.pod(pod).await?;
                let patch = json!({ "metadata": { "finalizers": [finalizer] } });
                admin.patch("pods", &name.namespace, &name.name, &patch)?;
            }
            Deed::Delete(pod) => {
                let name = self.pod(pod).await?;
                admin.delete("pods", &name.namespace, &name.name, &DeleteOptions::default())?;
            }
            Deed::ReplacePod(pod) => self.replace_pod(pod).await?,
            Deed::Release(kind, name, how) => self.release(*kind, name, *how)?,
            Deed::Silence(node, Kubelet::Silent) => levers.silence(node, Look::Silent),
            Deed::Silence(node, Kubelet::Refuses) => levers.silence(node, Look::Refused),
            Deed::Silence(node, Kubelet::Accepts) => levers.silence(node, Look::Answers),
            Deed::Return(node) => {
                levers.wake(node);
                ready(node, "True", "KubeletReady");
            }
            Deed::NotReady(node) => ready(node, "False", "KubeletNotReady"),
            Deed::Condition(node, kind, on) => {
                levers.condition(node, kind, if *on { "True" } else { "False" }, "AsTold");
            }
            Deed::ReplaceNode(node) => {
                admin.delete("nodes", "", node, &DeleteOptions::default())?;
                levers.forget_conditions(node);
                levers.wake(node);
            }
            Deed::Provider(how) => levers.order(machines::ordered(*how)),
            Deed::Receiver(channel, how) => net.set_receiver(channel, *how),
            Deed::Remediate(node) => machines::remediate(admin, node)?,
            Deed::CallOff(node) => machines::call_off(admin, node)?,
            Deed::PauseMachine(node) => machines::pause(admin, node)?,
            Deed::Attach(volume, node) => machines::attach(admin, volume, node)?,
            Deed::Detach(volume) => machines::detach(admin, volume)?,
            Deed::Cordon(node) => {
                admin.patch("nodes", "", node, &json!({ "spec": { "unschedulable": true } }))?;
            }
            Deed::Uncordon(node) => {
                admin.patch("nodes", "", node, &json!({ "spec": { "unschedulable": null } }))?;
            }
            Deed::Taint(node, key) => {
                let mut taints = self.taints_but(node, key)?;
                taints.push(json!({ "key": key, "effect": "NoSchedule" }));
                admin.patch("nodes", "", node, &json!({ "spec": { "taints": taints } }))?;
            }
            Deed::Untaint(node, key) => {
                let taints = self.taints_but(node, key)?;
                admin.patch("nodes", "", node, &json!({ "spec": { "taints": taints } }))?;
            }
            Deed::Exclude(object) => self.annotate(object, EXCLUDE, json!("true")).await?,
            Deed::Include(object) => self.annotate(object, EXCLUDE, Value::Null).await?,
            Deed::Set(key, value) => {
                let patch = json!({ "data": { key.as_str(): value } });
                admin.patch("configmaps", NAMESPACE, CONFIG_MAP, &patch)?;
            }
            Deed::Apply(name, version) => {
                let policy = self.story.policy(name, *version);
                self.world.apply_policy(policy.with_context(|| format!("there is no {name} {version}"))?)?;
            }
            Deed::Withdraw(name) => {
                admin.delete(POLICIES, "", name, &DeleteOptions::default())?;
            }
            Deed::Approve(object) => self.order(object, APPROVE).await?,
            Deed::Cancel(object) => self.order(object, CANCEL).await?,
            Deed::Annotate(object, key, value) => self.annotate(object, key, json!(value)).await?,
            Deed::Select(service, workload) => {
                let patch = json!({ "spec": { "selector": { "app": workload.name } } });
                admin.patch("services", &service.namespace, &service.name, &patch)?;
            }
            Deed::Budget(name, number) => {
                let patch = json!({ "spec": { "minAvailable": number } });
                admin.patch("poddisruptionbudgets.policy", &name.namespace, &name.name, &patch)?;
            }
            Deed::Scale(kind, name, pods) => {
                let patch = json!({ "spec": { "replicas": pods } });
                admin.patch(resource_of(*kind), &name.namespace, &name.name, &patch)?;
            }
            Deed::Pause(name) => {
                let patch = json!({ "spec": { "paused": true } });
                admin.patch("deployments.apps", &name.namespace, &name.name, &patch)?;
            }
            Deed::Autoscale(kind, name) => {
                let target = json!({ "apiVersion": "apps/v1", "kind": format!("{kind:?}"), "name": name.name });
                let spec = json!({ "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10 });
                let object = json!({ "metadata": { "name": name.name }, "spec": spec });
                admin.create("horizontalpodautoscalers.autoscaling", &name.namespace, &object)?;
            }
            Deed::KillController => self.leader().await?.kill(None),
            Deed::StopController => self.leader().await?.stop(false),
            Deed::FreezeController(span) => {
                let leader = self.leader().await?;
                net.fault_for(FaultKind::Process, *span);
                leader.pause(*span);
            }
            Deed::StopApiserver => net.set_down(true),
            Deed::StartApiserver => net.set_down(false),
        }
        Ok(())
    }

    /// A node's taints without those of this key.
    fn taints_but(&self, node: &str, key: &str) -> Result<Vec<Value>> {
        let node = self.world.admin().get("nodes", "", node)?;
        let taints = node["spec"]["taints"].as_array().into_iter().flatten();
        Ok(taints.filter(|taint| taint["key"] != key).cloned().collect())
    }

    /// The process that leads; a fault may have ended it just before.
    async fn leader(&self) -> Result<Link> {
        let start = Instant::now();
        loop {
            if let Some(link) = self.world.leader() {
                return Ok(link);
            }
            if start.elapsed() > PATIENCE {
                bail!("no process of the controller runs");
            }
            sleep(LOOK).await;
        }
    }

    /// The pod's name in the cluster, once it is there; it may be about to be created.
    async fn pod(&self, pod: &PodName) -> Result<Name> {
        let start = Instant::now();
        loop {
            if let Some((_, name)) = self.world.find(pod) {
                return Ok(name);
            }
            if start.elapsed() > PATIENCE {
                bail!("there is no {pod}");
            }
            sleep(LOOK).await;
        }
    }

    /// Tells a pod how to behave, once its node has taken it.
    async fn behave(&self, pod: &PodName, how: Behaviour) -> Result<()> {
        let name = self.pod(pod).await?;
        let start = Instant::now();
        loop {
            match self.world.levers().pod(&name.namespace, &name.name, how.clone()) {
                Err(_) if start.elapsed() < PATIENCE => sleep(LOOK).await,
                done => return Ok(done?),
            }
        }
    }

    /// Another pod of the same name on the same node; that of a StatefulSet is made by its controller.
    async fn replace_pod(&self, pod: &PodName) -> Result<()> {
        let admin = self.world.admin();
        let name = self.pod(pod).await?;
        let old = admin.get("pods", &name.namespace, &name.name)?;
        let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        admin.delete("pods", &name.namespace, &name.name, &at_once)?;
        if matches!(pod, PodName::Bare(_)) {
            let metadata = json!({ "name": name.name, "labels": old["metadata"]["labels"] });
            admin.create("pods", &name.namespace, &json!({ "metadata": metadata, "spec": old["spec"] }))?;
        }
        Ok(())
    }

    /// Another image for a workload, whose containers behave so wherever they are started.
    fn release(&self, kind: WorkloadKind, name: &Name, how: Release) -> Result<()> {
        let resource = if kind == WorkloadKind::StatefulSet { "statefulsets.apps" } else { "deployments.apps" };
        let admin = self.world.admin();
        let workload = admin.get(resource, &name.namespace, &name.name)?;
        let image = format!("registry.example/{}:{}", name.name, workload["metadata"]["generation"]);
        let nowhere = (how == Release::Unschedulable).then(|| json!({ "kubernetes.io/hostname": "nowhere" }));
        let how = match how {
            Release::Well => Behaviour::Healthy,
            Release::Unready => Behaviour::Unready,
            Release::CrashLoop => Behaviour::CrashLoop { restarts: RELEASE_RESTARTS, exit: 1 },
            Release::ImagePullBackOff => Behaviour::Waits { reason: "ImagePullBackOff".to_owned() },
            Release::Unschedulable => Behaviour::Healthy,
        };
        self.world.levers().image(&image, how);
        let mut containers = workload["spec"]["template"]["spec"]["containers"].clone();
        containers[0]["image"] = json!(image);
        let spec = json!({ "containers": containers, "nodeSelector": nowhere });
        let patch = json!({ "spec": { "template": { "spec": spec } } });
        admin.patch(resource, &name.namespace, &name.name, &patch)?;
        Ok(())
    }

    async fn annotate(&self, object: &Object, key: &str, value: Value) -> Result<()> {
        let (resource, name) = match object {
            Object::Pod(pod) => ("pods", self.pod(pod).await?),
            Object::Node(node) => ("nodes", Name { namespace: String::new(), name: node.clone() }),
            Object::Namespace(name) => ("namespaces", Name { namespace: String::new(), name: name.clone() }),
            Object::Workload(kind, name) => (resource_of(*kind), name.clone()),
            Object::Service(name) => ("services", name.clone()),
        };
        let patch = json!({ "metadata": { "annotations": { key: value } } });
        self.world.admin().patch(resource, &name.namespace, &name.name, &patch)?;
        Ok(())
    }

    /// A person's word on the active Recovery of a pod, node or Service, once there is one.
    async fn order(&self, object: &Object, key: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(recovery) = self.recovery(object) {
                let patch = json!({ "metadata": { "annotations": { key: "a person" } } });
                self.world.admin().patch("recoveries.self-healing.dev", NAMESPACE, &recovery, &patch)?;
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("there is no active Recovery of {object}");
            }
            sleep(LOOK).await;
        }
    }

    fn recovery(&self, object: &Object) -> Option<String> {
        let is_meant = |target: &Value| match object {
            Object::Node(node) => target["kind"] == "Node" && target["name"] == **node,
            Object::Pod(pod) => self.world.find(pod).is_some_and(|(uid, _)| target["uid"] == *uid),
            Object::Workload(kind, name) => target["kind"] == format!("{kind:?}") && target["name"] == *name.name,
            Object::Namespace(_) => false,
            Object::Service(name) => {
                target["kind"] == "Service" && target["namespace"] == name.namespace && target["name"] == name.name
            }
        };
        let all = self.world.admin().list("recoveries.self-healing.dev", NAMESPACE);
        let active = |recovery: &&std::sync::Arc<Value>| {
            let phase = recovery["status"]["phase"].as_str().unwrap_or_default();
            is_meant(&recovery["spec"]["target"]) && !ENDS.contains(&phase)
        };
        all.iter().find(active).and_then(|recovery| recovery["metadata"]["name"].as_str()).map(str::to_owned)
    }
}

const fn resource_of(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "deployments.apps",
        WorkloadKind::StatefulSet => "statefulsets.apps",
        WorkloadKind::DaemonSet => "daemonsets.apps",
        WorkloadKind::Job => "jobs.batch",
    }
}
