//! What an expression sees: `failure` and `target`, with the names of a Recovery's spec.

use crate::recovery::timestamp;
use kube_cel::cel::{Context, SerializationError, to_value};
use self_healing_core::fact::Labels;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Cause, FailureType, Severity};
use self_healing_core::policy::About;
use self_healing_core::time::Stamp;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    r#type: &'a str,
    cause: &'a str,
    severity: &'a str,
    description: &'a str,
    similar_failures: u32,
    first_seen: String,
    detected_at: String,
    metadata: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    uid: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    #[serde(flatten)]
    object: Object<'a>,
    workload: Object<'a>,
    namespace_labels: BTreeMap<&'a str, &'a str>,
    node: &'a str,
    node_labels: BTreeMap<&'a str, &'a str>,
}

/// Puts both variables into `context`.
pub(super) fn fill(context: &mut Context<'_>, about: &About<'_>) -> Result<(), SerializationError> {
    let failure = Failure {
        r#type: about.failure.as_str(),
        cause: about.cause.map_or("", Cause::as_str),
        severity: about.severity.as_str(),
        description: about.description,
        similar_failures: about.similar_failures,
        first_seen: timestamp(about.first_seen).to_string(),
        detected_at: timestamp(about.detected_at).to_string(),
        metadata: about.evidence.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    let target = Seen {
        object: object(about.target, about.labels.as_ref()),
        workload: object(about.workload, about.workload_labels.as_ref()),
        namespace_labels: labels(about.namespace_labels.as_ref()),
        node: about.node.as_deref().unwrap_or_default(),
        node_labels: labels(about.node_labels.as_ref()),
    };
    context.add_variable_from_value("failure", to_value(failure)?);
    context.add_variable_from_value("target", to_value(target)?);
    Ok(())
}

fn object<'a>(target: &'a Target, known: Option<&'a Labels>) -> Object<'a> {
    Object {
        kind: target.kind.as_str(),
        namespace: &target.key.namespace,
        name: &target.key.name,
        uid: &target.uid,
        labels: labels(known),
    }
}

fn labels(known: Option<&Labels>) -> BTreeMap<&str, &str> {
    known.into_iter().flat_map(Labels::iter).map(|(key, value)| (&**key, &**value)).collect()
}

/// A failure made up to try an expression on.
pub(super) fn with_sample<T>(then: impl FnOnce(&About<'_>) -> T) -> T {
    let target = Target { kind: Kind::Pod, key: Key::new("default", "web-1"), uid: Text::from("uid-1") };
    let workload = Target { kind: Kind::Deployment, key: Key::new("default", "web"), uid: Text::from("uid-2") };
    let app = || Some(Labels::new([(Text::from("app"), Text::from("web"))]));
    let evidence = [("node".to_owned(), "n1".to_owned())];
    then(&About {
        failure: FailureType::Pod,
        cause: Some(Cause::CrashLoop),
        severity: Severity::Medium,
        description: "container main restarted 5 times",
        similar_failures: 0,
        first_seen: Stamp(0),
        detected_at: Stamp(0),
        evidence: &evidence,
        target: &target,
        labels: app(),
        workload: &workload,
        workload_labels: app(),
        namespace_labels: app(),
        node: Some(Text::from("n1")),
        node_labels: app(),
        named: None,
    })
}
