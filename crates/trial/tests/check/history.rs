//! A history that is written by hand: a store, a clock, and a checker that sees both.

use jiff::{SignedDuration, Timestamp};
use self_healing_sim::resource::Registry;
use self_healing_sim::store::{Key, Origin, Store};
use self_healing_trial::check::{Checker, Note, Setup};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// The controller's first process.
pub(crate) const A: &str = "controller-a#1";
/// A process of the other replica.
pub(crate) const B: &str = "controller-b#1";

pub(crate) struct History {
    pub(crate) store: Store,
    pub(crate) checker: Checker,
    registry: Registry,
    clock: Arc<Mutex<Timestamp>>,
    serial: u64,
    /// Who renews the leader's Lease while time passes.
    pub(crate) leader: Option<&'static str>,
}

/// Who asked for a change, and how.
pub(crate) struct By<'a> {
    pub(crate) instance: &'a str,
    pub(crate) verb: &'static str,
    pub(crate) subresource: &'a str,
    pub(crate) body: Value,
}

/// A part of the cluster, or a person.
pub(crate) const CLUSTER: By<'_> = By { instance: "", verb: "update", subresource: "", body: Value::Null };

impl History {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let clock = Arc::new(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let reader = clock.clone();
        let checker = Checker::new(setup, move || *reader.lock().unwrap());
        let mut store = Store::new(1000);
        store.add_witness(checker.witness());
        let mut registry = Registry::default();
        let custom = registry.named("controllerrevisions.apps").unwrap().as_ref().clone();
        registry.add(self_healing_sim::resource::Resource {
            group: "self-healing.dev".to_owned(),
            version: "v1alpha1".to_owned(),
            plural: "recoveries".to_owned(),
            kind: "Recovery".to_owned(),
            ..custom.clone()
        });
        registry.add(self_healing_sim::resource::Resource {
            group: "self-healing.dev".to_owned(),
            version: "v1alpha1".to_owned(),
            plural: "healingpolicies".to_owned(),
            kind: "HealingPolicy".to_owned(),
            namespaced: false,
            ..custom
        });
        Self { store, checker, registry, clock, serial: 0, leader: None }
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.clock.lock().unwrap()
    }

    /// Lets time pass, with the heartbeats that a cluster has; who leads goes on leading.
    pub(crate) fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            *self.clock.lock().unwrap() += SignedDuration::from_secs(1);
            if let Some(leader) = self.leader {
                self.leads(leader);
            }
            self.serial += 1;
            let beat = json!({"metadata": {"uid": "beat"}, "spec": {"holderIdentity": format!("{}", self.serial)}});
            self.put(&CLUSTER, Key::new("leases.coordination.k8s.io", "kube-node-lease", "heartbeats"), beat);
        }
    }

    /// Creates or replaces an object.
    pub(crate) fn put(&mut self, by: &By<'_>, key: Key, object: Value) {
        self.commit(by, key, Some(object));
    }

    pub(crate) fn remove(&mut self, by: &By<'_>, key: Key) {
        self.commit(by, key, None);
    }

    /// Changes an object by a JSON merge patch of its top-level parts.
    pub(crate) fn change(&mut self, by: &By<'_>, key: &Key, change: impl FnOnce(&mut Value)) {
        let mut object = (**self.store.get(key).unwrap()).clone();
        change(&mut object);
        self.commit(by, key.clone(), Some(object));
    }

    fn commit(&mut self, by: &By<'_>, key: Key, object: Option<Value>) {
        let resource = self.registry.named(&key.resource).unwrap().clone();
        let user =
            if by.instance.is_empty() { "system:admin" } else { "system:serviceaccount:self-healing:self-healing-sa" };
        let origin = Origin {
            user: user.into(),
            instance: by.instance.into(),
            verb: by.verb,
            subresource: by.subresource.into(),
            body: Arc::new(by.body.clone()),
        };
        self.store.commit(&resource, key, object, origin);
    }

    pub(crate) fn get(&self, key: &Key) -> &Value {
        self.store.get(key).unwrap()
    }

    pub(crate) fn note(&self, note: Note) {
        self.checker.note(&note);
    }

    /// The broken invariants, each once.
    pub(crate) fn broken(&self) -> Vec<&'static str> {
        let mut ids: Vec<&str> = self.checker.violations().iter().map(|violation| violation.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Nothing is broken.
    #[track_caller]
    pub(crate) fn holds(&self) {
        let violations: Vec<String> = self.checker.violations().iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// Exactly this is broken, and the message says `words`.
    #[track_caller]
    pub(crate) fn breaks(&self, id: &str, words: &str) {
        let violations: Vec<String> = self.checker.violations().iter().map(ToString::to_string).collect();
        assert_eq!(self.broken(), [id], "{violations:#?}");
        assert!(violations.iter().any(|line| line.contains(words)), "{words:?} is in none of {violations:#?}");
    }
}
