//! A cluster in the words of stories: what objects as the API gives them, and messages as people get them, come to.

use jiff::Timestamp;
use self_healing_api::marks::{FENCED, OWNER, RESTARTED_AT, RESTARTED_BY, ROLLED_BACK_BY, SUSPECT};
use self_healing_story::story::SHOP;
use self_healing_story::{Name, Names, Outcome, RecoveryLine, Story, Thing, Verb};
use serde_json::Value;
use std::collections::BTreeMap;

/// What there is in the end.
pub struct Objects<'a> {
    /// Every Recovery.
    pub recoveries: Vec<&'a Value>,
    /// Every node.
    pub nodes: Vec<&'a Value>,
    /// Every pod.
    pub pods: Vec<&'a Value>,
    /// Every Deployment and StatefulSet.
    pub workloads: Vec<&'a Value>,
    /// Every Service.
    pub services: Vec<&'a Value>,
    /// Every remediation object of a node.
    pub remediations: Vec<&'a Value>,
}

/// Fills in everything that the objects show; `names` has seen every pod.
pub fn fill(outcome: &mut Outcome, story: &Story, names: &Names, objects: &Objects<'_>) {
    for record in &objects.recoveries {
        outcome.recovery(recovery_line(story, names, record));
    }
    for node in &objects.nodes {
        let name = text(node, "/metadata/name").to_owned();
        if is_cordoned(node) {
            outcome.cordoned.insert(name.clone());
        }
        let marks = [("owner", is_owned(node)), ("suspect", is_suspect(node)), ("out-of-service", is_fenced(node))];
        for (mark, _) in marks.into_iter().filter(|(_, there)| *there) {
            outcome.marks.insert((name.clone(), mark.to_owned()));
        }
    }
    for workload in objects.workloads.iter().filter(|workload| is_owned(workload)) {
        outcome.marks.insert((self::name(workload).to_string(), "owner".to_owned()));
    }
    fill_services(outcome, story, objects);
    for remediation in objects.remediations.iter().filter(|object| is_owned(object)) {
        outcome.marks.insert((text(remediation, "/metadata/name").to_owned(), "remediation".to_owned()));
    }
    fill_ready(outcome, names, objects);
}

/// Which of the story's Services have another selector than in the beginning, and which carry our mark.
fn fill_services(outcome: &mut Outcome, story: &Story, objects: &Objects<'_>) {
    for thing in &story.things {
        let Thing::Service { name: service, workload, .. } = thing else { continue };
        let Some(found) = objects.services.iter().find(|found| name(found) == *service) else { continue };
        let pairs = found["spec"]["selector"].as_object().into_iter().flatten();
        let pairs: Vec<String> =
            pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        let selector = pairs.join(",");
        if selector != format!("app={}", workload.name) {
            outcome.switched.insert(format!("service/{service}"), selector);
        }
        if is_owned(found) {
            outcome.marks.insert((format!("service/{service}"), "owner".to_owned()));
        }
    }
}

/// Ready and wanted pods of each Deployment, StatefulSet and bare pod.
fn fill_ready(outcome: &mut Outcome, names: &Names, objects: &Objects<'_>) {
    let mut ready: BTreeMap<&Name, u32> = BTreeMap::new();
    for pod in &objects.pods {
        match names.workload(text(pod, "/metadata/uid")) {
            None => drop(outcome.ready.insert(name(pod).to_string(), (u32::from(is_ready(pod)), 1))),
            Some(workload) => *ready.entry(workload).or_default() += u32::from(is_ready(pod)),
        }
    }
    for workload in &objects.workloads {
        let name = name(workload);
        let wanted = workload["spec"]["replicas"].as_u64().and_then(|wanted| u32::try_from(wanted).ok()).unwrap_or(1);
        outcome.ready.insert(name.to_string(), (ready.get(&name).copied().unwrap_or(0), wanted));
    }
}

fn recovery_line(story: &Story, names: &Names, record: &Value) -> RecoveryLine {
    let word = |pointer| text(record, pointer).to_owned();
    let tried = record["status"]["attempts"].as_array().into_iter().flatten();
    RecoveryLine {
        target: target(names, &Target::of(&record["spec"]["target"])),
        cause: word("/spec/cause"),
        severity: word("/spec/severity"),
        strategies: tried.map(|attempt| text(attempt, "/strategy").to_owned()).collect(),
        phase: word("/status/phase"),
        reason: story.reason(text(record, "/status/reason"), text(record, "/status/message")),
        policy: word("/spec/policy"),
    }
}

/// What a Recovery is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: Name,
    uid: String,
}

impl Target {
    /// From a Recovery's `spec.target`.
    #[must_use]
    pub fn of(named: &Value) -> Self {
        let namespace = named["namespace"].as_str().unwrap_or(SHOP);
        let name = Name { namespace: namespace.to_owned(), name: text(named, "/name").to_owned() };
        Self { name, uid: text(named, "/uid").to_owned() }
    }
}

/// The story's name of what a Recovery is about.
#[must_use]
pub fn target(names: &Names, target: &Target) -> String {
    names.story_name(&target.uid).unwrap_or_else(|| target.name.to_string())
}

/// The story's name of the pod that was written to; one that is created goes by its plain name.
#[must_use]
pub fn written(names: &Names, verb: Verb, uid: &str, name: &Name) -> String {
    let numbered = (verb != Verb::Create).then(|| names.story_name(uid)).flatten();
    numbered.unwrap_or_else(|| name.to_string())
}

/// What of its Recovery's life a message tells: `opened`, `storm`, `held-GUARD` or `outcome`. The moment that the message names says so;
/// `detected_at` is the Recovery's `spec.detectedAt`, `None` while it is not stored.
#[must_use]
pub fn told(text: &str, detected_at: Option<&str>) -> String {
    let millis = |moment: &str| moment.parse().ok().map(Timestamp::as_millisecond);
    let detected = detected_at.and_then(millis);
    let result = line(text, "Result");
    let guard = result.strip_prefix("Held by ").map(|rest| rest.split(':').next().unwrap_or(rest));
    match guard {
        _ if detected.is_none() || millis(line(text, "Timestamp")) == detected => {
            // One tells for all nodes that are sick at once; how many is its description then.
            // Evidence of one line stands beside its label.
            let beside = line(text, "Evidence").strip_prefix("storm: ");
            let storm = beside.unwrap_or_else(|| line(text, "storm"));
            // A line of evidence is cut before a description is.
            let storm = storm.trim_end_matches('…');
            let all = !storm.is_empty() && line(text, "Description").starts_with(storm);
            let word = if all { "storm" } else { "opened" };
            word.to_owned()
        }
        Some(guard) => format!("held-{guard}"),
        None => "outcome".to_owned(),
    }
}

/// The value of a message's line `LABEL: VALUE`; empty when there is none.
#[must_use]
pub fn line<'a>(text: &'a str, label: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(label).and_then(|rest| rest.strip_prefix(": "));
    text.lines().find_map(value).unwrap_or_default()
}

/// Whether a pod or node is ready and stays.
#[must_use]
pub fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"));
    ready && text(object, "/metadata/deletionTimestamp").is_empty()
}

/// Which write of the controller made `after` of `before`, a controller of pods; `None` when it was none.
#[must_use]
pub fn change_of_workload(before: &Value, after: &Value) -> Option<Verb> {
    let in_template = |object: &Value| object["spec"]["template"]["metadata"]["annotations"].clone();
    let restart = |object: &Value| [RESTARTED_AT, RESTARTED_BY].map(|key| in_template(object)[key].clone());
    let mark = |object: &Value, key: &str| object["metadata"]["annotations"][key].clone();
    let owned = |object: &Value| mark(object, OWNER).is_string();
    // A ReplicaSet has copies of its Deployment's marks.
    let copies = controller(after).is_some();
    match (owned(before), owned(after)) {
        _ if copies => None,
        _ if restart(before) != restart(after) => Some(Verb::Restart),
        _ if mark(before, ROLLED_BACK_BY) != mark(after, ROLLED_BACK_BY) => Some(Verb::RollBack),
        (false, true) => Some(Verb::Scale),
        (true, false) => Some(Verb::Unscale),
        _ => None,
    }
}

/// Whether a node is unschedulable.
#[must_use]
pub fn is_cordoned(node: &Value) -> bool {
    node["spec"]["unschedulable"] == true
}

/// Whether a node carries the suspect taint.
#[must_use]
pub fn is_suspect(node: &Value) -> bool {
    node["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(|taint| taint["key"] == SUSPECT))
}

/// Whether a node carries our out-of-service taint, or what we set beside it.
#[must_use]
pub fn is_fenced(node: &Value) -> bool {
    node["metadata"]["annotations"][FENCED].is_string()
}

/// Whether a node or Service carries the annotation of ours that names its Recovery.
#[must_use]
pub fn is_owned(object: &Value) -> bool {
    object["metadata"]["annotations"][OWNER].is_string()
}

/// The owner that controls an object.
#[must_use]
pub fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// The text at a JSON pointer; empty for anything else.
#[must_use]
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn name(object: &Value) -> Name {
    Name { namespace: text(object, "/metadata/namespace").to_owned(), name: text(object, "/metadata/name").to_owned() }
}
