//! Sequences of requests, each from a seed.

mod access;
mod broken;
mod custom;
mod deletes;
mod discovery;
mod evictions;
mod more;
mod reads;
mod watches;
mod writes;
mod wrongly;

use super::request::Request;
use super::resource::{
    ALL, BUDGETS, CONFIG_MAPS, DEPLOYMENTS, EVENTS, LEASES, NODES, Name, PODS, RECOVERIES, REPLICA_SETS, Resource,
    STATEFUL_SETS,
};
use crate::chance::Chance;

/// Few names, so that requests meet.
const NAMES: [&str; 3] = ["a", "b", "c"];
/// Prefixes that names are made from, each once in a sequence, so that its order among others is known.
const PREFIXES: [(&str, &Resource); 3] = [("p1-", PODS), ("p2-", CONFIG_MAPS), ("p3-", RECOVERIES)];
/// Pods more often than others: most that the controller does is done to them.
const LIKELY: [&Resource; 14] = [
    PODS,
    PODS,
    PODS,
    PODS,
    NODES,
    CONFIG_MAPS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    LEASES,
    BUDGETS,
    RECOVERIES,
    RECOVERIES,
    EVENTS,
];
/// Requests of a sequence, at least and at most (a recipe may add a few).
const LENGTH: (u32, u32) = (10, 36);

/// Adds the requests of one idea.
type Recipe = fn(&mut Sequence);

/// How likely each idea is.
const RECIPES: &[(u32, Recipe)] = &[
    (14, writes::create),
    (3, writes::create_with_prefix),
    (6, wrongly::create_wrongly),
    (12, writes::update),
    (10, writes::write_status),
    (12, writes::merge_patch),
    (5, writes::json_patch),
    (4, writes::scale),
    (8, reads::get),
    (10, reads::list),
    (4, reads::pages),
    (3, reads::list_wrongly),
    (12, deletes::delete),
    (4, deletes::free),
    (8, evictions::evict),
    (4, evictions::with_budgets),
    (5, access::review),
    (8, access::as_account),
    (6, watches::watch),
    (4, watches::come_and_go),
    (2, watches::watch_wrongly),
    (6, broken::broken),
    (4, custom::break_definition),
    (2, custom::break_status),
    (2, custom::change_spec),
    (2, custom::record_twice),
    (3, discovery::discover),
    (4, more::dry_run),
    (3, more::bind),
    (3, more::merge_by_key),
    (2, more::delete_all),
    (3, reads::forgotten),
];

/// A sequence that is being made.
pub(super) struct Sequence {
    chance: Chance,
    made: Vec<&'static str>,
    /// What the sequence has created, as far as the creates were good.
    created: Vec<(&'static Resource, Name)>,
    sentinels: usize,
    requests: Vec<Request>,
}

/// The sequence of a seed.
pub(super) fn sequence(seed: u64) -> Vec<Request> {
    // Neighbouring seeds give unlike numbers only after the generator has turned once.
    let mut chance = Chance::seeded(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let length = LENGTH.0 + chance.up_to(LENGTH.1 - LENGTH.0);
    let mut sequence = Sequence { chance, made: Vec::new(), created: Vec::new(), sentinels: 0, requests: Vec::new() };
    for _ in 0..3 {
        writes::create(&mut sequence);
    }
    while sequence.requests.len() < length as usize {
        let recipe = sequence.recipe();
        recipe(&mut sequence);
    }
    more::end(&mut sequence);
    // What is stored in the end.
    for resource in ALL {
        let path = format!("{}?labelSelector=seq=<ns>", resource.all());
        sequence.push(Request::get("list what is stored in the end", path));
    }
    sequence.requests
}

impl Sequence {
    fn recipe(&mut self) -> Recipe {
        let all: u32 = RECIPES.iter().map(|(weight, _)| weight).sum();
        let mut left = self.chance.up_to(all);
        for (weight, recipe) in RECIPES {
            if left < *weight {
                return *recipe;
            }
            left -= weight;
        }
        reads::get
    }

    fn push(&mut self, request: Request) {
        self.requests.push(request);
    }

    fn resource(&mut self) -> &'static Resource {
        self.chance.pick(&LIKELY)
    }

    /// One whose objects are in the namespace of the sequence: of others, the real server has those of all sequences.
    fn namespaced(&mut self) -> &'static Resource {
        let resource = self.resource();
        if resource.namespaced { resource } else { PODS }
    }

    /// A resource among a few.
    fn among(&mut self, resources: &[&'static Resource]) -> &'static Resource {
        self.chance.pick(resources)
    }

    /// An object: mostly one that was created, else any that may or may not be there.
    fn target(&mut self) -> (&'static Resource, Name) {
        if self.created.is_empty() || self.chance.one_in(4) {
            return (self.resource(), Name::plain(self.chance.pick(&NAMES)));
        }
        self.chance.pick(&self.created)
    }

    /// The same among a few resources.
    fn target_among(&mut self, resources: &[&'static Resource]) -> (&'static Resource, Name) {
        let known: Vec<_> = self.created.iter().copied().filter(|(resource, _)| resources.contains(resource)).collect();
        if known.is_empty() || self.chance.one_in(6) {
            return (self.among(resources), Name::plain(self.chance.pick(&NAMES)));
        }
        self.chance.pick(&known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        assert_eq!(sequence(7), sequence(7));
        assert_ne!(sequence(7), sequence(8));
    }

    #[test]
    fn every_idea_comes_up_and_no_sequence_is_long() {
        let sequences: Vec<_> = (0..200).map(sequence).collect();
        assert!(sequences.iter().all(|requests| (18..=70).contains(&requests.len())));
        let labels: BTreeSet<_> = sequences.iter().flatten().map(|request| request.label).collect();
        assert!(labels.len() > 60, "{labels:?}");
    }
}
