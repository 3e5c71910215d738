//! The garbage collector and the end of namespaces: what belongs to something that is gone goes too.

use super::desk::{Actor, Desk};
use super::object::{Index, going, list, uid};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The garbage collector; a task is an object that may have to go, or whose dependents may.
#[derive(Default)]
pub(super) struct Garbage {
    /// All objects by uid.
    objects: BTreeMap<String, Key>,
    /// Objects by the uid of each owner.
    dependents: Index,
    /// Objects by namespace.
    content: Index,
}

impl Actor for Garbage {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &["*"];

    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        if let (Some(old), Some(new)) = (old, new)
            && old["metadata"]["ownerReferences"] == new["metadata"]["ownerReferences"]
            && old["metadata"]["finalizers"] == new["metadata"]["finalizers"]
            && going(old) == going(new)
        {
            return;
        }
        let [before, after] = [old, new].map(owner_uids);
        for owner in before.difference(&after) {
            self.dependents.note(key, Some(owner), None);
            // It may wait for this one in the foreground.
            desk.put_all(self.objects.get(owner));
        }
        for owner in after.difference(&before) {
            self.dependents.note(key, None, Some(owner));
        }
        match (old, new) {
            (_, Some(new)) => {
                self.objects.insert(uid(new).to_owned(), key.clone());
                self.content.note(key, old.map(|_| &*key.namespace), Some(&key.namespace));
                desk.put(key.clone());
            }
            (Some(old), None) => {
                self.objects.remove(uid(old));
                self.content.note(key, Some(&key.namespace), None);
                desk.put_all(self.dependents.of(uid(old)));
                if !key.namespace.is_empty() {
                    desk.put(Key::new("namespaces", "", &key.namespace));
                }
            }
            (None, None) => {}
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let hand = &desk.hand;
        let object = hand.get(&key.resource, &key.namespace, &key.name)?;
        let kept_by = |finalizer: &str| list(&object, "/metadata/finalizers").iter().any(|one| one == finalizer);
        if going(&object) && kept_by(ORPHAN) {
            self.orphan(hand, uid(&object))?;
            return drop_finalizer(hand, key, &object, ORPHAN);
        }
        if going(&object) && kept_by(FOREGROUND) {
            return self.delete_dependents(hand, key, &object);
        }
        if &*key.resource == "namespaces" && going(&object) {
            return self.end_namespace(hand, key, &object);
        }
        if going(&object) {
            return Ok(());
        }
        self.judge(hand, key, &object)
    }
}

/// The owners of an object, by what is with them.
#[derive(Default)]
struct Owners {
    solid: usize,
    /// Gone, or another object has the name by now.
    dangling: Vec<String>,
    /// Being deleted in the foreground: they wait until the object is gone.
    waiting: Vec<String>,
}

impl Garbage {
    fn orphan(&self, hand: &Hand, owner: &str) -> Result<(), Failure> {
        for key in self.dependents.of(owner) {
            let dependent = hand.get(&key.resource, &key.namespace, &key.name)?;
            disown(hand, key, &dependent, &[owner.to_owned()])?;
        }
        Ok(())
    }

    fn owners(&self, hand: &Hand, object: &Value) -> Owners {
        let mut owners = Owners::default();
        for owner in owner_uids(Some(object)) {
            let key = self.objects.get(&owner);
            let found = key.and_then(|key| hand.get(&key.resource, &key.namespace, &key.name).ok());
            match found.filter(|found| uid(found) == owner) {
                None => owners.dangling.push(owner),
                Some(found) if deletes_in_foreground(&found) => owners.waiting.push(owner),
                Some(_) => owners.solid += 1,
            }
        }
        owners
    }

    /// Deletes an object that nobody wants any more, or takes those out of its owners that do not want it.
    fn judge(&self, hand: &Hand, key: &Key, object: &Value) -> Result<(), Failure> {
        let Owners { solid, mut dangling, waiting } = self.owners(hand, object);
        if dangling.is_empty() && waiting.is_empty() {
            return Ok(());
        }
        if solid > 0 {
            dangling.extend(waiting);
            return disown(hand, key, object, &dangling);
        }
        // An owner that waits for its dependents waits for theirs as well.
        let whole = !waiting.is_empty() && self.dependents.of(uid(object)).next().is_some();
        let policy = whole.then(|| "Foreground".to_owned());
        delete(hand, key, object, policy)
    }

    /// The owner goes when those are gone that block it.
    fn delete_dependents(&self, hand: &Hand, key: &Key, owner: &Value) -> Result<(), Failure> {
        let mut blocked = false;
        for key in self.dependents.of(uid(owner)) {
            let dependent = hand.get(&key.resource, &key.namespace, &key.name)?;
            if !going(&dependent) {
                self.judge(hand, key, &dependent)?;
            }
            blocked |= hand.get(&key.resource, &key.namespace, &key.name).is_ok_and(|left| blocks(&left, owner));
        }
        if blocked { Ok(()) } else { drop_finalizer(hand, key, owner, FOREGROUND) }
    }

    /// A namespace goes when it is empty.
    fn end_namespace(&self, hand: &Hand, key: &Key, namespace: &Value) -> Result<(), Failure> {
        let mut empty = true;
        for content in self.content.of(&key.name) {
            empty = false;
            let object = hand.get(&content.resource, &content.namespace, &content.name)?;
            if !going(&object) {
                delete(hand, content, &object, None)?;
            }
        }
        if !empty {
            return Ok(());
        }
        let mut ended = namespace.clone();
        ended["spec"]["finalizers"] = json!([]);
        hand.update_part("namespaces", "", "finalize", &ended).map(drop)
    }
}

fn owner_uids(object: Option<&Value>) -> BTreeSet<String> {
    let owners = object.map_or(&[][..], |object| list(object, "/metadata/ownerReferences")).iter();
    owners.filter_map(|owner| owner["uid"].as_str()).map(str::to_owned).collect()
}

fn deletes_in_foreground(owner: &Value) -> bool {
    going(owner) && list(owner, "/metadata/finalizers").iter().any(|one| one == FOREGROUND)
}

/// Whether `owner` may not go before `dependent`.
fn blocks(dependent: &Value, owner: &Value) -> bool {
    let mut references = list(dependent, "/metadata/ownerReferences").iter();
    references.any(|one| one["uid"] == uid(owner) && one["blockOwnerDeletion"] == true)
}

/// Deletes by that policy, or by what the finalizers of the object say.
fn delete(hand: &Hand, key: &Key, object: &Value, propagation_policy: Option<String>) -> Result<(), Failure> {
    let options = DeleteOptions { uid: Some(uid(object).to_owned()), propagation_policy, ..DeleteOptions::default() };
    match hand.delete(&key.resource, &key.namespace, &key.name, &options) {
        Err(failure) if failure.code != 404 => Err(failure),
        _ => Ok(()),
    }
}

/// Takes owners out of the references.
fn disown(hand: &Hand, key: &Key, object: &Value, owners: &[String]) -> Result<(), Failure> {
    let left = list(object, "/metadata/ownerReferences").iter();
    let left: Vec<&Value> = left.filter(|one| !owners.iter().any(|owner| one["uid"] == **owner)).collect();
    let patch = json!({ "metadata": { "ownerReferences": if left.is_empty() { Value::Null } else { json!(left) } } });
    hand.patch(&key.resource, &key.namespace, &key.name, &patch).map(drop)
}

fn drop_finalizer(hand: &Hand, key: &Key, object: &Value, finalizer: &str) -> Result<(), Failure> {
    let left: Vec<&Value> = list(object, "/metadata/finalizers").iter().filter(|one| **one != finalizer).collect();
    let patch = json!({ "metadata": { "finalizers": if left.is_empty() { Value::Null } else { json!(left) } } });
    hand.patch(&key.resource, &key.namespace, &key.name, &patch).map(drop)
}
