//! Objects in versions: one counter for the whole cluster, a log of commits, and everybody who watches it.

use crate::resource::Resource;
use bytes::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Which object: the resource's name (`pods`, `deployments.apps`), the namespace (empty for none), the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// As [`Resource::name`].
    pub resource: Arc<str>,
    /// Empty for objects without one.
    pub namespace: Arc<str>,
    /// The object's name.
    pub name: Arc<str>,
}

impl Key {
    /// A key from texts.
    #[must_use]
    pub fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// Who asked for a change, and in which words; the checker of invariants reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// User name, e.g. `system:serviceaccount:self-healing:self-healing-sa`.
    pub user: Arc<str>,
    /// Which process of that user sent it; empty for actors.
    pub instance: Arc<str>,
    /// RBAC verb: `create`, `update`, `patch`, `delete`.
    pub verb: &'static str,
    /// Subresource, e.g. `status` or `eviction`; empty for the object itself.
    pub subresource: Arc<str>,
    /// The body as sent: the object, the patch, the delete options, the eviction.
    pub body: Arc<Value>,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The version that it made.
    pub version: u64,
    /// The object's resource.
    pub resource: Arc<Resource>,
    /// Which object.
    pub key: Key,
    /// Before; `None` when it was created.
    pub old: Option<Arc<Value>>,
    /// After; `None` when it was removed.
    pub new: Option<Arc<Value>>,
    /// The last state of a removed object, with the version of its removal; else the same as `new`.
    pub shown: Arc<Value>,
    /// Who did it.
    pub origin: Origin,
    json: OnceLock<Bytes>,
}

impl Commit {
    /// `shown` as JSON, made once for everybody who watches.
    pub fn json(&self) -> &Bytes {
        self.json.get_or_init(|| self.shown.to_string().into())
    }
}

/// Hears of every commit at once, with the state after it.
pub type Witness = Box<dyn FnMut(&Commit, &Store) + Send>;

/// The objects as they are now, and how they came to be.
pub struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    log: VecDeque<Arc<Commit>>,
    version: u64,
    /// Versions up to this one are forgotten: who asks for changes after an earlier one gets 410.
    compacted: u64,
    /// Commits that are kept at most.
    kept: usize,
    watchers: Vec<(Arc<str>, mpsc::UnboundedSender<Arc<Commit>>)>,
    witnesses: Vec<Witness>,
}

impl Store {
    /// An empty store; versions begin at 1. It keeps the last `kept` commits.
    #[must_use]
    pub fn new(kept: usize) -> Self {
        Self {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            version: 1,
            compacted: 0,
            kept,
            watchers: Vec::new(),
            witnesses: Vec::new(),
        }
    }

    /// The version of the last change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The last version that is forgotten.
    #[must_use]
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// One object.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// The objects of one resource, in all namespaces or in one, in the order of their keys.
    pub fn list<'a>(&'a self, resource: &str, namespace: &'a str) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let first = Key::new(resource, namespace, "");
        let resource = first.resource.clone();
        let inside =
            move |key: &Key| *key.resource == *resource && (namespace.is_empty() || *key.namespace == *namespace);
        self.objects.range(first..).take_while(move |(key, _)| inside(key))
    }

    /// The objects of one resource as they were at `version`, from the log; `None` when that is forgotten.
    #[must_use]
    pub fn list_at(&self, resource: &str, namespace: &str, version: u64) -> Option<Vec<(Key, Arc<Value>)>> {
        if version < self.compacted {
            return None;
        }
        let mut then: BTreeMap<Key, Arc<Value>> =
            self.list(resource, namespace).map(|(key, object)| (key.clone(), object.clone())).collect();
        let later = self.log.iter().rev().take_while(|commit| commit.version > version);
        for commit in later.filter(|commit| *commit.key.resource == *resource) {
            if !namespace.is_empty() && *commit.key.namespace != *namespace {
                continue;
            }
            match &commit.old {
                Some(old) => drop(then.insert(commit.key.clone(), old.clone())),
                None => drop(then.remove(&commit.key)),
            }
        }
        Some(then.into_iter().collect())
    }

    /// The commits of `resource` after `version`; `None` when they are forgotten.
    #[must_use]
    pub fn since(&self, resource: &str, version: u64) -> Option<Vec<Arc<Commit>>> {
        if version < self.compacted {
            return None;
        }
        let after = self.log.partition_point(|commit| commit.version <= version);
        Some(self.log.range(after..).filter(|commit| *commit.key.resource == *resource).cloned().collect())
    }

    /// Changes one object: `new` without a version, or `None` to remove it. Gives the commit.
    pub fn commit(&mut self, resource: &Arc<Resource>, key: Key, new: Option<Value>, origin: Origin) -> Arc<Commit> {
        self.version += 1;
        let old = self.objects.get(&key).cloned();
        let removed = new.is_none();
        let mut object = new.unwrap_or_else(|| old.as_deref().cloned().unwrap_or_default());
        object["metadata"]["resourceVersion"] = Value::String(self.version.to_string());
        let shown = Arc::new(object);
        let new = (!removed).then(|| shown.clone());
        match &new {
            Some(object) => drop(self.objects.insert(key.clone(), object.clone())),
            None => drop(self.objects.remove(&key)),
        }
        let commit = Arc::new(Commit {
            version: self.version,
            resource: resource.clone(),
            key,
            old,
            new,
            shown,
            origin,
            json: OnceLock::new(),
        });
        self.log.push_back(commit.clone());
        while self.log.len() > self.kept {
            if let Some(gone) = self.log.pop_front() {
                self.compacted = gone.version;
            }
        }
        let wanted = |of: &str| of == "*" || *of == *commit.key.resource;
        self.watchers.retain(|(of, watcher)| !wanted(of) || watcher.send(commit.clone()).is_ok());
        let mut witnesses = std::mem::take(&mut self.witnesses);
        for witness in &mut witnesses {
            witness(&commit, self);
        }
        self.witnesses = witnesses;
        commit
    }

    /// Sends every later commit of `resources`, until the receiver is dropped; `*` is every resource.
    pub fn watch(&mut self, resources: &[&str]) -> mpsc::UnboundedReceiver<Arc<Commit>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.watchers.extend(resources.iter().map(|resource| ((*resource).into(), sender.clone())));
        receiver
    }

    /// Lets `witness` hear of every later commit.
    pub fn add_witness(&mut self, witness: Witness) {
        self.witnesses.push(witness);
    }

    /// Forgets all commits so far, as etcd does from time to time: watches from an earlier version get 410.
    pub fn compact(&mut self) {
        self.log.clear();
        self.compacted = self.version;
    }
}
