//! A transition in words: what a person is told about one Recovery, the same on every channel.

use crate::plain::plain;
use jiff::Timestamp;
use self_healing_core::key::Target;
use self_healing_core::names::Phase;
use self_healing_core::recovery::{CONDITION, EVENT, GATHERED, REVISION, Recovery, STATE};
use self_healing_core::time::Stamp;
use std::fmt::{self, Display};

/// The title of every notice.
pub const TITLE: &str = "Self-Healing Alert";

/// Characters of one field; messages of the API server and of containers are longer at times.
const FIELD_LIMIT: usize = 1024;

/// Lines of evidence that a notice shows; the Recovery has all of it.
const EVIDENCE_LINES: usize = 5;

/// Characters of one line of evidence.
const EVIDENCE_LIMIT: usize = 200;

/// Evidence of which the first line comes before all others.
const TELLING: [&str; 4] = [STATE, CONDITION, EVENT, REVISION];

/// What is shown for a value that there is none of, as kubectl does.
const NONE: &str = "<none>";

/// What people are told: a title, and labelled values in a fixed order. Holds no markup and no control characters
/// but the line breaks of the evidence; each channel escapes for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Always [`TITLE`].
    pub title: &'static str,
    /// Labels and values, in the order in which they are shown.
    pub fields: Vec<(&'static str, String)>,
}

impl Notice {
    /// The notice on what `key` (`opened`, `storm`, `outcome`, `resolved`, `held-<Guard>`) names in the life of `about`.
    ///
    /// The same record and key give the same notice, so that a repeated message is a repetition and no news. A saved
    /// manifest is never part of it.
    #[must_use]
    pub fn new(about: &Recovery, key: &str, cluster: &str) -> Self {
        let spec = &about.spec;
        let mut fields = vec![
            ("Failure Type", failure(about)),
            ("Resource", resource(&spec.target)),
            ("Namespace", or_none(&spec.target.key.namespace)),
            ("Severity", spec.severity.to_string()),
            ("Description", or_none(described(about, key))),
            ("Recovery Action", action(about)),
            ("Result", result(about, key)),
            ("Timestamp", rfc3339(moment(about, key))),
        ];
        if !cluster.is_empty() {
            fields.push(("Cluster", plain(cluster, FIELD_LIMIT)));
        }
        fields.push(("Recovery", or_none(&about.name)));
        let evidence = evidence(about);
        if !evidence.is_empty() {
            fields.push(("Evidence", evidence));
        }
        Self { title: TITLE, fields }
    }

    /// The value of a label.
    #[must_use]
    pub fn value(&self, label: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| *known == label).map(|(_, value)| value.as_str())
    }
}

/// Title and fields as lines of plain text.
impl Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)?;
        self.fields.iter().try_for_each(|(label, value)| match value.split_once('\n') {
            Some(_) => write!(f, "\n{label}:\n{value}"),
            None => write!(f, "\n{label}: {value}"),
        })
    }
}

fn failure(about: &Recovery) -> String {
    match about.spec.cause {
        Some(cause) => format!("{} ({cause})", about.spec.failure),
        None => about.spec.failure.to_string(),
    }
}

fn resource(target: &Target) -> String {
    plain(&format!("{}/{}", target.kind.as_str(), target.key.name), FIELD_LIMIT)
}

/// What happened; of many nodes that are sick at once, one Recovery tells for all.
fn described<'a>(about: &'a Recovery, key: &str) -> &'a str {
    about.evidence(key).filter(|_| key == "storm").unwrap_or(&about.spec.description)
}

/// What is or was done, with the strategy of the last attempt where there was one.
fn action(about: &Recovery) -> String {
    let strategy = about.attempt().map(|attempt| attempt.strategy).or(about.spec.strategy);
    let action = about.spec.action.map_or("unknown action", |action| action.as_str());
    format!("{action}: {}", strategy.map_or("unknown strategy", |strategy| strategy.as_str()))
}

/// How it stands, in a word, and why, in the record's own.
fn result(about: &Recovery, key: &str) -> String {
    if let Some(guard) = guard_of(key) {
        let reason = about.status.guards.iter().find(|state| state.name.as_str() == guard).map(|state| &*state.reason);
        return plain(&sentence(&format!("Held by {guard}"), reason.unwrap_or_default()), FIELD_LIMIT);
    }
    if key == "resolved" {
        return "Resolved: the failure is over".to_owned();
    }
    let word = match about.status.phase {
        None => "Unknown".to_owned(),
        Some(Phase::Pending | Phase::Running | Phase::Verifying) => "In progress".to_owned(),
        Some(Phase::AwaitingApproval) => "Awaiting approval".to_owned(),
        Some(Phase::Held) => {
            about.held_by().map_or_else(|| "Held".to_owned(), |state| format!("Held by {}", state.name))
        }
        Some(phase) => match about.status.recovery_seconds {
            Some(seconds) => format!("{phase} after {seconds} s"),
            None => phase.to_string(),
        },
    };
    plain(&sentence(&word, &about.status.message), FIELD_LIMIT)
}

fn sentence(word: &str, why: &str) -> String {
    if why.is_empty() { word.to_owned() } else { format!("{word}: {why}") }
}

/// When that happened, from the record and from no clock.
fn moment(about: &Recovery, key: &str) -> Stamp {
    let held_since = guard_of(key)
        .and_then(|guard| about.status.guards.iter().find(|state| state.name.as_str() == guard))
        .map(|state| state.since);
    match key {
        "opened" | "storm" => about.spec.detected_at,
        _ => held_since.or(about.status.finished_at).unwrap_or(about.spec.detected_at),
    }
}

fn guard_of(key: &str) -> Option<&str> {
    key.strip_prefix("held-")
}

/// The most telling first: how a container ended and what it said, the newest Event, the change that came last; then the signals,
/// which the description sums up.
fn evidence(about: &Recovery) -> String {
    let all = &about.status.evidence;
    let telling: Vec<usize> =
        TELLING.iter().filter_map(|name| all.iter().position(|(known, _)| known == name)).collect();
    let others = (0..all.len()).filter(|at| !telling.contains(at) && all[*at].0 != GATHERED);
    let lines = telling.iter().copied().chain(others).take(EVIDENCE_LINES).map(|at| &all[at]);
    let lines: Vec<String> = lines.map(|(name, value)| plain(&format!("{name}: {value}"), EVIDENCE_LIMIT)).collect();
    lines.join("\n")
}

fn or_none(text: &str) -> String {
    let text = plain(text, FIELD_LIMIT);
    if text.is_empty() { NONE.to_owned() } else { text }
}

/// `stamp` in UTC; a time that no calendar has is shown as it is.
fn rfc3339(stamp: Stamp) -> String {
    Timestamp::from_millisecond(stamp.0).map_or_else(|_| format!("{} ms", stamp.0), |time| time.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
