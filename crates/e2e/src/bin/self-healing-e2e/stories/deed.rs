//! The deeds of stories, done with the fake kubelets, the processes and by the hand of a person.

use super::build;
use super::player::Player;
use crate::ground::OWN;
use crate::objects::merge;
use crate::receiver::Reply;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::VolumeAttachment;
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use self_healing_api::marks::{APPROVE, CANCEL, EXCLUDE};
use self_healing_e2e::Answer;
use self_healing_e2e::pods::{BEHAVIOUR, RELEASE};
use self_healing_story::story::BUSY;
use self_healing_story::{Deed, Kubelet, Name, Object, PodName, Reception, Release, Thing, WorkloadKind};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks for something that the cluster has yet to bring.
const LOOK: Duration = Duration::from_millis(50);
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a receiver answers that takes messages so.
const fn reply(how: Reception) -> Reply {
    match how {
        Reception::Well => Reply::Ok,
        Reception::Busy => Reply::Busy(BUSY as u64),
        Reception::Fails => Reply::Broken,
        Reception::Refuses => Reply::Refuses,
        Reception::Hangs => Reply::Hangs,
        Reception::Closes => Reply::Closes,
    }
}

impl Player<'_> {
    pub(super) async fn deed(&self, deed: &Deed) -> Result<()> {
        match deed {
            Deed::Fail(pod)
            | Deed::CrashLoop(pod, _)
            | Deed::Waits(pod, _)
            | Deed::Unready(pod)
            | Deed::Heal(pod)
            | Deed::Oom(pod) => self.behave(&self.pod(pod).await?, deed).await,
            Deed::Release(kind, name, how) => self.release(*kind, name, *how).await,
            Deed::Finalizer(pod, finalizer) => {
                let patch = json!({ "metadata": { "finalizers": [finalizer] } });
                self.patch_pod(pod, patch).await
            }
            Deed::Delete(pod) => self.delete(pod, &DeleteParams::default()).await,
            Deed::ReplacePod(pod) => self.replace_pod(pod).await,
            Deed::Exclude(object) => self.annotate(object, EXCLUDE, json!("true")).await,
            Deed::Include(object) => self.annotate(object, EXCLUDE, Value::Null).await,
            Deed::Set(key, value) => self.ground.configure(json!({ key.as_str(): value })).await,
            Deed::Apply(name, version) => {
                let policy = self.story.policy(name, *version);
                self.ground.apply_policy(policy.with_context(|| format!("the story has no {name} {version}"))?).await
            }
            Deed::Withdraw(name) => self.ground.cluster.kubectl(&["delete", "healingpolicy", name]).await.map(drop),
            Deed::Approve(object) => self.order(object, APPROVE).await,
            Deed::Cancel(object) => self.order(object, CANCEL).await,
            Deed::Annotate(object, key, value) => self.annotate(object, key, json!(value)).await,
            Deed::Select(service, workload) => {
                let api = Api::<Service>::namespaced(self.ground.cluster.admin(), &service.namespace);
                merge(&api, &service.name, json!({ "spec": { "selector": { "app": workload.name } } })).await
            }
            Deed::Budget(name, number) => {
                let api = Api::<PodDisruptionBudget>::namespaced(self.ground.cluster.admin(), &name.namespace);
                merge(&api, &name.name, json!({ "spec": { "minAvailable": number } })).await
            }
            Deed::Scale(kind, name, pods) => {
                self.patch_workload(*kind, name, json!({ "spec": { "replicas": pods } })).await
            }
            Deed::Pause(name) => {
                self.patch_workload(WorkloadKind::Deployment, name, json!({ "spec": { "paused": true } })).await
            }
            Deed::Autoscale(kind, name) => {
                let target = json!({ "apiVersion": "apps/v1", "kind": format!("{kind:?}"), "name": name.name });
                let spec = json!({ "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10 });
                let object = serde_json::from_value(json!({ "metadata": { "name": name.name }, "spec": spec }))?;
                let admin = self.ground.cluster.admin();
                let api = Api::<HorizontalPodAutoscaler>::namespaced(admin, &name.namespace);
                api.create(&PostParams::default(), &object).await?;
                Ok(())
            }
            Deed::Provider(how) => {
                self.provider()?.order(*how);
                Ok(())
            }
            Deed::Receiver(channel, how) => {
                self.receiver(channel)?.answer(reply(*how));
                Ok(())
            }
            Deed::Remediate(node) => self.provider()?.remediate_by_another(node).await,
            Deed::CallOff(node) => self.provider()?.call_off(node).await,
            Deed::PauseMachine(node) => self.provider()?.pause(node).await,
            Deed::Attach(volume, node) => {
                let source = json!({ "persistentVolumeName": volume });
                let spec = json!({ "attacher": "csi.example.com", "nodeName": node, "source": source });
                let object = serde_json::from_value(json!({ "metadata": { "name": volume }, "spec": spec }))?;
                self.attachments().create(&PostParams::default(), &object).await?;
                Ok(())
            }
            Deed::Detach(volume) => {
                self.attachments().delete(volume, &DeleteParams::default()).await?;
                Ok(())
            }
            Deed::KillController => self.kill().await,
            Deed::StopController => self.stop().await,
            Deed::FreezeController(span) => self.freeze(*span).await,
            Deed::StopApiserver => self.ground.cluster.apiserver()?.kill().await,
            Deed::StartApiserver => self.ground.cluster.apiserver()?.restart().await,
            of_node => self.node_deed(of_node).await,
        }
    }

    fn attachments(&self) -> Api<VolumeAttachment> {
        Api::all(self.ground.cluster.admin())
    }

    async fn node_deed(&self, deed: &Deed) -> Result<()> {
        let cluster = &self.ground.cluster;
        let schedulable = |unschedulable: Value| json!({ "spec": { "unschedulable": unschedulable } });
        match deed {
            Deed::Silence(node, Kubelet::Silent) => cluster.silence(node, Answer::Nothing).await,
            Deed::Silence(node, Kubelet::Refuses) => cluster.silence(node, Answer::Refuses).await,
            Deed::Silence(node, Kubelet::Accepts) => cluster.silence(node, Answer::Accepts).await,
            Deed::Return(node) => {
                cluster.wake(node).await?;
                cluster.release_node(node).await
            }
            Deed::NotReady(node) => cluster.set_condition(node, "Ready", "False", "KubeletNotReady").await,
            Deed::Condition(node, kind, on) => {
                cluster.set_condition(node, kind, if *on { "True" } else { "False" }, "AsTold").await
            }
            Deed::ReplaceNode(node) => {
                cluster.delete_node(node).await?;
                let is_meant = |thing: &&Thing| matches!(thing, Thing::Node { name, .. } if name == node);
                let spec = self.story.things.iter().find(is_meant).and_then(build::node);
                cluster.add_node(spec.with_context(|| format!("the story has no node {node}"))?).await
            }
            Deed::Cordon(node) => merge(&cluster.nodes(), node, schedulable(json!(true))).await,
            Deed::Uncordon(node) => merge(&cluster.nodes(), node, schedulable(Value::Null)).await,
            Deed::Taint(node, key) => {
                let mut taints = self.taints_but(node, key).await?;
                taints.push(json!({ "key": key, "effect": "NoSchedule" }));
                merge(&cluster.nodes(), node, json!({ "spec": { "taints": taints } })).await
            }
            Deed::Untaint(node, key) => {
                let taints = self.taints_but(node, key).await?;
                merge(&cluster.nodes(), node, json!({ "spec": { "taints": taints } })).await
            }
            other => bail!("a real cluster cannot do `{other}`"),
        }
    }

    /// A node's taints without those of this key.
    async fn taints_but(&self, node: &str, key: &str) -> Result<Vec<Value>> {
        let node = serde_json::to_value(self.ground.cluster.nodes().get(node).await?)?;
        let taints = node["spec"]["taints"].as_array().into_iter().flatten();
        Ok(taints.filter(|taint| taint["key"] != key).cloned().collect())
    }

    async fn behave(&self, pod: &Name, deed: &Deed) -> Result<()> {
        let (cluster, namespace, name) = (&self.ground.cluster, pod.namespace.as_str(), pod.name.as_str());
        match deed {
            Deed::CrashLoop(_, restarts) => cluster.crash_loop(namespace, name, i32::try_from(*restarts)?).await,
            Deed::Waits(_, reason) => cluster.waits(namespace, name, reason).await,
            Deed::Unready(_) => cluster.not_ready(namespace, name).await,
            Deed::Heal(_) => cluster.make_ready(namespace, name).await,
            Deed::Oom(_) => cluster.out_of_memory(namespace, name, Timestamp::now()).await,
            _ => cluster.fail(namespace, name).await,
        }
    }

    /// The pod's name in the cluster, once it is there; it may be about to be created.
    async fn pod(&self, pod: &PodName) -> Result<Name> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some((_, name)) = self.witness.find(pod) {
                return Ok(name);
            }
            if Instant::now() > end {
                bail!("there is no {pod}");
            }
            sleep(LOOK).await;
        }
    }

    fn pods(&self, namespace: &str) -> Api<Pod> {
        self.ground.cluster.pod_api(namespace)
    }

    async fn patch_pod(&self, pod: &PodName, patch: Value) -> Result<()> {
        let name = self.pod(pod).await?;
        merge(&self.pods(&name.namespace), &name.name, patch).await
    }

    async fn delete(&self, pod: &PodName, how: &DeleteParams) -> Result<()> {
        let name = self.pod(pod).await?;
        self.pods(&name.namespace).delete(&name.name, how).await?;
        Ok(())
    }

    /// Another pod of the same name on the same node; that of a StatefulSet is made by its controller.
    async fn replace_pod(&self, pod: &PodName) -> Result<()> {
        let name = self.pod(pod).await?;
        let api = self.pods(&name.namespace);
        let node = api.get(&name.name).await?.spec.and_then(|spec| spec.node_name);
        self.delete(pod, &DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() }).await?;
        if matches!(pod, PodName::Bare(_)) {
            let new = serde_json::from_value(build::pod(&name.name, node.as_deref()))?;
            api.create(&PostParams::default(), &new).await?;
        }
        Ok(())
    }

    /// Another template for a workload, whose pods behave so from their start.
    async fn release(&self, kind: WorkloadKind, name: &Name, how: Release) -> Result<()> {
        let behaviour = match how {
            Release::Well | Release::Unschedulable => Value::Null,
            Release::Unready | Release::CrashLoop | Release::ImagePullBackOff => json!(how.as_str()),
        };
        // A template that was there before would be no new revision.
        let annotations = json!({ BEHAVIOUR: behaviour, RELEASE: Timestamp::now().to_string() });
        let nowhere = (how == Release::Unschedulable).then(|| json!({ "kubernetes.io/hostname": "nowhere" }));
        let template = json!({ "metadata": { "annotations": annotations }, "spec": { "nodeSelector": nowhere } });
        let patch = json!({ "spec": { "template": template } });
        self.patch_workload(kind, name, patch).await
    }

    async fn annotate(&self, object: &Object, key: &str, value: Value) -> Result<()> {
        let patch = json!({ "metadata": { "annotations": { key: value } } });
        let admin = self.ground.cluster.admin();
        match object {
            Object::Pod(pod) => self.patch_pod(pod, patch).await,
            Object::Node(node) => merge(&self.ground.cluster.nodes(), node, patch).await,
            Object::Namespace(name) => merge(&Api::<Namespace>::all(admin), name, patch).await,
            Object::Workload(kind, name) => self.patch_workload(*kind, name, patch).await,
            Object::Service(name) => {
                merge(&Api::<Service>::namespaced(admin, &name.namespace), &name.name, patch).await
            }
        }
    }

    async fn patch_workload(&self, kind: WorkloadKind, at: &Name, patch: Value) -> Result<()> {
        let (admin, namespace, name) = (self.ground.cluster.admin(), &at.namespace, &at.name);
        match kind {
            WorkloadKind::Deployment => merge(&Api::<Deployment>::namespaced(admin, namespace), name, patch).await,
            WorkloadKind::StatefulSet => merge(&Api::<StatefulSet>::namespaced(admin, namespace), name, patch).await,
            WorkloadKind::DaemonSet => merge(&Api::<DaemonSet>::namespaced(admin, namespace), name, patch).await,
            WorkloadKind::Job => merge(&Api::<Job>::namespaced(admin, namespace), name, patch).await,
        }
    }

    /// A person's word on the active Recovery of a pod or node, once there is one.
    async fn order(&self, object: &Object, key: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let records = self.ground.recoveries().list(&ListParams::default()).await?.items;
            let active = |record: &&kube::api::DynamicObject| {
                !crate::records::is_over(record) && self.is_about(&record.data["spec"]["target"], object)
            };
            if let Some(name) = records.iter().find(active).and_then(|record| record.metadata.name.clone()) {
                return self.ground.annotate_recovery(&name, key, "a person").await;
            }
            if Instant::now() > end {
                bail!("there is no active Recovery of {object} in {OWN}");
            }
            sleep(LOOK).await;
        }
    }

    fn is_about(&self, target: &Value, object: &Object) -> bool {
        match object {
            Object::Node(node) => target["kind"] == "Node" && target["name"] == **node,
            Object::Pod(pod) => self.witness.find(pod).is_some_and(|(uid, _)| target["uid"] == *uid),
            Object::Workload(kind, name) => target["kind"] == format!("{kind:?}") && target["name"] == *name.name,
            Object::Namespace(_) => false,
            Object::Service(name) => {
                target["kind"] == "Service" && target["namespace"] == name.namespace && target["name"] == name.name
            }
        }
    }
}
