//! From the custom resource to the core's checked policy.

use super::detection::thresholds;
use super::matches::MAX_LIST;
use super::parts::MAX_LADDER;
use super::replacement::provider;
use super::selectors::selector;
use super::span::EXPECTED;
use super::status::stored_status;
use super::when::when;
use super::windows::windows;
use super::{BudgetSpec, HealingPolicy, HealingPolicySpec, MatchSpec, PRIORITIES, Span};
use crate::keys::{Read, Shares, is_dns_label};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use kube::core::ObjectMeta;
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Cause, FailureType, Mode, Severity, Strategy};
use self_healing_core::policy::{Content, Match, Overlay, Policy, StoredPolicy, Thresholds};
use self_healing_core::settings::{Cells, PolicyBudget, SeverityBounds, Share};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What is wrong with a policy: the field, what it holds, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {found}: expected {expected}")]
pub struct BadPolicy {
    /// Path of the field, e.g. `spec.match.causes[1]`.
    pub field: String,
    /// What it holds, in quotes when it is a text.
    pub found: String,
    /// What it may hold.
    pub expected: String,
}

impl BadPolicy {
    pub(super) fn new(field: impl Into<String>, found: impl Display, expected: impl Into<String>) -> Self {
        let found: String = found.to_string().chars().take(80).collect();
        Self { field: field.into(), found, expected: expected.into() }
    }
}

/// A day, the longest that an attempt may take.
const DAY: Duration = Duration::from_secs(86_400);
/// The longest wait between recoveries of one workload.
const MAX_BACKOFF: Duration = Duration::from_secs(1800);

/// The core's view of an object as the API server sends it, and its version. One whose spec has another shape than the schema
/// says is an invalid policy, so that the one it had been before ends.
///
/// # Errors
/// When it is no object with a name.
pub fn read_resource(json: &[u8]) -> Result<(StoredPolicy, Option<String>), serde_json::Error> {
    let object: Shape = serde_json::from_slice(json)?;
    let (metadata, version) = (object.metadata.clone(), object.metadata.resource_version);
    let source = Text::from(object.spec.to_string());
    let spec = serde_json::from_value::<HealingPolicySpec>(object.spec);
    let wrong = spec.as_ref().err().map(|error| format!("spec: {error}"));
    // A status that nobody of ours wrote is written again.
    let status = serde_json::from_value(object.status).ok();
    let mut policy = from_resource(&HealingPolicy { metadata, spec: spec.unwrap_or_default(), status });
    policy.source = source;
    if let Some(wrong) = wrong {
        policy.content = Content::Invalid(wrong);
    }
    Ok((policy, version))
}

/// As much as every stored object has.
#[derive(Deserialize)]
struct Shape {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

/// The core's view of `resource`: checked, or what is wrong with it.
#[must_use]
pub fn from_resource(resource: &HealingPolicy) -> StoredPolicy {
    let content = match check(&resource.spec) {
        Ok(policy) => Content::Valid(Box::new(policy)),
        Err(bad) => Content::Invalid(bad.to_string()),
    };
    StoredPolicy {
        name: Text::from(resource.name_any()),
        uid: Text::from(resource.metadata.uid.as_deref().unwrap_or_default()),
        generation: resource.metadata.generation.unwrap_or_default(),
        source: Text::from(serde_json::to_string(&resource.spec).unwrap_or_default()),
        content,
        status: resource.status.as_ref().and_then(stored_status),
    }
}

/// The policy that `spec` describes.
///
/// # Errors
/// The first field that does not hold what it may hold.
pub fn check(spec: &HealingPolicySpec) -> Result<Policy, BadPolicy> {
    let priority = spec.priority.unwrap_or_default();
    let in_range = i32::try_from(priority).ok().filter(|_| PRIORITIES.contains(&priority));
    let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
    let expected = || BadPolicy::new("spec.priority", priority, format!("a whole number from {least} to {most}"));
    Ok(Policy { priority: in_range.ok_or_else(expected)?, matches: matches(&spec.matches)?, overlay: overlay(spec)? })
}

fn matches(spec: &MatchSpec) -> Result<Match, BadPolicy> {
    let field = |name: &str| format!("spec.match.{name}");
    let namespace = |text: &str| is_dns_label(text).then(|| Text::from(text));
    let matches = Match {
        types: words(&field("types"), spec.types.as_deref(), FailureType::parse, FailureType::ALL)?,
        causes: words(&field("causes"), spec.causes.as_deref(), Cause::parse, Cause::ALL)?,
        namespaces: BTreeSet::from_iter(list(
            &field("namespaces"),
            spec.namespaces.as_deref(),
            namespace,
            "a namespace: at most 63 of a-z, 0-9 and -",
        )?),
        namespace_selector: selector(&field("namespaceSelector"), spec.namespace_selector.as_ref(), false)?,
        selector: selector(&field("selector"), spec.selector.as_ref(), false)?,
        workload_kinds: list(&field("workloadKinds"), spec.workload_kinds.as_deref(), kind, "a kind, as Deployment")?,
        node_selector: selector(&field("nodeSelector"), spec.node_selector.as_ref(), true)?,
        when: when(spec.when.as_deref())?,
    };
    if matches.is_empty() {
        let parts =
            "at least one of types, causes, namespaces, namespaceSelector, selector, workloadKinds, nodeSelector, when";
        return Err(BadPolicy::new("spec.match", "{}", format!("{parts}; an empty match matches nothing")));
    }
    Ok(matches)
}

fn kind(text: &str) -> Option<Kind> {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    (text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(inner)).then(|| Kind::named(text))
}

fn overlay(spec: &HealingPolicySpec) -> Result<Overlay, BadPolicy> {
    let escalation = spec.escalation.clone().unwrap_or_default();
    let budget = spec.budget.clone().unwrap_or_default();
    let seconds = |from, to: Duration| Duration::from_millis(from)..=to;
    Ok(Overlay {
        mode: word("spec.mode", spec.mode.as_deref(), Mode::parse, Mode::ALL)?,
        severity: severity(spec)?,
        strategies: cells(&spec.strategies)?,
        thresholds: detection(spec)?,
        ladder: ladder(&escalation.ladder)?,
        timeout: span("spec.escalation.timeout", escalation.timeout.as_ref(), seconds(100, DAY))?,
        windows: windows("spec.windows", &spec.windows)?,
        budget: own_budget(spec, &budget)?,
        drain: spec.drain.as_ref().map(super::drain::rules).transpose()?.unwrap_or_default(),
        resize: super::resize::read(spec)?,
        backoff: span("spec.budget.backoff", budget.backoff.as_ref(), seconds(0, MAX_BACKOFF))?,
        provider: spec.replacement.as_ref().map(provider).transpose()?,
        routes: spec.notify.as_ref().map(super::notify::routes).transpose()?.unwrap_or_default(),
        quiet_hours: spec.notify.as_ref().map(super::notify::quiet_hours).transpose()?.unwrap_or_default(),
    })
}

fn detection(spec: &HealingPolicySpec) -> Result<Thresholds, BadPolicy> {
    let Some(said) = &spec.detection else { return Ok(Thresholds::default()) };
    if spec.matches.when.is_some() {
        let expected = "no match.when beside it: detection is asked before there is a failure";
        return Err(BadPolicy::new("spec.detection", "something", expected));
    }
    thresholds(said)
}

/// The part of the budget that is the policy's own.
fn own_budget(spec: &HealingPolicySpec, said: &BudgetSpec) -> Result<PolicyBudget, BadPolicy> {
    let count = |name: &str, said: Option<i64>| {
        let wrong = |number| BadPolicy::new(format!("spec.budget.{name}"), number, "a whole number from 1 to 100000");
        let read = |number: i64| u32::try_from(number).ok().filter(|number| (1..=100_000).contains(number));
        said.map(|number| read(number).ok_or_else(|| wrong(number))).transpose()
    };
    let max_unhealthy = said.max_unhealthy.as_ref().map(|share| max_unhealthy(spec, share)).transpose()?;
    Ok(PolicyBudget {
        max_concurrent: count("maxConcurrent", said.max_concurrent)?,
        per_hour: count("perHour", said.per_hour)?,
        max_unhealthy,
        // Those that the match selects.
        nodes: None,
    })
}

fn max_unhealthy(spec: &HealingPolicySpec, said: &IntOrString) -> Result<Share, BadPolicy> {
    let text = match said {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => text.clone(),
    };
    let field = "spec.budget.maxUnhealthy";
    let read = Shares.read(&text);
    let share = read.ok_or_else(|| BadPolicy::new(field, format!("{text:?}"), Shares.words()))?;
    let of_nodes = spec.matches.types.as_deref() == Some(&[FailureType::Node.to_string()]);
    if matches!(share, Share::Percent(_)) && !of_nodes {
        let expected = "a whole number: a share is of nodes, so it needs match.types [node_failure]";
        return Err(BadPolicy::new(field, format!("{text:?}"), expected));
    }
    Ok(share)
}

fn severity(spec: &HealingPolicySpec) -> Result<SeverityBounds, BadPolicy> {
    let said = spec.severity.clone().unwrap_or_default();
    let read = |name: &str, text: &Option<String>| {
        word(&format!("spec.severity.{name}"), text.as_deref(), Severity::parse, Severity::ALL)
    };
    let bounds = SeverityBounds {
        base: read("base", &said.base)?,
        floor: read("floor", &said.floor)?,
        ceiling: read("ceiling", &said.ceiling)?,
    };
    if let (Some(floor), Some(ceiling)) = (bounds.floor, bounds.ceiling)
        && floor > ceiling
    {
        return Err(BadPolicy::new("spec.severity.floor", floor, format!("at most the ceiling, {ceiling}")));
    }
    Ok(bounds)
}

fn cells(said: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Cells, BadPolicy> {
    let mut cells = Vec::new();
    for (name, row) in said {
        let failure = one_of("spec.strategies", name, FailureType::parse, FailureType::ALL)?;
        for (level, text) in row {
            let field = format!("spec.strategies.{name}");
            let severity = one_of(&field, level, Severity::parse, Severity::ALL)?;
            let known = failure.strategies();
            let strategy = one_of(&format!("{field}.{level}"), text, Strategy::parse, known)?;
            if !known.contains(&strategy) {
                return Err(unknown(&format!("{field}.{level}"), text, known));
            }
            cells.push(((failure, severity), strategy));
        }
    }
    Ok(Cells::from_iter(cells))
}

fn ladder(said: &[String]) -> Result<Vec<Strategy>, BadPolicy> {
    let field = "spec.escalation.ladder";
    if said.len() > MAX_LADDER as usize {
        return Err(BadPolicy::new(field, format!("{} steps", said.len()), format!("at most {MAX_LADDER} steps")));
    }
    words(field, Some(said).filter(|said| !said.is_empty()), Strategy::parse, Strategy::ALL)
}

/// A span within `range`, if there is one.
pub(super) fn span(
    field: &str,
    said: Option<&Span>,
    range: RangeInclusive<Duration>,
) -> Result<Option<Duration>, BadPolicy> {
    let Some(said) = said else { return Ok(None) };
    let read = said.read().filter(|span| range.contains(span));
    let (least, most) = (range.start().as_secs_f32(), range.end().as_secs_f32());
    let expected = || BadPolicy::new(field, said, format!("{EXPECTED}, from {least} s to {most} s"));
    read.map(Some).ok_or_else(expected)
}

/// One word of a closed list, if there is one.
pub(super) fn word<W: Display + Copy>(
    field: &str,
    said: Option<&str>,
    parse: impl Fn(&str) -> Option<W>,
    all: &[W],
) -> Result<Option<W>, BadPolicy> {
    said.map(|text| one_of(field, text, parse, all)).transpose()
}

fn one_of<W: Display>(field: &str, text: &str, parse: impl Fn(&str) -> Option<W>, all: &[W]) -> Result<W, BadPolicy> {
    parse(text).ok_or_else(|| unknown(field, text, all))
}

fn unknown<W: Display>(field: &str, text: &str, all: &[W]) -> BadPolicy {
    let words: Vec<String> = all.iter().map(W::to_string).collect();
    BadPolicy::new(field, format!("{text:?}"), format!("one of {}", words.join(", ")))
}

fn words<W: Display>(
    field: &str,
    said: Option<&[String]>,
    parse: fn(&str) -> Option<W>,
    all: &[W],
) -> Result<Vec<W>, BadPolicy> {
    let words: Vec<String> = all.iter().map(W::to_string).collect();
    list(field, said, parse, &format!("one of {}", words.join(", ")))
}

/// The entries of a list that is absent or holds at least one.
pub(super) fn list<T>(
    field: &str,
    said: Option<&[String]>,
    read: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Vec<T>, BadPolicy> {
    let Some(said) = said else { return Ok(Vec::new()) };
    if said.is_empty() || said.len() > MAX_LIST as usize {
        let found = format!("{} entries", said.len());
        return Err(BadPolicy::new(field, found, format!("1 to {MAX_LIST} entries; an empty list matches nothing")));
    }
    let entry = |(at, text): (usize, &String)| {
        read(text).ok_or_else(|| BadPolicy::new(format!("{field}[{at}]"), format!("{text:?}"), expected))
    };
    said.iter().enumerate().map(entry).collect()
}
