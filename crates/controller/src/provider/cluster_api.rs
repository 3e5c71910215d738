//! `clusterapi`: the node's Machine is deleted, and the set that it belongs to makes another.

use super::served::{self, Served};
use super::{Named, created, is_deleting, machine, node, opt_out, plain, text};
use crate::act::call::Calls;
use crate::act::look::{all, annotation, find};
use self_healing_api::marks;
use self_healing_core::effect::Outcome;
use self_healing_core::key::{Target, Text};
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off, Replacement};
use serde_json::Value;

/// The API group.
pub(super) const GROUP: &str = "cluster.x-k8s.io";
/// The kind of a machine.
pub(super) const MACHINE: &str = "Machine";
const CLUSTER: &str = "Cluster";

/// The Machine of a node, which is surely that.
pub(super) struct Found {
    pub(super) named: Named,
    pub(super) object: Value,
    /// The uid of the owner that controls it.
    pool: String,
}

pub(super) async fn look(calls: &Calls, inquiry: &Inquiry) -> Result<MachineView, Outcome> {
    if let Some(known) = &inquiry.known
        && let Some(view) = look_at(calls, known, inquiry.since.0 / 1000).await?
    {
        return Ok(view);
    }
    Ok(plain(match machine_of(calls, &inquiry.node).await? {
        Ok(found) => {
            let (machine, resource_version) = machine(&found.named, &found.object, &found.pool);
            MachineState::Ready { machine, resource_version }
        }
        Err(state) => state,
    }))
}

/// The Machine that was to be deleted; `None` when it is there as before.
async fn look_at(calls: &Calls, known: &MachineRef, since: i64) -> Result<Option<MachineView>, Outcome> {
    let Some(named) = Named::read(&known.name) else { return Ok(None) };
    let Some(served) = served::find(calls, &named.api_version, MACHINE).await? else { return Ok(None) };
    let object = find(calls, &served.path(&named.namespace, &named.name)?).await?;
    match object.filter(|object| text(object, "/metadata/uid") == &*known.uid) {
        Some(object) if is_deleting(&object) => {
            let phase = text(&object, "/status/phase");
            let phase = if phase.is_empty() { String::new() } else { format!(" (phase {phase})") };
            Ok(Some(plain(MachineState::UnderWay(format!("{} is being deleted{phase}", named.short())))))
        }
        Some(_) => Ok(None),
        None => {
            let words = format!("{} is gone", named.short());
            let replacements = replacements(calls, &served, &named, known, since).await?;
            let off = Some(Off::Stated(words.clone()));
            Ok(Some(MachineView { state: MachineState::Done(words), off, replacements }))
        }
    }
}

/// Nodes of machines that the same set has made since.
async fn replacements(
    calls: &Calls,
    served: &Served,
    named: &Named,
    known: &MachineRef,
    since: i64,
) -> Result<Vec<Replacement>, Outcome> {
    let machines = all(calls, &served.list(&named.namespace)?, "").await?;
    let is_new = |one: &&Value| pool(one) == &*known.pool && !is_deleting(one) && created(one) >= since;
    let new = machines.iter().filter(is_new).filter(|one| !text(one, "/status/nodeRef/name").is_empty());
    Ok(new
        .map(|one| Replacement {
            node: Text::from(text(one, "/status/nodeRef/name")),
            uid: Text::from(text(one, "/status/nodeRef/uid")),
            provider_id: Text::from(text(one, "/spec/providerID")),
        })
        .collect())
}

/// The Machine of a node; `Err` says why there is none that may be deleted.
pub(super) async fn machine_of(calls: &Calls, target: &Target) -> Result<Result<Found, MachineState>, Outcome> {
    let not = |why: String| Ok(Err(MachineState::NotOffered(why)));
    let name = &target.key.name;
    let Some(api_version) = served::preferred(calls, GROUP).await? else {
        return not("Cluster API is not served here".to_owned());
    };
    let Some(served) = served::find(calls, &api_version, MACHINE).await? else {
        return not(format!("{MACHINE} of {api_version} is not served here"));
    };
    let Some(node) = node(calls, target).await? else { return not(format!("node {name} is gone")) };
    let place = (annotation(&node, marks::CAPI_MACHINE), annotation(&node, marks::CAPI_NAMESPACE));
    let (Some(machine), Some(namespace)) = place else {
        let (one, other) = (marks::CAPI_MACHINE, marks::CAPI_NAMESPACE);
        return not(format!("node {name} names no Machine (annotations {one} and {other})"));
    };
    let named =
        Named { api_version, kind: MACHINE.to_owned(), namespace: namespace.to_owned(), name: machine.to_owned() };
    let all = all(calls, &served.list(namespace)?, "").await?;
    let claims = |one: &&Value| text(one, "/status/nodeRef/name") == &**name || same_id(one, &node);
    let claiming: Vec<&str> = all.iter().filter(claims).map(|one| text(one, "/metadata/name")).collect();
    if claiming.len() != 1 || claiming[0] != machine {
        return not(format!("node {name} names {}, and it is the node of {claiming:?}", named.short()));
    }
    let Some(object) = find(calls, &served.path(namespace, machine)?).await? else {
        return not(format!("there is no {}", named.short()));
    };
    if let Some(why) = mismatch(&object, &node) {
        return not(format!("{} is not surely the machine of {name}: {why}", named.short()));
    }
    if pool(&object).is_empty() {
        return not(format!("{} has no controlling owner that would make another", named.short()));
    }
    if let Some(who) = at_work(calls, &named, &object).await? {
        return Ok(Err(MachineState::Busy(who)));
    }
    let pool = pool(&object).to_owned();
    Ok(Ok(Found { named, object, pool }))
}

fn same_id(machine: &Value, node: &Value) -> bool {
    let id = text(machine, "/spec/providerID");
    !id.is_empty() && id == text(node, "/spec/providerID")
}

/// What of a Machine does not fit the node, by the ids that both have.
fn mismatch(machine: &Value, node: &Value) -> Option<String> {
    let pairs = [
        ("/status/nodeRef/name", "/metadata/name", true),
        ("/status/nodeRef/uid", "/metadata/uid", false),
        ("/spec/providerID", "/spec/providerID", true),
        ("/status/nodeInfo/systemUUID", "/status/nodeInfo/systemUUID", false),
    ];
    pairs.into_iter().find_map(|(of_machine, of_node, needed)| {
        let (here, there) = (text(machine, of_machine), text(node, of_node));
        let unknown = here.is_empty() || there.is_empty();
        (unknown && needed || !unknown && here != there).then(|| {
            format!("its {} is {here:?}, the node's is {there:?}", of_machine.trim_start_matches('/').replace('/', "."))
        })
    })
}

/// Who has stopped work on the Machine or its cluster, or changes it already.
async fn at_work(calls: &Calls, named: &Named, machine: &Value) -> Result<Option<String>, Outcome> {
    let words = named.short();
    if is_deleting(machine) {
        return Ok(Some(format!("{words} is being deleted")));
    }
    if let Some(mark) = opt_out(machine) {
        return Ok(Some(format!("{words} has annotation {mark}")));
    }
    let cluster = text(machine, "/spec/clusterName");
    let Some(served) = served::find(calls, &named.api_version, CLUSTER).await? else {
        return Ok(Some(format!("{CLUSTER} of {} is not served here", named.api_version)));
    };
    let Some(found) = find(calls, &served.path(&named.namespace, cluster)?).await? else {
        return Ok(Some(format!("there is no {CLUSTER} {}/{cluster} of {words}", named.namespace)));
    };
    let rolls = |at: &str| {
        let conditions = found.pointer(at).and_then(Value::as_array);
        conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "RollingOut" && one["status"] == "True"))
    };
    let cluster = format!("{CLUSTER} {}/{cluster}", named.namespace);
    Ok(if is_deleting(&found) {
        Some(format!("{cluster} is being deleted"))
    } else if found["spec"]["paused"] == true || annotation(&found, marks::CAPI_PAUSED).is_some() {
        Some(format!("{cluster} is paused"))
    } else if rolls("/status/conditions") || rolls("/status/v1beta2/conditions") {
        Some(format!("{cluster} rolls out a change"))
    } else {
        None
    })
}

/// The uid of the owner that controls a Machine; empty when it has none.
fn pool(machine: &Value) -> &str {
    let owners = machine["metadata"]["ownerReferences"].as_array();
    let controller = owners.and_then(|owners| owners.iter().find(|owner| owner["controller"] == true));
    controller.and_then(|owner| owner["uid"].as_str()).unwrap_or_default()
}
