//! What is there when a story begins: nodes, workloads, pods, budgets; all of it well.

use crate::look::is_ready;
use crate::world::{PASSWORD, World};
use anyhow::{Result, bail};
use self_healing_api::marks::{CONTROL_PLANE, FAILOVER_SELECTOR, FAILOVER_WORKLOAD};
use self_healing_sim::actor::NodeSpec;
use self_healing_story::story::{MEMORY_LIMIT, PROGRESS_DEADLINE};
use self_healing_story::{Name, Story, Thing, WorkloadKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at whether everything is there.
const LOOK: Duration = Duration::from_millis(100);
/// How old things are when the controller comes: older than the grace that it gives to new nodes.
const AGE: Duration = Duration::from_secs(601);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Builds everything of `story`, and waits until it is well.
pub(super) async fn build(world: &World, story: &Story) -> Result<()> {
    let builder = Builder { world, story };
    builder.nodes();
    builder.wait("nodes", || builder.nodes_are_ready()).await?;
    if let Some(machines) = story.machines {
        world.install_provider(machines)?;
    }
    builder.namespaces()?;
    for thing in &story.things {
        match thing {
            Thing::Node { .. } => {}
            Thing::Workload { kind, name, replicas, on, best_effort } => {
                builder.place(on.as_deref(), || builder.workload(*kind, name, *replicas, *best_effort)).await?;
            }
            Thing::Pod { name, on } => builder.place(on.as_deref(), || builder.pod(name)).await?,
            Thing::Budget { name, min_available } => builder.budget(name, *min_available)?,
            Thing::Service { name, workload, standby } => builder.service(name, workload, standby.as_ref())?,
        }
    }
    builder.wait("pods", || builder.pods().iter().all(|pod| is_ready(pod))).await?;
    story.first_policies().try_for_each(|policy| world.apply_policy(policy))?;
    sleep(AGE).await;
    Ok(())
}

struct Builder<'a> {
    world: &'a World,
    story: &'a Story,
}

impl Builder<'_> {
    async fn wait(&self, what: &str, done: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !done() {
            if start.elapsed() > PATIENCE {
                bail!("{}: the {what} do not become ready", self.story.file());
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn nodes(&self) {
        for thing in &self.story.things {
            if let Thing::Node { name, zone, control_plane } = thing {
                let mut spec = NodeSpec::named(name);
                if let Some(zone) = zone {
                    spec = spec.zone(zone);
                }
                if *control_plane {
                    spec = spec.label(CONTROL_PLANE, "");
                }
                self.world.levers().add_node(spec);
            }
        }
    }

    fn nodes_are_ready(&self) -> bool {
        let ready = self.world.admin().list("nodes", "").iter().filter(|node| is_ready(node)).count();
        ready == self.story.nodes().count()
    }

    fn namespaces(&self) -> Result<()> {
        let names = self.story.things.iter().filter_map(|thing| match thing {
            Thing::Workload { name, .. } | Thing::Pod { name, .. } => Some(name.namespace.as_str()),
            Thing::Node { .. } | Thing::Budget { .. } | Thing::Service { .. } => None,
        });
        let names: BTreeSet<&str> = names.collect();
        for name in names {
            if self.world.admin().get("namespaces", "", name).is_err() {
                let namespace =
                    json!({ "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } } });
                self.world.admin().create("namespaces", "", &namespace)?;
            }
        }
        Ok(())
    }

    fn pods(&self) -> Vec<std::sync::Arc<Value>> {
        self.world.admin().list("pods", "")
    }

    /// Makes something whose first pods have to be on one node: for that time no other one can be scheduled to.
    async fn place(&self, on: Option<&str>, make: impl Fn() -> Result<()>) -> Result<()> {
        let others: Vec<&str> = self.story.nodes().filter(|node| on.is_some_and(|on| on != *node)).collect();
        let cordon = |on: Value| {
            others.iter().try_for_each(|node| {
                let patch = json!({ "spec": { "unschedulable": on } });
                self.world.admin().patch("nodes", "", node, &patch).map(drop)
            })
        };
        cordon(json!(true))?;
        make()?;
        self.wait("pods", || self.is_whole()).await?;
        cordon(Value::Null)?;
        Ok(())
    }

    /// Whether every workload has all its pods, and all are somewhere.
    fn is_whole(&self) -> bool {
        let bound = |pod: &std::sync::Arc<Value>| pod["spec"]["nodeName"].is_string();
        let pods = self.pods();
        let wanted = |kind: &str| -> u64 {
            let all = self.world.admin().list(kind, "");
            all.iter().map(|object| object["spec"]["replicas"].as_u64().unwrap_or(1)).sum()
        };
        let wanted = wanted("deployments.apps") + wanted("statefulsets.apps");
        let counted = pods.iter().filter(|pod| is_counted(pod)).count() as u64;
        counted >= wanted && pods.iter().all(bound)
    }

    fn workload(&self, kind: WorkloadKind, name: &Name, replicas: u32, best_effort: bool) -> Result<()> {
        let labels = json!({ "app": name.name });
        let mut spec = json!({
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": containers(best_effort) },
        });
        let resource = match kind {
            WorkloadKind::Deployment => {
                spec["progressDeadlineSeconds"] = json!(PROGRESS_DEADLINE.as_secs());
                "deployments.apps"
            }
            WorkloadKind::StatefulSet => {
                spec["serviceName"] = json!(name.name);
                "statefulsets.apps"
            }
            WorkloadKind::DaemonSet => "daemonsets.apps",
            WorkloadKind::Job => return self.job(name, replicas),
        };
        if kind != WorkloadKind::DaemonSet {
            spec["replicas"] = json!(replicas);
        }
        let object = json!({ "metadata": { "name": name.name, "labels": labels }, "spec": spec });
        self.world.admin().create(resource, &name.namespace, &object)?;
        Ok(())
    }

    /// A Job and its pods, which run for as long as the story does; no actor of the cluster sees to Jobs.
    fn job(&self, name: &Name, pods: u32) -> Result<()> {
        let admin = self.world.admin();
        let labels = json!({ "app": name.name });
        let mut template = json!({ "metadata": { "labels": labels }, "spec": containers(false) });
        template["spec"]["restartPolicy"] = json!("Never");
        let spec = json!({ "parallelism": pods, "template": template });
        let job = admin.create(
            "jobs.batch",
            &name.namespace,
            &json!({ "metadata": { "name": name.name, "labels": labels }, "spec": spec }),
        )?;
        for number in 0..pods {
            let mut pod = template.clone();
            pod["metadata"]["name"] = json!(format!("{}-{number}", name.name));
            pod["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "batch/v1", "kind": "Job", "name": name.name, "uid": job["metadata"]["uid"],
                "controller": true, "blockOwnerDeletion": true,
            }]);
            admin.create("pods", &name.namespace, &pod)?;
        }
        Ok(())
    }

    fn pod(&self, name: &Name) -> Result<()> {
        let mut spec = containers(false);
        spec["containers"][0]["env"] = json!([{ "name": "PASSWORD", "value": PASSWORD }]);
        let pod = json!({ "metadata": { "name": name.name, "labels": { "app": name.name } }, "spec": spec });
        self.world.admin().create("pods", &name.namespace, &pod)?;
        Ok(())
    }

    fn budget(&self, name: &Name, min_available: u32) -> Result<()> {
        let spec = json!({ "minAvailable": min_available, "selector": { "matchLabels": { "app": name.name } } });
        let budget = json!({ "metadata": { "name": name.name }, "spec": spec });
        self.world.admin().create("poddisruptionbudgets.policy", &name.namespace, &budget)?;
        Ok(())
    }

    fn service(&self, name: &Name, workload: &Name, standby: Option<&Name>) -> Result<()> {
        let spec = json!({ "selector": { "app": workload.name }, "ports": [{ "port": 80 }] });
        let mut service = json!({ "metadata": { "name": name.name }, "spec": spec });
        if let Some(standby) = standby {
            service["metadata"]["annotations"] = json!({
                FAILOVER_SELECTOR: format!("app={}", standby.name),
                FAILOVER_WORKLOAD: format!("deployment/{}", standby.name),
            });
        }
        self.world.admin().create("services", &name.namespace, &service)?;
        Ok(())
    }
}

/// Whether a pod belongs to a Deployment or a StatefulSet.
fn is_counted(pod: &Value) -> bool {
    let kinds = ["ReplicaSet", "StatefulSet"];
    pod["metadata"]["ownerReferences"]
        .as_array()
        .is_some_and(|owners| owners.iter().any(|owner| kinds.iter().any(|kind| owner["kind"] == *kind)))
}

/// The spec of a pod with one small container, or with one that asks for nothing.
fn containers(best_effort: bool) -> Value {
    let (requests, limits) = (json!({ "cpu": "10m", "memory": "16Mi" }), json!({ "memory": MEMORY_LIMIT.to_string() }));
    let resources = if best_effort { json!({}) } else { json!({ "requests": requests, "limits": limits }) };
    json!({ "containers": [{ "name": "main", "image": "registry.example/app:1", "resources": resources }] })
}
