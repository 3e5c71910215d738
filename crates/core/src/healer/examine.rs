//! Looking: what the signals of one object say now, and when they have to be asked again.

use super::outcome::Errand;
use super::timers::Timer;
use super::{Healer, fleet};
use crate::cluster::Subject;
use crate::detect::{Detection, Sight, look_due};
use crate::effect::Verb;
use crate::key::{Target, Text};
use crate::policy::About;
use crate::time::Now;
use alloc::vec::Vec;
use core::time::Duration;

impl Healer {
    /// Looks at one object and remembers what its signals say.
    pub(super) fn examine(&mut self, subject: &Subject) {
        let ends = self.policies.detects().then(|| self.ends_of(subject)).flatten();
        let about = ends.as_ref().map(|(target, workload)| About::object(target, workload).seen(&self.cluster, None));
        let detection = about.as_ref().map(|about| Detection { policies: &self.policies, about });
        let sight = Sight { now: self.now, cluster: &self.cluster, settings: &self.settings, detection };
        let wake = match subject {
            Subject::Node(name) => match self.cluster.node(name) {
                Some(node) => self.sickbed.examine_node(node, &sight),
                None => self.sickbed.discharge(subject),
            },
            Subject::Workload(kind, key) => match self.cluster.workload(kind, key) {
                Some(workload) => self.sickbed.examine_workload(workload, &sight),
                None => self.sickbed.discharge(subject),
            },
            Subject::Service(key) => match self.cluster.service(key) {
                Some(service) => self.sickbed.examine_service(service, &sight),
                None => self.sickbed.discharge(subject),
            },
            Subject::Pod(key) => match self.cluster.pod(key) {
                Some(pod) => self.sickbed.examine_pod(&pod, &sight),
                None => self.sickbed.discharge(subject),
            },
        };
        let overdue = match subject {
            Subject::Node(name) => self.fleet.look(self.now, name, &self.cluster, &self.sickbed),
            Subject::Workload(..) | Subject::Service(_) | Subject::Pod(_) => None,
        };
        if let Some(at) = wake.into_iter().chain(overdue).min() {
            self.timers.arm(Timer::Subject(subject.clone()), at.max(self.now.tick + Duration::from_millis(1)));
        }
        if let Subject::Node(name) = subject {
            self.look_at_kubelet(name);
        }
    }

    /// Asks with what policies change for this object; notes nothing.
    pub(super) fn sighted<T>(&self, now: Now, subject: &Subject, ask: impl FnOnce(&Sight<'_>) -> T) -> T {
        let ends = self.policies.detects().then(|| self.ends_of(subject)).flatten();
        let about = ends.as_ref().map(|(target, workload)| About::object(target, workload).seen(&self.cluster, None));
        let detection = about.as_ref().map(|about| Detection { policies: &self.policies, about });
        ask(&Sight { now, cluster: &self.cluster, settings: &self.settings, detection })
    }

    /// What is examined, and the workload that it belongs to.
    fn ends_of(&self, subject: &Subject) -> Option<(Target, Target)> {
        let both = |target: Target| (target.clone(), target);
        match subject {
            Subject::Node(name) => self.cluster.node(name).map(|node| both(node.target())),
            Subject::Workload(kind, key) => self.cluster.workload(kind, key).map(|fact| both(fact.target())),
            Subject::Service(key) => self.cluster.service(key).map(|service| both(service.target())),
            Subject::Pod(key) => self.cluster.pod(key).map(|pod| (pod.target(), self.cluster.workload_of(&pod))),
        }
    }

    /// Notes where more nodes are sick than the breaker allows.
    pub(super) fn weigh(&mut self) {
        let above = if self.fleet.sick() == 0 { Vec::new() } else { fleet::above(&self.world(self.now.tick)) };
        self.fleet.note(self.now.tick, &above);
    }

    fn look_at_kubelet(&mut self, name: &Text) {
        let sight = Sight { now: self.now, cluster: &self.cluster, settings: &self.settings, detection: None };
        let Some(node) = self.cluster.node(name).filter(|_| self.leading.is_some()) else { return };
        let (Some((address, port)), Some(due)) = (node.kubelet.clone(), look_due(node, &sight)) else { return };
        if due > self.now.tick {
            return self.timers.arm(Timer::Subject(Subject::Node(name.clone())), due);
        }
        let looking = |errand: &Errand| matches!(errand, Errand::Kubelet(known) if known == name);
        if self.errands.values().any(|(_, errand)| looking(errand)) {
            return;
        }
        let verb = Verb::LookAtKubelet { node: name.clone(), address, port };
        self.send(&Text::from(""), Errand::Kubelet(name.clone()), verb);
    }
}
