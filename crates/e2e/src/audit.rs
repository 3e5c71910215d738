//! What a user has done, read from the API server's audit log.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// One kind of request, in the words of an RBAC rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: String,
    /// The API group, empty for the core.
    pub group: String,
    /// The resource and subresource, for example `pods` or `pods/eviction`.
    pub resource: String,
    /// False if the server answered 403.
    pub allowed: bool,
}

/// Every kind of request that `user` has made, for example `system:serviceaccount:NAMESPACE:NAME`.
///
/// The server writes a line when a request ends: a watch that is still open is there once, from when it began to answer.
///
/// # Errors
/// When the log cannot be read.
pub fn used_by(log: &Path, user: &str) -> Result<BTreeSet<Used>> {
    let text = fs::read_to_string(log).with_context(|| format!("cannot read the audit log {}", log.display()))?;
    // The last line may be half written.
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(events.filter(|event| event["user"]["username"] == user).filter_map(|event| used(&event)).collect())
}

/// None for a request that is not about a resource, such as `/version`.
fn used(event: &Value) -> Option<Used> {
    let reference = event.get("objectRef")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut resource = text(&reference["resource"]);
    if let Some(subresource) = reference["subresource"].as_str() {
        resource = format!("{resource}/{subresource}");
    }
    let allowed = event["responseStatus"]["code"] != 403;
    Some(Used { verb: text(&event["verb"]), group: text(&reference["apiGroup"]), resource, allowed })
}
