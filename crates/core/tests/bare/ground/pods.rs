//! The life of pods: controllers make them, the scheduler binds them, kubelets start and end them.

use super::truth::{Later, Truth, condition};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::event::Event;
use self_healing_core::fact::{ConditionStatus, Labels, NodeFact, PodFact, PodPhase, WorkloadFact};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::recovery::{Memory, MemoryLimit};
use self_healing_core::time::Stamp;
use self_healing_story::story::MEMORY_LIMIT;
use self_healing_story::{Name, Verb as Wrote};

/// How long a container takes to start and to end.
const START: u64 = 1000;
const STOP: u64 = 1000;
/// `terminationGracePeriodSeconds`, in milliseconds.
const GRACE: i64 = 30_000;

impl Truth {
    /// Puts or replaces a pod.
    pub(crate) fn put(&mut self, mut pod: PodFact) {
        let version = self.next_version();
        let workload = pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid));
        let app = workload.map_or_else(|| pod.key.name.to_string(), |workload| workload.name.clone());
        let revision = self.rollouts.revision_of(&pod.uid);
        let revision = revision.map(|revision| (Text::from("controller-revision-hash"), revision.clone()));
        let labels = Labels::new([(Text::from("app"), Text::from(app))].into_iter().chain(revision));
        pod.trouble.iter_mut().for_each(|trouble| trouble.labels = labels.clone());
        let name = Name { namespace: pod.key.namespace.to_string(), name: pod.key.name.to_string() };
        self.names.see(&pod.uid, &name, workload, pod.created.0 / 1000);
        self.news.push(Event::Pod(pod.clone()));
        self.pods.insert(pod.key.clone(), (pod, version));
        self.stir();
    }

    /// Exactly that pod.
    pub(super) fn exact(&self, target: &Target) -> Option<(PodFact, u64)> {
        self.pods.get(&target.key).filter(|(pod, _)| pod.uid == target.uid).cloned()
    }

    /// Changes exactly that pod, if it is there.
    pub(crate) fn edit(&mut self, target: &Target, change: impl FnOnce(&mut PodFact)) {
        let Some((mut pod, _)) = self.exact(target) else { return };
        let due = pod.trouble.as_ref().and_then(|trouble| trouble.deletion_due);
        let finalizers = pod.trouble.as_ref().map(|trouble| trouble.finalizers.clone());
        change(&mut pod);
        if due.is_some() {
            // A deletion cannot be taken back.
            let trouble = pod.trouble.get_or_insert_default();
            (trouble.deletion_due, trouble.finalizers) = (due, finalizers.unwrap_or_default());
        }
        self.put(pod);
    }

    /// That pod is gone.
    pub(crate) fn remove(&mut self, target: &Target) {
        if self.exact(target).is_some() {
            self.pods.remove(&target.key);
            self.news.push(Event::PodGone(target.key.clone()));
            self.stir();
        }
    }

    /// A graceful deletion begins.
    pub(super) fn terminate(&mut self, target: &Target) {
        let Some((pod, _)) = self.exact(target).filter(|(pod, _)| !pod.terminating()) else { return };
        let finalizers = self.finalizers.get(&target.uid).cloned().unwrap_or_default();
        let at_once = pod.finished() || pod.node.is_none();
        if at_once && finalizers.is_empty() {
            return self.remove(target);
        }
        let due = Stamp(self.stamp().0 + if at_once { 0 } else { GRACE });
        let stays = !finalizers.is_empty() || pod.node.as_ref().is_some_and(|node| self.silent.contains_key(node));
        self.edit(target, |pod| {
            let trouble = pod.trouble.get_or_insert_default();
            (trouble.deletion_due, trouble.finalizers) = (Some(due), finalizers);
        });
        if !stays {
            self.after(STOP, Later::Remove(target.clone()));
        }
    }

    /// The kubelet of a pod that was starting says that it is ready.
    pub(super) fn started(&mut self, target: &Target) {
        let starting = |pod: &PodFact| {
            let calm = pod.trouble.as_ref().is_none_or(|t| t.containers.is_empty() && t.deletion_due.is_none());
            let alive = pod.node.as_ref().is_some_and(|node| !self.silent.contains_key(node));
            pod.phase == PodPhase::Pending && calm && alive
        };
        if self.exact(target).is_some_and(|(pod, _)| starting(&pod)) && !self.unwell && self.starts_well(target) {
            self.edit(target, |pod| (pod.phase, pod.ready, pod.trouble) = (PodPhase::Running, true, None));
        }
    }

    /// What its one container may use of memory; a pod that asks for none has no limit.
    pub(super) fn memory_of(&self, pod: &PodFact) -> Memory {
        let (wanted, actual) = self.limits.get(&pod.uid).copied().unwrap_or((MEMORY_LIMIT, MEMORY_LIMIT));
        let limit = MemoryLimit { container: Text::from("main"), wanted, actual: Some(actual) };
        let limits = if pod.requests.memory > 0 { vec![limit] } else { Vec::new() };
        Memory { limits, ..Memory::default() }
    }

    pub(super) fn resize(&mut self, target: &Target, limit: u64) -> Outcome {
        if let Some(why) = self.no_resize {
            return Outcome::Refused { message: why.into() };
        }
        self.wrote(Wrote::Resize, &target.uid);
        let (_, actual) = self.limits.get(&target.uid).copied().unwrap_or((MEMORY_LIMIT, MEMORY_LIMIT));
        self.limits.insert(target.uid.clone(), (limit, actual));
        self.edit(target, |_| {});
        self.after(START + self.unsized_for, Later::Resized(target.clone()));
        Outcome::Done(Answer::Nothing)
    }

    /// A person sets the limit.
    pub(crate) fn limit(&mut self, target: &Target, limit: u64) {
        self.limits.insert(target.uid.clone(), (limit, limit));
        self.edit(target, |_| {});
    }

    /// The kubelet has given the container its new limit.
    pub(super) fn resized(&mut self, target: &Target) {
        if let Some((wanted, actual)) = self.limits.get_mut(&target.uid) {
            *actual = *wanted;
            self.edit(target, |_| {});
        }
    }

    /// That pod is well, whatever it suffered.
    pub(crate) fn cure(&mut self, target: &Target) {
        self.edit(target, |pod| (pod.phase, pod.ready, pod.trouble) = (PodPhase::Running, pod.node.is_some(), None));
    }

    /// The control plane takes away the readiness of the pods of a node that is not Ready.
    pub(super) fn blame(&mut self, node: &Text) {
        let now = self.stamp();
        for target in self.on(node, |pod| pod.ready) {
            self.blamed.insert(target.uid.clone());
            self.edit(&target, |pod| {
                pod.ready = false;
                pod.trouble.get_or_insert_default().ready_changed = Some(now);
            });
        }
    }

    /// A node's kubelet reports again: what runs there is ready, what was deleted ends.
    pub(super) fn report(&mut self, node: &Text) {
        for target in self.on(node, |pod| !pod.terminating()) {
            if self.blamed.remove(&target.uid) {
                self.edit(&target, |pod| (pod.ready, pod.trouble) = (true, None));
            } else {
                self.after(START, Later::Ready(target));
            }
        }
        for target in
            self.on(node, |pod| pod.trouble.as_ref().is_some_and(|t| t.finalizers.is_empty()) && pod.terminating())
        {
            self.after(STOP, Later::Remove(target));
        }
    }

    fn on(&self, node: &Text, which: impl Fn(&PodFact) -> bool) -> Vec<Target> {
        let pods = self.pods.values().map(|(pod, _)| pod).filter(|pod| pod.node.as_ref() == Some(node) && which(pod));
        pods.map(PodFact::target).collect()
    }

    /// Every controller makes the pods that it misses.
    pub(super) fn controllers(&mut self) {
        if self.idle {
            return;
        }
        for workload in self.workloads.values().cloned().collect::<Vec<_>>() {
            match workload.kind {
                Kind::Deployment => {
                    self.count(&workload);
                    self.roll_out(&workload);
                }
                Kind::StatefulSet => {
                    let names = (0..workload.desired.unwrap_or(0)).map(|n| format!("{}-{n}", workload.key.name));
                    names.for_each(|name| self.make(&workload, &name, None));
                    self.update(&workload);
                }
                Kind::DaemonSet => {
                    for node in self.nodes.keys().cloned().collect::<Vec<_>>() {
                        self.make(&workload, &format!("{}-{node}", workload.key.name), Some(node));
                    }
                }
                _ => {
                    let active = |pod: &PodFact| !pod.finished() && !pod.terminating() && owned(pod, &workload);
                    let active = self.pods.values().filter(|(pod, _)| active(pod)).count();
                    for _ in active..self.wanted(&workload) {
                        let name = format!("{}-{:05}", workload.key.name, self.next_version());
                        self.make(&workload, &name, None);
                    }
                    if workload.kind == Kind::ReplicaSet {
                        self.surplus(&workload);
                    }
                }
            }
        }
    }

    /// What a Deployment says of its pods: it may miss a quarter of them, rounded down.
    fn count(&mut self, deployment: &WorkloadFact) {
        let (ready, desired) = (self.ready_of(deployment), deployment.desired.unwrap_or(0));
        let enough = ready >= desired - desired / 4;
        let status = if enough { ConditionStatus::True } else { ConditionStatus::False };
        if deployment.condition("Available", status).is_none() {
            let at = self.stamp();
            self.edit_workload(&Kind::Deployment, &deployment.key, |fact| {
                fact.conditions.retain(|known| &*known.kind != "Available");
                fact.conditions.push(condition("Available", status, at));
            });
        }
    }

    fn ready_of(&self, deployment: &WorkloadFact) -> u32 {
        let family = self.families.get(&deployment.uid);
        let of = |pod: &PodFact| pod.owner.as_ref().and_then(|owner| self.families.get(&owner.uid)) == family;
        self.pods.values().filter(|(pod, _)| of(pod) && pod.ready && !pod.terminating()).count() as u32
    }

    fn wanted(&self, workload: &WorkloadFact) -> usize {
        // The fact of a Job does not say how many; the tests' Jobs want one.
        workload.desired.map_or(1, |desired| desired as usize)
    }

    fn make(&mut self, workload: &WorkloadFact, name: &str, node: Option<Text>) {
        let key = Key::new(&workload.key.namespace, name);
        let Some(template) = self.templates.get(&workload.uid).cloned().filter(|_| !self.pods.contains_key(&key))
        else {
            return;
        };
        let created = Stamp(self.stamp().0 / 1000 * 1000);
        let uid = Text::from(format!("uid-{}", self.next_version()));
        let bound = node.is_some();
        self.rollouts.makes(workload, &uid);
        let pod = PodFact { key, uid, node, created, ..starting(template) };
        let target = pod.target();
        self.put(pod);
        if bound {
            self.after(START, Later::Ready(target));
        }
    }

    /// Binds every pod that waits for a node, if one fits.
    pub(super) fn schedule(&mut self) {
        let waiting = self.pods.values().map(|(pod, _)| pod).filter(|pod| pod.node.is_none() && !pod.finished());
        for target in waiting.map(PodFact::target).collect::<Vec<_>>() {
            match self.fitting().filter(|_| !self.fits_nowhere(&target.uid)) {
                Some(node) => {
                    self.edit(&target, |pod| {
                        pod.node = Some(node);
                        pod.trouble.get_or_insert_default().unschedulable = None;
                    });
                    self.after(START, Later::Ready(target));
                }
                None => self.refuse(&target),
            }
        }
    }

    /// The scheduler says that no node takes the pod, once.
    fn refuse(&mut self, target: &Target) {
        let now = self.stamp();
        let told = |pod: &PodFact| pod.trouble.as_ref().is_some_and(|trouble| trouble.unschedulable.is_some());
        if self.exact(target).is_some_and(|(pod, _)| !told(&pod)) {
            self.edit(target, |pod| pod.trouble.get_or_insert_default().unschedulable = Some(now));
        }
    }

    /// The emptiest node that takes pods, one that is not tainted if possible.
    fn fitting(&self) -> Option<Text> {
        let fits = |node: &&NodeFact| !node.unschedulable && node.ready() == ConditionStatus::True;
        let load =
            |node: &NodeFact| self.pods.values().filter(|(pod, _)| pod.node.as_ref() == Some(&node.name)).count();
        let best = self.nodes.values().filter(fits).min_by_key(|node| (!node.taints.is_empty(), load(node)));
        best.map(|node| node.name.clone())
    }
}

fn owned(pod: &PodFact, workload: &WorkloadFact) -> bool {
    pod.owner.as_ref().is_some_and(|owner| owner.uid == workload.uid)
}

/// `pod` as it is right after its creation.
pub(super) fn starting(pod: PodFact) -> PodFact {
    PodFact { node: None, phase: PodPhase::Pending, ready: false, trouble: Some(Box::default()), ..pod }
}
