//! `notify`: who hears of what a policy matches.

use super::BadPolicy;
use super::read::word;
use super::windows::{MAX_WINDOWS, WindowSpec, windows};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{Channel, Severity, WindowKind};
use self_healing_core::settings::Window;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where messages go.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct NotifySpec {
    /// Of each severity the channels, in place of the usual ones; an empty list for nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "severities")]
    pub routes: BTreeMap<String, Vec<String>>,
    /// When messages of low and medium severity wait, each window without a kind. What began meanwhile is one message at the end; of what
    /// was healed meanwhile nobody hears more. With a window that leaves out a minute of the day, that is a daily digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_WINDOWS))]
    pub quiet_hours: Vec<WindowSpec>,
}

/// The channels of each severity that is named.
pub(super) fn routes(said: &NotifySpec) -> Result<BTreeMap<Severity, Vec<Channel>>, BadPolicy> {
    let field = "spec.notify.routes";
    let mut routes = BTreeMap::new();
    for (name, channels) in &said.routes {
        let Some(severity) = word(field, Some(name), Severity::parse, Severity::ALL)? else { continue };
        let channel = |(at, said): (usize, &String)| {
            word(&format!("{field}.{name}[{at}]"), Some(said), Channel::parse, Channel::ALL)
        };
        let read: Result<Vec<_>, _> = channels.iter().enumerate().map(channel).collect();
        routes.insert(severity, read?.into_iter().flatten().collect());
    }
    Ok(routes)
}

/// When nobody is disturbed.
pub(super) fn quiet_hours(said: &NotifySpec) -> Result<Vec<Window>, BadPolicy> {
    let field = "spec.notify.quietHours";
    if let Some(at) = said.quiet_hours.iter().position(|window| window.kind.is_some()) {
        return Err(BadPolicy::new(
            format!("{field}[{at}].kind"),
            "something",
            "nothing: these hours are always quiet",
        ));
    }
    let windows = windows(field, &said.quiet_hours)?;
    Ok(windows.into_iter().map(|window| Window { kind: WindowKind::Deny, ..window }).collect())
}

fn severities(_: &mut SchemaGenerator) -> Schema {
    let words = crate::schema::one_of(Channel::ALL.iter().map(|channel| channel.as_str()));
    let channels = json_schema!({ "type": "array", "maxItems": Channel::ALL.len(), "items": words });
    let severities = Severity::ALL.iter().map(|severity| (severity.to_string(), channels.clone().into()));
    let severities: serde_json::Map<String, serde_json::Value> = severities.collect();
    json_schema!({ "type": "object", "properties": severities })
}
