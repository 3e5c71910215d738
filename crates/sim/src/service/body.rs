//! What a request says in its body.

use super::Context;
use crate::api::{DeleteOptions, Patch};
use crate::event;
use crate::failure::{Cause, Failure};
use serde_json::Value;
use std::sync::Arc;

const UNKNOWN_FORMAT: &str = "the body of the request was in an unknown format - accepted media types include";

/// The options of a delete, in the body or in the query.
pub(super) fn options(context: &Context) -> Result<DeleteOptions, Failure> {
    if !context.asked.empty {
        return Ok(DeleteOptions::of(sent(context)?));
    }
    let query = &context.asked.target.query;
    Ok(DeleteOptions {
        grace_period_seconds: query.get("gracePeriodSeconds").parse().ok(),
        propagation_policy: Some(query.get("propagationPolicy").to_owned()).filter(|policy| !policy.is_empty()),
        ..DeleteOptions::default()
    })
}

/// The object in a body, if it is of the resource's kind.
pub(super) fn decode(context: &Context) -> Result<Arc<Value>, Failure> {
    let resource = &context.resource;
    let object = sent(context)?;
    let (kind, version) =
        (object["kind"].as_str().unwrap_or_default(), object["apiVersion"].as_str().unwrap_or_default());
    let expected = resource.api_version();
    if resource.custom.is_some() && kind.is_empty() {
        let words = format!(
            "the object provided is unrecognized (must be of type {}): Object 'Kind' is missing",
            resource.kind
        );
        return Err(Failure::bad_request(words));
    }
    if !version.is_empty() && version != expected && (resource.custom.is_some() || kind == resource.kind) {
        let words =
            format!("the API version in the data ({version}) does not match the expected API version ({expected})");
        return Err(Failure::bad_request(words));
    }
    if !kind.is_empty() && kind != resource.kind {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        if resource.custom.is_some() {
            let cause = Cause::invalid("kind", &kind.into(), &format!("must be {}", resource.kind));
            return Err(Failure::invalid(&format!("{kind}.{}", resource.group), name, &[cause]));
        }
        let words = format!("{kind} in version {version:?} cannot be handled as a {}", resource.kind);
        return Err(Failure::bad_request(words));
    }
    let other = resource.group == "events.k8s.io";
    Ok(if other { Arc::new(event::to_core(object.clone())) } else { context.asked.call.body.clone() })
}

pub(super) fn decode_patch(context: &Context) -> Result<Patch, Failure> {
    let kind = context.asked.media.as_str();
    let known: &[&str] = match context.resource.custom {
        Some(_) => &["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"],
        None => &[
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml",
        ],
    };
    if !known.contains(&kind) {
        return Err(Failure::new(415, "UnsupportedMediaType", format!("{UNKNOWN_FORMAT}: {}", known.join(", "))));
    }
    let patch = sent(context).map_err(|_| Failure::bad_request("invalid JSON patch"))?.clone();
    Ok(match kind {
        "application/json-patch+json" => Patch::Json(patch),
        "application/merge-patch+json" => Patch::Merge(patch),
        "application/strategic-merge-patch+json" => Patch::Strategic(patch),
        _ => Patch::Apply(patch),
    })
}

/// The body, if it is JSON.
pub(super) fn sent(context: &Context) -> Result<&Value, Failure> {
    let patch = context.asked.target.verb == "patch";
    if !patch && !matches!(context.asked.media.as_str(), "" | "application/json") {
        let hint = "kubectl sends others for some of its commands, but JSON for all that it reads from a file";
        return Err(Failure::new(415, "UnsupportedMediaType", format!("{UNKNOWN_FORMAT}: application/json; {hint}")));
    }
    let Some(fault) = &context.asked.fault else { return Ok(&context.asked.call.body) };
    let kind = &context.resource.kind;
    let words = format!("the object provided is unrecognized (must be of type {kind}): couldn't get version/kind");
    Err(Failure::bad_request(format!("{words}; json parse error: {fault}")))
}
