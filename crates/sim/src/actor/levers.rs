//! Everything that a story can do to machines, containers and images.

use super::desk::later;
use super::ground::{Ground, KUBELET_PORT, Machine, Power, Stage};
use super::kubelet::Task;
use super::object::uid;
use super::provider::Ordered;
use super::story::{Behaviour, Look, NodeSpec};
use crate::api::DeleteOptions;
use crate::failure::Failure;
use crate::hand::Hand;
use std::time::Duration;
use tokio::sync::mpsc;

/// A pod whose containers run, whatever the API shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Where it runs.
    pub node: String,
}

/// A handle on the ground that the cluster stands on. What is told of a node that was never added does nothing.
#[derive(Clone)]
pub struct Levers {
    pub(super) hand: Hand,
    pub(super) ground: Ground,
    pub(super) nudge: mpsc::UnboundedSender<Task>,
    /// How long a machine boots.
    pub(super) boot: Duration,
}

impl Levers {
    /// Adds a machine that is up; its kubelet registers the node.
    pub fn add_node(&self, spec: NodeSpec) {
        let name = spec.name.clone();
        self.ground.truth().add_machine(spec, Power::On);
        self.nudge(Task::Node(name));
    }

    /// The kubelet tells nothing and does nothing from now on, and its containers run on. Its port answers as `look`
    /// says: nothing when the machine is cut off, a refusal when the kubelet is down, an answer when only the API is
    /// out of its reach.
    pub fn silence(&self, node: &str, look: Look) {
        self.machine(node, |machine| (machine.works, machine.look) = (false, look));
    }

    /// The kubelet works again and catches up. A machine that is off stays off.
    pub fn wake(&self, node: &str) {
        self.machine(node, |machine| {
            if machine.power == Power::On {
                (machine.works, machine.look, machine.fresh) = (true, Look::Answers, true);
            }
        });
    }

    /// The machine is off at once, and nothing runs on it.
    pub fn power_off(&self, node: &str) {
        self.machine(node, |machine| machine.goes_down(Power::Off));
        let now = self.hand.now();
        self.ground.truth().runs.values_mut().filter(|run| run.node == node).for_each(|run| run.cut(now));
    }

    /// A machine that is off boots.
    pub fn power_on(&self, node: &str) {
        let up_at = later(self.hand.now(), self.boot);
        self.machine(node, |machine| {
            if machine.power == Power::Off {
                machine.goes_down(Power::Boots(up_at));
            }
        });
    }

    /// The machine goes off and boots: a new boot id, and all its containers are started again.
    pub fn reboot(&self, node: &str) {
        self.power_off(node);
        self.power_on(node);
    }

    /// Starts, stops and heartbeats of the node take so much longer; zero makes it quick again.
    pub fn slow(&self, node: &str, by: Duration) {
        self.machine(node, |machine| machine.slow = by);
        self.nudge(Task::Beat(node.to_owned()));
    }

    /// The kubelet, or a problem detector beside it, reports this condition from now on, also one of its own like
    /// `Ready` or `MemoryPressure`.
    pub fn condition(&self, node: &str, kind: &str, status: &str, reason: &str) {
        let told = (status.to_owned(), reason.to_owned());
        self.machine(node, |machine| drop(machine.conditions.insert(kind.to_owned(), told)));
    }

    /// What comes back from this port now; nothing when no machine has the address.
    #[must_use]
    pub fn look(&self, address: &str, port: u16) -> Look {
        let truth = self.ground.truth();
        let found = truth.machines.values().find(|machine| machine.address().to_string() == address);
        match found {
            Some(machine) if port == KUBELET_PORT || machine.look == Look::Silent => machine.look,
            Some(_) => Look::Refused,
            None => Look::Silent,
        }
    }

    /// Whether the machine of that node has power: the proof that a machine provider can give.
    #[must_use]
    pub fn is_on(&self, node: &str) -> bool {
        self.ground.truth().machines.get(node).is_some_and(|machine| machine.power != Power::Off)
    }

    /// Takes the machine away with its Node, and boots another one of the same make, as `name`.
    ///
    /// # Errors
    /// What the API answers when the Node is deleted; that it is gone already is none.
    pub fn replace(&self, node: &str, name: &str) -> Result<(), Failure> {
        let Some(machine) = self.ground.truth().machines.remove(node) else { return Ok(()) };
        self.ground.truth().runs.retain(|_, run| run.node != node);
        let spec = NodeSpec { name: name.to_owned(), ..machine.spec };
        let up_at = later(self.hand.now(), self.boot);
        self.ground.truth().add_machine(spec, Power::Boots(up_at));
        self.nudge(Task::Node(name.to_owned()));
        match self.hand.delete("nodes", "", node, &DeleteOptions::default()) {
            Err(failure) if failure.code != 404 => Err(failure),
            _ => Ok(()),
        }
    }

    /// What providers of machines do with orders that they carry out from now on.
    pub fn order(&self, how: Ordered) {
        self.ground.truth().ordered = Some(how);
    }

    /// Does to the machine of a node what an order leads to: `usual`, unless a story says otherwise, which is given back.
    ///
    /// # Errors
    /// What the API answers.
    pub fn carry_out(&self, node: &str, usual: Ordered) -> Result<Ordered, Failure> {
        let how = self.ordered().unwrap_or(usual);
        super::provider::carry_out(self, &self.hand, node, how)?;
        Ok(how)
    }

    /// What they do, when it was told.
    pub(super) fn ordered(&self) -> Option<Ordered> {
        self.ground.truth().ordered
    }

    /// Tells an existing pod how to behave from now on. One that waits to be started again behaves so at that start.
    ///
    /// # Errors
    /// 404 when there is no such pod on a node.
    pub fn pod(&self, namespace: &str, name: &str, how: Behaviour) -> Result<(), Failure> {
        let pod = self.hand.get("pods", namespace, name)?;
        let mut truth = self.ground.truth();
        let run = truth.runs.get_mut(uid(&pod)).ok_or_else(|| Failure::not_found("pods", name))?;
        (run.told, run.unheard) = (Some(how), true);
        self.nudge(Task::Pod(uid(&pod).to_owned()));
        Ok(())
    }

    /// Lets an existing pod run and be ready at once, whatever its containers wait for; one that has ended stays so.
    ///
    /// # Errors
    /// As [`Levers::pod`].
    pub fn heal(&self, namespace: &str, name: &str) -> Result<(), Failure> {
        self.pod(namespace, name, Behaviour::Healthy)?;
        let pod = self.hand.get("pods", namespace, name)?;
        if let Some(run) = self.ground.truth().runs.get_mut(uid(&pod)) {
            run.due = Some(self.hand.now());
        }
        Ok(())
    }

    /// Forgets the conditions that a story has set for a node's machine, as if another machine had its name.
    pub fn forget_conditions(&self, node: &str) {
        self.machine(node, |machine| machine.conditions.clear());
    }

    /// How pods of a workload behave, all that start from now on. The name is that of the workload or of its owner.
    pub fn workload(&self, namespace: &str, name: &str, how: Behaviour) {
        self.ground.truth().workloads.insert((namespace.to_owned(), name.to_owned()), how);
    }

    /// How pods of an image behave, all that start from now on, unless their workload was told something.
    pub fn image(&self, image: &str, how: Behaviour) {
        self.ground.truth().images.insert(image.to_owned(), how);
    }

    /// All pods whose containers run now, whatever the API shows, in the order of their uids.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        let truth = self.ground.truth();
        let runs = truth.runs.iter().filter(|(_, run)| matches!(run.stage, Stage::Running { .. }));
        let running = runs.map(|(uid, run)| Running {
            namespace: run.key.namespace.to_string(),
            name: run.key.name.to_string(),
            uid: uid.clone(),
            node: run.node.clone(),
        });
        running.collect()
    }

    fn machine(&self, node: &str, change: impl FnOnce(&mut Machine)) {
        if let Some(machine) = self.ground.truth().machines.get_mut(node) {
            change(machine);
        }
        self.nudge(Task::Node(node.to_owned()));
    }

    /// The receiver is gone only when the actors are.
    fn nudge(&self, task: Task) {
        let _ = self.nudge.send(task);
    }
}
