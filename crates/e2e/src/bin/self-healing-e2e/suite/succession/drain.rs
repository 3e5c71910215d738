//! A drain that stands in its middle for as long as it is to: of two pods of a StatefulSet one is leaving and cannot end, and the other
//! leaves when the first is back elsewhere.

use crate::ground::{Ground, SOON};
use crate::objects::{FINALIZER, is_ready};
use crate::suite::QUICK;
use crate::suite::drains::uncordoned;
use crate::trail::Trail;
use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::NodeSpec;
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;

const PODS: usize = 2;

pub(super) struct Drain<'a> {
    ground: &'a Ground,
    shop: String,
    pods: Vec<Pod>,
    /// Of everything that is asked for from the beginning on.
    pub(super) trail: Trail,
}

impl<'a> Drain<'a> {
    /// Both pods are on n1, and n2 and n3 have room for them.
    pub(super) async fn prepare(ground: &'a Ground) -> Result<Self> {
        ground.nodes(1).await?;
        let shop = ground.namespace().await?;
        let set = json!({
            "metadata": { "name": "db" },
            "spec": {
                "replicas": PODS, "serviceName": "db", "podManagementPolicy": "Parallel", "selector": { "matchLabels": { "app": "db" } },
                "template": {
                    "metadata": { "labels": { "app": "db" } },
                    "spec": { "containers": [{ "name": "main", "image": "db:1" }] },
                },
            },
        });
        let sets = Api::<StatefulSet>::namespaced(ground.cluster.admin(), &shop);
        sets.create(&PostParams::default(), &serde_json::from_value(set)?).await?;
        let (pods, only) = (ground.cluster.pod_api(&shop), ListParams::default().labels("app=db"));
        let ready = |pods: &[Pod]| pods.iter().filter(|pod| is_ready(pod)).count() == PODS;
        let pods = wait_for_all(&pods, &only, "both pods to be ready", SOON, ready).await?;
        for pod in &pods {
            ground.mark_pod(pod, json!({ "finalizers": [FINALIZER] })).await?;
        }
        for name in ["n2", "n3"] {
            ground.cluster.add_node(NodeSpec::named(name)).await?;
        }
        let trail = Trail::begin(ground)?;
        Ok(Self { ground, shop, pods, trail })
    }

    /// Where the pods are.
    pub(super) fn namespace(&self) -> &str {
        &self.shop
    }

    /// The node fails; returns in the middle of its drain.
    pub(super) async fn begin(&self) -> Result<()> {
        self.ground.sicken("n1").await?;
        let leaving = |pods: &[Pod]| pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_some()).count();
        let (pods, only) = (self.ground.cluster.pod_api(&self.shop), ListParams::default().labels("app=db"));
        let one = wait_for_all(&pods, &only, "a pod to leave", SOON, |pods| leaving(pods) > 0).await?;
        ensure!(leaving(&one) == 1, "the pods of a StatefulSet leave one by one");
        Ok(())
    }

    /// Nothing keeps the pods any more.
    pub(super) async fn go_on(&self) -> Result<()> {
        for pod in &self.pods {
            self.ground.mark_pod(pod, json!({ "finalizers": null })).await?;
        }
        Ok(())
    }

    /// Waits for the verified end.
    pub(super) async fn is_over(&self) -> Result<()> {
        let (ground, shop) = (self.ground, &self.shop);
        let record = ground.recovery_is("n1", "Succeeded", SOON).await?;
        ensure!(record.data["status"]["verification"]["passed"] == true, "not verified: {}", record.data["status"]);
        ground.elsewhere(shop, "db", PODS, "n1", QUICK).await?;
        uncordoned(ground, "n1").await
    }

    /// The same, and sees that everything was done once: one Recovery, one cordon, one eviction of each pod, one uncordon.
    pub(super) async fn end(&self) -> Result<()> {
        self.is_over().await?;
        let names: Vec<String> = self.pods.iter().map(ResourceExt::name_any).collect();
        self.trail.evicted_once(&self.shop, &names)?;
        let patched = self.trail.granted("patch", "nodes", "")?;
        ensure!(patched.get("n1") == Some(&2) && patched.len() == 1, "a cordon and an uncordon of n1: {patched:?}");
        let opened = self.trail.granted("create", "recoveries", crate::ground::OWN)?;
        ensure!(opened.values().sum::<usize>() == 1, "one Recovery was expected: {opened:?}");
        Ok(())
    }
}
