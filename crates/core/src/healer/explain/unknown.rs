//! Answers about what is not known: what may have been meant, and what became of it.

use crate::explanation::{Explanation, Next, Unknown};
use crate::healer::Healer;
use crate::key::{Key, Kind, Text};
use crate::names::{Standing, WatchKind};
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// So many names are handed out to look for a misspelling.
const CANDIDATES: usize = 1000;

impl Healer {
    /// Nothing of that name is known.
    pub(super) fn unknown(&self, now: Now, kind: Kind, key: Key) -> Explanation {
        let recoveries = self.named(&kind, &key);
        let mut unknown = Unknown { recoveries, ..Unknown::default() };
        let name = format!("{} {key}", kind.as_str());
        let summary = match watch_of(&kind) {
            None => {
                unknown.reasons.push(format!(
                    "objects of kind {} are not watched, so nothing is known or done about them",
                    kind.as_str()
                ));
                format!("{name} is not known: its kind is not watched.")
            }
            Some(watch) => {
                self.why_unknown(&kind, &key, watch, &mut unknown);
                format!("{name} is not known.")
            }
        };
        self.not_known(now, (kind, key), summary, unknown)
    }

    fn not_known(&self, now: Now, (kind, key): (Kind, Key), summary: String, unknown: Unknown) -> Explanation {
        Explanation {
            at: now.stamp,
            kind,
            key,
            observer: self.observer(now),
            standing: Standing::Unknown,
            summary,
            next: alloc::vec![Next { at: None, what: "nothing".to_string() }],
            account: None,
            unknown: Some(unknown),
        }
    }

    /// No Recovery of that name is known.
    pub(super) fn unknown_recovery(&self, now: Now, name: &Text) -> Explanation {
        let candidates = self.cases.keys().take(CANDIDATES).map(|name| Key::new("", name)).collect();
        let reasons =
            alloc::vec!["there is no Recovery of this name; finished ones are deleted after recovery_ttl".to_string()];
        let unknown = Unknown { reasons, candidates, ..Unknown::default() };
        let object = (Kind::Other(Text::from("Recovery")), Key::new("", name));
        self.not_known(now, object, format!("Recovery {name} is not known."), unknown)
    }

    fn why_unknown(&self, kind: &Kind, key: &Key, watch: WatchKind, unknown: &mut Unknown) {
        if let Some(last) = unknown.recoveries.first() {
            // Its name was right, so nothing else was meant.
            unknown.reasons.push(format!("it is gone: Recovery {} was about it", last.name));
            return;
        }
        if !self.cluster.freshness.current(self.now.tick, watch) {
            unknown.reasons.push(format!("the watch of {watch} is not current: it may be there"));
        }
        let namespaced = *kind != Kind::Node;
        if namespaced && key.namespace.is_empty() {
            unknown.reasons.push(format!("a {} is in a namespace, and none was named", kind.as_str()));
        }
        if namespaced && !key.namespace.is_empty() && self.cluster.namespace(&key.namespace).is_none() {
            unknown.reasons.push(format!("there is no namespace {}", key.namespace));
            unknown.candidates = self.cluster.namespaces().take(CANDIDATES).map(|name| Key::new("", name)).collect();
            unknown.of_namespaces = true;
            return;
        }
        let elsewhere: Vec<String> = self
            .cluster
            .keys(kind)
            .filter(|known| known.name == key.name)
            .take(3)
            .map(|known| known.namespace.to_string())
            .collect();
        if namespaced && !elsewhere.is_empty() {
            unknown.reasons.push(format!("there is one of this name in namespace {}", elsewhere.join(", ")));
        }
        let near = self.cluster.keys(kind).filter(|known| known.namespace == key.namespace);
        unknown.candidates = near.take(CANDIDATES).collect();
        if unknown.candidates.is_empty() {
            let place = if namespaced { format!(" in namespace {}", key.namespace) } else { String::new() };
            unknown.reasons.push(format!("no {} is known{place}", kind.as_str()));
        }
    }
}

/// The watch that would bring objects of this kind.
fn watch_of(kind: &Kind) -> Option<WatchKind> {
    match kind {
        Kind::Node => Some(WatchKind::Node),
        Kind::Pod => Some(WatchKind::Pod),
        Kind::Deployment => Some(WatchKind::Deployment),
        Kind::ReplicaSet => Some(WatchKind::ReplicaSet),
        Kind::StatefulSet => Some(WatchKind::StatefulSet),
        Kind::DaemonSet => Some(WatchKind::DaemonSet),
        Kind::Job => Some(WatchKind::Job),
        Kind::Service => Some(WatchKind::Service),
        Kind::Other(_) => None,
    }
}
