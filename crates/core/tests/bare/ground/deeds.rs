//! What a story's deeds do to this ground.

use super::things::node;
use super::truth::{Later, Truth};
use super::{CALL, Ground, LAG, LIST, Mail, REIGN};
use self_healing_core::effect::{Effect, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{ConditionStatus, ContainerFact, Exit, Marks, PodFact, PodPhase, PodTrouble};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Tick;
use self_healing_story::{
    Deed, Error, Ground as Place, Moment, Object, PodName, Story, Verb as Wrote, WorkloadKind, Write,
};

impl Ground {
    /// Plays a whole story, and `more` seconds after its end.
    pub(crate) fn play(story: &Story, prepare: impl FnOnce(&mut Self), more: f64) -> Result<Self, Error> {
        let mut ground = Self::new(story);
        prepare(&mut ground);
        for moment in &story.moments {
            ground.run_to(ground.zero + millis(moment.at));
            match moment.after {
                Some(_) => ground.armed.push(moment.clone()),
                None => ground.befall(&moment.deed).map_err(|()| Place::Bare.cannot(story, moment))?,
            }
        }
        ground.run_to(ground.zero + millis(story.end) + (more * 1000.0) as u64);
        Ok(ground)
    }

    /// Does a deed in the words of stories.
    pub(crate) fn does(&mut self, text: &str) {
        let deed = self.story.deed(text).unwrap_or_else(|error| panic!("{error}"));
        self.befall(&deed).unwrap_or_else(|()| panic!("cannot: {deed}"));
    }

    /// Does a deed right after the next such write, as `after VERB OBJECT` of a story.
    pub(crate) fn does_after(&mut self, text: &str, verb: Wrote, object: &str) {
        let deed = self.story.deed(text).unwrap_or_else(|error| panic!("{error}"));
        let after = Some(Write { verb, object: self.story.object(object).unwrap() });
        self.armed.push(Moment { line: 0, at: std::time::Duration::ZERO, after, deed });
    }

    /// Does the deeds that wait for this write; true when the process ended over one.
    pub(super) fn react(&mut self, effect: &Effect, outcome: &Outcome) -> bool {
        let Outcome::Done(_) = outcome else { return false };
        let armed = std::mem::take(&mut self.armed);
        let is_due = |moment: &Moment| moment.after.as_ref().is_some_and(|after| self.is_that(&effect.verb, after));
        let (due, armed): (Vec<Moment>, Vec<Moment>) = armed.into_iter().partition(is_due);
        self.armed = armed;
        let mut ended = false;
        for moment in due {
            self.publish();
            ended |= matches!(moment.deed, Deed::KillController | Deed::StopController);
            self.befall(&moment.deed).unwrap_or_else(|()| panic!("cannot: {}", moment.deed));
        }
        ended
    }

    fn is_that(&self, verb: &Verb, write: &Write) -> bool {
        let (wrote, object) = match verb {
            Verb::Cordon(node) => (Wrote::Cordon, node.key.name.to_string()),
            Verb::Uncordon(node) => (Wrote::Uncordon, node.key.name.to_string()),
            Verb::TaintSuspect { node } => (Wrote::Taint, node.to_string()),
            Verb::UntaintSuspect { node } => (Wrote::Untaint, node.to_string()),
            Verb::Evict(pod) => (Wrote::Evict, self.truth.names.story_name(&pod.uid).unwrap_or_default()),
            Verb::DeletePod { target: pod, .. } => {
                (Wrote::Delete, self.truth.names.story_name(&pod.uid).unwrap_or_default())
            }
            Verb::CreatePod { manifest } => (Wrote::Create, super::look::plain(manifest)),
            _ => return false,
        };
        wrote == write.verb && object == write.object.to_string()
    }

    pub(crate) fn befall(&mut self, deed: &Deed) -> Result<(), ()> {
        let outside =
            matches!(deed, Deed::Silence(..) | Deed::KillController | Deed::FreezeController(_) | Deed::StartApiserver);
        if self.truth.down && !outside {
            return Err(());
        }
        match deed {
            Deed::Set(key, value) => self.set(key, value),
            Deed::Approve(object) => self.order(object, |record| record.orders.approved_by = Some("ann".into())),
            Deed::Cancel(object) => self.order(object, |record| record.orders.cancelled_by = Some("ann".into())),
            Deed::KillController => self.restart(),
            Deed::StopController => self.hand_over(),
            Deed::FreezeController(span) => {
                let until = self.now() + millis(*span);
                self.frozen = Some(until);
                if millis(*span) > REIGN {
                    self.put(millis(*span), Mail::Event(Event::Leading(false)));
                    self.put(millis(*span) + 2000, Mail::Lead);
                }
            }
            Deed::StopApiserver => {
                self.truth.down = true;
                self.mail.retain(|_, mail| !matches!(mail, Mail::Lists));
                for kind in WatchKind::ALL {
                    self.put(LAG, Mail::Event(Event::Watch(*kind, WatchState::Broken)));
                }
                self.put(REIGN, Mail::Event(Event::Leading(false)));
            }
            Deed::StartApiserver => self.start_apiserver(),
            other => return self.truth.befall(other),
        }
        Ok(())
    }

    fn start_apiserver(&mut self) {
        self.truth.down = false;
        self.truth.news.clear();
        let lost = !self.mail.values().any(|mail| matches!(mail, Mail::Event(Event::Leading(false))));
        self.mail.retain(|_, mail| !matches!(mail, Mail::Event(Event::Leading(false))));
        // Every kubelet that waited for it beats at once.
        for node in self.truth.nodes.keys().cloned().collect::<Vec<_>>() {
            self.truth.beat(node, false);
        }
        self.truth.news.clear();
        self.put(LIST, Mail::Lists);
        if lost {
            self.put(LIST + CALL, Mail::Lead);
        }
    }

    /// A person writes on the active Recovery of `object`.
    fn order(&mut self, object: &Object, write: impl Fn(&mut Recovery)) {
        let Some(target) = self.truth.target(object) else { return };
        let records = self.truth.records.values().filter(|record| record.is_active() && record.spec.target == target);
        for mut record in records.cloned().collect::<Vec<_>>() {
            write(&mut record);
            self.truth.put_record(record);
        }
    }
}

impl Truth {
    /// What a pod or node of the story is called here.
    pub(crate) fn target(&self, object: &Object) -> Option<Target> {
        match object {
            Object::Node(name) => self.nodes.get(&**name).map(self_healing_core::fact::NodeFact::target),
            Object::Pod(pod) => {
                let (uid, name) = self.names.find(pod)?;
                let key = Key::new(&name.namespace, &name.name);
                Some(Target { kind: Kind::Pod, key, uid: Text::from(uid) })
            }
            Object::Workload(..) | Object::Namespace(_) => None,
        }
    }

    pub(crate) fn pod(&self, pod: &PodName) -> Option<Target> {
        self.target(&Object::Pod(pod.clone())).filter(|target| self.exact(target).is_some())
    }

    fn befall(&mut self, deed: &Deed) -> Result<(), ()> {
        let now = self.stamp();
        match deed {
            Deed::Fail(pod) => self.suffer(pod, PodPhase::Failed, Some(("", 0))),
            Deed::CrashLoop(pod, restarts) => {
                self.suffer(pod, PodPhase::Running, Some(("CrashLoopBackOff", *restarts)))
            }
            Deed::Waits(pod, reason) => self.change(pod, |fact| {
                let container = ContainerFact { name: "main".into(), waiting: reason.clone(), ..Default::default() };
                trouble(fact, PodPhase::Pending, vec![container], now);
            }),
            Deed::Unready(pod) => self.change(pod, |fact| {
                let container = ContainerFact { name: "main".into(), ..Default::default() };
                trouble(fact, PodPhase::Running, vec![container], now);
            }),
            Deed::Heal(pod) => {
                self.change(pod, |fact| (fact.phase, fact.ready, fact.trouble) = (PodPhase::Running, true, None))
            }
            Deed::Finalizer(pod, name) => {
                let target = self.pod(pod).ok_or(())?;
                self.finalizers.entry(target.uid).or_default().push(Text::from(&**name));
                Ok(())
            }
            Deed::Delete(pod) => {
                let target = self.pod(pod).ok_or(())?;
                self.terminate(&target);
                Ok(())
            }
            Deed::ReplacePod(pod) => {
                let target = self.pod(pod).ok_or(())?;
                let (fact, version) = self.exact(&target).ok_or(())?;
                self.news.push(Event::PodGone(target.key.clone()));
                let uid = Text::from(format!("{}-{version}", target.uid));
                let well = (PodPhase::Running, true, None);
                let (phase, ready, trouble) = well;
                self.put(PodFact { uid, created: now, phase, ready, trouble, ..fact });
                Ok(())
            }
            Deed::Silence(node, kubelet) => {
                self.silent.insert(Text::from(&**node), *kubelet);
                Ok(())
            }
            Deed::Return(name) => {
                let name = Text::from(&**name);
                self.silent.remove(&name);
                self.beat(name.clone(), false);
                self.set_condition(&name, "Ready", ConditionStatus::True);
                self.report(&name);
                Ok(())
            }
            Deed::NotReady(name) => {
                // Its kubelet goes on telling of its pods, so nobody takes their readiness away.
                self.set_condition(name, "Ready", ConditionStatus::False);
                Ok(())
            }
            Deed::Condition(name, kind, holds) => {
                let status = if *holds { ConditionStatus::True } else { ConditionStatus::False };
                self.set_condition(name, kind, status);
                Ok(())
            }
            Deed::ReplaceNode(name) => {
                self.lose_node(name);
                self.silent.remove(&**name);
                self.later.retain(|_, later| !matches!(later, Later::Beat(node) if **node == **name));
                self.add_node(node(name, now));
                Ok(())
            }
            Deed::Cordon(name) => {
                self.edit_node(name, |node| node.unschedulable = true);
                Ok(())
            }
            Deed::Uncordon(name) => {
                self.edit_node(name, |node| node.unschedulable = false);
                Ok(())
            }
            Deed::Exclude(object) => self.mark(object, Marks::EXCLUDED),
            Deed::Include(object) => self.mark(object, Marks::default()),
            Deed::Budget(name, number) => {
                self.budgets.insert(name.clone(), *number);
                Ok(())
            }
            Deed::Oom(_)
            | Deed::Set(..)
            | Deed::Approve(_)
            | Deed::Cancel(_)
            | Deed::KillController
            | Deed::StopController
            | Deed::FreezeController(_)
            | Deed::StopApiserver
            | Deed::StartApiserver => Err(()),
        }
    }

    /// Changes a pod that is there.
    pub(crate) fn change(&mut self, pod: &PodName, change: impl FnOnce(&mut PodFact)) -> Result<(), ()> {
        let target = self.pod(pod).ok_or(())?;
        self.edit(&target, change);
        Ok(())
    }

    /// Its container has ended with 1.
    fn suffer(&mut self, pod: &PodName, phase: PodPhase, waits: Option<(&str, u32)>) -> Result<(), ()> {
        let now = self.stamp();
        let (waiting, restarts) = waits.unwrap_or_default();
        let exit = Some(Exit { code: 1, reason: "Error".into() });
        let container =
            ContainerFact { name: "main".into(), restarts, waiting: waiting.into(), exit, ..Default::default() };
        self.change(pod, |fact| trouble(fact, phase, vec![container], now))
    }

    fn mark(&mut self, object: &Object, marks: Marks) -> Result<(), ()> {
        match object {
            Object::Node(name) => self.edit_node(name, |node| node.marks = marks),
            Object::Namespace(name) => self.mark_namespace(name, marks),
            Object::Pod(pod) => self.change(pod, |fact| fact.marks = marks)?,
            Object::Workload(kind, name) => {
                let kind = match kind {
                    WorkloadKind::Deployment => Kind::Deployment,
                    WorkloadKind::StatefulSet => Kind::StatefulSet,
                    WorkloadKind::DaemonSet => Kind::DaemonSet,
                    WorkloadKind::Job => Kind::Job,
                };
                self.edit_workload(&kind, &Key::new(&name.namespace, &name.name), |fact| fact.marks = marks);
            }
        }
        Ok(())
    }
}

fn trouble(pod: &mut PodFact, phase: PodPhase, containers: Vec<ContainerFact>, now: self_healing_core::time::Stamp) {
    (pod.phase, pod.ready) = (phase, false);
    pod.trouble = Some(Box::new(PodTrouble { ready_changed: Some(now), containers, ..Default::default() }));
}

fn millis(span: std::time::Duration) -> u64 {
    (Tick(0) + span).0
}
