//! Nodes.

use super::condition::{SlimCondition, conditions};
use super::quantity::Resources;
use super::text::Str;
use super::{Metadata, ObjectError, Shared, stamp};
use self_healing_api::marks;
use self_healing_core::fact::{Capacity, Marks, NodeFact, Taint};
use self_healing_core::key::Text;
use serde::Deserialize;

/// Where a kubelet listens when its node does not say.
const KUBELET_PORT: u16 = 10_250;

/// What is read of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct SlimNode<'a> {
    /// Identity, times, marks.
    pub metadata: Metadata<'a>,
    spec: Option<Spec<'a>>,
    status: Option<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Spec<'a> {
    unschedulable: Option<bool>,
    taints: Option<Vec<SlimTaint<'a>>>,
    #[serde(rename = "providerID")]
    provider_id: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct SlimTaint<'a> {
    key: Option<Str<'a>>,
    value: Option<Str<'a>>,
    effect: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Status<'a> {
    conditions: Option<Vec<SlimCondition<'a>>>,
    allocatable: Option<Resources<'a>>,
    addresses: Option<Vec<Address<'a>>>,
    daemon_endpoints: Option<DaemonEndpoints>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Address<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    address: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DaemonEndpoints {
    kubelet_endpoint: Option<Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    // Spelled with a capital in the API.
    #[serde(rename = "Port")]
    port: Option<i64>,
}

/// The fact that `json` states.
///
/// # Errors
/// If it is not a node with name and uid, or a field has another type than documented.
pub fn parse(json: &[u8], shared: &mut Shared) -> Result<NodeFact, ObjectError> {
    fact(&serde_json::from_slice(json)?, shared)
}

/// The fact that `node` states.
///
/// # Errors
/// If name or uid is absent.
pub fn fact(node: &SlimNode<'_>, shared: &mut Shared) -> Result<NodeFact, ObjectError> {
    let spec = node.spec.as_ref();
    let taints = spec.and_then(|s| s.taints.as_deref()).unwrap_or_default();
    Ok(NodeFact {
        name: shared.text(node.metadata.name()?),
        uid: Text::from(node.metadata.uid()?),
        created: stamp(node.metadata.creation_timestamp),
        conditions: conditions(node.status.as_ref().and_then(|status| status.conditions.as_deref()), shared),
        unschedulable: spec.and_then(|s| s.unschedulable).unwrap_or_default(),
        taints: taints.iter().map(|t| taint(t, shared)).collect(),
        owner: shared.text(&node.metadata.annotations.0.owner),
        kubelet: kubelet(node.status.as_ref()),
        marks: node.metadata.marks().with_if(node.metadata.deletion_timestamp.is_some(), Marks::DELETING),
        zone: shared.text(node.metadata.labels.0.value(marks::ZONE)),
        capacity: capacity(node.status.as_ref()),
        labels: node.metadata.label_fact(shared),
        provider_id: Text::from(spec.and_then(|s| s.provider_id.as_deref()).unwrap_or_default()),
        fenced_by: shared.text(&node.metadata.annotations.0.fenced_by),
    })
}

fn capacity(status: Option<&Status<'_>>) -> Capacity {
    let offered = status.and_then(|status| status.allocatable.as_ref());
    offered.map_or_else(Capacity::default, |of| Capacity { amount: of.offered(), pods: of.pods() })
}

fn taint(taint: &SlimTaint<'_>, shared: &mut Shared) -> Taint {
    let mut text = |t: &Option<Str<'_>>| shared.text(t.as_deref().unwrap_or(""));
    Taint { key: text(&taint.key), value: text(&taint.value), effect: text(&taint.effect) }
}

/// The first internal address, else an external one, else the host name; without any there is no way to look.
fn kubelet(status: Option<&Status<'_>>) -> Option<(Text, u16)> {
    let status = status?;
    let addresses = status.addresses.as_deref().unwrap_or_default();
    let of_kind = |kind: &str| {
        let address = addresses.iter().find(|a| a.kind.as_deref() == Some(kind))?;
        address.address.as_deref().filter(|a| !a.is_empty())
    };
    let address = ["InternalIP", "ExternalIP", "Hostname"].into_iter().find_map(of_kind)?;
    let endpoint = status.daemon_endpoints.as_ref().and_then(|e| e.kubelet_endpoint.as_ref());
    let port = endpoint.and_then(|e| e.port).and_then(|p| u16::try_from(p).ok()).filter(|p| *p != 0);
    Some((Text::from(address), port.unwrap_or(KUBELET_PORT)))
}
