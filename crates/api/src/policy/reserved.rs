//! Parts of a policy whose remedies this version does not have: read and checked in full, and without effect.

use super::read::word;
use super::{BadPolicy, HealingPolicySpec};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_healing_core::names::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Channels that routes may name.
const CHANNELS: [&str; 5] = ["slack", "slack-incident", "email", "pagerduty", "webhook"];

/// Where messages go.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct NotifySpec {
    /// Of each severity the channels, in place of the usual ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "routes")]
    pub routes: BTreeMap<String, Vec<String>>,
}

/// Checks what is there.
pub(super) fn check(spec: &HealingPolicySpec) -> Result<(), BadPolicy> {
    spec.notify.as_ref().map_or(Ok(()), notify)
}

fn notify(said: &NotifySpec) -> Result<(), BadPolicy> {
    for (name, channels) in &said.routes {
        let field = format!("spec.notify.routes.{name}");
        word("spec.notify.routes", Some(name), Severity::parse, Severity::ALL)?;
        for (at, channel) in channels.iter().enumerate() {
            let read = |text: &str| CHANNELS.into_iter().find(|word| *word == text);
            word(&format!("{field}[{at}]"), Some(channel), read, &CHANNELS)?;
        }
    }
    Ok(())
}

fn routes(_: &mut SchemaGenerator) -> Schema {
    let channels = json_schema!({
        "type": "array", "maxItems": CHANNELS.len(), "items": crate::schema::one_of(CHANNELS.into_iter()),
    });
    let severities = Severity::ALL.iter().map(|severity| (severity.to_string(), channels.clone().into()));
    let severities: serde_json::Map<String, serde_json::Value> = severities.collect();
    json_schema!({ "type": "object", "properties": severities })
}
