//! A stored Recovery as checks read it: from its JSON, without the controller's own types.

use super::json::{list, text, time, uid};
use jiff::Timestamp;
use serde_json::Value;

/// The phases that a Recovery may end in.
const ENDS: &[&str] = &["Succeeded", "Failed", "Escalated", "SelfRecovered", "Cancelled"];
/// The phases before.
const OPEN: &[&str] = &["Pending", "Held", "AwaitingApproval", "Observed", "Running", "Verifying"];

/// One object that a record names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// One try.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) strategy: String,
    pub(crate) target: Named,
    pub(crate) started: Option<Timestamp>,
    pub(crate) finished: bool,
    pub(crate) steps: usize,
}

impl Attempt {
    /// Whether it writes to its target.
    pub(crate) fn writes(&self) -> bool {
        self.strategy != "monitor"
    }
}

/// One state of one record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) target: Named,
    pub(crate) workload: Named,
    pub(crate) strategy: String,
    /// Empty while no status was stored.
    pub(crate) phase: String,
    pub(crate) reason: String,
    pub(crate) attempts: Vec<Attempt>,
    /// Failures that were attributed to it.
    pub(crate) impact: Vec<String>,
    /// The guard that holds it, and why.
    pub(crate) hold: Option<(String, String)>,
    pub(crate) verified: bool,
    pub(crate) has_manifest: bool,
    /// Whether what its failure's objects showed was kept, be it that nothing could be read.
    pub(crate) has_evidence: bool,
    /// The selector that a switched Service had.
    pub(crate) original_selector: String,
    /// What the memory limit of a resized container was.
    pub(crate) memory_limit: String,
    /// The uid of the machine that an order is about; empty before there is one.
    pub(crate) machine: String,
    /// Whether it says who says that the machine is off.
    pub(crate) has_proof: bool,
    pub(crate) created: Option<Timestamp>,
    pub(crate) finished: Option<Timestamp>,
}

impl Record {
    pub(crate) fn of(object: &Value) -> Self {
        let attempt = |stored: &Value| Attempt {
            strategy: text(stored, "/strategy").to_owned(),
            target: named(&stored["target"]),
            started: time(stored, "/startedAt"),
            finished: stored["finishedAt"].is_string(),
            steps: list(stored, "/steps").len(),
        };
        let target = named(&object["spec"]["target"]);
        let workload = named(&object["spec"]["workload"]);
        let hold = list(object, "/status/guards").iter().find(|guard| guard["result"] != "Pass");
        Self {
            name: text(object, "/metadata/name").to_owned(),
            uid: uid(object).to_owned(),
            workload: if workload.kind.is_empty() { target.clone() } else { workload },
            target,
            strategy: text(object, "/spec/strategy").to_owned(),
            phase: text(object, "/status/phase").to_owned(),
            reason: text(object, "/status/reason").to_owned(),
            attempts: list(object, "/status/attempts").iter().map(attempt).collect(),
            impact: list(object, "/status/impact").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            hold: hold.map(|guard| (text(guard, "/name").to_owned(), text(guard, "/reason").to_owned())),
            verified: object["status"]["verification"]["passed"] == true,
            has_evidence: list(object, "/status/evidence").iter().any(|item| item["name"] == "gathered"),
            machine: evidence(object, "machine uid").to_owned(),
            has_proof: !evidence(object, "machine off").is_empty(),
            has_manifest: object["status"]["savedManifest"].is_string(),
            memory_limit: evidence(object, "memoryLimit").to_owned(),
            original_selector: evidence(object, "originalSelector").to_owned(),
            created: time(object, "/metadata/creationTimestamp"),
            finished: time(object, "/status/finishedAt"),
        }
    }

    /// Whether it does nothing but watch: from the first, or because nothing else is left to try.
    pub(crate) fn watches(&self) -> bool {
        let gave_up = self.attempts.len() > 1 && self.attempts.last().is_some_and(|attempt| !attempt.writes());
        self.strategy == "monitor" || gave_up
    }

    pub(crate) fn is_over(&self) -> bool {
        ENDS.contains(&self.phase.as_str())
    }

    /// Whether its phase is one of the contract's, or none was stored yet.
    pub(crate) fn is_known(&self) -> bool {
        self.phase.is_empty() || self.is_over() || OPEN.contains(&self.phase.as_str())
    }

    pub(crate) fn is_about_node(&self) -> bool {
        self.target.kind == "Node"
    }

    pub(crate) fn is_about_pod(&self) -> bool {
        self.target.kind == "Pod"
    }

    /// Whether the pod has no controller.
    pub(crate) fn is_about_bare_pod(&self) -> bool {
        self.is_about_pod() && self.workload.kind == "Pod"
    }

    /// Whether it has begun to write and is neither verified nor over (S7: from intent until the target is healthy again,
    /// replaced or abandoned).
    pub(crate) fn is_in_flight(&self) -> bool {
        !self.is_over() && !self.verified && self.attempts.iter().any(Attempt::writes)
    }

    /// The try under way.
    pub(crate) fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| attempt.writes() && !attempt.finished)
    }

    /// Every uid that it acts on or did.
    pub(crate) fn uids(&self) -> impl Iterator<Item = &str> {
        let tried = self.attempts.iter().map(|attempt| attempt.target.uid.as_str());
        tried.chain([self.target.uid.as_str()])
    }
}

fn evidence<'a>(object: &'a Value, name: &str) -> &'a str {
    list(object, "/status/evidence").iter().find(|item| item["name"] == name).map_or("", |item| text(item, "/value"))
}

fn named(stored: &Value) -> Named {
    let of = |pointer| text(stored, pointer).to_owned();
    Named { kind: of("/kind"), namespace: of("/namespace"), name: of("/name"), uid: of("/uid") }
}
