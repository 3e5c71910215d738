//! What the first release left in the cluster when it was killed in the middle of a drain: its definition of the Recovery, its Recoveries,
//! its marks on the node, and its Lease. The newest version goes on from there.

use super::drain::Drain;
use crate::ground::{Ground, OWN};
use crate::objects::merge;
use crate::records::{is_over, text_of};
use crate::suite::drains::FAST;
use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DynamicObject, EvictParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::packages::objects;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/first-release");

pub(crate) async fn is_gone_on_with(ground: &Ground) -> Result<()> {
    let before = [read("crds.yaml")?, read("killed-during-a-drain.json")?, read("recoveries.json")?];
    for definition in objects(&before[0])? {
        ground.apply(definition).await?;
    }
    let drain = Drain::prepare(ground).await?;
    ground.sicken("n1").await?;
    let (left, records) = (left_behind(ground, &drain, &before[1]).await?, now(serde_json::from_str(&before[2])?)?);
    let over = |record: &&Value| record["status"]["phase"] == "Succeeded" && record["spec"]["type"] == "pod_failure";
    for record in records.as_array().into_iter().flatten().filter(over) {
        store(ground, record).await?;
    }
    store(ground, &left["recovery"]).await?;
    let history = versions(ground).await?;
    ensure!(history.len() == 2, "of history there is {history:?}");

    // As told in docs/upgrading.md: definitions first.
    ground.apply_file("crds.yaml").await?;
    let controller = ground.controller(FAST).await?;
    drain.go_on().await?;
    drain.is_over().await?;
    let evicted = drain.trail.granted("create", "pods/eviction", drain.namespace())?;
    ensure!(evicted == BTreeMap::from([("db-1".to_owned(), 1)]), "only db-1 was left to evict: {evicted:?}");
    let patched = drain.trail.granted("patch", "nodes", "")?;
    ensure!(
        patched == BTreeMap::from([("n1".to_owned(), 1)]),
        "n1 was cordoned, and had to be uncordoned: {patched:?}"
    );
    ensure!(drain.trail.granted("create", "recoveries", OWN)?.is_empty(), "a second Recovery was opened");
    let after = versions(ground).await?;
    ensure!(history.iter().all(|(name, version)| after.get(name) == Some(version)), "history has changed: {after:?}");
    controller.stop().await
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(format!("{FILES}/{file}")).with_context(|| format!("cannot read {FILES}/{file}"))
}

/// Puts node, pod and Lease into the state in which the first release left theirs, and gives its files in terms of this cluster.
async fn left_behind(ground: &Ground, drain: &Drain<'_>, file: &str) -> Result<Value> {
    let theirs: Value = serde_json::from_str(file)?;
    let ours = serde_json::to_value(ground.cluster.nodes().get("n1").await?)?;
    let name = name_of(&theirs["node"])?;
    ensure!(
        theirs["recovery"]["metadata"]["name"] == name,
        "the first release named it {}",
        theirs["recovery"]["metadata"]
    );
    let text = file.replace(&name, &name_of(&ours)?).replace(uid(&theirs["node"])?, uid(&ours)?);
    let mut left = now(serde_json::from_str(&text)?)?;
    let marks =
        json!({ "metadata": { "annotations": left["node"]["metadata"]["annotations"] }, "spec": left["node"]["spec"] });
    merge(&ground.cluster.nodes(), "n1", marks).await?;
    let pods = ground.cluster.pod_api(drain.namespace());
    pods.evict("db-0", &EvictParams::default()).await.context("db-0 cannot be evicted")?;
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        left["lease"]["metadata"][field] = Value::Null;
    }
    let leases = Api::<Lease>::namespaced(ground.cluster.admin(), OWN);
    leases.create(&PostParams::default(), &serde_json::from_value(left["lease"].clone())?).await?;
    Ok(left)
}

fn uid(object: &Value) -> Result<&str> {
    object["metadata"]["uid"].as_str().context("an object without uid")
}

/// The name of the Recovery of a node that is not ready, as the first release made it: whoever makes another one, opens a second Recovery of
/// what goes on.
fn name_of(node: &Value) -> Result<String> {
    let conditions = node["status"]["conditions"].as_array().context("a node without conditions")?;
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready").context("a node without Ready")?;
    let onset: Timestamp = text_of(&ready["lastTransitionTime"]).parse()?;
    let onset = onset.as_millisecond().to_be_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [uid(node)?.as_bytes(), b"NotReady", &onset] {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("node-notready-{hash:016x}"))
}

/// Stores a Recovery with its status.
async fn store(ground: &Ground, record: &Value) -> Result<()> {
    let mut record: DynamicObject = serde_json::from_value(record.clone())?;
    (record.metadata.uid, record.metadata.resource_version) = (None, None);
    let api = ground.recoveries();
    let created = api.create(&PostParams::default(), &record).await?;
    record.metadata.resource_version = created.resource_version();
    api.replace_status(&record.name_any(), &PostParams::default(), &record).await?;
    Ok(())
}

/// The ended Recoveries and their versions.
async fn versions(ground: &Ground) -> Result<BTreeMap<String, Option<String>>> {
    let records = ground.recoveries().list(&ListParams::default()).await?.items;
    Ok(records
        .iter()
        .filter(|record| is_over(record))
        .map(|record| (record.name_any(), record.resource_version()))
        .collect())
}

/// The same, with all times moved so that the last is now: how old something is, is what counts.
fn now(mut value: Value) -> Result<Value> {
    let mut last = Timestamp::UNIX_EPOCH;
    times(&mut value, &mut |time| last = last.max(*time));
    let moved: SignedDuration = Timestamp::now().duration_since(last);
    times(&mut value, &mut |time| *time = time.saturating_add(moved).unwrap_or(*time));
    Ok(value)
}

/// Shows every time in it to `change`.
fn times(value: &mut Value, change: &mut impl FnMut(&mut Timestamp)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| times(value, change)),
        Value::Array(items) => items.iter_mut().for_each(|value| times(value, change)),
        Value::String(text) => {
            if let Ok(mut time) = text.parse::<Timestamp>() {
                change(&mut time);
                // As the API server wants a MicroTime.
                *text = format!("{time:.6}");
            }
        }
        _ => {}
    }
}
