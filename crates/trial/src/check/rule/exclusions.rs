//! S13: what has opted out, or is not ours to touch, is left alone.

use crate::check::deed::{Deed, DeedKind, Named};
use crate::check::json::{annotation, controller, is_controlled_by, label, text};
use crate::check::limits::FRESH;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_sim::store::Key;
use serde_json::Value;

/// Opt-outs that count only where a pod is moved off a node for the node's sake.
const OF_DRAINS: &[&str] = &[marks::KARPENTER_DO_NOT_DISRUPT, marks::AUTOSCALER_SAFE_TO_EVICT];

/// Labels of control-plane nodes.
const ROLES: [&str; 2] = [marks::CONTROL_PLANE, marks::CONTROL_PLANE_OLD];

#[derive(Default)]
pub(crate) struct Exclusions;

impl Rule for Exclusions {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.destructive() {
            let why = match deed.kind {
                DeedKind::Cordon | DeedKind::Fence => of_node(act, deed),
                DeedKind::Replace => of_machine(act, deed),
                DeedKind::Delete | DeedKind::Evict | DeedKind::Resize => of_pod(act, deed),
                kind if kind.is_on_workload() => of_workload(act, deed),
                DeedKind::Switch => of_service(act, deed),
                // The suspect taint keeps nothing from running; the pod that it is for is judged when it is deleted.
                _ => continue,
            };
            found.judge(why.is_none(), || format!("{}, but {}", act.words(deed), why.unwrap_or_default()));
        }
    }
}

fn of_node(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let node = act.before();
    let of_control_plane = ROLES.iter().any(|key| label(node, key).is_some());
    if of_control_plane && !act.scene.book.possible_policies(act.sent()).any(opts_in) {
        return Some("it belongs to the control plane".to_owned());
    }
    let own = act.scene.store.get(&own_pod(act)).is_some_and(|pod| text(pod, "/spec/nodeName") == &*deed.key.name);
    if own {
        return Some("the controller runs there".to_owned());
    }
    let read = act.sent() - FRESH;
    marked(act, &deed.key, read, false)
}

/// What the node of a machine says goes for the machine, and so do the machine's own opt-outs.
fn of_machine(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let paused = annotation(act.before(), marks::CAPI_PAUSED).is_some();
    if paused || annotation(act.before(), marks::CAPI_SKIP_REMEDIATION).is_some() {
        return Some("work on it is stopped".to_owned());
    }
    let node = &act.scene.book.records.ordered(deed).next()?.record.target.name;
    marked(act, &Key::new("nodes", "", node), act.sent() - FRESH, false)
}

/// Whether a policy requires the label of control-plane nodes.
fn opts_in(spec: &Value) -> bool {
    let nodes = &spec["match"]["nodeSelector"];
    let expressions = nodes["matchExpressions"].as_array().into_iter().flatten();
    let present = |part: &&Value| part["operator"] == "In" || part["operator"] == "Exists";
    let mut keys = expressions.filter(present).filter_map(|part| part["key"].as_str());
    let plain = |key: &&str| !nodes[*key].is_null() || !nodes["matchLabels"][*key].is_null();
    ROLES.iter().any(plain) || keys.any(|key| ROLES.contains(&key))
}

fn of_pod(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let (pod, book) = (act.before(), act.scene.book);
    if annotation(pod, marks::MIRROR).is_some() {
        return Some("it is the mirror of a static pod".to_owned());
    }
    if deed.key == own_pod(act) {
        return Some("it is the controller's own".to_owned());
    }
    if let Some(why) = protected(act, &deed.key.namespace) {
        return Some(why);
    }
    let records = book.records.behind(pod, act.node_of_pod(), act.sent());
    let drains = !records.is_empty() && records.iter().all(|record| record.is_about_node());
    if drains && is_controlled_by(pod, "apps", "DaemonSet") {
        return Some("it belongs to a DaemonSet".to_owned());
    }
    // A delete insists on the version that was read, so the mark was in what was read; else the read may be a little older.
    let read = if deed.kind == DeedKind::Delete { act.sent() } else { act.sent() - FRESH };
    let seen = book.seen_until(act.sent());
    let is_marked = |key: &Key| book.opt_outs.since(key, seen).any(|mark| mark == marks::EXCLUDE);
    let mut above = [Some(Key::new("namespaces", "", &deed.key.namespace)), workload(act, pod)].into_iter().flatten();
    marked(act, &deed.key, read, drains)
        .or_else(|| above.find(is_marked).map(|key| format!("{} is marked {}", Named(&key), marks::EXCLUDE)))
}

/// A change insists on the version that was read, so a mark on it was in what was read.
fn of_workload(act: &Act<'_>, deed: &Deed) -> Option<String> {
    let (book, sent) = (act.scene.book, act.sent());
    let namespace = Key::new("namespaces", "", &deed.key.namespace);
    let seen = book.seen_until(sent);
    let excluded = book.opt_outs.since(&namespace, seen).any(|mark| mark == marks::EXCLUDE);
    protected(act, &deed.key.namespace)
        .or_else(|| marked(act, &deed.key, sent, false))
        .or_else(|| excluded.then(|| format!("{} is marked {}", Named(&namespace), marks::EXCLUDE)))
}

fn protected(act: &Act<'_>, namespace: &str) -> Option<String> {
    let book = act.scene.book;
    let protected = book.possible(act.sent()).all(|config| config.protected_namespaces.contains(namespace));
    let names = |spec: &Value| {
        spec["match"]["namespaces"].as_array().is_some_and(|all| all.iter().any(|name| *name == *namespace))
    };
    let spared = protected && !book.possible_policies(act.sent()).any(names);
    spared.then(|| "its namespace is protected".to_owned())
}

fn of_service(act: &Act<'_>, deed: &Deed) -> Option<String> {
    if let Some(why) = protected(act, &deed.key.namespace) {
        return Some(why);
    }
    // The patch insists on the version that was read, so the mark was in what was read.
    let namespace = Key::new("namespaces", "", &deed.key.namespace);
    let seen = act.scene.book.seen_until(act.sent());
    let above = act.scene.book.opt_outs.since(&namespace, seen).any(|mark| mark == marks::EXCLUDE);
    marked(act, &deed.key, act.sent(), false)
        .or_else(|| above.then(|| format!("{} is marked {}", Named(&namespace), marks::EXCLUDE)))
}

fn marked(act: &Act<'_>, key: &Key, read: Timestamp, drains: bool) -> Option<String> {
    let mut marks = act.scene.book.opt_outs.since(key, read);
    let counts = |mark: &&str| drains || !OF_DRAINS.contains(mark);
    marks.find(counts).map(|mark| format!("it is marked {mark}"))
}

/// What stands before `#` in the name of a process is its pod.
fn own_pod(act: &Act<'_>) -> Key {
    let instance = &*act.commit.origin.instance;
    let name = instance.split_once('#').map_or(instance, |(pod, _)| pod);
    Key::new("pods", &act.scene.book.setup.namespace, name)
}

/// The controller at the top of the pod's owners.
fn workload(act: &Act<'_>, pod: &Value) -> Option<Key> {
    let namespace = text(pod, "/metadata/namespace");
    let mut top = None;
    let mut object = pod.clone();
    while let Some(owner) = controller(&object) {
        let group = text(owner, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
        let resource = match (group, text(owner, "/kind")) {
            ("apps", kind) => format!("{}s.apps", kind.to_ascii_lowercase()),
            ("batch", "Job") => "jobs.batch".to_owned(),
            _ => break,
        };
        let key = Key::new(&resource, namespace, text(owner, "/name"));
        let Some(next) = act.scene.store.get(&key).filter(|next| next["metadata"]["uid"] == owner["uid"]) else {
            break;
        };
        object = (**next).clone();
        top = Some(key);
    }
    top
}
