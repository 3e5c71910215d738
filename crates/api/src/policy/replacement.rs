//! `replacement`: who reboots and replaces the nodes that a policy is about.

use super::read::{span, word};
use super::{BadPolicy, Span};
use crate::keys::receiver;
use crate::recovery::NAME;
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator};
use self_healing_core::key::Text;
use self_healing_core::machine::{Provider, Template, Webhook};
use self_healing_core::names::ProviderKind;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What one remediation may take: below a second no operator has even begun.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);
/// Templates in one list; medik8s' lists have two or three.
const LONGEST: usize = 8;

/// What replaces a node.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("(has(self.templateRef) || has(self.escalatingRemediations)) == (self.provider == 'remediation-template')").message("templateRef belongs to provider remediation-template, and so does escalatingRemediations"),
    validation = Rule::new("!has(self.templateRef) || !has(self.escalatingRemediations)").message("either templateRef or escalatingRemediations"),
    validation = Rule::new("has(self.webhook) == (self.provider == 'webhook')").message("webhook belongs to provider webhook"),
    validation = Rule::new("!has(self.acceptAssumed) || self.provider in ['remediation-template', 'webhook']").message("acceptAssumed belongs to provider remediation-template or webhook")
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
    /// In place of templateRef: templates one after the other, each when the one before has failed or was not done in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<EscalatingRemediation>", length(min = 1, max = LONGEST))]
    pub escalating_remediations: Option<Vec<EscalatingRemediation>>,
    /// Whom to ask, with provider webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WebhookSpec")]
    pub webhook: Option<WebhookSpec>,
    /// Whether a machine that its provider only assumes to be off, because enough time has passed, counts as one that is off. Where that
    /// is wrong, two pods of a StatefulSet may run with one identity and write to one volume. false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub accept_assumed: Option<bool>,
}

/// One template of several.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscalatingRemediation {
    /// The template of the remediation object.
    pub template_ref: TemplateRef,
    /// Time from the order until the next template's turn, unless the node is healthy by then: seconds, or as 5m. An attempt has at least
    /// the sum of these.
    pub timeout: Span,
}

/// One template.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.kind.endsWith('Template')").message("the kind of a template ends in Template"),
    validation = Rule::new("self.apiVersion.contains('/')").message("apiVersion is GROUP/VERSION")
)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct TemplateRef {
    /// Its apiVersion, as fence-agents-remediation.medik8s.io/v1alpha1.
    #[schemars(length(min = 1, max = NAME))]
    pub api_version: String,
    /// Its kind, as FenceAgentsRemediationTemplate; the remediation object is of the kind before Template.
    #[schemars(length(min = 1, max = NAME))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1, max = NAME))]
    pub name: String,
    /// Its namespace, if it has one; the remediation object is made in the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 63))]
    pub namespace: String,
}

/// One webhook.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.url.startsWith('https://') || has(self.insecure) && self.insecure").message("plain http needs insecure: true"))]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct WebhookSpec {
    /// Its address; https.
    #[schemars(length(min = 1, max = 2048), regex(pattern = "^https?://"))]
    pub url: String,
    /// Allows plain http and private or loopback addresses, as for a service in this cluster. false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub insecure: Option<bool>,
}

/// The provider that a policy names.
pub(super) fn provider(said: &ReplacementSpec) -> Result<Provider, BadPolicy> {
    let field = "spec.replacement";
    let read = word(&format!("{field}.provider"), Some(&said.provider), ProviderKind::parse, ProviderKind::ALL)?;
    let kind = read.unwrap_or_default();
    let templates = templates(said)?;
    for (name, there, of) in [
        ("templateRef", !templates.is_empty(), ProviderKind::RemediationTemplate),
        ("webhook", said.webhook.is_some(), ProviderKind::Webhook),
    ] {
        if there != (kind == of) {
            let found = if there { "something" } else { "nothing" };
            return Err(BadPolicy::new(format!("{field}.{name}"), found, format!("it exactly with provider {of}")));
        }
    }
    if said.accept_assumed.is_some() && !matches!(kind, ProviderKind::RemediationTemplate | ProviderKind::Webhook) {
        let expected = "it only with provider remediation-template or webhook";
        return Err(BadPolicy::new(format!("{field}.acceptAssumed"), "something", expected));
    }
    Ok(Provider {
        kind,
        templates,
        webhook: said.webhook.as_ref().map(webhook).transpose()?,
        accept_assumed: said.accept_assumed.unwrap_or_default(),
    })
}

/// One template, or several with the time that each has.
fn templates(said: &ReplacementSpec) -> Result<Vec<Template>, BadPolicy> {
    let (one, list) = ("spec.replacement.templateRef", "spec.replacement.escalatingRemediations");
    match (&said.template_ref, &said.escalating_remediations) {
        (None, None) => Ok(Vec::new()),
        (Some(said), None) => Ok(vec![template(one, said, None)?]),
        (Some(_), Some(_)) => Err(BadPolicy::new(list, "something", "nothing beside templateRef")),
        (None, Some(said)) if said.is_empty() || said.len() > LONGEST => {
            Err(BadPolicy::new(list, format!("{} templates", said.len()), format!("1 to {LONGEST}")))
        }
        (None, Some(said)) => {
            said.iter().enumerate().map(|(at, one)| escalating(&format!("{list}[{at}]"), one)).collect()
        }
    }
}

fn escalating(field: &str, said: &EscalatingRemediation) -> Result<Template, BadPolicy> {
    let timeout = span(&format!("{field}.timeout"), Some(&said.timeout), TIMEOUT)?;
    template(&format!("{field}.templateRef"), &said.template_ref, timeout)
}

fn template(field: &str, said: &TemplateRef, timeout: Option<Duration>) -> Result<Template, BadPolicy> {
    let field = |name: &str| format!("{field}.{name}");
    let parts = [("apiVersion", &said.api_version), ("kind", &said.kind), ("name", &said.name)];
    if let Some((name, _)) = parts.into_iter().find(|(_, part)| part.is_empty()) {
        return Err(BadPolicy::new(field(name), "\"\"", "a name"));
    }
    if !said.api_version.contains('/') {
        let expected = "GROUP/VERSION, as fence-agents-remediation.medik8s.io/v1alpha1";
        return Err(BadPolicy::new(field("apiVersion"), format!("{:?}", said.api_version), expected));
    }
    if said.kind.strip_suffix("Template").is_none_or(str::is_empty) {
        let expected = "a kind that ends in Template";
        return Err(BadPolicy::new(field("kind"), format!("{:?}", said.kind), expected));
    }
    let text = |part: &String| Text::from(part.as_str());
    Ok(Template {
        api_version: text(&said.api_version),
        kind: text(&said.kind),
        namespace: text(&said.namespace),
        name: text(&said.name),
        timeout,
    })
}

fn webhook(said: &WebhookSpec) -> Result<Webhook, BadPolicy> {
    let insecure = said.insecure.unwrap_or_default();
    let wrong = |why| BadPolicy::new("spec.replacement.webhook.url", "an address (not shown)", why);
    match receiver(&said.url, insecure) {
        Ok(_) => Ok(Webhook { url: Text::from(said.url.trim()), insecure }),
        Err(bad) => Err(wrong(bad.to_string().replace("notification_insecure=true", "insecure: true"))),
    }
}

fn providers(_: &mut SchemaGenerator) -> Schema {
    crate::schema::one_of(ProviderKind::ALL.iter().map(|kind| kind.as_str()))
}
