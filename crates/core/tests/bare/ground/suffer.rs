//! What a story's deeds do to the cluster.

use super::things::{kind_of, node};
use super::truth::{Later, Truth};
use self_healing_core::event::Event;
use self_healing_core::fact::{
    ConditionStatus, ContainerFact, Exit, Marks, NodeFact, PodFact, PodPhase, PodTrouble, Taint,
};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::time::Stamp;
use self_healing_story::{Deed, Object, PodName};

impl Truth {
    /// What a pod or node of the story is called here.
    pub(crate) fn target(&self, object: &Object) -> Option<Target> {
        match object {
            Object::Node(name) => self.nodes.get(&**name).map(NodeFact::target),
            Object::Pod(pod) => {
                let (uid, name) = self.names.find(pod)?;
                let key = Key::new(&name.namespace, &name.name);
                Some(Target { kind: Kind::Pod, key, uid: Text::from(uid) })
            }
            Object::Workload(kind, name) => {
                let place = (kind_of(*kind), Key::new(&name.namespace, &name.name));
                self.workloads.get(&place).map(|workload| workload.target())
            }
            Object::Namespace(_) => None,
            Object::Service(name) => self.service_target(name),
        }
    }

    pub(crate) fn pod(&self, pod: &PodName) -> Option<Target> {
        self.target(&Object::Pod(pod.clone())).filter(|target| self.exact(target).is_some())
    }

    /// Does a deed to the cluster; nothing when it cannot be done to it.
    pub(super) fn befall(&mut self, deed: &Deed) -> Option<()> {
        let now = self.stamp();
        match deed {
            Deed::Fail(pod) => self.suffer(pod, PodPhase::Failed, Some(("", 0)))?,
            Deed::CrashLoop(pod, restarts) => {
                self.suffer(pod, PodPhase::Running, Some(("", *restarts)))?;
            }
            Deed::Waits(pod, reason) => self.change(pod, |fact| {
                trouble(fact, PodPhase::Pending, vec![waiting(reason)], now);
            })?,
            Deed::Unready(pod) => self.change(pod, |fact| {
                trouble(fact, PodPhase::Running, vec![unready()], now);
            })?,
            Deed::Oom(pod) => self.change(pod, |fact| {
                let memory_kills = vec![now];
                let container =
                    ContainerFact { name: "main".into(), restarts: 1, ready: true, memory_kills, ..Default::default() };
                trouble(fact, PodPhase::Running, vec![container], now);
                fact.ready = true;
            })?,
            Deed::Heal(pod) => {
                self.change(pod, |fact| (fact.phase, fact.ready, fact.trouble) = (PodPhase::Running, true, None))?;
            }
            Deed::Finalizer(pod, name) => {
                let target = self.pod(pod)?;
                self.finalizers.entry(target.uid).or_default().push(Text::from(&**name));
            }
            Deed::Delete(pod) => {
                let target = self.pod(pod)?;
                self.terminate(&target);
            }
            Deed::ReplacePod(pod) => {
                let (fact, version) = self.pod(pod).and_then(|target| self.exact(&target))?;
                self.news.push(Event::PodGone(fact.key.clone()));
                let uid = Text::from(format!("{}-{version}", fact.uid));
                self.put(PodFact { uid, created: now, phase: PodPhase::Running, ready: true, trouble: None, ..fact });
            }
            Deed::Silence(node, kubelet) => drop(self.silent.insert(Text::from(&**node), *kubelet)),
            Deed::Return(name) => {
                let name = Text::from(&**name);
                self.silent.remove(&name);
                self.beat(name.clone(), false);
                self.set_condition(&name, "Ready", ConditionStatus::True);
                self.report(&name);
            }
            // Its kubelet goes on telling of its pods, so nobody takes their readiness away.
            Deed::NotReady(name) => self.set_condition(name, "Ready", ConditionStatus::False),
            Deed::Condition(name, kind, holds) => {
                let status = if *holds { ConditionStatus::True } else { ConditionStatus::False };
                self.set_condition(name, kind, status);
            }
            Deed::ReplaceNode(name) => {
                self.lose_node(name);
                self.silent.remove(&**name);
                self.later.retain(|_, later| !matches!(later, Later::Beat(node) if **node == **name));
                self.add_node(node(name, now));
            }
            Deed::Provider(how) => self.park.how = Some(*how),
            Deed::Receiver(channel, how) => drop(self.receptions.insert(channel.clone(), *how)),
            Deed::Remediate(name) => self.remediate(name),
            Deed::CallOff(name) => self.call_off(name),
            Deed::PauseMachine(name) => self.pause_machine(name),
            Deed::Attach(volume, node) => self.attach(volume, node),
            Deed::Detach(volume) => self.detach(volume),
            Deed::Cordon(name) => self.edit_node(name, |node| node.unschedulable = true),
            Deed::Uncordon(name) => self.edit_node(name, |node| node.unschedulable = false),
            Deed::Taint(name, key) => self.edit_node(name, |node| {
                let (key, effect) = (Text::from(&**key), Text::from("NoSchedule"));
                node.taints.push(Taint { key, value: Text::from(""), effect });
            }),
            Deed::Untaint(name, key) => self.edit_node(name, |node| node.taints.retain(|taint| *taint.key != **key)),
            Deed::Exclude(object) => self.mark(object, Marks::EXCLUDED)?,
            Deed::Include(object) => self.mark(object, Marks::default())?,
            Deed::Release(kind, name, how) => self.release(&kind_of(*kind), name, *how),
            Deed::Annotate(Object::Service(name), key, value) => self.annotate_service(name, key, value.as_deref())?,
            Deed::Annotate(Object::Workload(kind, name), key, value) => {
                self.annotate(&kind_of(*kind), name, key, value.as_deref().unwrap_or("-"))?;
            }
            Deed::Annotate(..) => return None,
            Deed::Select(service, workload) => self.select(service, workload),
            Deed::Budget(name, number) => drop(self.budgets.insert(name.clone(), *number)),
            Deed::Scale(kind, name, pods) => self.rescale(&kind_of(*kind), name, *pods)?,
            Deed::Pause(name) => self.pause(name),
            Deed::Autoscale(kind, name) => self.autoscale(&kind_of(*kind), name),
            Deed::Set(..)
            | Deed::Apply(..)
            | Deed::Withdraw(_)
            | Deed::Approve(_)
            | Deed::Cancel(_)
            | Deed::KillController
            | Deed::StopController
            | Deed::FreezeController(_)
            | Deed::StopApiserver
            | Deed::StartApiserver => return None,
        }
        Some(())
    }

    /// Changes a pod that is there.
    pub(crate) fn change(&mut self, pod: &PodName, change: impl FnOnce(&mut PodFact)) -> Option<()> {
        let target = self.pod(pod)?;
        self.edit(&target, change);
        Some(())
    }

    /// Its container has ended with 1.
    fn suffer(&mut self, pod: &PodName, phase: PodPhase, waits: Option<(&str, u32)>) -> Option<()> {
        let now = self.stamp();
        let (waiting, restarts) = waits.unwrap_or_default();
        self.change(pod, |fact| trouble(fact, phase, vec![crashed(waiting, restarts)], now))
    }

    fn mark(&mut self, object: &Object, marks: Marks) -> Option<()> {
        match object {
            Object::Node(name) => self.edit_node(name, |node| node.marks = marks),
            Object::Namespace(name) => self.mark_namespace(name, marks),
            Object::Pod(pod) => self.change(pod, |fact| fact.marks = marks)?,
            Object::Service(name) => {
                self.edit_service(&Key::new(&name.namespace, &name.name), |fact| fact.marks = marks);
            }
            Object::Workload(kind, name) => {
                self.edit_workload(&kind_of(*kind), &Key::new(&name.namespace, &name.name), |fact| fact.marks = marks);
            }
        }
        Some(())
    }
}

/// A container that has ended with 1.
pub(super) fn crashed(waiting: &str, restarts: u32) -> ContainerFact {
    let exit = Some(Exit { code: 1, reason: "Error".into() });
    ContainerFact { name: "main".into(), restarts, waiting: waiting.into(), exit, ..Default::default() }
}

/// A container that is not started for this reason.
pub(super) fn waiting(reason: &str) -> ContainerFact {
    let image = Text::from("registry.example/app:1");
    ContainerFact { name: "main".into(), image, waiting: reason.into(), ..Default::default() }
}

pub(super) fn unready() -> ContainerFact {
    ContainerFact { name: "main".into(), ..Default::default() }
}

pub(super) fn trouble(pod: &mut PodFact, phase: PodPhase, containers: Vec<ContainerFact>, now: Stamp) {
    (pod.phase, pod.ready) = (phase, false);
    pod.trouble = Some(Box::new(PodTrouble { ready_changed: Some(now), containers, ..Default::default() }));
}
