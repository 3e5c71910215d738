//! Which HealingPolicies there are, and which ones the controller may believe there to be.

use jiff::Timestamp;
use self_healing_sim::store::Commit;
use serde_json::Value;
use std::collections::BTreeMap;

/// Of each policy its specs, each with the moment from which it was stored; `None` from its deletion on.
#[derive(Default)]
pub(crate) struct Policies(BTreeMap<String, Vec<(Timestamp, Option<Value>)>>);

impl Policies {
    pub(super) fn commit(&mut self, commit: &Commit, now: Timestamp) {
        let spec = commit.new.as_ref().map(|object| object["spec"].clone());
        let history = self.0.entry(commit.key.name.to_string()).or_default();
        if history.last().is_none_or(|(_, known)| *known != spec) {
            history.push((now, spec));
        }
    }

    /// Every spec that was stored at some time from `seen` to `now`: the controller may act by any of them.
    pub(crate) fn possible(&self, seen: Timestamp, now: Timestamp) -> impl Iterator<Item = &Value> {
        self.0.values().flat_map(move |history| {
            let ends = history.iter().skip(1).map(|(from, _)| *from).chain([Timestamp::MAX]);
            let spans = history.iter().zip(ends);
            let in_force = spans.filter(move |((from, _), until)| *from <= now && *until > seen.min(now));
            in_force.filter_map(|((_, spec), _)| spec.as_ref())
        })
    }
}
