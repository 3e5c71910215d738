//! New revisions of workloads: who makes way for whom, how far a rollout is, and how its pods behave.

use super::suffer::{crashed, trouble, unready, waiting};
use super::truth::{Later, Truth};
use self_healing_core::effect::Revision;
use self_healing_core::fact::{Condition, ConditionStatus, Owner, PodFact, PodPhase, Rollout, WorkloadFact};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_story::story::{PROGRESS_DEADLINE, RELEASE_RESTARTS};
use self_healing_story::{Name, Release};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of revisions beyond facts.
#[derive(Default)]
pub(super) struct Rollouts {
    /// How new pods of a controller behave, by its uid.
    how: BTreeMap<Text, Release>,
    /// How a pod behaves that was made by a release.
    fates: BTreeMap<Text, Release>,
    /// The revision of a StatefulSet's pods.
    revisions: BTreeMap<Text, Text>,
    /// Workloads that were released: how often, since when nothing has come on, and what there was then.
    under_way: BTreeMap<Text, (u32, u64, [u32; 3])>,
}

impl Rollouts {
    /// The revision that the pod's label names; only of StatefulSets.
    pub(super) fn revision_of(&self, pod: &Text) -> Option<&Text> {
        self.revisions.get(pod)
    }

    /// A controller makes this pod.
    pub(super) fn makes(&mut self, workload: &WorkloadFact, pod: &Text) {
        if let Some(how) = self.how.get(&workload.uid) {
            self.fates.insert(pod.clone(), *how);
        }
        if workload.kind == Kind::StatefulSet {
            self.revisions.insert(pod.clone(), Text::from(workload.revision()));
        }
    }
}

impl Truth {
    /// A person changes the template of a Deployment or StatefulSet.
    pub(super) fn release(&mut self, kind: &Kind, name: &Name, how: Release) {
        let key = Key::new(&name.namespace, &name.name);
        let uid = self.workloads[&(kind.clone(), key.clone())].uid.clone();
        let times = self.rollouts.under_way.get(&uid).map_or(0, |(times, ..)| *times) + 1;
        let number = times + 1;
        self.rollouts.under_way.insert(uid.clone(), (times, self.now, [0; 3]));
        let revision =
            Text::from(if *kind == Kind::StatefulSet { format!("rev-{number}") } else { number.to_string() });
        self.edit_workload(kind, &key, |fact| {
            let rollout = fact.rollout.get_or_insert_default();
            (rollout.revision, rollout.updated) = (revision.clone(), 0);
        });
        if *kind == Kind::StatefulSet {
            self.rollouts.how.insert(uid, how);
        } else {
            self.new_set(&key, name, number, how);
        }
        self.stir();
    }

    /// A person's or the controller's template of an earlier ReplicaSet: that one is the newest again, under a new number.
    pub(crate) fn release_again(&mut self, deployment: &WorkloadFact, set: &Text) {
        let times = self.rollouts.under_way.get(&deployment.uid).map_or(0, |(times, ..)| *times) + 1;
        self.rollouts.under_way.insert(deployment.uid.clone(), (times, self.now, [0; 3]));
        let revision = Text::from((times + 1).to_string());
        let place = Key { namespace: deployment.key.namespace.clone(), name: set.clone() };
        for (kind, key) in [(Kind::ReplicaSet, place), (Kind::Deployment, deployment.key.clone())] {
            self.edit_workload(&kind, &key, |fact| {
                let rollout = fact.rollout.get_or_insert_default();
                rollout.revision = revision.clone();
                rollout.updated = if kind == Kind::Deployment { 0 } else { rollout.updated };
            });
        }
        self.stir();
    }

    /// The ReplicaSets of a Deployment as revisions, each its own template.
    pub(super) fn revisions(&self, deployment: &WorkloadFact) -> Vec<Revision> {
        let of = |set: &WorkloadFact| Revision {
            name: set.key.name.clone(),
            number: set.revision().parse().unwrap_or(0),
            available: self.active(set).iter().filter(|pod| pod.ready).count() as u32,
            template: set.key.name.clone(),
        };
        self.sets(&deployment.uid).iter().map(of).collect()
    }

    /// How the pods of a controller's newest template behave.
    pub(super) fn behaviour(&self, workload: &WorkloadFact) -> Release {
        let newest = self.sets(&workload.uid).into_iter().find(|set| set.revision() == workload.revision());
        let of = newest.map_or_else(|| workload.uid.clone(), |set| set.uid);
        self.rollouts.how.get(&of).copied().unwrap_or(Release::Well)
    }

    /// Pods of a controller that are neither over nor going, and how many of them are of its newest template.
    pub(super) fn counts(&self, workload: &WorkloadFact) -> (u32, u32, u32) {
        let sets = self.sets(&workload.uid);
        let of = |set: &&WorkloadFact| workload.kind != Kind::Deployment || set.revision() == workload.revision();
        let below = if workload.kind == Kind::Deployment { sets } else { vec![workload.clone()] };
        let all: Vec<PodFact> = below.iter().flat_map(|set| self.active(set)).collect();
        let newest: Vec<PodFact> = below.iter().filter(of).flat_map(|set| self.active(set)).collect();
        let updated =
            |pod: &&PodFact| self.rollouts.revisions.get(&pod.uid).is_none_or(|it| **it == *workload.revision());
        let count = |count: usize| count as u32;
        (
            count(newest.iter().filter(updated).count()),
            count(all.len()),
            count(all.iter().filter(|pod| pod.ready).count()),
        )
    }

    /// The ReplicaSet of a Deployment's new template; it has no pods yet.
    fn new_set(&mut self, key: &Key, name: &Name, number: u32, how: Release) {
        let top = self.workloads[&(Kind::Deployment, key.clone())].clone();
        let set = Key::new(&name.namespace, &format!("{}-rs{number}", name.name));
        let uid = Text::from(format!("uid-{}-{set}", Kind::ReplicaSet.as_str()));
        let owner =
            |kind: Kind, of: &WorkloadFact| Arc::new(Owner { kind, name: of.key.name.clone(), uid: of.uid.clone() });
        let fact = WorkloadFact {
            kind: Kind::ReplicaSet,
            key: set,
            uid: uid.clone(),
            created: self.stamp(),
            owner: Some(owner(Kind::Deployment, &top)),
            desired: Some(0),
            ready: 0,
            conditions: Vec::new(),
            rollout: Some(Box::new(Rollout { revision: Text::from(number.to_string()), ..Rollout::default() })),
            ..top
        };
        let first = self.sets(&fact.owner.as_ref().unwrap().uid.clone()).first().map(|set| set.uid.clone());
        let template = self.templates[&first.unwrap()].clone();
        self.templates.insert(uid.clone(), PodFact { owner: Some(owner(Kind::ReplicaSet, &fact)), ..template });
        self.families.insert(uid.clone(), name.clone());
        self.rollouts.how.insert(uid, how);
        let place = (fact.kind.clone(), fact.key.clone());
        self.workloads.insert(place.clone(), fact);
        self.edit_workload(&place.0, &place.1, |_| {});
    }

    /// The ReplicaSets of a Deployment, the oldest first.
    fn sets(&self, deployment: &Text) -> Vec<WorkloadFact> {
        let of = |fact: &&WorkloadFact| fact.owner.as_ref().is_some_and(|owner| owner.uid == *deployment);
        let mut sets: Vec<WorkloadFact> = self.workloads.values().filter(of).cloned().collect();
        sets.sort_by_key(|set| set.created);
        sets
    }

    fn active(&self, workload: &WorkloadFact) -> Vec<PodFact> {
        let of = |pod: &PodFact| pod.owner.as_ref().is_some_and(|owner| owner.uid == workload.uid);
        let pods =
            self.pods.values().map(|(pod, _)| pod).filter(|pod| of(pod) && !pod.finished() && !pod.terminating());
        pods.cloned().collect()
    }

    /// Every pod of a workload crashes in the same way at once: a configuration that all of them read is bad.
    pub(crate) fn crash_all(&mut self, name: &str) {
        let now = self.stamp();
        let of =
            |pod: &PodFact| pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid)) == Some(&Name::of(name));
        let pods: Vec<Target> = self.pods.values().filter(|(pod, _)| of(pod)).map(|(pod, _)| pod.target()).collect();
        for pod in pods {
            let container = crashed("", RELEASE_RESTARTS);
            self.edit(&pod, |fact| trouble(fact, PodPhase::Running, vec![container], now));
        }
    }

    /// What a Deployment that was released does next, with a quarter of its pods too many, rounded up, or too few, rounded down.
    pub(super) fn roll_out(&mut self, deployment: &WorkloadFact) {
        let sets = self.sets(&deployment.uid);
        if !self.rollouts.under_way.contains_key(&deployment.uid) {
            if let Some(set) = sets.first().filter(|set| set.desired != deployment.desired) {
                self.scale(set, deployment.desired.unwrap_or(0));
            }
            return;
        }
        sets.iter().for_each(|set| self.tell_of(set));
        let sets = self.sets(&deployment.uid);
        let (new, old): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| set.revision() == deployment.revision());
        let Some(new) = new.into_iter().next() else { return };
        let wanted = |set: &WorkloadFact| set.desired.unwrap_or(0);
        let replicas = wanted(deployment);
        let all = wanted(&new) + old.iter().map(wanted).sum::<u32>();
        let room = (replicas + replicas.div_ceil(4)).saturating_sub(all);
        let more = replicas.saturating_sub(wanted(&new)).min(room);
        if more > 0 {
            self.scale(&new, wanted(&new) + more);
        } else {
            let least = replicas - replicas / 4;
            let mut spare = all.saturating_sub(least + wanted(&new).saturating_sub(new.ready));
            for set in &old {
                let sick = wanted(set).saturating_sub(set.ready).min(spare);
                let ready = set.ready.min(spare - sick);
                let available = new.ready + old.iter().map(|set| set.ready).sum::<u32>();
                let down = (sick + ready.min(available.saturating_sub(least))).min(wanted(set));
                if down > 0 {
                    spare -= down;
                    self.scale(set, wanted(set) - down);
                }
            }
        }
        self.tell_progress(deployment, &new, &old);
    }

    fn scale(&mut self, set: &WorkloadFact, to: u32) {
        self.edit_workload(&set.kind, &set.key, |fact| fact.desired = Some(to));
        self.stir();
    }

    /// What the status of a ReplicaSet or StatefulSet counts.
    fn tell_of(&mut self, workload: &WorkloadFact) {
        let pods = self.active(workload);
        let of = |pod: &&PodFact| self.rollouts.revisions.get(&pod.uid).is_none_or(|it| **it == *workload.revision());
        let (updated, ready) =
            (pods.iter().filter(of).count() as u32, pods.iter().filter(|pod| pod.ready).count() as u32);
        let known = workload.rollout.as_ref().map(|rollout| rollout.updated);
        if (known, workload.ready) != (Some(updated), ready) {
            self.edit_workload(&workload.kind, &workload.key, |fact| {
                fact.rollout.get_or_insert_default().updated = updated;
                fact.ready = ready;
            });
        }
    }

    /// The condition Progressing: it is late when nothing has come on for `progressDeadlineSeconds`.
    fn tell_progress(&mut self, deployment: &WorkloadFact, new: &WorkloadFact, old: &[WorkloadFact]) {
        let count = |set: &WorkloadFact| set.rollout.as_ref().map_or(0, |rollout| rollout.updated);
        let is = [count(new), new.ready, old.iter().map(count).sum::<u32>()];
        let deadline = PROGRESS_DEADLINE.as_millis() as u64;
        let Some((_, since, was)) = self.rollouts.under_way.get_mut(&deployment.uid) else { return };
        if *was != is {
            (*since, *was) = (self.now, is);
            self.after(deadline, Later::Controllers);
        }
        let replicas = deployment.desired.unwrap_or(0);
        let late = self.rollouts.under_way[&deployment.uid].1 + deadline <= self.now;
        let (status, reason) = match late {
            _ if is == [replicas, replicas, 0] => (ConditionStatus::True, "NewReplicaSetAvailable"),
            true => (ConditionStatus::False, "ProgressDeadlineExceeded"),
            false => (ConditionStatus::True, "ReplicaSetUpdated"),
        };
        let known = deployment.conditions.iter().find(|known| &*known.kind == "Progressing");
        if known.is_none_or(|known| &*known.reason != reason) {
            let at = self.stamp();
            let (kind, reason) = (Text::from("Progressing"), Text::from(reason));
            self.edit_workload(&Kind::Deployment, &deployment.key, |fact| {
                fact.conditions.retain(|known| known.kind != kind);
                fact.conditions.push(Condition { kind, status, reason, changed: at, heartbeat: at });
            });
        }
    }

    /// Pods of a ReplicaSet that a release makes too many go: those first that are not ready.
    pub(super) fn surplus(&mut self, set: &WorkloadFact) {
        let mut pods = self.active(set);
        pods.sort_by_key(|pod| (pod.ready, std::cmp::Reverse(pod.created)));
        let wanted = set.desired.unwrap_or(0) as usize;
        for pod in pods.iter().take(pods.len().saturating_sub(wanted)) {
            self.terminate(&pod.target());
        }
    }

    /// A StatefulSet that was released updates from the highest ordinal down, each pod when all are well; so a broken one keeps the others
    /// waiting, whatever is released after it.
    pub(super) fn update(&mut self, set: &WorkloadFact) {
        if !self.rollouts.under_way.contains_key(&set.uid) {
            return;
        }
        self.tell_of(set);
        let pods: Vec<PodFact> = (0..set.desired.unwrap_or(0))
            .map_while(|n| self.pods.get(&Key::new(&set.key.namespace, &format!("{}-{n}", set.key.name))))
            .map(|(pod, _)| pod.clone())
            .collect();
        let all = pods.len() == set.desired.unwrap_or(0) as usize;
        if !all || !pods.iter().all(|pod| pod.ready && !pod.terminating()) {
            return;
        }
        let is_old = |pod: &&PodFact| self.rollouts.revisions.get(&pod.uid).is_none_or(|it| **it != *set.revision());
        match pods.iter().rev().find(is_old) {
            Some(pod) => self.terminate(&pod.target()),
            None if set.rollout.as_ref().is_some_and(|rollout| rollout.previous != rollout.revision) => {
                self.edit_workload(&set.kind, &set.key, |fact| {
                    fact.rollout.iter_mut().for_each(|rollout| rollout.previous = rollout.revision.clone());
                });
            }
            None => {}
        }
    }

    /// Whether a pod asks for more than any node has.
    pub(super) fn fits_nowhere(&self, pod: &Text) -> bool {
        self.rollouts.fates.get(pod) == Some(&Release::Unschedulable)
    }

    /// Whether a pod that has just started is well; otherwise it suffers what its revision makes it suffer.
    pub(super) fn starts_well(&mut self, pod: &Target) -> bool {
        let now = self.stamp();
        let (phase, container) = match self.rollouts.fates.get(&pod.uid) {
            None | Some(Release::Well) => return true,
            Some(Release::Unready) => (PodPhase::Running, unready()),
            Some(Release::CrashLoop) => (PodPhase::Running, crashed("", RELEASE_RESTARTS)),
            Some(Release::ImagePullBackOff) => (PodPhase::Pending, waiting("ImagePullBackOff")),
            // No node took it.
            Some(Release::Unschedulable) => return false,
        };
        self.edit(pod, |fact| trouble(fact, phase, vec![container], now));
        false
    }
}
