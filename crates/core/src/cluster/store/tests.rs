//! A store beside a plain map that is told the same: they always answer alike.

use super::PodStore;
use crate::fact::{Amount, Marks, Owner, PodFact, PodPhase, PodTrouble};
use crate::key::{Key, Kind, Text};
use crate::time::{Stamp, Tick};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use proptest::prelude::*;

/// What happens to a store.
#[derive(Clone, Debug)]
enum Step {
    Put(PodFact),
    Remove(Key),
    ListStarted,
    Synced,
}

/// The plain map: each pod with the list that last brought it, and when it came.
#[derive(Debug, Default)]
struct Plain {
    pods: BTreeMap<Key, (u32, u64, PodFact)>,
    list: u32,
    complete: bool,
}

impl Plain {
    fn take(&mut self, step: &Step, now: u64) -> Vec<Key> {
        match step {
            Step::Put(pod) => {
                let came = self.pods.get(&pod.key).map_or(if self.complete { now } else { 0 }, |(_, came, _)| *came);
                self.pods.insert(pod.key.clone(), (self.list, came, pod.clone()));
            }
            Step::Remove(key) => drop(self.pods.remove(key)),
            Step::ListStarted => self.list += 1,
            Step::Synced => {
                self.complete = true;
                let missed = self.pods.iter().filter(|(_, (list, ..))| *list != self.list);
                return missed.map(|(key, _)| key.clone()).collect();
            }
        }
        Vec::new()
    }

    fn facts(&self) -> impl Iterator<Item = &PodFact> {
        self.pods.values().map(|(_, _, pod)| pod)
    }
}

fn key() -> impl Strategy<Value = Key> {
    let name = prop_oneof![Just("web-1"), Just("web-1-a"), Just("web"), Just("db-0"), Just("db-10"), Just("x")];
    (prop_oneof![Just("shop"), Just("play")], name).prop_map(|(namespace, name)| Key::new(namespace, name))
}

fn owner() -> impl Strategy<Value = Option<Arc<Owner>>> {
    let owner = |(kind, name, uid): (Kind, &str, &str)| {
        Some(Arc::new(Owner { kind, name: Text::from(name), uid: Text::from(uid) }))
    };
    prop_oneof![
        Just(None),
        Just(owner((Kind::ReplicaSet, "web", "u-web"))),
        Just(owner((Kind::ReplicaSet, "web-1", "u-web-1"))),
        Just(owner((Kind::StatefulSet, "db", "u-db"))),
        // A broken object that has another's uid.
        Just(owner((Kind::Job, "db", "u-db"))),
    ]
}

fn pod() -> impl Strategy<Value = PodFact> {
    let uid = prop_oneof![Just("0d5ee3c8-6a5c-4d5e-9f1e-0123456789ab"), Just("0D5EE3C8"), Just("u-1")];
    let node = prop_oneof![Just(None), Just(Some("n1")), Just(Some("n2"))];
    (key(), uid, node, owner(), 0..3_i64, any::<bool>()).prop_map(|(key, uid, node, owner, number, troubled)| PodFact {
        key,
        uid: Text::from(uid),
        node: node.map(Text::from),
        owner,
        created: Stamp(number),
        phase: if number == 0 { PodPhase::Failed } else { PodPhase::Running },
        ready: !troubled,
        marks: if number == 1 { Marks::EXCLUDED } else { Marks::default() },
        priority: -7,
        requests: Amount { cpu: 100, memory: 20 },
        trouble: troubled.then(|| Box::new(PodTrouble { reason: format!("{number}"), ..PodTrouble::default() })),
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => pod().prop_map(Step::Put),
        2 => key().prop_map(Step::Remove),
        1 => Just(Step::ListStarted),
        1 => Just(Step::Synced),
    ]
}

fn assert_alike(store: &PodStore, plain: &Plain) {
    let chosen = |which: &dyn Fn(&PodFact) -> bool| plain.facts().filter(|pod| which(pod)).cloned().collect::<Vec<_>>();
    assert_eq!(store.len(), plain.pods.len());
    assert_eq!(store.iter().map(|pod| pod.into_owned()).collect::<Vec<_>>(), chosen(&|_| true));
    for (key, (_, came, pod)) in &plain.pods {
        assert_eq!(store.get(key).as_deref(), Some(pod));
        assert_eq!(store.troubled(key).is_some(), pod.trouble.is_some());
        assert_eq!(store.came(key).map_or(0, |tick| tick.0), *came);
    }
    for node in ["n1", "n2", "n3"].map(Text::from) {
        let there = chosen(&|pod| pod.node.as_ref() == Some(&node));
        assert_eq!(store.on(&node).map(|pod| pod.into_owned()).collect::<Vec<_>>(), there);
        let runs = there.iter().filter(|pod| !pod.finished()).count();
        assert_eq!(store.used_on(&node).1 as usize, runs);
        assert_eq!(store.used_on(&node).0.cpu as usize, 100 * runs);
    }
    for uid in ["u-web", "u-web-1", "u-db", "u-none"].map(Text::from) {
        let of = |pod: &PodFact| pod.owner.as_ref().is_some_and(|owner| owner.uid == uid);
        let found: BTreeSet<Key> = store.of_owner(&uid).map(|pod| pod.key.clone()).collect();
        assert_eq!(found, chosen(&of).into_iter().map(|pod| pod.key).collect());
    }
    for namespace in ["shop", "play", "none"].map(Text::from) {
        let bare = chosen(&|pod| pod.owner.is_none() && pod.key.namespace == namespace);
        assert_eq!(store.bare_in(&namespace).map(|pod| pod.into_owned()).collect::<Vec<_>>(), bare);
        let troubled = chosen(&|pod| pod.trouble.is_some() && pod.key.namespace == namespace);
        assert_eq!(store.troubled_in(&namespace).into_iter().cloned().collect::<Vec<_>>(), troubled);
    }
}

proptest! {
    #[test]
    fn it_answers_as_a_plain_map_does(steps in prop::collection::vec(step(), 0..80)) {
        let (mut store, mut plain) = (PodStore::default(), Plain::default());
        for (now, step) in steps.iter().enumerate() {
            // Whole tenths of a second, which is what a store keeps.
            let now = (now as u64 + 1) * 100;
            let missed = plain.take(step, now);
            let found = match step {
                Step::Put(pod) => { store.put(Tick(now), pod.clone()); Vec::new() }
                Step::Remove(key) => { store.remove(key); Vec::new() }
                Step::ListStarted => store.listing(false),
                Step::Synced => store.listing(true),
            };
            assert_eq!(found, missed);
            for key in missed {
                plain.take(&Step::Remove(key.clone()), now);
                store.remove(&key);
            }
            assert_alike(&store, &plain);
        }
    }
}

#[test]
fn what_is_gone_leaves_nothing_behind() {
    let mut store = PodStore::default();
    let owner = |number: u32| {
        Arc::new(Owner { kind: Kind::Job, name: Text::from("job"), uid: Text::from(format!("u-{number}")) })
    };
    for number in 0..10_000_u32 {
        let key = Key::new("shop", &format!("job-{number}"));
        let pod = PodFact {
            key: key.clone(),
            uid: Text::from(format!("pod-{number}")),
            node: Some(Text::from(format!("n{number}"))),
            owner: Some(owner(number)),
            created: Stamp(0),
            phase: PodPhase::Running,
            ready: true,
            marks: Marks::default(),
            priority: 0,
            requests: Amount::default(),
            trouble: None,
        };
        store.put(Tick(0), pod);
        store.remove(&key);
    }
    assert_eq!((store.len(), store.by_node.len(), store.rows.size()), (0, 0, (1, 1)));
}
