//! Fresh quorum reads of pods and nodes, as facts.

use super::call::{Calls, node_path, pod_path, segment};
use super::{manifest, outcome};
use crate::objects::{self, ObjectError, Shared};
use kube::api::ListParams;
use self_healing_api::marks;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::fact::LeaseFact;
use self_healing_core::key::{Target, Text};
use self_healing_core::recovery::{NodeView, PodView};
use serde::Deserialize;
use serde_json::Value;

/// Objects per page of a list; a node holds 110 pods by default.
const PAGE: u32 = 500;

pub(super) async fn pod(calls: &Calls, target: &Target) -> Result<Answer, Outcome> {
    let reply = calls.get(&pod_path(target)?).await?;
    let object = outcome::of(&reply)?;
    same(&object, target)?;
    let fact = objects::pod::parse(&reply.body, &mut Shared::default()).map_err(unreadable)?;
    let resource_version = Text::from(object["metadata"]["resourceVersion"].as_str().unwrap_or_default());
    let memory = objects::memory::of_pod(&object);
    let manifest = fact.owner.is_none().then(|| manifest::of(object));
    Ok(Answer::Pod(Box::new(PodView { fact, resource_version, manifest, memory })))
}

pub(super) async fn node(calls: &Calls, target: &Target) -> Result<Answer, Outcome> {
    let path = node_path(&target.key.name)?;
    let (reply, lease) = tokio::join!(calls.get(&path), lease(calls, &target.key.name));
    let reply = reply?;
    same(&outcome::of(&reply)?, target)?;
    let fact = objects::node::parse(&reply.body, &mut Shared::default()).map_err(unreadable)?;
    Ok(Answer::Node(Box::new(NodeView { fact, lease: lease? })))
}

/// No Lease is something else than a Lease that we may not read.
async fn lease(calls: &Calls, node: &str) -> Result<Option<LeaseFact>, Outcome> {
    let namespace = marks::NODE_LEASE_NAMESPACE;
    let node = segment("node name", node)?;
    let reply = calls.get(&format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{node}")).await?;
    match outcome::check(&reply) {
        Ok(()) => objects::lease::parse(&reply.body, &mut Shared::default()).map(Some).map_err(unreadable),
        Err(Outcome::Gone) => Ok(None),
        Err(other) => Err(other),
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow)]
    items: Vec<objects::pod::SlimPod<'a>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    token: String,
}

pub(super) async fn pods_of(calls: &Calls, node: &str) -> Result<Answer, Outcome> {
    // An empty name would select every pod that is not scheduled yet.
    let node = segment("node name", node)?;
    let request = kube::core::Request::new("/api/v1/pods");
    let mut params = ListParams::default().fields(&format!("spec.nodeName={node}")).limit(PAGE);
    let mut shared = Shared::default();
    let mut found = Vec::new();
    loop {
        let page = request.list(&params).map_err(|error| outcome::refused(&error.to_string()))?;
        let reply = calls.get(&page.uri().to_string()).await?;
        outcome::check(&reply)?;
        // A pod that cannot be read fails the whole list: a drain must not overlook it.
        let page: Page<'_> = serde_json::from_slice(&reply.body).map_err(|error| unreadable(error.into()))?;
        for pod in &page.items {
            found.push(objects::pod::fact(pod, &mut shared).map_err(unreadable)?);
        }
        if page.metadata.token.is_empty() {
            return Ok(Answer::Pods(found));
        }
        params = params.continue_token(&page.metadata.token);
    }
}

/// Gone, if `object` has the target's name but is another one.
pub(crate) fn same(object: &Value, target: &Target) -> Result<(), Outcome> {
    if object["metadata"]["uid"].as_str() == Some(&*target.uid) { Ok(()) } else { Err(Outcome::Gone) }
}

pub(super) fn unreadable(error: ObjectError) -> Outcome {
    outcome::refused(&error.to_string())
}

/// The object at `path`; `None` when there is none.
pub(crate) async fn find(calls: &Calls, path: &str) -> Result<Option<Value>, Outcome> {
    let reply = calls.get(path).await?;
    match outcome::of(&reply) {
        Ok(object) => Ok(Some(object)),
        Err(Outcome::Gone) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Every object of a list, page by page; `fields` may be empty.
pub(crate) async fn all(calls: &Calls, path: &str, fields: &str) -> Result<Vec<Value>, Outcome> {
    let params = ListParams::default();
    select(calls, path, if fields.is_empty() { params } else { params.fields(fields) }).await
}

/// The objects of a list that are asked for, page by page, by quorum reads.
pub(crate) async fn select(calls: &Calls, path: &str, params: ListParams) -> Result<Vec<Value>, Outcome> {
    let mut params = params.limit(PAGE);
    let request = kube::core::Request::new(path);
    let mut found = Vec::new();
    loop {
        let page = request.list(&params).map_err(|error| outcome::refused(&error.to_string()))?;
        let mut page = outcome::of(&calls.get(&page.uri().to_string()).await?)?;
        let Value::Array(items) = page["items"].take() else {
            return Err(outcome::refused(&format!("{path} answers with something that is no list")));
        };
        found.extend(items);
        match page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(token),
            None => return Ok(found),
        }
    }
}

/// The value of an annotation.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}
