//! HealingPolicies as the API server holds them.

use super::truth::Truth;
use self_healing_api::policy::{HealingPolicy, from_resource, read_yaml};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::event::Event;
use self_healing_core::key::Text;
use self_healing_core::policy::{PolicyStatus, StoredPolicy};
use self_healing_story::Policy;

impl Truth {
    /// Stores a version of a policy of the story.
    pub(crate) fn apply_policy(&mut self, policy: &Policy) {
        let head = "apiVersion: self-healing.dev/v1alpha1\nkind: HealingPolicy\nmetadata:\n  name: ";
        let text = format!("{head}{}\nspec:\n{}", policy.name, policy.spec);
        for policy in read_yaml(&text).unwrap_or_else(|error| panic!("policy {}: {error}", policy.name)) {
            self.store_policy(policy);
        }
    }

    /// Stores a policy as it is; another generation if it was there.
    pub(crate) fn store_policy(&mut self, mut policy: HealingPolicy) {
        let name = Text::from(policy.metadata.name.clone().unwrap_or_default());
        let known = self.policies.get(&name);
        policy.metadata.uid = Some(known.map_or_else(|| format!("policy-{name}"), |known| known.uid.to_string()));
        policy.metadata.generation = Some(known.map_or(1, |known| known.generation + 1));
        let status = known.and_then(|known| known.status.clone());
        let stored = StoredPolicy { status, ..from_resource(&policy) };
        self.news.push(Event::Policy(Box::new(stored.clone())));
        self.policies.insert(name, stored);
    }

    pub(crate) fn withdraw_policy(&mut self, name: &str) {
        if self.policies.remove(name).is_some() {
            self.news.push(Event::PolicyGone(Text::from(name)));
        }
    }

    pub(super) fn save_policy_status(&mut self, name: &Text, uid: &Text, status: &PolicyStatus) -> Outcome {
        let Some(policy) = self.policies.get_mut(name).filter(|policy| policy.uid == *uid) else {
            return Outcome::Gone;
        };
        policy.status = Some(status.clone());
        self.news.push(Event::Policy(Box::new(policy.clone())));
        Outcome::Done(Answer::Nothing)
    }
}
