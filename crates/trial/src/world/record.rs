//! What is written down of a run: the controller's writes, the life of each record, and what people were told.

use crate::check::Told;
use crate::look::{
    self, Objects, Target, change_of_workload, controller, is_cordoned, is_fenced, is_owned, is_suspect, text,
};
use crate::player::machines::{CLAIMS, MACHINES, REMEDIATIONS};
use jiff::Timestamp;
use self_healing_sim::store::{Commit, Store};
use self_healing_story::outcome::COUNTED;
use self_healing_story::{Name, Names, Outcome, Story, Timeline, Verb};
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::sync::mpsc;
use tokio::time::Instant;

pub(super) const RECOVERIES: &str = "recoveries.self-healing.dev";

/// One line of what happened; pods go by uid until all names are known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Happened {
    Said(String),
    Pod { verb: Verb, uid: String, name: Name },
    Node { verb: Verb, node: String },
    Workload { verb: Verb, name: Name },
    Service { verb: Verb, name: Name },
    Phase { target: Target, words: String },
    Told { channel: String, key: String, target: Target },
}

/// A write of the controller that was just applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// Which.
    pub verb: Verb,
    /// The pod's, the node's, the workload's or the Service's name.
    pub name: Name,
    /// The pod's uid; empty for all others.
    pub uid: String,
}

/// What is written down.
#[derive(Default)]
pub(super) struct Record {
    listeners: Vec<mpsc::UnboundedSender<Wrote>>,
    user: String,
    names: Names,
    lines: Vec<(Instant, Happened)>,
    told: BTreeSet<(String, String, String)>,
}

impl Record {
    pub(super) fn new(user: &str) -> Self {
        Self { user: user.to_owned(), ..Self::default() }
    }

    /// The names of all pods so far.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Something that no commit shows.
    pub(super) fn say(&mut self, what: String) {
        self.lines.push((Instant::now(), Happened::Said(what)));
    }

    pub(super) fn told(&mut self, told: &Told, recovery: Option<&Value>) {
        let target =
            recovery.map_or_else(|| Target::of(&Value::Null), |recovery| Target::of(&recovery["spec"]["target"]));
        if self.told.insert((told.channel.clone(), told.key.clone(), told.recovery.clone())) {
            let (channel, key) = (told.channel.clone(), told.key.clone());
            self.lines.push((Instant::now(), Happened::Told { channel, key, target }));
        }
    }

    pub(super) fn commit(&mut self, commit: &Commit, store: &Store) {
        let (old, new) = (commit.old.as_deref(), commit.new.as_deref());
        let ours = *commit.origin.user == *self.user;
        match &*commit.key.resource {
            "pods" if ours && &*commit.origin.subresource == "resize" => {
                let name = Name { namespace: commit.key.namespace.to_string(), name: commit.key.name.to_string() };
                let (verb, uid) = (Verb::Resize, text(&commit.shown, "/metadata/uid").to_owned());
                self.tell(Wrote { verb, name: name.clone(), uid: uid.clone() });
                self.push(Happened::Pod { verb, uid, name });
            }
            "pods" => {
                if old.is_none() {
                    self.see(commit, store);
                }
                // One request may be several commits: an eviction's condition, its mark, the removal of what need not end
                // gracefully. It counts when the pod begins to go, or to be.
                let comes = old.is_none();
                let goes = !old.is_some_and(is_going) && new.is_none_or(is_going);
                if ours && (comes || goes) {
                    self.pod(commit);
                }
            }
            "nodes" if ours => {
                for (mark, done, undone) in MARKS {
                    let [was, is] = [old, new].map(|node| node.is_some_and(mark));
                    if was != is {
                        let (verb, node) = (if is { *done } else { *undone }, commit.key.name.to_string());
                        self.tell(Wrote { verb, name: Name::of(&node), uid: String::new() });
                        self.push(Happened::Node { verb, node });
                    }
                }
            }
            "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" if ours => {
                if let Some(verb) = old.zip(new).and_then(|(old, new)| change_of_workload(old, new)) {
                    let name = Name { namespace: commit.key.namespace.to_string(), name: commit.key.name.to_string() };
                    self.tell(Wrote { verb, name: name.clone(), uid: String::new() });
                    self.push(Happened::Workload { verb, name });
                }
            }
            "services" if ours => {
                let [was, is] = [old, new].map(|service| service.is_some_and(is_owned));
                if was != is {
                    let verb = if is { Verb::Switch } else { Verb::SwitchBack };
                    let name = Name { namespace: commit.key.namespace.to_string(), name: commit.key.name.to_string() };
                    self.tell(Wrote { verb, name: name.clone(), uid: String::new() });
                    self.push(Happened::Service { verb, name });
                }
            }
            RECOVERIES => self.recovery(old, new),
            // Named after their nodes, all of them.
            REMEDIATIONS if ours && old.is_none() => self.machine(Verb::Replace, &commit.key.name),
            REMEDIATIONS if ours && new.is_none_or(is_going) => self.machine(Verb::EndRemediation, &commit.key.name),
            MACHINES | CLAIMS if ours && new.is_none_or(is_going) => self.machine(Verb::Replace, &commit.key.name),
            _ => {}
        }
    }

    /// A provider of machines was told something about a node.
    pub(super) fn machine(&mut self, verb: Verb, node: &str) {
        self.tell(Wrote { verb, name: Name::of(node), uid: String::new() });
        self.push(Happened::Node { verb, node: node.to_owned() });
    }

    /// Lets somebody hear of every later write.
    pub(super) fn subscribe(&mut self) -> mpsc::UnboundedReceiver<Wrote> {
        let (listener, receiver) = mpsc::unbounded_channel();
        self.listeners.push(listener);
        receiver
    }

    fn tell(&mut self, wrote: Wrote) {
        self.listeners.retain(|listener| listener.send(wrote.clone()).is_ok());
    }

    fn push(&mut self, what: Happened) {
        self.lines.push((Instant::now(), what));
    }

    fn see(&mut self, commit: &Commit, store: &Store) {
        let pod = &*commit.shown;
        let created = text(pod, "/metadata/creationTimestamp").parse().map_or(0, Timestamp::as_second);
        let name = Name { namespace: commit.key.namespace.to_string(), name: commit.key.name.to_string() };
        let workload = workload(pod, &name.namespace, store);
        self.names.see(text(pod, "/metadata/uid"), &name, workload.as_ref(), created);
    }

    fn pod(&mut self, commit: &Commit) {
        let verb = match (commit.origin.verb, &*commit.origin.subresource) {
            ("delete", "") => Verb::Delete,
            (_, "eviction") => Verb::Evict,
            ("create", "") => Verb::Create,
            _ => return,
        };
        let name = Name { namespace: commit.key.namespace.to_string(), name: commit.key.name.to_string() };
        let uid = text(&commit.shown, "/metadata/uid").to_owned();
        self.tell(Wrote { verb, name: name.clone(), uid: uid.clone() });
        self.push(Happened::Pod { verb, uid, name });
    }

    fn recovery(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let [was, is] = [old, new].map(|record| record.map_or("", |record| text(record, "/status/phase")));
        let Some(record) = new.filter(|_| was != is && !is.is_empty()) else { return };
        let mut words = format!("{} {is}", text(record, "/spec/cause"));
        let strategy = record["status"]["attempts"].as_array().and_then(|tried| tried.last());
        let more =
            strategy.map(|attempt| text(attempt, "/strategy")).into_iter().chain([text(record, "/status/reason")]);
        more.filter(|word| !word.is_empty()).for_each(|word| words.extend([" ", word]));
        self.push(Happened::Phase { target: Target::of(&record["spec"]["target"]), words });
    }

    /// What happened when, from `begin` on.
    pub(super) fn timeline(&self, begin: Instant) -> Timeline {
        let mut timeline = Timeline::default();
        for (at, what) in self.lines.iter().filter(|(at, _)| *at >= begin) {
            let line = match what {
                Happened::Said(what) => what.clone(),
                Happened::Pod { verb, uid, name } => format!("{verb} {}", look::written(&self.names, *verb, uid, name)),
                Happened::Node { verb, node } => format!("{verb} {node}"),
                Happened::Workload { verb, name } => format!("{verb} {name}"),
                Happened::Service { verb, name } => format!("{verb} service/{name}"),
                Happened::Phase { target, words } => format!("recovery {} {words}", look::target(&self.names, target)),
                Happened::Told { channel, key, target } => {
                    format!("told {channel} {key} {}", look::target(&self.names, target))
                }
            };
            timeline.note(*at - begin, line);
        }
        timeline
    }

    /// How it stands now.
    pub(super) fn outcome(&self, story: &Story, store: &Store) -> Outcome {
        let mut outcome = Outcome::default();
        for (_, what) in &self.lines {
            match what {
                Happened::Pod { verb, uid, name } => {
                    outcome.wrote(*verb, look::written(&self.names, *verb, uid, name));
                }
                Happened::Workload { verb, name } if COUNTED.contains(verb) => outcome.wrote(*verb, name.to_string()),
                Happened::Service { verb, name } if COUNTED.contains(verb) => {
                    outcome.wrote(*verb, format!("service/{name}"));
                }
                Happened::Node { verb: Verb::Replace, node } => outcome.wrote(Verb::Replace, node),
                _ => {}
            }
        }
        for (channel, key, _) in &self.told {
            outcome.tell(channel, key);
        }
        let all = |kind| store.list(kind, "").map(|(_, object)| &**object);
        let objects = Objects {
            recoveries: all(RECOVERIES).collect(),
            nodes: all("nodes").collect(),
            pods: all("pods").collect(),
            workloads: all("deployments.apps").chain(all("statefulsets.apps")).collect(),
            services: all("services").collect(),
            remediations: all(REMEDIATIONS).collect(),
        };
        look::fill(&mut outcome, story, &self.names, &objects);
        outcome
    }
}

/// A mark on a node, and the words for setting it and for taking it back.
type Mark = (fn(&Value) -> bool, Verb, Verb);

const MARKS: &[Mark] = &[
    (is_cordoned, Verb::Cordon, Verb::Uncordon),
    (is_suspect, Verb::Taint, Verb::Untaint),
    (is_fenced, Verb::Fence, Verb::Unfence),
];

fn is_going(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

/// The workload at the top of a pod's owners.
fn workload(pod: &Value, namespace: &str, store: &Store) -> Option<Name> {
    let owner = controller(pod)?;
    let of = |name: &str| Some(Name { namespace: namespace.to_owned(), name: name.to_owned() });
    let name = text(owner, "/name");
    if owner["kind"] != "ReplicaSet" {
        return of(name);
    }
    let set = store.get(&self_healing_sim::store::Key::new("replicasets.apps", namespace, name));
    of(set.and_then(|set| controller(set)).map_or(name, |top| text(top, "/name")))
}
