//! All policies, in order of precedence, each with the settings for what it matches.

use super::{About, Answer, Content, Policy, PolicyStatus, StoredPolicy};
use crate::cluster::Kept;
use crate::key::Text;
use crate::settings::Settings;
use crate::time::Stamp;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Every HealingPolicy that is known.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    stored: Kept<Text, StoredPolicy>,
    /// The valid ones, the first that matches applies.
    order: Vec<Text>,
    settings: BTreeMap<Text, Settings>,
    detects: bool,
    /// Of each whose expression could not be evaluated last: why.
    failed: BTreeMap<Text, String>,
}

impl Policies {
    /// Takes a policy as it is now; whether that may change a decision.
    pub(crate) fn put(&mut self, policy: StoredPolicy, base: &Settings) -> bool {
        let name = policy.name.clone();
        let before = self.stored.put(name.clone(), policy);
        let now = self.stored.get(&name);
        let changed = before.as_ref().map(|policy| &policy.content) != now.map(|policy| &policy.content);
        if changed {
            self.failed.remove(&name);
            self.settle(base);
        }
        changed
    }

    /// Forgets a policy that is gone; whether that may change a decision.
    pub(crate) fn remove(&mut self, name: &Text, base: &Settings) -> bool {
        let known = self.stored.remove(name).is_some();
        self.settle(base);
        known
    }

    /// Starts a list, or ends it and forgets what was not in it; whether that may change a decision.
    pub(crate) fn listing(&mut self, ended: bool, base: &Settings) -> bool {
        let gone = self.stored.listing(ended);
        gone.iter().for_each(|name| drop(self.stored.remove(name)));
        self.settle(base);
        !gone.is_empty()
    }

    /// Computes everything anew, over this configuration.
    pub(crate) fn settle(&mut self, base: &Settings) {
        let mut order: Vec<(&Text, &Policy)> =
            self.stored.values().filter_map(|stored| Some((&stored.name, stored.valid()?))).collect();
        // They come in order of name, and equal ones stay so.
        order.sort_by_key(|(_, policy)| Reverse(policy.priority));
        let over =
            |(name, policy): &(&Text, &Policy)| ((*name).clone(), policy.overlay.over(base, name, &policy.matches));
        self.settings = order.iter().map(over).collect();
        self.detects = order.iter().any(|(_, policy)| !policy.overlay.thresholds.is_empty());
        self.order = order.into_iter().map(|(name, _)| name.clone()).collect();
    }

    /// The policy that applies to this failure, if one does.
    pub(crate) fn choose(&self, about: &About<'_>) -> Option<&Text> {
        self.ask(about, |_, _| {})
    }

    /// The same, and notes whose expression could not be evaluated for it.
    pub(crate) fn apply(&mut self, about: &About<'_>) -> Option<Text> {
        let mut said = Vec::new();
        let chosen = self.ask(about, |name, answer| said.push((name.clone(), answer))).cloned();
        for (name, answer) in said {
            match answer {
                Answer::Error(why) => {
                    let why = format!("spec.match.when: {why} (asked about {})", about.target);
                    self.failed.insert(name, why);
                }
                Answer::Yes | Answer::No => drop(self.failed.remove(&name)),
            }
        }
        chosen
    }

    /// The first policy that matches; what expressions say on the way is told to `hear`.
    fn ask(&self, about: &About<'_>, mut hear: impl FnMut(&Text, Answer)) -> Option<&Text> {
        self.order.iter().find(|name| {
            let mut said = None;
            let holds = self.valid(name).is_some_and(|policy| policy.matches.holds(name, about, &mut said));
            said.into_iter().for_each(|answer| hear(name, answer));
            holds
        })
    }

    /// The settings under this policy; `base` without one.
    pub(crate) fn settings<'a>(&'a self, policy: Option<&Text>, base: &'a Settings) -> &'a Settings {
        policy.and_then(|name| self.settings.get(name)).unwrap_or(base)
    }

    /// Whether any policy says from when on something counts as failed.
    pub(crate) fn detects(&self) -> bool {
        self.detects
    }

    /// The settings by which it is judged whether an object has failed.
    pub(crate) fn before_failure<'a>(&'a self, about: &About<'_>, base: &'a Settings) -> &'a Settings {
        let holds = |name: &&Text| self.valid(name).is_some_and(|policy| policy.matches.holds_before(about));
        self.settings(self.order.iter().find(holds), base)
    }

    /// What the policy changes, as a sentence; `None` when it is not there.
    pub(crate) fn reason(&self, name: &Text) -> Option<String> {
        let policy = self.valid(name)?;
        let (priority, words) = (policy.priority, policy.overlay.words());
        let changes = if words.is_empty() { "changes nothing" } else { &words };
        Some(format!("HealingPolicy {name} (priority {priority}) applies: {changes}"))
    }

    /// The statuses that differ from what is stored, with name and uid; `counts` gives of a policy how many Recoveries are not over,
    /// and how many there are.
    pub(crate) fn untold(&self, now: Stamp, counts: impl Fn(&Text) -> (u32, u32)) -> Vec<(Text, Text, PolicyStatus)> {
        let status = |policy: &StoredPolicy| {
            let failed = self.failed.get(&policy.name).map(String::as_str);
            PolicyStatus::of(policy, failed, counts(&policy.name), now)
        };
        let all = self.stored.values().map(|policy| (policy, status(policy)));
        let differs = all.filter(|(policy, status)| policy.status.as_ref() != Some(status));
        differs.map(|(policy, status)| (policy.name.clone(), policy.uid.clone(), status)).collect()
    }

    /// Notes that this status is stored now.
    pub(crate) fn saved(&mut self, name: &Text, status: &PolicyStatus) {
        if let Some(policy) = self.stored.get_mut(name) {
            policy.status = Some(status.clone());
        }
    }

    /// All that are known.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &StoredPolicy> {
        self.stored.values()
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.stored.len()
    }

    fn valid(&self, name: &Text) -> Option<&Policy> {
        self.stored.get(name).and_then(StoredPolicy::valid)
    }
}

impl StoredPolicy {
    /// What it says, unless something is wrong with it.
    pub(super) fn valid(&self) -> Option<&Policy> {
        match &self.content {
            Content::Valid(policy) => Some(policy),
            Content::Invalid(_) => None,
        }
    }
}
