//! What a scenario puts on its ground and looks at there: workloads, pods, nodes, Events.

use crate::ground::{Ground, SOON};
use anyhow::{Context, Result, bail};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::nodes::HOLD;
use self_healing_e2e::pods::deployment;
use self_healing_e2e::wait::{wait_for, wait_for_all};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;

/// A finalizer that nobody but a test removes.
pub(crate) const FINALIZER: &str = "e2e.self-healing.dev/keep";

impl Ground {
    /// That many nodes, and in a fresh namespace a Deployment `web` of that many pods, all ready. Returns the namespace.
    pub(crate) async fn web(&self, nodes: usize, replicas: i32) -> Result<String> {
        self.nodes(nodes).await?;
        let namespace = self.namespace().await?;
        self.deployment(&namespace, "web", replicas).await?;
        Ok(namespace)
    }

    /// A Deployment of that many pods, all ready.
    pub(crate) async fn deployment(&self, namespace: &str, name: &str, replicas: i32) -> Result<()> {
        let api = Api::<Deployment>::namespaced(self.cluster.admin(), namespace);
        let mut wanted = deployment(namespace, name, replicas)?;
        if let Some(template) = wanted.spec.as_mut().and_then(|spec| spec.template.spec.as_mut()) {
            template.scheduler_name = self.scheduler().map(str::to_owned);
        }
        api.create(&PostParams::default(), &wanted).await?;
        self.cluster.deployment_ready(namespace, name, SOON).await.map(drop)
    }

    /// A PodDisruptionBudget `web-budget` that lets no pod of `web` go.
    pub(crate) async fn strict_budget(&self, namespace: &str) -> Result<()> {
        let budget = json!({
            "metadata": { "name": "web-budget" },
            "spec": { "maxUnavailable": 0, "selector": { "matchLabels": { "app": "web" } } },
        });
        let api = Api::<PodDisruptionBudget>::namespaced(self.cluster.admin(), namespace);
        api.create(&PostParams::default(), &serde_json::from_value(budget)?).await?;
        let known = |found: Option<&PodDisruptionBudget>| found.is_some_and(|budget| budget.status.is_some());
        wait_for(&api, "web-budget", "the disruption controller to know the budget", SOON, known).await.map(drop)
    }

    /// A pod without controller, running. It carries what a restart must keep.
    pub(crate) async fn bare_pod(&self, namespace: &str, name: &str, finalizers: &[&str]) -> Result<Pod> {
        let pod = json!({
            "metadata": { "name": name, "labels": { "app": name, "tier": "db" }, "annotations": { "note": "kept" }, "finalizers": finalizers },
            "spec": {
                "schedulerName": self.scheduler(),
                "terminationGracePeriodSeconds": 7,
                "containers": [{ "name": "main", "image": "app:1", "env": [{ "name": "COLOR", "value": "blue" }] }],
            },
        });
        self.cluster.pod_api(namespace).create(&PostParams::default(), &serde_json::from_value(pod)?).await?;
        self.pod_ready(namespace, name, SOON).await
    }

    /// Waits until a pod of that name with another uid is there, lets kwok start it, and waits until it is ready.
    pub(crate) async fn successor(&self, old: &Pod, deadline: Duration) -> Result<Pod> {
        let (namespace, name) = (old.namespace().unwrap_or_default(), old.name_any());
        let (api, what) = (self.cluster.pod_api(&namespace), format!("another pod {name} than {:?}", old.uid()));
        let other = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.uid() != old.uid());
        let new = wait_for(&api, &name, &what, deadline, other).await?.context("the pod is gone again")?;
        // It is a faithful copy, so it carries the annotation by which the old one kept its failed status.
        self.mark_pod(&new, json!({ "annotations": { HOLD: null } })).await?;
        self.pod_ready(&namespace, &name, deadline).await
    }

    /// Waits until a pod of that name is ready.
    async fn pod_ready(&self, namespace: &str, name: &str, deadline: Duration) -> Result<Pod> {
        let good = |pod: Option<&Pod>| pod.is_some_and(is_ready);
        let (api, what) = (self.cluster.pod_api(namespace), format!("pod {name} to be ready"));
        wait_for(&api, name, &what, deadline, good).await?.context("the pod is gone again")
    }

    /// The pods of `app`.
    pub(crate) async fn pods(&self, namespace: &str, app: &str) -> Result<Vec<Pod>> {
        self.cluster.pods(namespace, &format!("app={app}")).await
    }

    /// The first pod of `app`.
    pub(crate) async fn pod(&self, namespace: &str, app: &str) -> Result<Pod> {
        self.pods(namespace, app).await?.into_iter().next().with_context(|| format!("no pod of {namespace}/{app}"))
    }

    /// Waits until the pod with this uid is gone.
    pub(crate) async fn pod_gone(&self, pod: &Pod, deadline: Duration) -> Result<()> {
        let api = self.cluster.pod_api(&pod.namespace().unwrap_or_default());
        let uid = pod.uid();
        let what = format!("pod {} with uid {} to be gone", pod.name_any(), uid.clone().unwrap_or_default());
        wait_for(&api, &pod.name_any(), &what, deadline, |found| found.is_none_or(|found| found.uid() != uid))
            .await
            .map(drop)
    }

    /// The pod is there with this uid and not being deleted, for that long.
    pub(crate) async fn pod_stays(&self, pod: &Pod, duration: Duration) -> Result<()> {
        let api = self.cluster.pod_api(&pod.namespace().unwrap_or_default());
        let one = ListParams::default().fields(&format!("metadata.name={}", pod.name_any()));
        let same = |found: &Pod| found.uid() == pod.uid() && found.metadata.deletion_timestamp.is_none();
        let what = format!("pod {} with uid {} to stay", pod.name_any(), pod.uid().unwrap_or_default());
        stays(&api, &one, &what, duration, |found| found.first().is_some_and(same)).await
    }

    /// Changes a pod's metadata by a merge patch.
    pub(crate) async fn mark_pod(&self, pod: &Pod, metadata: Value) -> Result<()> {
        let api = self.cluster.pod_api(&pod.namespace().unwrap_or_default());
        merge(&api, &pod.name_any(), json!({ "metadata": metadata })).await
    }

    /// Waits until that many pods of `app` are ready on other nodes than `node`.
    pub(crate) async fn elsewhere(
        &self,
        namespace: &str,
        app: &str,
        count: usize,
        node: &str,
        deadline: Duration,
    ) -> Result<()> {
        let away =
            |pod: &&Pod| node_of(pod) != Some(node) && pod.metadata.deletion_timestamp.is_none() && is_ready(pod);
        let enough = |pods: &[Pod]| pods.iter().filter(away).count() >= count;
        let params = ListParams::default().labels(&format!("app={app}"));
        let what = format!("{count} ready pods of {app} away from {node}");
        wait_for_all(&self.cluster.pod_api(namespace), &params, &what, deadline, enough).await.map(drop)
    }

    /// Waits until the node satisfies `good`.
    pub(crate) async fn node(
        &self,
        name: &str,
        what: &str,
        deadline: Duration,
        good: impl Fn(&Node) -> bool,
    ) -> Result<Node> {
        let what = format!("node {name} {what}");
        let found = wait_for(&self.cluster.nodes(), name, &what, deadline, |node| node.is_some_and(&good)).await?;
        found.with_context(|| format!("node {name} is gone"))
    }

    /// The node reports Ready=False while its kubelet goes on renewing its Lease.
    pub(crate) async fn sicken(&self, node: &str) -> Result<()> {
        self.cluster.set_condition(node, "Ready", "False", "KubeletNotReady").await
    }

    /// The Events about the object with this uid.
    pub(crate) async fn events(&self, uid: &str) -> Result<Vec<Event>> {
        let params = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
        Ok(Api::<Event>::all(self.cluster.admin()).list(&params).await?.items)
    }

    /// Waits until an Event about that object has this reason.
    pub(crate) async fn event(&self, uid: &str, reason: &str, deadline: Duration) -> Result<Event> {
        let params = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
        let of_reason = |event: &&Event| event.reason.as_deref() == Some(reason);
        let what = format!("an Event {reason} about the object {uid}");
        let found = |events: &[Event]| events.iter().any(|event| of_reason(&event));
        let events = wait_for_all(&Api::<Event>::all(self.cluster.admin()), &params, &what, deadline, found).await?;
        events.into_iter().find(|event| of_reason(&event)).context("the Event is gone again")
    }
}

/// Patches an object as an administrator.
pub(crate) async fn merge<K: Clone + DeserializeOwned + Debug>(api: &Api<K>, name: &str, patch: Value) -> Result<()> {
    let patched = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
    patched.map(drop).with_context(|| format!("cannot patch {name}"))
}

/// Watches that the listed objects are good all the time for that long: the bound of a check that something does not happen.
pub(crate) async fn stays<K>(
    api: &Api<K>,
    params: &ListParams,
    what: &str,
    duration: Duration,
    good: impl Fn(&[K]) -> bool,
) -> Result<()>
where
    K: kube::Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    if let Ok(seen) = wait_for_all(api, params, what, duration, |items| !good(items)).await {
        let seen: Vec<String> = seen.iter().map(|item| serde_json::to_string(item).unwrap_or_default()).collect();
        bail!("expected {what} for {duration:?}, but saw:\n{}", seen.join("\n"));
    }
    // The watch may have been broken all the time, which is no proof.
    let now = api.list(params).await.with_context(|| format!("cannot look at the end of {what}"))?;
    if !good(&now.items) {
        bail!("expected {what} for {duration:?}, but it had ended by then");
    }
    Ok(())
}

pub(crate) fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|list| list.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
}

pub(crate) fn is_cordoned(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or(false)
}

/// Every annotation and taint of ours on a node.
pub(crate) fn marks(node: &Node) -> Vec<String> {
    let annotations = node.annotations().keys().cloned();
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    let taints = taints.into_iter().flatten().map(|taint| taint.key.clone());
    annotations.chain(taints).filter(|key| key.starts_with("self-healing.dev/")).collect()
}

/// The Recovery that owns the node's cordon.
pub(crate) fn owner(node: &Node) -> Option<&str> {
    node.annotations().get("self-healing.dev/owner").map(String::as_str)
}
