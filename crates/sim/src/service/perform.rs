//! Each verb on each kind of path: from the request to the call that does it.

use super::body::{decode, decode_patch, options, sent, strict};
use super::reply::{Reply, no_page, object, success};
use super::{Asked, Context, list, proxy, watch};
use crate::api::{self, Ask, Change, Deletion};
use crate::cluster::Cluster;
use crate::discovery;
use crate::event;
use crate::failure::Failure;
use crate::resource::Resource;
use crate::rights;
use crate::store::Key;
use crate::table;
use serde_json::{Value, json};
use std::sync::Arc;

/// The resource of a path, if the user may; else the answer.
pub(super) fn resource(cluster: &Cluster, asked: &Asked) -> Result<Arc<Resource>, Box<Reply>> {
    let (user, target) = (&asked.user, &asked.target);
    let state = cluster.state();
    if !target.resource {
        if !rights::may_discover(user, &target.path) {
            let words = format!("forbidden: User {:?} cannot {} path {:?}", user.name, target.verb, target.path);
            return Err(Failure { details: json!({}), ..Failure::new(403, "Forbidden", words) }.into());
        }
        return Err(Box::new(discovery::answer(&state.registry, &target.path, &asked.accept)));
    }
    if target.group == "authorization.k8s.io" {
        return Ok(Arc::new(Resource {
            plural: target.plural.clone(),
            group: target.group.clone(),
            ..Resource::default()
        }));
    }
    let mut wish = target.wish();
    if !rights::allowed(&state.store, user, &wish) {
        return Err(wish.refusal(user).into());
    }
    let served = |resource: &&Arc<Resource>| resource.group == target.group && resource.version == target.version;
    let Some(resource) = state.registry.find(&target.group, &target.version, &target.plural) else {
        // A group of custom resources says less about what it does not know.
        let known = state.registry.iter().any(|resource| served(&resource) && resource.custom.is_none());
        return Err(if known { Failure::no_such_path().into() } else { Box::new(no_page()) });
    };
    // Who updates what is not there creates it, and must be allowed to.
    let key = Key::new(&resource.stored_as(), if resource.namespaced { &target.namespace } else { "" }, &target.name);
    if matches!(target.verb, "update" | "patch") && state.store.get(&key).is_none() {
        wish.verb = "create".to_owned();
        if resource.upsert && !rights::allowed(&state.store, user, &wish) {
            return Err(wish.refusal(user).into());
        }
    }
    Ok(resource.clone())
}

/// Answers a request for a resource.
pub(super) async fn perform(context: &Arc<Context>) -> Result<Reply, Failure> {
    let (target, resource) = (&context.asked.target, &context.resource);
    if target.group == "authorization.k8s.io" {
        let answer = rights::review(&context.cluster.state().store, &context.asked.user, sent(context)?);
        let known = target.plural == "selfsubjectaccessreviews" && target.verb == "create";
        return if known { Ok(object(201, &answer)) } else { Err(Failure::no_such_path()) };
    }
    if resource.namespaced && target.namespace.is_empty() && !matches!(target.verb, "list" | "watch") {
        return Err(Failure::no_such_path());
    }
    if target.name.is_empty() && matches!(target.verb, "update" | "patch") {
        if resource.custom.is_some() {
            return Err(Failure::bad_request("name must be provided"));
        }
        return Err(Failure::not_allowed());
    }
    match (target.verb, target.subresource.as_str()) {
        ("get", "") => get(context).await,
        ("list", "") => list::list(context).await,
        ("watch", "") => watch::watch(context).await,
        ("get", "status") if resource.status => get(context).await,
        ("get", "scale") if resource.scale => Ok(object(200, &api::scale_of(&*context.cluster.get(&key(context))?))),
        ("get", "proxy") if resource.plural == "pods" => proxy::get(context).await,
        ("create", "") if target.name.is_empty() => create(context),
        ("create", "") if resource.custom.is_some() => decode(context).and(Err(Failure::not_allowed())),
        ("create", "eviction" | "binding") if resource.plural == "pods" => part_of_pod(context),
        ("get", "resize") if resource.plural == "pods" => get(context).await,
        ("update", "resize") if resource.plural == "pods" => update(context),
        ("patch", "resize") if resource.plural == "pods" => patch(context),
        ("update", "") => update(context),
        ("update", "status") if resource.status => update(context),
        ("update", "finalize") if resource.plural == "namespaces" => update(context),
        ("update" | "patch", "scale") if resource.scale => scale(context),
        ("patch", "") => patch(context),
        ("patch", "status") if resource.status => patch(context),
        ("delete", "") => delete(context),
        ("deletecollection", "") if resource.name() != "namespaces" => delete_all(context),
        (_, "") => Err(Failure::not_allowed()),
        _ if resource.custom.is_some() => Err(Failure::not_found(&resource.name(), &target.name)),
        _ => Err(Failure::no_such_path()),
    }
}

fn key(context: &Context) -> Key {
    Key::new(&context.resource.stored_as(), context.namespace(), &context.asked.target.name)
}

/// One object, at least as new as it is asked for.
async fn get(context: &Context) -> Result<Reply, Failure> {
    let key = key(context);
    let asked = list::version(&context.asked.target.query)?;
    list::fresh(context, asked.unwrap_or(0)).await?;
    let missing = || Failure::not_found(&context.resource.name(), &key.name);
    let state = context.cluster.state();
    let found = match context.view().filter(|_| asked == Some(0)) {
        None => state.store.get(&key).cloned(),
        Some(view) => {
            let then = state.store.list_at(&key.resource, &key.namespace, view.version).unwrap_or_default();
            then.into_iter().find(|(known, _)| *known == key).map(|(_, object)| object)
        }
    };
    let found = found.ok_or_else(missing)?;
    if context.table() {
        let rows = std::iter::once(&*found);
        return Ok(object(200, &table::table(&context.resource, rows, context.cluster.now())));
    }
    Ok(shown(context, 200, &found))
}

fn shown(context: &Context, code: u16, found: &Value) -> Reply {
    if context.resource.group == "events.k8s.io" { object(code, &event::from_core(found)) } else { object(code, found) }
}

/// Does something under the lock, for what the request says.
fn change<T>(
    context: &Context,
    key: Key,
    act: impl FnOnce(&mut Change<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let target = &context.asked.target;
    let dry_run = target.query.get("dryRun") == "All";
    let (user, subresource, body) = (&context.asked.user, target.subresource.as_str(), context.asked.call.body.clone());
    // Of a collection, each object is deleted.
    let verb = if target.verb == "deletecollection" { "delete" } else { target.verb };
    let resource = context.resource.name();
    context.cluster.change(&Ask { user, verb, key, resource, subresource, body, dry_run }, act)
}

fn create(context: &Context) -> Result<Reply, Failure> {
    let object = decode(context)?;
    let created = change(context, key(context), |change| api::create(change, &object))?;
    Ok(shown(context, 201, &created))
}

fn update(context: &Context) -> Result<Reply, Failure> {
    let object = decode(context)?;
    let (updated, new) = change(context, key(context), |change| api::update(change, &object))?;
    Ok(shown(context, if new { 201 } else { 200 }, &updated))
}

fn patch(context: &Context) -> Result<Reply, Failure> {
    let patch = decode_patch(context)?;
    let (patched, new) = change(context, key(context), |change| api::patch(change, &patch))?;
    Ok(shown(context, if new { 201 } else { 200 }, &patched))
}

fn scale(context: &Context) -> Result<Reply, Failure> {
    if context.asked.target.verb == "patch" {
        let patch = decode_patch(context)?;
        let scaled = change(context, key(context), |change| api::patch_scale(change, &patch))?;
        return Ok(object(200, &scaled));
    }
    let scale = sent(context)?;
    let scaled = change(context, key(context), |change| api::update_scale(change, scale))?;
    Ok(object(200, &scaled))
}

fn part_of_pod(context: &Context) -> Result<Reply, Failure> {
    let sent = sent(context)?;
    let eviction = context.asked.target.subresource == "eviction";
    if eviction {
        strict(context, "Eviction", &api::unknown_in_eviction(sent))?;
    }
    change(context, key(context), |change| match context.asked.target.subresource.as_str() {
        "eviction" => api::evict(change, sent),
        _ => api::bind(change, sent),
    })?;
    Ok(success(201))
}

fn delete(context: &Context) -> Result<Reply, Failure> {
    let options = options(context)?;
    let Deletion { object: last, gone } = change(context, key(context), |change| api::delete(change, &options))?;
    let resource = &context.resource;
    if !gone || resource.returned {
        return Ok(shown(context, 200, &last));
    }
    let metadata = &last["metadata"];
    let mut details = json!({ "name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"] });
    if !resource.group.is_empty() {
        details["group"] = resource.group.clone().into();
    }
    Ok(object(
        200,
        &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details }),
    ))
}

/// Deletes all that is selected, one after the other, and lists what it was.
fn delete_all(context: &Context) -> Result<Reply, Failure> {
    let options = options(context)?;
    let selector = list::selector(context)?;
    let listed = list::at(&context.cluster.state(), context, None)?;
    let mut items = Vec::new();
    for (key, found) in listed.objects.into_iter().filter(|(_, object)| selector.matches(object)) {
        match change(context, key, |change| api::delete(change, &options)) {
            Ok(_) => items.push(found),
            Err(failure) if failure.code == 404 => {}
            Err(failure) => return Err(failure),
        }
    }
    let metadata = json!({ "resourceVersion": listed.version.to_string() });
    list::answer(context, &metadata, items.iter().map(|item| &**item))
}
