//! Who is ill: the scores of every object with a bad signal, and the findings that fired.

use crate::cluster::Subject;
use crate::detect::{Bad, NODE_RULES, POD_RULES, Rule, Score, Sight, Signal};
use crate::fact::{Marks, NodeFact, PodFact};
use crate::finding::Finding;
use crate::guard::CONTROL_PLANE_ROLE;
use crate::key::{Target, Text};
use crate::names::{Cause, WatchKind};
use crate::time::{Now, Tick};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

mod view;

pub(crate) use view::Seen;

/// One rule that has something to remember about one object.
#[derive(Debug)]
struct Ill {
    rule: Cause,
    score: Score,
    first_bad: Now,
    finding: Option<Finding>,
}

#[derive(Debug)]
struct Bed {
    uid: Text,
    ills: Vec<Ill>,
}

/// Only objects with trouble have a bed.
#[derive(Debug, Default)]
pub(super) struct Sickbed {
    beds: BTreeMap<Subject, Bed>,
}

impl Sickbed {
    /// Asks every pod rule; gives when to ask again.
    pub(super) fn examine_pod(&mut self, pod: &PodFact, sight: &Sight<'_>) -> Option<Tick> {
        let subject = Subject::Pod(pod.key.clone());
        if pod.trouble.is_none() && !self.beds.contains_key(&subject) {
            return None;
        }
        let clear = sight.settings.pod_check_interval;
        let whole = |bad: &Bad, rule: &Rule<PodFact>, first_seen| about_pod(pod, sight, bad, rule, first_seen);
        self.examine(subject, &pod.uid, POD_RULES, pod, sight, clear, &whole)
    }

    /// Asks every node rule; gives when to ask again.
    pub(super) fn examine_node(&mut self, node: &NodeFact, sight: &Sight<'_>) -> Option<Tick> {
        if is_blind(sight) {
            // What we do not see is no evidence; a gap that ends restarts the scores.
            return None;
        }
        let subject = Subject::Node(node.name.clone());
        let clear = sight.settings.node_check_interval;
        let whole = |bad: &Bad, rule: &Rule<NodeFact>, first_seen| about_node(node, bad, rule, first_seen);
        self.examine(subject, &node.uid, NODE_RULES, node, sight, clear, &whole)
    }

    #[allow(clippy::too_many_arguments, reason = "one generic body for both kinds of object")]
    fn examine<T>(
        &mut self,
        subject: Subject,
        uid: &Text,
        rules: &[Rule<T>],
        object: &T,
        sight: &Sight<'_>,
        clear: Duration,
        whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
    ) -> Option<Tick> {
        self.beds.retain_uid(&subject, uid);
        let now = sight.now.tick;
        let mut bed = self.beds.remove(&subject).unwrap_or_else(|| Bed { uid: uid.clone(), ills: Vec::new() });
        let mut wake: Option<Tick> = None;
        for rule in rules {
            let signal = (rule.signal)(object, sight);
            let threshold = (rule.threshold)(sight.settings);
            let at = bed.ills.iter().position(|ill| ill.rule == rule.cause);
            let again = match (&signal, at) {
                (Signal::Good(again), None) => *again,
                (Signal::Good(again), Some(at)) => {
                    let ill = &mut bed.ills[at];
                    ill.score.note(now, false, None, threshold);
                    let cleared = ill.score.last_bad + clear;
                    if now >= cleared {
                        ill.finding = None;
                    }
                    let forget = ill.finding.is_none() && ill.score.is_empty();
                    let waits = ill.finding.is_some().then_some(cleared);
                    if forget {
                        bed.ills.remove(at);
                    }
                    earliest(*again, waits)
                }
                (Signal::Bad(bad), at) => {
                    let at = at.unwrap_or_else(|| {
                        let fresh =
                            Ill { rule: rule.cause, score: Score::new(now), first_bad: sight.now, finding: None };
                        bed.ills.push(fresh);
                        bed.ills.len() - 1
                    });
                    bed.ills[at].bad(now, bad, rule, threshold, whole)
                }
            };
            wake = earliest(wake, again);
        }
        // The most telling cause first, whichever came first.
        bed.ills.sort_by_key(|ill| rules.iter().position(|rule| rule.cause == ill.rule));
        if !bed.ills.is_empty() {
            self.beds.insert(subject, bed);
        }
        wake
    }

    /// Forgets an object that is gone.
    pub(super) fn discharge(&mut self, subject: &Subject) -> Option<Tick> {
        self.beds.remove(subject);
        None
    }

    /// Starts every count of `kind` again that has not fired: what was not seen is not counted.
    pub(super) fn restart(&mut self, kind: WatchKind) {
        let affected = |subject: &Subject| match subject {
            Subject::Node(_) => matches!(kind, WatchKind::Node | WatchKind::Lease),
            Subject::Pod(_) => kind == WatchKind::Pod,
        };
        for (_, bed) in self.beds.iter_mut().filter(|(subject, _)| affected(subject)) {
            bed.ills.retain(|ill| ill.finding.is_some());
        }
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        self.beds.keys().cloned()
    }

    pub(super) fn is_ill(&self, subject: &Subject) -> bool {
        self.beds.get(subject).is_some_and(Bed::is_ill)
    }

    /// The finding of the first rule that fired.
    pub(super) fn finding(&self, subject: &Subject) -> Option<&Finding> {
        self.beds.get(subject)?.ills.iter().find_map(|ill| ill.finding.as_ref())
    }

    /// Whether a signal of exactly this object is bad at this moment.
    pub(super) fn is_bad_now(&self, target: &Target) -> bool {
        self.bed(target).is_some_and(|bed| bed.ills.iter().any(|ill| ill.score.is_bad()))
    }

    /// Whether a finding about exactly this object stands.
    pub(super) fn stands(&self, target: &Target) -> bool {
        self.bed(target).is_some_and(|bed| bed.ills.iter().any(|ill| ill.finding.is_some()))
    }

    fn bed(&self, target: &Target) -> Option<&Bed> {
        self.beds.get(&subject_of(target)).filter(|bed| bed.uid == target.uid)
    }
}

/// What is examined when `target` is.
pub(super) fn subject_of(target: &Target) -> Subject {
    match target.kind {
        crate::key::Kind::Node => Subject::Node(target.key.name.clone()),
        _ => Subject::Pod(target.key.clone()),
    }
}

impl Bed {
    fn is_ill(&self) -> bool {
        self.ills.iter().any(|ill| ill.score.is_bad() || ill.finding.is_some())
    }
}

impl Ill {
    fn bad<T>(
        &mut self,
        now: Tick,
        bad: &Bad,
        rule: &Rule<T>,
        threshold: Duration,
        whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
    ) -> Option<Tick> {
        self.score.note(now, true, bad.since, threshold);
        if !self.score.fires(threshold) {
            return self.score.due(threshold);
        }
        if self.finding.is_none() {
            self.finding = Some(whole(bad, rule, self.first_bad));
        }
        None
    }
}

trait RetainUid {
    fn retain_uid(&mut self, subject: &Subject, uid: &Text);
}

impl RetainUid for BTreeMap<Subject, Bed> {
    /// Another uid under the same name is another object: nothing of the old one counts for it.
    fn retain_uid(&mut self, subject: &Subject, uid: &Text) {
        if self.get(subject).is_some_and(|bed| bed.uid != *uid) {
            self.remove(subject);
        }
    }
}

fn earliest(a: Option<Tick>, b: Option<Tick>) -> Option<Tick> {
    a.into_iter().chain(b).min()
}

/// Whether what is seen of nodes may be old.
fn is_blind(sight: &Sight<'_>) -> bool {
    let current = |kind: &WatchKind| sight.cluster.freshness.current(sight.now.tick, *kind);
    ![WatchKind::Node, WatchKind::Lease].iter().all(current)
}

fn about_pod(pod: &PodFact, sight: &Sight<'_>, bad: &Bad, rule: &Rule<PodFact>, first_seen: Now) -> Finding {
    let workload = sight.cluster.workload_of(pod);
    let about = About { target: pod.target(), workload, node: pod.node.clone() };
    let mut finding = finding(bad, rule, about, first_seen);
    let owner = pod.owner.as_ref().map(|owner| alloc::format!("{} {}", owner.kind.as_str(), owner.name));
    let node = pod.node.as_ref().map(|node| String::from(&**node));
    finding.evidence.extend(owner.map(|owner| ("owner".into(), owner)));
    finding.evidence.extend(node.map(|node| ("node".into(), node)));
    finding
}

fn about_node(node: &NodeFact, bad: &Bad, rule: &Rule<NodeFact>, first_seen: Now) -> Finding {
    let about = About { target: node.target(), workload: node.target(), node: Some(node.name.clone()) };
    let mut finding = finding(bad, rule, about, first_seen);
    let zone = Some(String::from(&*node.zone)).filter(|zone| !zone.is_empty());
    finding.evidence.extend(zone.map(|zone| ("zone".into(), zone)));
    let (role, of) = CONTROL_PLANE_ROLE;
    finding.evidence.extend(node.marks.has(Marks::CONTROL_PLANE).then(|| (role.into(), of.into())));
    finding
}

/// What a finding is about.
struct About {
    target: Target,
    workload: Target,
    node: Option<Text>,
}

fn finding<T>(bad: &Bad, rule: &Rule<T>, about: About, first_seen: Now) -> Finding {
    Finding {
        failure: rule.failure,
        cause: bad.cause,
        target: about.target,
        workload: about.workload,
        node: about.node,
        onset: bad.onset,
        first_seen,
        description: bad.description.clone(),
        evidence: bad.evidence.clone(),
    }
}
