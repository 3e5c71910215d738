//! Recoveries: list, create, save, delete; each by name in the controller's namespace.

use super::call::{Calls, Reply, segment};
use super::outcome;
use http::Method;
use kube::Resource;
use kube::api::ListParams;
use self_healing_api::recovery::{Recovery as Resourced, from_resource, status_of, to_resource};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::key::Text;
use self_healing_core::recovery::{Recovery, Status};
use serde_json::{Value, json};

/// Recoveries per page of a list.
const PAGE: u32 = 200;

/// The spec of a Recovery never changes after its creation.
const GENERATION: i64 = 1;

/// Exactly one stored state of one object.
pub(super) struct Version<'a> {
    pub(super) uid: &'a str,
    pub(super) resource_version: &'a str,
}

pub(super) async fn read_all(calls: &Calls, own: &str) -> Result<Answer, Outcome> {
    let request = kube::core::Request::new(all(own)?);
    let mut params = ListParams::default().limit(PAGE);
    let mut found = Vec::new();
    loop {
        let page = request.list(&params).map_err(|error| outcome::refused(&error.to_string()))?;
        let mut page = outcome::of(&calls.get(&page.uri().to_string()).await?)?;
        let Value::Array(items) = page["items"].take() else {
            return Err(Outcome::Unknown { message: "the list of Recoveries has no items".to_owned() });
        };
        found.extend(items.into_iter().filter_map(|item| read(item).map_err(warn).ok()));
        match page["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() => params = params.continue_token(token),
            _ => return Ok(Answer::Recoveries(found)),
        }
    }
}

/// The API server takes no status on create, so none is sent; it is saved afterwards.
pub(super) async fn create(calls: &Calls, own: &str, record: &Recovery) -> Result<Answer, Outcome> {
    let resource = Resourced { status: None, ..to_resource(record, own) };
    let resource = serde_json::to_value(resource).map_err(|error| outcome::refused(&error.to_string()))?;
    let reply = calls.write(Method::POST, &all(own)?, &resource).await?;
    if !outcome::already_exists(&reply) {
        return stored(&reply).map_err(outcome::of_create);
    }
    let existing = outcome::of(&calls.get(&one(own, &record.name)?).await?).map_err(|outcome| match outcome {
        // Deleted between the two requests: the name is free again.
        Outcome::Gone => {
            Outcome::TryLater { after: None, budget: false, message: "it existed and is being deleted".to_owned() }
        }
        other => other,
    })?;
    read(existing).map(|record| Answer::Exists(Box::new(record))).map_err(|why| outcome::refused(&why))
}

pub(super) async fn save(
    calls: &Calls,
    own: &str,
    name: &str,
    status: &Status,
    version: Version<'_>,
) -> Result<Answer, Outcome> {
    // A PUT without these two would replace whatever is there.
    if version.uid.is_empty() || version.resource_version.is_empty() {
        return Err(outcome::refused("a Recovery that was never stored has no status to save"));
    }
    let body = json!({
        "apiVersion": Resourced::api_version(&()),
        "kind": Resourced::kind(&()),
        "metadata": {
            "name": name, "namespace": own, "uid": version.uid, "resourceVersion": version.resource_version,
        },
        "status": status_of(status, GENERATION),
    });
    stored(&calls.write(Method::PUT, &format!("{}/status", one(own, name)?), &body).await?)
}

pub(super) async fn delete(calls: &Calls, own: &str, name: &str, uid: &str) -> Result<Answer, Outcome> {
    if uid.is_empty() {
        return Err(outcome::refused("a Recovery is only deleted by its uid"));
    }
    let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
    outcome::of(&calls.write(Method::DELETE, &one(own, name)?, &body).await?)?;
    Ok(Answer::Nothing)
}

fn stored(reply: &Reply) -> Result<Answer, Outcome> {
    let object = outcome::of(reply)?;
    let text = |field: &str| Text::from(object["metadata"][field].as_str().unwrap_or_default());
    Ok(Answer::Stored { uid: text("uid"), resource_version: text("resourceVersion") })
}

fn read(object: Value) -> Result<Recovery, String> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let resource =
        serde_json::from_value(object).map_err(|error| format!("Recovery {name} does not parse: {error}"))?;
    from_resource(&resource).map_err(|error| error.to_string())
}

fn warn(why: String) {
    tracing::warn!(why, "a stored Recovery is left alone");
}

fn all(own: &str) -> Result<String, Outcome> {
    Ok(Resourced::url_path(&(), Some(segment("namespace", own)?)))
}

fn one(own: &str, name: &str) -> Result<String, Outcome> {
    Ok(format!("{}/{}", all(own)?, segment("Recovery name", name)?))
}
