//! `KIND/NAME` as people type it for kubectl.

use self_healing_core::explanation::Question;
use self_healing_core::key::{Key, Kind, Text};

/// Kinds with every name that kubectl knows them by, singular first; and whether they are namespaced.
const KINDS: &[(&str, &[&str], bool)] = &[
    ("Node", &["node", "nodes", "no"], false),
    ("Pod", &["pod", "pods", "po"], true),
    ("Deployment", &["deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"], true),
    ("ReplicaSet", &["replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps"], true),
    ("StatefulSet", &["statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"], true),
    ("DaemonSet", &["daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"], true),
    ("Job", &["job", "jobs", "job.batch", "jobs.batch"], true),
    ("Service", &["service", "services", "svc"], true),
];

/// Names of a Recovery.
const RECOVERY: &[&str] =
    &["recovery", "recoveries", "rec", "recovery.self-healing.dev", "recoveries.self-healing.dev"];

/// What cannot be asked about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Not of the form that is expected.
    #[error("{0:?} is not KIND/NAME, e.g. pod/web-1 or node/worker-2")]
    Form(String),
}

/// The question that `kind` and `name` put; `namespace` counts for namespaced kinds only. A kind that is not known is asked
/// about as well: the answer says that it is not watched.
#[must_use]
pub fn question(kind: &str, name: &str, namespace: &str) -> Question {
    let lower = kind.to_ascii_lowercase();
    if RECOVERY.contains(&lower.as_str()) {
        return Question::Recovery(Text::from(name));
    }
    let known = KINDS.iter().find(|(_, names, _)| names.contains(&lower.as_str()));
    match known {
        Some((kind, _, namespaced)) => {
            Question::Object(Kind::named(kind), Key::new(if *namespaced { namespace } else { "" }, name))
        }
        None => Question::Object(Kind::named(kind), Key::new(namespace, name)),
    }
}

/// Splits `KIND/NAME`.
///
/// # Errors
/// When it is not of that form.
pub fn split(text: &str) -> Result<(&str, &str), BadName> {
    let parts = text.split_once('/').filter(|(kind, name)| !kind.is_empty() && !name.is_empty() && !name.contains('/'));
    parts.ok_or_else(|| BadName::Form(text.to_owned()))
}
