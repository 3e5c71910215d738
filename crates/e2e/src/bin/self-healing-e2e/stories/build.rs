//! What is there when a story begins: nodes, workloads, pods, budgets; all of it well.

use crate::ground::{Ground, SOON};
use crate::objects::{is_ready, merge, node_of};
use anyhow::Result;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service, ServiceAccount};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{ListParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource};
use self_healing_api::marks::{CONTROL_PLANE, FAILOVER_SELECTOR, FAILOVER_WORKLOAD};
use self_healing_e2e::NodeSpec;
use self_healing_e2e::wait::{wait_for, wait_for_all};
use self_healing_story::story::{MEMORY_LIMIT, PROGRESS_DEADLINE};
use self_healing_story::{Name, Story, Thing, WorkloadKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Builds everything of `story`, and waits until it is well.
pub(super) async fn build(ground: &Ground, story: &Story) -> Result<()> {
    for thing in &story.things {
        if let Some(spec) = node(thing) {
            ground.cluster.add_node(spec).await?;
        }
    }
    let namespaces: BTreeSet<&str> = story.things.iter().filter_map(namespace).collect();
    for namespace in namespaces {
        make_namespace(ground, namespace).await?;
    }
    let builder = Builder { ground, story };
    for thing in &story.things {
        match thing {
            Thing::Node { .. } => {}
            Thing::Workload { kind, name, replicas, on, best_effort } => {
                builder.hold(on.as_deref(), json!(true)).await?;
                let pods = builder.workload(*kind, name, *replicas, *best_effort).await?;
                builder.bound(name, pods).await?;
                builder.hold(on.as_deref(), Value::Null).await?;
            }
            Thing::Pod { name, on } => builder.pod(name, on.as_deref()).await?,
            Thing::Budget { name, min_available } => builder.budget(name, *min_available).await?,
            Thing::Service { name, workload, standby } => builder.service(name, workload, standby.as_ref()).await?,
        }
    }
    let well = |pods: &[Pod]| pods.iter().all(is_ready);
    let pods = Api::<Pod>::all(ground.cluster.admin());
    wait_for_all(&pods, &ListParams::default(), "every pod to be ready", SOON, well).await?;
    for policy in story.first_policies() {
        ground.apply_policy(policy).await?;
    }
    Ok(())
}

/// The node that a thing is.
pub(super) fn node(thing: &Thing) -> Option<NodeSpec> {
    let Thing::Node { name, zone, control_plane } = thing else { return None };
    let spec = providing(name);
    let spec = zone.iter().fold(spec, |spec, zone| spec.zone(zone));
    Some(if *control_plane { spec.label(CONTROL_PLANE, "") } else { spec })
}

/// A node of that name, of a machine that its provider knows.
pub(super) fn providing(name: &str) -> NodeSpec {
    NodeSpec::named(name).provider_id(format!("machines:///{name}"))
}

/// The body of a pod with one small container.
pub(super) fn pod(name: &str, node: Option<&str>) -> Value {
    let mut spec = containers(false);
    spec["nodeName"] = json!(node);
    json!({ "metadata": { "name": name, "labels": { "app": name } }, "spec": spec })
}

fn namespace(thing: &Thing) -> Option<&str> {
    match thing {
        Thing::Workload { name, .. } | Thing::Pod { name, .. } => Some(&name.namespace),
        Thing::Node { .. } | Thing::Budget { .. } | Thing::Service { .. } => None,
    }
}

/// The namespace is not one that an earlier story left, and pods can be made in it.
pub(super) async fn make_namespace(ground: &Ground, name: &str) -> Result<()> {
    let api = Api::<Namespace>::all(ground.cluster.admin());
    let stays = api.get_opt(name).await?.is_some_and(|found| found.metadata.deletion_timestamp.is_none());
    if !stays {
        wait_for(&api, name, &format!("the old namespace {name} to be gone"), SOON, |found| found.is_none()).await?;
        let labels = json!({ "pod-security.kubernetes.io/enforce": "privileged" });
        let namespace = serde_json::from_value(json!({ "metadata": { "name": name, "labels": labels } }))?;
        api.create(&PostParams::default(), &namespace).await?;
    }
    let accounts = Api::<ServiceAccount>::namespaced(ground.cluster.admin(), name);
    wait_for(&accounts, "default", "the default ServiceAccount", SOON, |found| found.is_some()).await.map(drop)
}

struct Builder<'a> {
    ground: &'a Ground,
    story: &'a Story,
}

impl Builder<'_> {
    /// Keeps the scheduler from every node but `on`, or no more.
    async fn hold(&self, on: Option<&str>, held: Value) -> Result<()> {
        for other in self.story.nodes().filter(|node| on.is_some_and(|on| on != *node)) {
            merge(&self.ground.cluster.nodes(), other, json!({ "spec": { "unschedulable": held } })).await?;
        }
        Ok(())
    }

    /// Waits until that many pods of the workload are on nodes.
    async fn bound(&self, name: &Name, pods: usize) -> Result<()> {
        let params = ListParams::default().labels(&format!("app={}", name.name));
        let placed = |found: &[Pod]| found.len() == pods && found.iter().all(|pod| node_of(pod).is_some());
        let what = format!("{pods} pods of {name} on nodes");
        wait_for_all(&self.ground.cluster.pod_api(&name.namespace), &params, &what, SOON, placed).await.map(drop)
    }

    /// Gives the number of its pods.
    async fn workload(&self, kind: WorkloadKind, name: &Name, replicas: u32, best_effort: bool) -> Result<usize> {
        let labels = json!({ "app": name.name });
        let template = json!({ "metadata": { "labels": labels }, "spec": containers(best_effort) });
        let metadata = json!({ "name": name.name, "labels": labels });
        let selector = json!({ "matchLabels": labels });
        let spec = json!({ "replicas": replicas, "selector": selector, "template": template });
        match kind {
            WorkloadKind::Deployment => {
                let mut spec = spec;
                spec["progressDeadlineSeconds"] = json!(PROGRESS_DEADLINE.as_secs());
                self.create::<Deployment>(name, json!({ "metadata": metadata, "spec": spec })).await?;
            }
            WorkloadKind::StatefulSet => {
                let mut spec = spec;
                spec["serviceName"] = json!(name.name);
                self.create::<StatefulSet>(name, json!({ "metadata": metadata, "spec": spec })).await?;
            }
            WorkloadKind::DaemonSet => {
                let spec = json!({ "selector": selector, "template": template });
                self.create::<DaemonSet>(name, json!({ "metadata": metadata, "spec": spec })).await?;
                return Ok(self.story.nodes().count());
            }
            WorkloadKind::Job => {
                let mut template = template;
                template["spec"]["restartPolicy"] = json!("Never");
                let spec = json!({ "parallelism": replicas, "backoffLimit": 0, "template": template });
                self.create::<Job>(name, json!({ "metadata": metadata, "spec": spec })).await?;
            }
        }
        Ok(usize::try_from(replicas)?)
    }

    async fn pod(&self, name: &Name, on: Option<&str>) -> Result<()> {
        self.create::<Pod>(name, pod(&name.name, on)).await?;
        self.bound(name, 1).await
    }

    async fn budget(&self, name: &Name, min_available: u32) -> Result<()> {
        let spec = json!({ "minAvailable": min_available, "selector": { "matchLabels": { "app": name.name } } });
        let budget = json!({ "metadata": { "name": name.name }, "spec": spec });
        self.create::<PodDisruptionBudget>(name, budget).await?;
        let api = Api::<PodDisruptionBudget>::namespaced(self.ground.cluster.admin(), &name.namespace);
        let counted = |found: Option<&PodDisruptionBudget>| {
            found.and_then(|budget| budget.status.as_ref()).is_some_and(|status| status.expected_pods > 0)
        };
        wait_for(&api, &name.name, &format!("the budget {name} to be counted"), SOON, counted).await.map(drop)
    }

    /// A Service, and waits until a slice of it has a ready endpoint.
    async fn service(&self, name: &Name, workload: &Name, standby: Option<&Name>) -> Result<()> {
        let spec = json!({ "selector": { "app": workload.name }, "ports": [{ "port": 80 }] });
        let annotations = standby.map(|standby| {
            json!({
                FAILOVER_SELECTOR: format!("app={}", standby.name),
                FAILOVER_WORKLOAD: format!("deployment/{}", standby.name),
            })
        });
        let metadata = json!({ "name": name.name, "annotations": annotations });
        self.create::<Service>(name, json!({ "metadata": metadata, "spec": spec })).await?;
        let api = Api::<EndpointSlice>::namespaced(self.ground.cluster.admin(), &name.namespace);
        let params = ListParams::default().labels(&format!("kubernetes.io/service-name={}", name.name));
        let is_ready = |slice: &EndpointSlice| {
            slice.endpoints.iter().any(|one| one.conditions.as_ref().is_none_or(|is| is.ready != Some(false)))
        };
        let good = |slices: &[EndpointSlice]| slices.iter().any(is_ready);
        wait_for_all(&api, &params, &format!("an endpoint of {name}"), SOON, good).await.map(drop)
    }

    async fn create<K>(&self, name: &Name, body: Value) -> Result<()>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + Debug,
    {
        let api = Api::<K>::namespaced(self.ground.cluster.admin(), &name.namespace);
        api.create(&PostParams::default(), &serde_json::from_value(body)?).await.map(drop)?;
        Ok(())
    }
}

/// The spec of a pod with one small container, or with one that asks for nothing.
fn containers(best_effort: bool) -> Value {
    let (requests, limits) = (json!({ "cpu": "10m", "memory": "16Mi" }), json!({ "memory": MEMORY_LIMIT.to_string() }));
    let resources = if best_effort { json!({}) } else { json!({ "requests": requests, "limits": limits }) };
    json!({ "containers": [{ "name": "main", "image": "app:1", "resources": resources }] })
}
