//! Who provides the machines of a story's nodes on a real cluster: its definitions, objects and rights, and what it does with orders.
//!
//! The definitions are those of the embedded cluster, which has the same provider ([`self_healing_sim::actor::Provider`]).

mod pool;
mod remediator;
mod webhook;

pub(super) use webhook::{Hook, SECRET};

use super::build::{make_namespace, providing};
use crate::controller::eventually;
use crate::ground::{Ground, gone_is_fine};
use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use self_healing_api::marks::CAPI_PAUSED;
use self_healing_e2e::Answer;
use self_healing_sim::actor::{self, PLACE, UNTOUCHED};
use self_healing_story::{Machines, Ordered};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at the orders.
const LOOK: Duration = Duration::from_millis(250);
/// From the order to boot until the node's kubelet reports, as on the embedded cluster.
const BOOT: Duration = Duration::from_secs(60);
/// What a new definition may take until it is served.
const SERVED: Duration = Duration::from_secs(30);

/// The provider of one story.
pub(super) struct Provider<'a> {
    ground: &'a Ground,
    kind: Machines,
    hook: Option<&'a Hook>,
    /// What it does with orders, once that was told.
    told: Cell<Option<Ordered>>,
    /// When which machine has booted, and whether its node is a new one.
    boots: RefCell<BTreeMap<String, (Instant, bool)>>,
    /// Machines whose end was carried out.
    ended: RefCell<BTreeSet<String>>,
}

impl<'a> Provider<'a> {
    /// Makes what a cluster with this provider has, for the nodes that are there.
    pub(super) async fn install(ground: &'a Ground, kind: Machines, hook: Option<&'a Hook>) -> Result<Self> {
        let (told, boots, ended) = (Cell::new(None), RefCell::default(), RefCell::default());
        let own = Self { ground, kind, hook, told, boots, ended };
        let (provider, rights) = match kind {
            Machines::Medik8s => (actor::Provider::Medik8s, "remediation-template"),
            Machines::ClusterApi => (actor::Provider::ClusterApi, "clusterapi"),
            Machines::Karpenter => (actor::Provider::Karpenter, "karpenter"),
            Machines::Webhook => {
                ground.apply_file("providers/webhook.yaml").await?;
                return Ok(own);
            }
        };
        let definitions: Vec<Value> = serde_json::from_str(provider.definitions())?;
        for definition in definitions {
            let text = |pointer| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let kind = resource(text("/spec/group"), text("/spec/versions/0/name"), text("/spec/names/kind"));
            ground.apply(definition.clone()).await?;
            served(ground, &kind).await?;
        }
        make_namespace(ground, PLACE).await?;
        ground.apply_file(&format!("providers/{rights}.yaml")).await?;
        if kind == Machines::Medik8s {
            own.make_templates().await?;
        } else {
            own.make_pool().await?;
        }
        Ok(own)
    }

    /// What it does with orders from now on.
    pub(super) fn order(&self, how: Ordered) {
        self.told.set(Some(how));
    }

    /// Carries orders out, for ever.
    pub(super) async fn work(&self) -> Result<()> {
        loop {
            match (self.kind, self.hook) {
                (Machines::Medik8s, _) => self.remediate().await?,
                (_, Some(hook)) => self.carry_out_orders(hook).await?,
                (_, None) => self.end_machines().await?,
            }
            self.boot().await?;
            sleep(LOOK).await;
        }
    }

    /// Takes away what would keep the next story from having a provider of its own.
    pub(super) async fn leave(&self) -> Result<()> {
        for resource in [pool::claims(), pool::machines(), remediator::remediations()] {
            let api: Api<DynamicObject> = Api::all_with(self.ground.cluster.admin(), &resource);
            let Ok(found) = api.list(&ListParams::default()).await else { continue };
            for object in found.items {
                let name = object.metadata.name.unwrap_or_default();
                let api = self.api(&resource);
                let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
                gone_is_fine(api.patch(&name, &PatchParams::default(), &free).await)?;
                gone_is_fine(api.delete(&name, &DeleteParams::default()).await)?;
            }
        }
        Ok(())
    }

    /// Another tool makes a remediation object for the node, on which nobody works.
    pub(super) async fn remediate_by_another(&self, node: &str) -> Result<()> {
        let metadata = json!({ "name": node, "annotations": { UNTOUCHED: "true" } });
        self.make(&remediator::remediations(), json!({ "metadata": metadata, "spec": {} })).await.map(drop)
    }

    /// A person deletes the node's remediation object.
    pub(super) async fn call_off(&self, node: &str) -> Result<()> {
        self.api(&remediator::remediations()).delete(node, &DeleteParams::default()).await?;
        Ok(())
    }

    /// A person stops all work on the node's machine.
    pub(super) async fn pause(&self, node: &str) -> Result<()> {
        let paused = json!({ "metadata": { "annotations": { CAPI_PAUSED: "true" } } });
        self.api(&pool::machines()).patch(node, &PatchParams::default(), &Patch::Merge(paused)).await?;
        Ok(())
    }

    /// Does to a machine what an order leads to.
    async fn carry_out(&self, node: &str, how: Ordered) -> Result<()> {
        let cluster = &self.ground.cluster;
        match how {
            Ordered::Reboots => {
                cluster.silence(node, Answer::Nothing).await?;
                self.boots.borrow_mut().insert(node.to_owned(), (Instant::now() + BOOT, false));
            }
            Ordered::PowersOff => cluster.silence(node, Answer::Nothing).await?,
            Ordered::Replaces => {
                cluster.delete_node(node).await?;
                self.boots.borrow_mut().insert(successor(node), (Instant::now() + BOOT, true));
            }
            Ordered::Removes => cluster.delete_node(node).await?,
            Ordered::Assumes | Ordered::Fails | Ordered::Stalls => {}
        }
        Ok(())
    }

    /// The kubelets of machines that have booted report.
    async fn boot(&self) -> Result<()> {
        let due = |boots: &BTreeMap<String, (Instant, bool)>| {
            let (name, (_, new)) = boots.iter().find(|(_, (at, _))| *at <= Instant::now())?;
            Some((name.clone(), *new))
        };
        let Some((name, new)) = due(&self.boots.borrow()) else { return Ok(()) };
        self.boots.borrow_mut().remove(&name);
        if new {
            return self.ground.cluster.add_node(providing(&name)).await;
        }
        let status = json!({ "status": { "nodeInfo": { "bootID": format!("boot-{name}-again") } } });
        let nodes: Api<Node> = self.ground.cluster.nodes();
        nodes.patch_status(&name, &PatchParams::default(), &Patch::Strategic(status)).await?;
        self.ground.cluster.wake(&name).await
    }

    fn api(&self, resource: &ApiResource) -> Api<DynamicObject> {
        let admin = self.ground.cluster.admin();
        if resource.kind == "NodeClaim" {
            Api::all_with(admin, resource)
        } else {
            Api::namespaced_with(admin, PLACE, resource)
        }
    }

    async fn make(&self, resource: &ApiResource, mut object: Value) -> Result<DynamicObject> {
        object["apiVersion"] = json!(resource.api_version);
        object["kind"] = json!(resource.kind);
        let object = serde_json::from_value(object)?;
        let made = self.api(resource).create(&PostParams::default(), &object).await;
        made.with_context(|| format!("cannot create the {}", resource.kind))
    }
}

/// Waits until the API server answers for a definition that was just made: for a moment it says that it initializes its storage.
async fn served(ground: &Ground, resource: &ApiResource) -> Result<()> {
    let api: Api<DynamicObject> = Api::all_with(ground.cluster.admin(), resource);
    let list = async || api.list(&ListParams::default()).await.map(Some).or_else(|_not_yet| Ok(None));
    eventually(&format!("the API server to serve {}", resource.plural), SERVED, list).await.map(drop)
}

/// The node that comes in place of another.
fn successor(node: &str) -> String {
    format!("{node}-new")
}

fn resource(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}
