//! `karpenter`: the node's NodeClaim is deleted; Karpenter drains and ends the machine, and makes another for pods that have no room.

use super::served;
use super::{Named, is_deleting, machine, node, opt_out, plain, text};
use crate::act::call::Calls;
use crate::act::look::{all, find};
use self_healing_core::effect::Outcome;
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off};
use serde_json::Value;

const GROUP: &str = "karpenter.sh";
/// The kind of a machine.
pub(super) const NODE_CLAIM: &str = "NodeClaim";

pub(super) async fn look(calls: &Calls, inquiry: &Inquiry) -> Result<MachineView, Outcome> {
    if let Some(known) = &inquiry.known
        && let Some(view) = look_at(calls, known).await?
    {
        return Ok(view);
    }
    let not = |why: String| Ok(plain(MachineState::NotOffered(why)));
    let name = &inquiry.node.key.name;
    let Some(api_version) = served::preferred(calls, GROUP).await? else {
        return not("Karpenter is not served here".to_owned());
    };
    let Some(served) = served::find(calls, &api_version, NODE_CLAIM).await? else {
        return not(format!("{NODE_CLAIM} of {api_version} is not served here"));
    };
    let Some(node) = node(calls, &inquiry.node).await? else { return not(format!("node {name} is gone")) };
    let id = text(&node, "/spec/providerID");
    let all = all(calls, &served.list("")?, "").await?;
    let claims = |one: &&Value| {
        text(one, "/status/nodeName") == &**name || !id.is_empty() && text(one, "/status/providerID") == id
    };
    let claiming: Vec<&str> = all.iter().filter(claims).map(|one| text(one, "/metadata/name")).collect();
    let [one] = claiming.as_slice() else {
        return not(format!("node {name} is that of {} NodeClaims {claiming:?}, and not of one", claiming.len()));
    };
    let named = Named { api_version, kind: NODE_CLAIM.to_owned(), namespace: String::new(), name: (*one).to_owned() };
    let Some(object) = find(calls, &served.path("", one)?).await? else {
        return not(format!("there is no {}", named.short()));
    };
    let (at, of) = (text(&object, "/status/nodeName"), text(&object, "/status/providerID"));
    if at != &**name || of.is_empty() || of != id {
        return not(format!(
            "{} is not surely the machine of {name}: it has node {at:?} and providerID {of:?}, the node {id:?}",
            named.short()
        ));
    }
    if is_deleting(&object) {
        return Ok(plain(MachineState::Busy(format!("{} is being deleted", named.short()))));
    }
    if let Some(mark) = opt_out(&object) {
        return Ok(plain(MachineState::Busy(format!("{} has annotation {mark}", named.short()))));
    }
    // Karpenter makes another for pods that need it, and none for a node that nobody needs: no set promises one.
    let (machine, resource_version) = machine(&named, &object, "");
    Ok(plain(MachineState::Ready { machine, resource_version }))
}

/// The NodeClaim that was to be deleted; `None` when it is there as before.
async fn look_at(calls: &Calls, known: &MachineRef) -> Result<Option<MachineView>, Outcome> {
    let Some(named) = Named::read(&known.name) else { return Ok(None) };
    let Some(served) = served::find(calls, &named.api_version, NODE_CLAIM).await? else { return Ok(None) };
    let object = find(calls, &served.path("", &named.name)?).await?;
    Ok(match object.filter(|object| text(object, "/metadata/uid") == &*known.uid) {
        Some(object) if is_deleting(&object) => {
            Some(plain(MachineState::UnderWay(format!("{} is being deleted", named.short()))))
        }
        Some(_) => None,
        None => {
            let words = format!("{} is gone", named.short());
            let off = Some(Off::Stated(words.clone()));
            Some(MachineView { state: MachineState::Done(words), off, replacements: Vec::new() })
        }
    })
}
