//! `remediation-template`: an object made from a template, on which an operator of its own works, as those of medik8s and of Cluster API
//! agree on. Named after the node, owned by the node, and ours by the annotation `self-healing.dev/owner`; of a template of Cluster API,
//! named after the node's Machine and owned by that.

use super::served::{self, Served};
use super::{Named, changed, cluster_api, is_deleting, plain, remove, text};
use crate::act::call::Calls;
use crate::act::look::{annotation, find};
use crate::act::outcome;
use http::Method;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::{Target, Text};
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Off, Order};
use serde_json::{Value, json};

/// What a template's kind ends in.
const SUFFIX: &str = "Template";

/// Where the object of a node is, and what it is made from.
struct Place {
    object: Named,
    served: Served,
    template: Value,
    owner: Value,
}

pub(super) async fn look(calls: &Calls, inquiry: &Inquiry, recovery: &str) -> Result<MachineView, Outcome> {
    if let Some(known) = &inquiry.known
        && let Some(view) = look_at(calls, known, recovery).await?
    {
        return Ok(view);
    }
    let place = match place(calls, inquiry).await? {
        Ok(place) => place,
        Err(why) => return Ok(plain(MachineState::NotOffered(why))),
    };
    let path = place.served.path(&place.object.namespace, &place.object.name)?;
    if let Some(object) = find(calls, &path).await? {
        return Ok(of_object(&place.object, &object, recovery));
    }
    let machine = MachineRef {
        name: Text::from(place.object.words()),
        uid: Text::from(text(&place.template, "/metadata/uid")),
        pool: Text::default(),
    };
    let resource_version = Text::from(text(&place.template, "/metadata/resourceVersion"));
    Ok(plain(MachineState::Ready { machine, resource_version }))
}

/// The object that was ordered, whatever became of its template; `None` when it is not there.
async fn look_at(calls: &Calls, known: &MachineRef, recovery: &str) -> Result<Option<MachineView>, Outcome> {
    let Some(named) = Named::read(&known.name) else { return Ok(None) };
    let Some(served) = served::find(calls, &named.api_version, &named.kind).await? else { return Ok(None) };
    let object = find(calls, &served.path(&named.namespace, &named.name)?).await?;
    Ok(object.map(|object| of_object(&named, &object, recovery)))
}

/// What the object says, by the conditions that these operators agree on.
fn of_object(named: &Named, object: &Value, recovery: &str) -> MachineView {
    let words = named.short();
    if annotation(object, marks::OWNER) != Some(recovery) {
        return plain(MachineState::Busy(format!("{words}, which somebody else made, works on it")));
    }
    if is_deleting(object) {
        return plain(MachineState::Busy(format!("{words} is being deleted")));
    }
    let succeeded = condition(object, "Succeeded");
    let message = succeeded.map(|found| text(found, "/message")).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    let (state, off) = match succeeded.map(|found| text(found, "/status")) {
        Some("True") => (MachineState::Done(format!("{words} has succeeded")), Some(off(&words, object))),
        Some("False") => (MachineState::Failed(format!("{words} has failed{message}")), None),
        _ => {
            let works = condition(object, "Processing").is_some_and(|found| found["status"] == "True");
            let what = if works { "is being worked on" } else { "is not being worked on yet" };
            (MachineState::UnderWay(format!("{words} {what}{message}")), None)
        }
    };
    MachineView { state, off, replacements: Vec::new() }
}

/// Operators without a way to switch a machine off wait until it must have rebooted by itself, and say until when.
fn off(words: &str, object: &Value) -> Off {
    let assumed = text(object, "/status/timeAssumedRebooted");
    if assumed.is_empty() {
        Off::Stated(format!("{words} has succeeded"))
    } else {
        Off::Assumed(format!("{words} assumes that the machine has rebooted by {assumed}"))
    }
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Where the node's object is to be; `Err` says why there can be none.
async fn place(calls: &Calls, inquiry: &Inquiry) -> Result<Result<Place, String>, Outcome> {
    let Some(template) = &inquiry.template else {
        return Ok(Err("no HealingPolicy names a template for it (spec.replacement.templateRef)".to_owned()));
    };
    let Some(kind) = template.kind.strip_suffix(SUFFIX).filter(|kind| !kind.is_empty()) else {
        return Ok(Err(format!("{} is no kind of a template", template.kind)));
    };
    let missing = |kind: &str| Ok(Err(format!("{kind} of {} is not served here", template.api_version)));
    let Some(of_template) = served::find(calls, &template.api_version, &template.kind).await? else {
        return missing(&template.kind);
    };
    let Some(served) = served::find(calls, &template.api_version, kind).await? else { return missing(kind) };
    let found = find(calls, &of_template.path(&template.namespace, &template.name)?).await?;
    let Some(found) = found else {
        return Ok(Err(format!("there is no {} {}/{}", template.kind, template.namespace, template.name)));
    };
    let (name, owner) =
        match named_and_owned(calls, &inquiry.node, template.api_version.as_ref(), &template.namespace).await? {
            Ok(both) => both,
            Err(why) => return Ok(Err(why)),
        };
    let object = Named {
        api_version: template.api_version.to_string(),
        kind: kind.to_owned(),
        namespace: if served.namespaced { template.namespace.to_string() } else { String::new() },
        name,
    };
    Ok(Ok(Place { object, served, template: found, owner }))
}

/// Operators of medik8s look for the node of the object's name; those of Cluster API for the Machine that owns it.
async fn named_and_owned(
    calls: &Calls,
    node: &Target,
    api_version: &str,
    namespace: &str,
) -> Result<Result<(String, Value), String>, Outcome> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if !group.ends_with("cluster.x-k8s.io") {
        let owner = json!({ "apiVersion": "v1", "kind": "Node", "name": &*node.key.name, "uid": &*node.uid });
        return Ok(Ok((node.key.name.to_string(), owner)));
    }
    let found = match cluster_api::machine_of(calls, node).await? {
        Ok(found) => found,
        Err(MachineState::NotOffered(why) | MachineState::Busy(why)) => return Ok(Err(why)),
        Err(_) => return Ok(Err("its Machine cannot be told".to_owned())),
    };
    if found.named.namespace != namespace {
        return Ok(Err(format!("{} is in another namespace than the template", found.named.short())));
    }
    let named = found.named;
    let uid = text(&found.object, "/metadata/uid");
    let owner = json!({ "apiVersion": named.api_version, "kind": named.kind, "name": named.name, "uid": uid });
    Ok(Ok((named.name, owner)))
}

pub(super) async fn create(calls: &Calls, order: &Order, recovery: &str) -> Result<Answer, Outcome> {
    if let Some(view) = look_at(calls, &order.machine, recovery).await? {
        return match view.state {
            MachineState::Busy(who) => Err(outcome::refused(&who)),
            _ => Ok(Answer::Nothing),
        };
    }
    let place = place(calls, &order.inquiry).await?.map_err(|why| outcome::refused(&why))?;
    let same = |pointer: &str, judged: &str| judged.is_empty() || text(&place.template, pointer) == judged;
    if place.object.words() != *order.machine.name
        || !same("/metadata/uid", &order.machine.uid)
        || !same("/metadata/resourceVersion", &order.resource_version)
    {
        return Err(changed("the template"));
    }
    let body = json!({
        "apiVersion": place.object.api_version,
        "kind": place.object.kind,
        "metadata": {
            "name": place.object.name,
            "labels": { marks::MANAGED_BY: marks::MANAGER },
            "annotations": { marks::OWNER: recovery },
            "ownerReferences": [place.owner],
        },
        "spec": place.template.pointer("/spec/template/spec").cloned().unwrap_or_else(|| json!({})),
    });
    let reply = calls.write(Method::POST, &place.served.list(&place.object.namespace)?, &body).await?;
    outcome::of(&reply).map_err(outcome::of_create)?;
    Ok(Answer::Nothing)
}

pub(super) async fn end(calls: &Calls, machine: &MachineRef, recovery: &str) -> Result<Answer, Outcome> {
    let named = Named::read(&machine.name).ok_or_else(|| outcome::refused("the record names no object"))?;
    let Some(served) = served::find(calls, &named.api_version, &named.kind).await? else { return Ok(Answer::Nothing) };
    let path = served.path(&named.namespace, &named.name)?;
    let object = find(calls, &path).await?;
    let ours = object.filter(|object| annotation(object, marks::OWNER) == Some(recovery) && !is_deleting(object));
    let Some(object) = ours else { return Ok(Answer::Nothing) };
    let (uid, version) = (text(&object, "/metadata/uid"), text(&object, "/metadata/resourceVersion"));
    match remove(calls, &path, uid, version).await {
        Err(Outcome::Gone) => Ok(Answer::Nothing),
        done => done,
    }
}
