//! Who reboots and replaces nodes: what each provider says of a node's machine, and how an order reaches it.
//!
//! Every answer comes from reads of just now. What may not be read, or what is not there, is never an answer about a machine: it means that
//! this provider offers nothing, and why.

mod cluster_api;
mod karpenter;
mod remediation;
mod served;
mod volumes;
mod webhook;

pub(crate) use webhook::Caller;

use crate::act::call::{Calls, node_path};
use crate::act::look::annotation;
use crate::act::{look, outcome};
use http::Method;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::{Target, Text};
use self_healing_core::machine::{Inquiry, MachineRef, MachineState, MachineView, Order};
use self_healing_core::names::ProviderKind;
use serde_json::{Value, json};

/// How it stands with the machine of a node.
pub(crate) async fn look(
    calls: &Calls,
    webhooks: &Caller,
    inquiry: &Inquiry,
    recovery: &str,
) -> Result<Answer, Outcome> {
    let view = match view(calls, webhooks, inquiry, recovery).await {
        // Not allowed, or not served after all: nothing is known of the machine.
        Err(Outcome::Refused { message }) => plain(MachineState::NotOffered(message)),
        view => view?,
    };
    Ok(Answer::Machine(Box::new(view)))
}

async fn view(calls: &Calls, webhooks: &Caller, inquiry: &Inquiry, recovery: &str) -> Result<MachineView, Outcome> {
    let mut view = match kind_of(inquiry) {
        ProviderKind::ClusterApi => cluster_api::look(calls, inquiry).await?,
        ProviderKind::Karpenter => karpenter::look(calls, inquiry).await?,
        ProviderKind::RemediationTemplate => remediation::look(calls, inquiry, recovery).await?,
        ProviderKind::Webhook => webhooks.look(inquiry).await?,
        ProviderKind::None => plain(MachineState::NotOffered("no node provider is configured".to_owned())),
    };
    if inquiry.drained && matches!(view.state, MachineState::Ready { .. }) {
        let attached = volumes::attached(calls, &inquiry.node.key.name).await?;
        if !attached.is_empty() {
            view.state = MachineState::Attached(attached);
        }
    }
    Ok(view)
}

/// Gives an order; one that was given for this Recovery before is done.
pub(crate) async fn order(calls: &Calls, webhooks: &Caller, order: &Order, recovery: &str) -> Result<Answer, Outcome> {
    match kind_of(&order.inquiry) {
        ProviderKind::ClusterApi | ProviderKind::Karpenter => delete(calls, order).await,
        ProviderKind::RemediationTemplate => remediation::create(calls, order, recovery).await,
        ProviderKind::Webhook => webhooks.order(calls, order, recovery).await,
        ProviderKind::None => Err(outcome::refused("no node provider is configured")),
    }
}

/// Deletes the remediation object of this Recovery.
pub(crate) async fn end(calls: &Calls, machine: &MachineRef, recovery: &str) -> Result<Answer, Outcome> {
    remediation::end(calls, machine, recovery).await
}

/// The provider of the order that was given, else the one that is configured.
fn kind_of(inquiry: &Inquiry) -> ProviderKind {
    let Some(known) = &inquiry.known else { return inquiry.provider.kind };
    match Named::read(&known.name) {
        Some(named) if named.kind == cluster_api::MACHINE && named.group() == cluster_api::GROUP => {
            ProviderKind::ClusterApi
        }
        Some(named) if named.kind == karpenter::NODE_CLAIM => ProviderKind::Karpenter,
        Some(_) => ProviderKind::RemediationTemplate,
        None => ProviderKind::Webhook,
    }
}

/// An object by its type and name, in the words of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    api_version: String,
    kind: String,
    /// Empty for an object of the cluster.
    namespace: String,
    name: String,
}

impl Named {
    /// The words for the record.
    fn words(&self) -> String {
        let place =
            if self.namespace.is_empty() { self.name.clone() } else { format!("{}/{}", self.namespace, self.name) };
        format!("{} {} {place}", self.api_version, self.kind)
    }

    /// The words for people.
    fn short(&self) -> String {
        self.words().split_once(' ').map_or_else(String::new, |(_, rest)| rest.to_owned())
    }

    /// From the words in a record.
    fn read(words: &str) -> Option<Self> {
        let mut words = words.split(' ');
        let (api_version, kind, place) = (words.next()?, words.next()?, words.next()?);
        let (namespace, name) = place.split_once('/').unwrap_or(("", place));
        let [api_version, kind, namespace, name] = [api_version, kind, namespace, name].map(str::to_owned);
        Some(Self { api_version, kind, namespace, name })
    }

    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// What is said without anything beside it.
fn plain(state: MachineState) -> MachineView {
    MachineView { state, off: None, replacements: Vec::new() }
}

/// Deletes a machine at the uid and version that were judged; its provider does the rest.
async fn delete(calls: &Calls, order: &Order) -> Result<Answer, Outcome> {
    let named = Named::read(&order.machine.name).ok_or_else(|| outcome::refused("the record names no machine"))?;
    let served = served::find(calls, &named.api_version, &named.kind).await?;
    let served = served.ok_or_else(|| outcome::refused(&format!("{} is not served any more", named.kind)))?;
    let path = served.path(&named.namespace, &named.name)?;
    let object = outcome::of(&calls.get(&path).await?)?;
    if object["metadata"]["uid"].as_str() != Some(&*order.machine.uid) {
        return Err(Outcome::Gone);
    }
    if is_deleting(&object) {
        return Ok(Answer::Nothing);
    }
    let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if version.is_empty() || version != &*order.resource_version && !order.resource_version.is_empty() {
        return Err(changed(&named.short()));
    }
    remove(calls, &path, &order.machine.uid, version).await
}

/// Sends a DELETE that only removes this object at this version.
async fn remove(calls: &Calls, path: &str, uid: &str, version: &str) -> Result<Answer, Outcome> {
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": { "uid": uid, "resourceVersion": version },
    });
    outcome::check(&calls.write(Method::DELETE, path, &body).await?)?;
    Ok(Answer::Nothing)
}

fn changed(what: &str) -> Outcome {
    Outcome::TryLater { after: None, budget: false, message: format!("{what} was changed since it was looked at") }
}

/// The node as it is now, if it is still this one.
async fn node(calls: &Calls, target: &Target) -> Result<Option<Value>, Outcome> {
    let node = look::find(calls, &node_path(&target.key.name)?).await?;
    Ok(node.filter(|node| look::same(node, target).is_ok()))
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Whose tool has stopped all work on an object, if one has.
fn opt_out(object: &Value) -> Option<&'static str> {
    let says = [marks::CAPI_PAUSED, marks::CAPI_SKIP_REMEDIATION].into_iter();
    let excluded = |object: &Value| annotation(object, marks::EXCLUDE) == Some("true");
    says.into_iter()
        .find(|key| annotation(object, key).is_some())
        .or_else(|| excluded(object).then_some(marks::EXCLUDE))
        .or_else(|| {
            let keeps = annotation(object, marks::KARPENTER_DO_NOT_DISRUPT);
            keeps.filter(|value| *value != "false").map(|_| marks::KARPENTER_DO_NOT_DISRUPT)
        })
}

/// When an object was created, in seconds since 1970.
fn created(object: &Value) -> i64 {
    let stamp = text(object, "/metadata/creationTimestamp").parse::<jiff::Timestamp>();
    stamp.map_or(i64::MIN, |stamp| stamp.as_second())
}

fn machine(named: &Named, object: &Value, pool: &str) -> (MachineRef, Text) {
    let (name, uid) = (Text::from(named.words()), Text::from(text(object, "/metadata/uid")));
    let version = Text::from(text(object, "/metadata/resourceVersion"));
    (MachineRef { name, uid, pool: Text::from(pool) }, version)
}
