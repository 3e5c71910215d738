//! S1: what is acted on is exactly what the record names, and the request says so.

use crate::check::deed::{Deed, DeedKind};
use crate::check::json::{list, text, uid};
use crate::check::record::Record;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Identity;

impl Rule for Identity {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.destructive() {
            let asked = act.uid_asked();
            found.judge(asked == deed.uid, || format!("{}, whose request asked for uid {asked:?}", act.words(deed)));
            let other = match deed.kind {
                DeedKind::Replace if act.commit.origin.verb == "delete" => other_than_machine(act, deed, found),
                _ if &*deed.key.resource == "pods" => other_than_pod(act, deed),
                kind if kind.is_on_workload() => other_than_workload(act, deed),
                _ => other_than_target(act, deed),
            };
            found.judge(other.is_none(), || {
                let named = other.map(|other| format!("{} names uid {}", other.name, other.target.uid));
                format!("{}, but Recovery {}", act.words(deed), named.unwrap_or_default())
            });
        }
    }
}

/// A record of the same place but another uid, when none fits.
fn other_than_pod<'a>(act: &Act<'a>, deed: &Deed) -> Option<&'a Record> {
    let (records, sent) = (&act.scene.book.records, act.sent());
    if !records.behind(&act.commit.shown, act.node_of_pod(), sent).is_empty() {
        return None;
    }
    let of_pod = records.of_place("Pod", &deed.key.namespace, &deed.key.name);
    let of_node = records.of_place("Node", "", text(&act.commit.shown, "/spec/nodeName"));
    of_pod.chain(of_node).find(|kept| kept.was_open(sent)).map(|kept| &*kept.record)
}

/// A machine is deleted for the one record that names it, and is the machine of that record's node.
fn other_than_machine<'a>(act: &Act<'a>, deed: &Deed, found: &mut Found) -> Option<&'a Record> {
    let mut named = act.scene.book.records.iter().filter(|kept| kept.record.machine == deed.uid);
    let record = named.next().map(|kept| &*kept.record);
    found.judge(record.is_some(), || format!("{}, but no Recovery names that machine", act.words(deed)));
    let of = |record: &Record| {
        let machine = &*act.commit.shown;
        let names = [text(machine, "/status/nodeRef/name"), text(machine, "/status/nodeName")];
        let node = text(machine, "/status/nodeRef/uid");
        names.contains(&record.target.name.as_str()) && (node.is_empty() || node == record.target.uid)
    };
    record.filter(|record| !of(record))
}

fn other_than_target<'a>(act: &Act<'a>, deed: &Deed) -> Option<&'a Record> {
    let kept = act.scene.book.records.get(&deed.record)?;
    let by_target = kept.record.is_about_node() || deed.kind == DeedKind::Switch;
    (by_target && kept.record.target.uid != deed.uid).then_some(&*kept.record)
}

/// A Service's workloads are chosen by its selector, a node's run on it; every other record names the one that it may change.
fn other_than_workload<'a>(act: &Act<'a>, deed: &Deed) -> Option<&'a Record> {
    let kept = act.scene.book.records.get(&deed.record)?;
    let record = &*kept.record;
    let named = record.target.uid == deed.uid || record.workload.uid == deed.uid;
    let there = record.is_about_node() && deed.kind == DeedKind::Scale && runs_on(act, deed, &record.target.name);
    (record.target.kind != "Service" && !named && !there).then_some(record)
}

/// Whether a pod of the workload that was changed is on that node.
fn runs_on(act: &Act<'_>, deed: &Deed, node: &str) -> bool {
    let owned = |object: &Value, by: &str| list(object, "/metadata/ownerReferences").iter().any(|one| one["uid"] == by);
    let (store, namespace) = (act.scene.store, &deed.key.namespace);
    let sets = store.list("replicasets.apps", namespace).filter(|(_, set)| owned(set, &deed.uid));
    let sets: Vec<String> = sets.map(|(_, set)| uid(set).to_owned()).collect();
    let below = |pod: &Value| owned(pod, &deed.uid) || sets.iter().any(|set| owned(pod, set));
    store.list("pods", namespace).any(|(_, pod)| text(pod, "/spec/nodeName") == node && below(pod))
}
