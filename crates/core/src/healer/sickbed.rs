//! Who is ill: the scores of every object with a bad signal, and the findings that fired.

use crate::cluster::Subject;
use crate::detect::{
    Bad, DEPLOYMENT_RULES, NODE_RULES, POD_RULES, Rule, SERVICE_RULES, STATEFUL_SET_RULES, Score, Sight, Signal,
    threshold,
};
use crate::fact::{Marks, NodeFact, PodFact, ServiceFact, WorkloadFact};
use crate::finding::Finding;
use crate::guard::CONTROL_PLANE_ROLE;
use crate::key::{Key, Kind, Target, Text};
use crate::names::{Cause, FailureType, WatchKind};
use crate::time::{Now, Tick};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

mod view;

pub(crate) use view::Seen;

/// One rule that has something to remember about one object.
#[derive(Debug)]
struct Ill {
    rule: Cause,
    failure: FailureType,
    score: Score,
    first_bad: Now,
    finding: Option<Finding>,
}

#[derive(Debug)]
struct Bed {
    uid: Text,
    ills: Vec<Ill>,
}

/// How the rules of one kind are asked.
#[derive(Clone, Copy)]
struct Pace {
    /// A finding is over when its signal was good for so long.
    clear: Duration,
    /// The object is not seen now: what needs time is not counted.
    blind: bool,
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
        let blind = is_blind(sight, &[WatchKind::Pod]);
        let pace = Pace { clear: sight.settings.pod_check_interval, blind };
        let whole = |bad: &Bad, rule: &Rule<PodFact>, first_seen| about_pod(pod, sight, bad, rule, first_seen);
        self.examine(subject, &pod.uid, POD_RULES, pod, sight, pace, &whole)
    }

    /// Asks every node rule; gives when to ask again.
    pub(super) fn examine_node(&mut self, node: &NodeFact, sight: &Sight<'_>) -> Option<Tick> {
        if is_blind(sight, NODE_KINDS) {
            return None;
        }
        let subject = Subject::Node(node.name.clone());
        let pace = Pace { clear: sight.settings.node_check_interval, blind: false };
        let whole = |bad: &Bad, rule: &Rule<NodeFact>, first_seen| about_node(node, bad, rule, first_seen);
        self.examine(subject, &node.uid, NODE_RULES, node, sight, pace, &whole)
    }

    /// Asks every rule of the workload's kind; gives when to ask again.
    pub(super) fn examine_workload(&mut self, workload: &WorkloadFact, sight: &Sight<'_>) -> Option<Tick> {
        let rules = rules_of(&workload.kind)?;
        if is_blind(sight, WORKLOAD_KINDS) {
            return None;
        }
        let target = workload.target();
        let whole = |bad: &Bad, rule: &Rule<WorkloadFact>, first_seen| about(&target, bad, rule, first_seen);
        let pace = Pace { clear: sight.settings.deployment_check_interval, blind: false };
        self.examine(Subject::of(&target), &workload.uid, rules, workload, sight, pace, &whole)
    }

    /// Asks every rule of Services; gives when to ask again.
    pub(super) fn examine_service(&mut self, service: &ServiceFact, sight: &Sight<'_>) -> Option<Tick> {
        if is_blind(sight, SERVICE_KINDS) {
            return None;
        }
        let target = service.target();
        let whole = |bad: &Bad, rule: &Rule<ServiceFact>, first_seen| about(&target, bad, rule, first_seen);
        let pace = Pace { clear: sight.settings.service_check_interval, blind: false };
        self.examine(Subject::of(&target), &service.uid, SERVICE_RULES, service, sight, pace, &whole)
    }

    #[allow(clippy::too_many_arguments, reason = "one generic body for both kinds of object")]
    fn examine<T>(
        &mut self,
        subject: Subject,
        uid: &Text,
        rules: &[Rule<T>],
        object: &T,
        sight: &Sight<'_>,
        pace: Pace,
        whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
    ) -> Option<Tick> {
        self.beds.retain_uid(&subject, uid);
        let now = sight.now.tick;
        let mut bed = self.beds.remove(&subject).unwrap_or_else(|| Bed { uid: uid.clone(), ills: Vec::new() });
        let mut wake: Option<Tick> = None;
        for rule in rules {
            let sight = &sight.of(rule.failure, rule.cause);
            let signal = (rule.signal)(object, sight);
            let threshold = threshold(rule, &signal, sight);
            if pace.blind && !threshold.is_zero() {
                continue;
            }
            let at = bed.ills.iter().position(|ill| ill.rule == rule.cause);
            let again = match (&signal, at) {
                (Signal::Good(again), None) => *again,
                (Signal::Good(again), Some(at)) => {
                    let ill = &mut bed.ills[at];
                    ill.score.note(now, false, None, threshold);
                    let cleared = ill.score.last_bad + pace.clear;
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
                        let fresh = Ill {
                            rule: rule.cause,
                            failure: rule.failure,
                            score: Score::new(now),
                            first_bad: sight.now,
                            finding: None,
                        };
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

    /// Starts every count again that has not fired: nothing was looked at for a while.
    pub(super) fn restart_all(&mut self) {
        self.beds.values_mut().for_each(|bed| bed.ills.retain(|ill| ill.finding.is_some()));
    }

    /// Starts every count of `kind` again that has not fired: what was not seen is not counted.
    pub(super) fn restart(&mut self, kind: WatchKind) {
        let affected = |subject: &Subject| match subject {
            Subject::Node(_) => NODE_KINDS.contains(&kind),
            Subject::Workload(..) => WORKLOAD_KINDS.contains(&kind),
            Subject::Service(_) => SERVICE_KINDS.contains(&kind),
            Subject::Pod(_) => kind == WatchKind::Pod,
        };
        for (_, bed) in self.beds.iter_mut().filter(|(subject, _)| affected(subject)) {
            bed.ills.retain(|ill| ill.finding.is_some());
        }
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        self.beds.keys().cloned()
    }

    pub(super) fn is_known(&self, subject: &Subject) -> bool {
        self.beds.contains_key(subject)
    }

    /// What is wrong with everything but nodes: the object, the cause, and whether it was bad for long enough to count.
    pub(super) fn troubles(&self) -> impl Iterator<Item = (&Subject, Cause, bool)> {
        let beds = self.beds.iter().filter(|(subject, _)| !matches!(subject, Subject::Node(_)));
        beds.filter_map(|(subject, bed)| {
            let ill = bed.ills.iter().find(|ill| ill.is_ill())?;
            let cause = ill.finding.as_ref().map_or(ill.rule, |finding| finding.cause);
            Some((subject, cause, ill.finding.is_some()))
        })
    }

    /// Whether something of this type of failure is wrong with it now, or was a moment ago.
    pub(super) fn is_ill(&self, subject: &Subject, failure: FailureType) -> bool {
        self.beds.get(subject).is_some_and(|bed| bed.ills(failure).any(Ill::is_ill))
    }

    /// The finding of the first rule that fired, if its signal is bad at this moment as well: what has passed opens nothing.
    pub(super) fn present_finding(&self, subject: &Subject) -> Option<&Finding> {
        let ill = self.beds.get(subject)?.ills.iter().find(|ill| ill.finding.is_some())?;
        ill.finding.as_ref().filter(|_| ill.score.is_bad())
    }

    /// Whether a finding of the rule `rule` stands.
    pub(super) fn is_found(&self, subject: &Subject, rule: Cause) -> bool {
        let found = |bed: &Bed| bed.ills.iter().any(|ill| ill.rule == rule && ill.finding.is_some());
        self.beds.get(subject).is_some_and(found)
    }

    /// Pods for which the rule `rule` says now that something is wrong.
    pub(super) fn pods_with(&self, rule: Cause) -> impl Iterator<Item = &Key> {
        let bad = move |bed: &Bed| bed.ills.iter().any(|ill| ill.rule == rule && ill.score.is_bad());
        self.beds.iter().filter_map(move |(subject, bed)| match subject {
            Subject::Pod(key) if bad(bed) => Some(key),
            _ => None,
        })
    }

    /// Whether a signal of exactly this object is bad at this moment, or a finding about it stands.
    pub(super) fn is_failing(&self, target: &Target, failure: FailureType) -> bool {
        let bed = self.beds.get(&Subject::of(target)).filter(|bed| bed.uid == target.uid);
        bed.is_some_and(|bed| bed.ills(failure).any(Ill::is_ill))
    }
}

/// The watches whose gap makes what we think of a node doubtful.
const NODE_KINDS: &[WatchKind] = &[WatchKind::Node, WatchKind::Lease];
/// The same for controllers of pods.
const WORKLOAD_KINDS: &[WatchKind] =
    &[WatchKind::Deployment, WatchKind::ReplicaSet, WatchKind::StatefulSet, WatchKind::Pod];
/// The same for Services.
const SERVICE_KINDS: &[WatchKind] = &[WatchKind::Service, WatchKind::EndpointSlice];

/// What we do not see is no evidence; a gap that ends restarts the scores.
fn is_blind(sight: &Sight<'_>, kinds: &[WatchKind]) -> bool {
    kinds.iter().any(|kind| !sight.cluster.freshness.current(sight.now.tick, *kind))
}

impl Bed {
    fn ills(&self, failure: FailureType) -> impl Iterator<Item = &Ill> {
        self.ills.iter().filter(move |ill| ill.failure == failure)
    }
}

impl Ill {
    fn is_ill(&self) -> bool {
        self.score.is_bad() || self.finding.is_some()
    }

    fn bad<T>(
        &mut self,
        now: Tick,
        bad: &Bad,
        rule: &Rule<T>,
        threshold: Duration,
        whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
    ) -> Option<Tick> {
        self.score.note(now, true, bad.since, threshold);
        if !bad.overdue && !self.score.fires(threshold) {
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

fn about_pod(pod: &PodFact, sight: &Sight<'_>, bad: &Bad, rule: &Rule<PodFact>, first_seen: Now) -> Finding {
    let workload = sight.cluster.workload_of(pod);
    let about = About { target: pod.target(), workload, node: pod.node.clone() };
    let mut finding = finding(bad, rule, about, first_seen);
    let owner = pod.owner.as_ref().map(ToString::to_string);
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

/// The rules of a controller of pods, if its kind has any.
fn rules_of(kind: &Kind) -> Option<&'static [Rule<WorkloadFact>]> {
    match kind {
        Kind::Deployment => Some(DEPLOYMENT_RULES),
        Kind::StatefulSet => Some(STATEFUL_SET_RULES),
        Kind::Node | Kind::Pod | Kind::Service | Kind::ReplicaSet | Kind::DaemonSet | Kind::Job | Kind::Other(_) => {
            None
        }
    }
}

fn about<T>(target: &Target, bad: &Bad, rule: &Rule<T>, first_seen: Now) -> Finding {
    finding(bad, rule, About { target: target.clone(), workload: target.clone(), node: None }, first_seen)
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
