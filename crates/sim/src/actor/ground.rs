//! What is true of machines and containers, whatever the API shows of them.

use super::provider::Ordered;
use super::story::{Behaviour, Look, NodeSpec};
use crate::store::Key;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The port of each kubelet.
pub(super) const KUBELET_PORT: u16 = 10_250;
/// Nodes' addresses follow this one, and pods' addresses the other.
const FIRST_NODE: u32 = 0x0a00_0000;
const FIRST_POD: u32 = 0x0af4_0000;

/// Whether a machine has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Off,
    /// It is up at this time.
    Boots(Timestamp),
    On,
}

/// A machine with its kubelet.
pub(super) struct Machine {
    pub(super) spec: NodeSpec,
    /// Counts machines; address, heartbeat's second and ids follow from it.
    pub(super) serial: u32,
    /// Boots so far.
    pub(super) boots: u32,
    pub(super) power: Power,
    /// Whether the kubelet runs and reaches the API.
    pub(super) works: bool,
    /// What its port answers.
    pub(super) look: Look,
    /// The kubelet has to tell everything anew: it has just started or reached the API again.
    pub(super) fresh: bool,
    /// Everything takes so much longer.
    pub(super) slow: Duration,
    /// Status and reason of conditions that a story has set, by type.
    pub(super) conditions: BTreeMap<String, (String, String)>,
}

impl Machine {
    pub(super) fn address(&self) -> Ipv4Addr {
        Ipv4Addr::from(FIRST_NODE + self.serial)
    }

    /// Nothing works from now on, until `power` says On.
    pub(super) fn goes_down(&mut self, power: Power) {
        (self.power, self.works, self.look) = (power, false, Look::Silent);
    }

    /// It has booted.
    pub(super) fn comes_up(&mut self) {
        (self.power, self.works, self.look, self.fresh) = (Power::On, true, Look::Answers, true);
        self.boots += 1;
    }
}

/// How containers ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
}

/// What the containers of a pod do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Creating,
    Running { ready: bool },
    Waiting { reason: String, message: String },
    Ended(Exit),
    BackOff,
    Done { exit: Exit, reason: String },
}

/// When containers that have ended are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Always,
    OnFailure,
    Never,
}

/// The containers of one pod on one machine.
pub(super) struct Run {
    pub(super) key: Key,
    pub(super) node: String,
    pub(super) policy: Policy,
    /// The names of its owner and of the owner's owner.
    pub(super) owners: Vec<String>,
    /// The first container's.
    pub(super) image: String,
    pub(super) stage: Stage,
    /// When the stage ends by itself.
    pub(super) due: Option<Timestamp>,
    /// When the kubelet took the pod.
    pub(super) taken: Timestamp,
    /// When the containers started.
    pub(super) since: Timestamp,
    pub(super) restarts: u32,
    /// Restarts that the next wait counts.
    pub(super) failures: u32,
    /// Failed pulls in a row.
    pub(super) pulls: u32,
    pub(super) last: Option<Exit>,
    pub(super) address: Ipv4Addr,
    /// When they have stopped, once they are told to.
    pub(super) stops: Option<Timestamp>,
    /// What a story told of this very pod.
    pub(super) told: Option<Behaviour>,
    /// Whether the story's word is still to be heard.
    pub(super) unheard: bool,
}

/// Everything that actors and levers share.
#[derive(Default)]
pub(super) struct Truth {
    /// By node name.
    pub(super) machines: BTreeMap<String, Machine>,
    /// By pod uid.
    pub(super) runs: BTreeMap<String, Run>,
    /// Behaviour of later starts, by namespace and name of the workload.
    pub(super) workloads: BTreeMap<(String, String), Behaviour>,
    /// Behaviour of later starts, by image.
    pub(super) images: BTreeMap<String, Behaviour>,
    /// What providers of machines do with orders, when a story says.
    pub(super) ordered: Option<Ordered>,
    machine_serial: u32,
    pod_serial: u32,
}

impl Truth {
    /// A machine that is up, or that will be.
    pub(super) fn add_machine(&mut self, spec: NodeSpec, power: Power) {
        self.machine_serial += 1;
        let mut machine = Machine {
            serial: self.machine_serial,
            boots: 0,
            power,
            works: false,
            look: Look::Silent,
            fresh: true,
            slow: Duration::ZERO,
            conditions: BTreeMap::new(),
            spec,
        };
        if power == Power::On {
            machine.comes_up();
        }
        self.machines.insert(machine.spec.name.clone(), machine);
    }

    /// How the containers of a run behave when they start now.
    pub(super) fn behaviour(&self, run: &Run) -> Behaviour {
        let of_workload = |owner: &String| self.workloads.get(&(run.key.namespace.to_string(), owner.clone()));
        let told = run.told.as_ref().or_else(|| run.owners.iter().find_map(of_workload));
        told.or_else(|| self.images.get(&run.image)).cloned().unwrap_or(Behaviour::Healthy)
    }

    /// The next address of a pod.
    pub(super) fn pod_address(&mut self) -> Ipv4Addr {
        self.pod_serial += 1;
        Ipv4Addr::from(FIRST_POD + self.pod_serial)
    }
}

/// A handle of the truth.
#[derive(Clone, Default)]
pub(super) struct Ground(Arc<Mutex<Truth>>);

impl Ground {
    /// The truth under its lock; held for moments only, and never over an await.
    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
