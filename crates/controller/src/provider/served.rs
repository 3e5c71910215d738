//! Which resource stands for a kind, as the API server says: custom ones may be absent, or come in several versions.

use crate::act::call::{Calls, segment};
use crate::act::outcome;
use self_healing_core::effect::Outcome;
use serde_json::Value;

/// A resource that is served.
pub(super) struct Served {
    api_version: String,
    plural: String,
    pub(super) namespaced: bool,
}

impl Served {
    /// The path of one object.
    pub(super) fn path(&self, namespace: &str, name: &str) -> Result<String, Outcome> {
        Ok(format!("{}/{}", self.list(namespace)?, segment("name", name)?))
    }

    /// The path of all objects in a namespace, or of the cluster.
    pub(super) fn list(&self, namespace: &str) -> Result<String, Outcome> {
        let place =
            if self.namespaced { format!("namespaces/{}/", segment("namespace", namespace)?) } else { String::new() };
        Ok(format!("/apis/{}/{place}{}", self.api_version, self.plural))
    }
}

/// The resource of a kind; `None` when its group, its version or itself is not served.
pub(super) async fn find(calls: &Calls, api_version: &str, kind: &str) -> Result<Option<Served>, Outcome> {
    let Some((group, version)) = api_version.split_once('/') else { return Ok(None) };
    let path = format!("/apis/{}/{}", segment("API group", group)?, segment("version", version)?);
    let Some(found) = ask(calls, &path).await? else { return Ok(None) };
    let resources = found["resources"].as_array().into_iter().flatten();
    let is_it = |resource: &&Value| {
        resource["kind"] == kind && resource["name"].as_str().is_some_and(|name| !name.contains('/'))
    };
    Ok(resources.into_iter().find(is_it).map(|resource| Served {
        api_version: api_version.to_owned(),
        plural: resource["name"].as_str().unwrap_or_default().to_owned(),
        namespaced: resource["namespaced"] == true,
    }))
}

/// The version of a group that the server prefers; `None` when the group is not served.
pub(super) async fn preferred(calls: &Calls, group: &str) -> Result<Option<String>, Outcome> {
    let found = ask(calls, &format!("/apis/{}", segment("API group", group)?)).await?;
    Ok(found.and_then(|found| found["preferredVersion"]["groupVersion"].as_str().map(str::to_owned)))
}

/// What discovery answers; `None` for a 404, and only for that: a server that cannot tell has not said no.
async fn ask(calls: &Calls, path: &str) -> Result<Option<Value>, Outcome> {
    let reply = calls.get(path).await?;
    if reply.code == http::StatusCode::NOT_FOUND { Ok(None) } else { outcome::of(&reply).map(Some) }
}
