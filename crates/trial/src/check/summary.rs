//! L7: how a run ended, in a form that does not depend on names and times, to be compared with the run without faults.

use super::deed::RECOVERIES;
use super::json::{is_ready, list, text};
use super::tally::{Counts, Tally};
use self_healing_sim::store::Store;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Resources whose objects are compared field by field; the others are made by controllers, and counted.
const NAMED: &[&str] = &[
    "nodes",
    "namespaces",
    "services",
    "configmaps",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "poddisruptionbudgets.policy",
];
/// Fields that differ between any two runs.
const VOLATILE: &[&str] =
    &["uid", "resourceVersion", "generation", "observedGeneration", "managedFields", "creationTimestamp"];

/// How a run ended: one line per field of each object, and how often each was created, deleted and evicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    lines: BTreeMap<String, String>,
}

impl Summary {
    pub(super) fn of(tally: &mut Tally, store: &Store) -> Self {
        let mut lines = BTreeMap::new();
        for (name, counts) in &tally.counts {
            let Counts { created, deleted, evicted } = counts;
            for (word, count) in [("created", created), ("deleted", deleted), ("evicted", evicted)] {
                lines.insert(format!("{name}: {word}"), count.to_string());
            }
        }
        for resource in NAMED {
            for (key, object) in store.list(resource, "") {
                flatten(&tally.name(key, object, store), object, &mut lines);
            }
        }
        let mut add = |name: String, value: String| {
            let line = lines.entry(name).or_default();
            *line = if line.is_empty() { value } else { sorted(line, &value) };
        };
        for (key, pod) in store.list("pods", "") {
            let state = if is_ready(pod) { "ready" } else { text(pod, "/status/phase") };
            add(format!("{}: now", tally.name(key, pod, store)), state.to_owned());
        }
        for (key, record) in store.list(RECOVERIES, "") {
            let tried: Vec<&str> =
                list(record, "/status/attempts").iter().map(|tried| text(tried, "/strategy")).collect();
            let name = tally.name(key, record, store);
            add(format!("{name}: phase"), text(record, "/status/phase").to_owned());
            add(format!("{name}: tried"), tried.join(" then "));
        }
        Self { lines }
    }

    /// The same without the lines that have one of these words in their name, e.g. `tried` or `status.conditions`.
    #[must_use]
    pub fn without(mut self, masked: &[&str]) -> Self {
        self.lines.retain(|name, _| !masked.iter().any(|word| name.contains(word)));
        self
    }

    /// What differs, a line each: `NAME: FIELD: what it is here, what it is there`.
    #[must_use]
    pub fn diff(&self, other: &Self) -> Vec<String> {
        let none = String::from("nothing");
        let of = |summary: &'_ Self, name: &String| summary.lines.get(name).unwrap_or(&none).clone();
        let names: std::collections::BTreeSet<&String> = self.lines.keys().chain(other.lines.keys()).collect();
        let pairs = names.into_iter().map(|name| (name, of(self, name), of(other, name)));
        pairs
            .filter(|(_, here, there)| here != there)
            .map(|(name, here, there)| format!("{name}: {here}, {there}"))
            .collect()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

fn sorted(line: &str, value: &str) -> String {
    let mut all: Vec<&str> = line.split(", ").chain([value]).collect();
    all.sort_unstable();
    all.join(", ")
}

/// One line per leaf; a list's items go by their place.
fn flatten(path: &str, value: &Value, lines: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            let kept = |name: &&String| !VOLATILE.contains(&name.as_str()) && !name.ends_with("Time");
            let separator = if path.contains(": ") { "." } else { ": " };
            for name in fields.keys().filter(kept) {
                flatten(&format!("{path}{separator}{name}"), &fields[name.as_str()], lines);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{path}.{at}"), item, lines));
        }
        leaf => drop(lines.insert(path.to_owned(), leaf.to_string())),
    }
}
