//! What a request says in its body.

use super::Context;
use crate::api::{DeleteOptions, Patch};
use crate::event;
use crate::failure::{Cause, Failure};
use crate::schema;
use serde_json::Value;
use std::sync::Arc;

const UNKNOWN_FORMAT: &str = "the body of the request was in an unknown format - accepted media types include";

/// The options of a delete, in the body or in the query.
pub(super) fn options(context: &Context) -> Result<DeleteOptions, Failure> {
    let query = &context.asked.target.query;
    let options = match context.asked.empty {
        false => DeleteOptions::of(sent(context)?),
        true => DeleteOptions {
            grace_period_seconds: query.get("gracePeriodSeconds").parse().ok(),
            propagation_policy: Some(query.get("propagationPolicy").to_owned()).filter(|policy| !policy.is_empty()),
            ..DeleteOptions::default()
        },
    };
    options.valid()?;
    Ok(options)
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
    if let Some(custom) = &resource.custom {
        strict(context, kind, &schema::unknown(custom, object))?;
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
        // Only custom resources say what is understood.
        let words = match context.resource.custom {
            Some(_) => format!("{UNKNOWN_FORMAT}: {}", known.join(", ")),
            None => "415: Unsupported Media Type".to_owned(),
        };
        return Err(Failure::new(415, "UnsupportedMediaType", words));
    }
    let patch = match &context.asked.fault {
        None => (*context.asked.call.body).clone(),
        Some(fault) if kind == "application/json-patch+json" => {
            return Err(Failure::bad_request(format!("error decoding patch: {fault}")));
        }
        Some(_) => return Err(Failure::bad_request("invalid JSON patch")),
    };
    if kind != "application/json-patch+json" && !patch.is_object() {
        return Err(Failure::bad_request("invalid JSON patch"));
    }
    Ok(match kind {
        "application/json-patch+json" => Patch::Json(patch),
        "application/merge-patch+json" => Patch::Merge(patch),
        "application/strategic-merge-patch+json" => Patch::Strategic(patch),
        _ => Patch::Apply(patch),
    })
}

/// The body, if it is a JSON object.
pub(super) fn sent(context: &Context) -> Result<&Value, Failure> {
    if !matches!(context.asked.media.as_str(), "" | "application/json") {
        let known = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
        return Err(Failure::new(415, "UnsupportedMediaType", format!("{UNKNOWN_FORMAT}: {}", known.join(", "))));
    }
    let body = &context.asked.call.body;
    let fault = match &context.asked.fault {
        Some(fault) => fault.as_str(),
        None if body.is_object() => return Ok(body),
        None => "it is no object",
    };
    let kind = &context.resource.kind;
    let words = format!("the object provided is unrecognized (must be of type {kind}): couldn't get version/kind");
    Err(Failure::bad_request(format!("{words}; json parse error: {fault}")))
}

/// What is refused by those who ask for strictness: fields that nobody knows. Of built-in kinds only an Eviction is looked
/// at: the others have no schema here.
pub(super) fn strict(context: &Context, kind: &str, unknown: &[String]) -> Result<(), Failure> {
    if unknown.is_empty() || context.asked.target.query.get("fieldValidation") != "Strict" {
        return Ok(());
    }
    let words: Vec<String> = unknown.iter().map(|field| format!("unknown field {field:?}")).collect();
    let version = &context.resource.version;
    let words = words.join(", ");
    let start = format!("{kind} in version {version:?} cannot be handled as a {kind}: strict decoding error");
    Err(Failure::bad_request(format!("{start}: {words}")))
}
