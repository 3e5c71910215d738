//! HealingPolicies.

use super::facts::Facts;
use super::request::Source;
use self_healing_api::policy::{HealingPolicy, read_resource};
use self_healing_core::event::Event;
use self_healing_core::key::Key;
use self_healing_core::names::WatchKind;

pub(super) fn watched() -> (Source, Facts) {
    let group = format!("/apis/{}", <HealingPolicy as kube::Resource>::api_version(&()));
    let source = Source::new(&group, WatchKind::Policy.as_str(), &[]);
    let read = |json: &[u8], _: &mut _| {
        let (policy, version) = read_resource(json)?;
        Ok((Event::Policy(Box::new(policy)), version))
    };
    (source, Facts::new(WatchKind::Policy, read, |key: Key| Event::PolicyGone(key.name)))
}
