//! What each rule says of one object now, without noting it: the same signals, thresholds and scores as in `examine`.

use super::{
    Bed, Ill, NODE_KINDS, SERVICE_KINDS, Sickbed, WORKLOAD_KINDS, about, about_node, about_pod, is_blind, rules_of,
};
use crate::cluster::Subject;
use crate::detect::{Bad, NODE_RULES, POD_RULES, Rule, SERVICE_RULES, Score, Sight, Signal, threshold};
use crate::explanation::SignalView;
use crate::fact::{NodeFact, PodFact, ServiceFact, WorkloadFact};
use crate::finding::Finding;
use crate::key::Text;
use crate::names::WatchKind;
use crate::time::Now;
use alloc::string::String;
use alloc::vec::Vec;

/// One rule's view, and the finding that it made or would make.
pub(crate) struct Seen {
    pub(crate) view: SignalView,
    /// Stands, or would if the signal stayed bad.
    pub(crate) finding: Option<Finding>,
}

impl Sickbed {
    pub(crate) fn view_pod(&self, pod: &PodFact, sight: &Sight<'_>) -> Vec<Seen> {
        let whole = |bad: &Bad, rule: &Rule<PodFact>, first_seen| about_pod(pod, sight, bad, rule, first_seen);
        let bed = self.bed_of(&Subject::Pod(pod.key.clone()), &pod.uid);
        view(bed, POD_RULES, pod, sight, &whole)
    }

    pub(crate) fn view_node(&self, node: &NodeFact, sight: &Sight<'_>) -> Vec<Seen> {
        let whole = |bad: &Bad, rule: &Rule<NodeFact>, first_seen| about_node(node, bad, rule, first_seen);
        let bed = self.bed_of(&Subject::Node(node.name.clone()), &node.uid);
        counted(sight, NODE_KINDS, view(bed, NODE_RULES, node, sight, &whole))
    }

    pub(crate) fn view_workload(&self, workload: &WorkloadFact, sight: &Sight<'_>) -> Vec<Seen> {
        let Some(rules) = rules_of(&workload.kind) else { return Vec::new() };
        let target = workload.target();
        let whole = |bad: &Bad, rule: &Rule<WorkloadFact>, first_seen| about(&target, bad, rule, first_seen);
        let bed = self.bed_of(&Subject::of(&target), &workload.uid);
        counted(sight, WORKLOAD_KINDS, view(bed, rules, workload, sight, &whole))
    }

    pub(crate) fn view_service(&self, service: &ServiceFact, sight: &Sight<'_>) -> Vec<Seen> {
        let target = service.target();
        let whole = |bad: &Bad, rule: &Rule<ServiceFact>, first_seen| about(&target, bad, rule, first_seen);
        let bed = self.bed_of(&Subject::of(&target), &service.uid);
        counted(sight, SERVICE_KINDS, view(bed, SERVICE_RULES, service, sight, &whole))
    }

    fn bed_of(&self, subject: &Subject, uid: &Text) -> Option<&Bed> {
        self.beds.get(subject).filter(|bed| bed.uid == *uid)
    }
}

/// What we do not see is not counted.
fn counted(sight: &Sight<'_>, kinds: &[WatchKind], mut seen: Vec<Seen>) -> Vec<Seen> {
    if is_blind(sight, kinds) {
        seen.iter_mut().for_each(|seen| seen.view.fires_at = None);
    }
    seen
}

fn view<T>(
    bed: Option<&Bed>,
    rules: &[Rule<T>],
    object: &T,
    sight: &Sight<'_>,
    whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
) -> Vec<Seen> {
    rules.iter().map(|rule| one(bed.and_then(|bed| bed.ill(rule)), rule, object, sight, whole)).collect()
}

impl Bed {
    fn ill<T>(&self, rule: &Rule<T>) -> Option<&Ill> {
        self.ills.iter().find(|ill| ill.rule == rule.cause)
    }
}

fn one<T>(
    ill: Option<&Ill>,
    rule: &Rule<T>,
    object: &T,
    sight: &Sight<'_>,
    whole: &dyn Fn(&Bad, &Rule<T>, Now) -> Finding,
) -> Seen {
    let now = sight.now.tick;
    let sight = &sight.of(rule.failure, rule.cause);
    let signal = (rule.signal)(object, sight);
    let threshold = threshold(rule, &signal, sight);
    let bad = if let Signal::Bad(bad) = &signal { Some(bad) } else { None };
    let mut score = ill.map_or_else(|| Score::new(now), |ill| ill.score.clone());
    score.note(now, bad.is_some(), bad.and_then(|bad| bad.since), threshold);
    let stands = ill.and_then(|ill| ill.finding.clone());
    let first_seen = ill.map(|ill| ill.first_bad);
    let supposed = || bad.map(|bad| whole(bad, rule, first_seen.unwrap_or(sight.now)));
    let fired = stands.is_some();
    Seen {
        view: SignalView {
            cause: bad.map_or(rule.cause, |bad| bad.cause),
            bad: bad.is_some(),
            description: bad.map_or_else(String::new, |bad| bad.description.clone()),
            score: score.level(),
            threshold,
            fired,
            first_seen: first_seen.map(|seen| seen.stamp),
            fires_at: score.due(threshold).filter(|_| !fired).map(|due| sight.now.stamp_of(due)),
        },
        finding: stands.or_else(supposed),
    }
}
