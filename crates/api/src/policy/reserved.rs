//! Parts of a policy whose remedies this version does not have: read and checked in full, and without effect.

use super::read::word;
use super::{BadPolicy, HealingPolicySpec};
use crate::keys::receiver;
use crate::recovery::NAME;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_healing_core::names::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Channels that routes may name.
const CHANNELS: [&str; 5] = ["slack", "slack-incident", "email", "pagerduty", "webhook"];
/// What may replace a node.
const PROVIDERS: [&str; 5] = ["none", "clusterapi", "karpenter", "remediation-template", "webhook"];

/// What replaces a node.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.templateRef) == (self.provider == 'remediation-template')").message("templateRef belongs to provider remediation-template"),
    validation = Rule::new("has(self.webhook) == (self.provider == 'webhook')").message("webhook belongs to provider webhook")
)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct ReplacementSpec {
    /// Who replaces it.
    #[schemars(schema_with = "providers")]
    pub provider: String,
    /// The template of the remediation object, with provider remediation-template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TemplateRef")]
    pub template_ref: Option<TemplateRef>,
    /// Whom to ask, with provider webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WebhookSpec")]
    pub webhook: Option<WebhookSpec>,
}

/// One template.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct TemplateRef {
    /// Its apiVersion.
    #[schemars(length(min = 1, max = NAME))]
    pub api_version: String,
    /// Its kind.
    #[schemars(length(min = 1, max = NAME))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1, max = NAME))]
    pub name: String,
    /// Its namespace, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 63))]
    pub namespace: String,
}

/// One webhook.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct WebhookSpec {
    /// Its address; https.
    #[schemars(length(min = 1, max = 2048), regex(pattern = "^https://"))]
    pub url: String,
}

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
    spec.replacement.as_ref().map_or(Ok(()), replacement)?;
    spec.notify.as_ref().map_or(Ok(()), notify)
}

fn replacement(said: &ReplacementSpec) -> Result<(), BadPolicy> {
    let field = "spec.replacement";
    let read = |text: &str| PROVIDERS.into_iter().find(|word| *word == text);
    let provider = word(&format!("{field}.provider"), Some(&said.provider), read, &PROVIDERS)?;
    for (name, there, of) in [
        ("templateRef", said.template_ref.is_some(), "remediation-template"),
        ("webhook", said.webhook.is_some(), "webhook"),
    ] {
        if there != (provider == Some(of)) {
            let found = if there { "something" } else { "nothing" };
            return Err(BadPolicy::new(format!("{field}.{name}"), found, format!("it exactly with provider {of}")));
        }
    }
    let parts = said.template_ref.iter().flat_map(|template| {
        [("apiVersion", &template.api_version), ("kind", &template.kind), ("name", &template.name)]
    });
    if let Some((name, _)) = parts.into_iter().find(|(_, part)| part.is_empty()) {
        return Err(BadPolicy::new(format!("{field}.templateRef.{name}"), "\"\"", "a name"));
    }
    let wrong = |why| BadPolicy::new(format!("{field}.webhook.url"), "an address (not shown)", why);
    said.webhook.as_ref().map_or(Ok(()), |webhook| match receiver(&webhook.url, false) {
        Ok(_) => Ok(()),
        Err(bad) => Err(wrong(bad.to_string())),
    })
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

fn providers(_: &mut SchemaGenerator) -> Schema {
    crate::schema::one_of(PROVIDERS.into_iter())
}

fn routes(_: &mut SchemaGenerator) -> Schema {
    let channels = json_schema!({
        "type": "array", "maxItems": CHANNELS.len(), "items": crate::schema::one_of(CHANNELS.into_iter()),
    });
    let severities = Severity::ALL.iter().map(|severity| (severity.to_string(), channels.clone().into()));
    let severities: serde_json::Map<String, serde_json::Value> = severities.collect();
    json_schema!({ "type": "object", "properties": severities })
}
