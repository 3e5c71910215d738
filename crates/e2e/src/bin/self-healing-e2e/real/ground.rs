//! A control plane with real nodes and the shipped manifests.

use crate::ground::Ground;
use anyhow::{Context, Result};
use futures::future::try_join_all;
use self_healing_e2e::Options;
use self_healing_e2e::real::Machine;
use self_healing_e2e::real::image::{CONTROLLER, FAULT, Image, PAUSE};
use self_healing_e2e::real::machine::Spec;
use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Path of the static workload; `cargo xtask` sets it.
const WORKLOAD: &str = "SELF_HEALING_FAULT";
/// Shorter than the stock 50 s, so that a run fits its time; the Leases of the nodes are as much shorter.
const GRACE: Duration = Duration::from_secs(20);

/// The ground of the stories.
pub(crate) struct RealGround {
    /// First, so that the nodes end before the API server that they talk to.
    machines: RefCell<Vec<Machine>>,
    pub(crate) ground: Ground,
    images: Vec<PathBuf>,
    /// How long it took after what befell a node until its pods were ready elsewhere.
    pub(crate) elsewhere: RefCell<BTreeMap<&'static str, Duration>>,
}

impl RealGround {
    /// Starts a control plane, applies the manifests, and boots that many nodes, numbered from `first`, which no other ground may use.
    pub(crate) async fn start(binary: &Path, first: u8, count: u8) -> Result<Self> {
        let options = Options { real_nodes: true, node_monitor_grace_period: Some(GRACE), ..Options::default() };
        let ground = Ground::start(binary, options).await?;
        let images = images(ground.cluster.dir(), binary)?;
        let (machines, elsewhere) = (RefCell::default(), RefCell::default());
        let real = Self { machines, ground, images, elsewhere };
        let numbers = first..first + count;
        try_join_all(numbers.map(|number| real.boot(number, Spec::named(format!("n{number}"))))).await?;
        Ok(real)
    }

    /// Boots one more node, and waits until it is Ready.
    pub(crate) async fn boot(&self, number: u8, spec: Spec) -> Result<()> {
        self.switch_on(Machine::new(&self.ground.cluster, number, spec, &self.images)?).await
    }

    /// Boots a node that is off, waits until it is Ready, and has it in the ground again.
    pub(crate) async fn switch_on(&self, mut machine: Machine) -> Result<()> {
        machine.boot().await?;
        machine.ready(&self.ground.cluster).await?;
        self.machines.borrow_mut().push(machine);
        Ok(())
    }

    /// The node of that name.
    pub(crate) fn machine(&self, name: &str) -> Result<Ref<'_, Machine>> {
        let found = Ref::filter_map(self.machines.borrow(), |all| all.iter().find(|machine| machine.name() == name));
        found.ok().with_context(|| format!("there is no node {name}"))
    }

    /// Takes the node of that name out of the ground, to switch it off; [`RealGround::switch_on`] brings it back.
    pub(crate) fn take(&self, name: &str) -> Result<Machine> {
        let mut all: RefMut<'_, Vec<Machine>> = self.machines.borrow_mut();
        let at = all.iter().position(|machine| machine.name() == name);
        Ok(all.swap_remove(at.with_context(|| format!("there is no node {name}"))?))
    }

    /// Every node that is in the ground.
    pub(crate) fn names(&self) -> Vec<String> {
        self.machines.borrow().iter().map(|machine| machine.name().to_owned()).collect()
    }

    /// Switches everything off, and says so if something does not end.
    pub(crate) async fn end(self) -> Result<()> {
        for mut machine in self.machines.into_inner() {
            machine.cut_power().await?;
        }
        Ok(())
    }
}

/// The images that every node has from its first boot.
fn images(folder: &Path, controller: &Path) -> Result<Vec<PathBuf>> {
    let workload = std::env::var_os(WORKLOAD).map(PathBuf::from);
    let workload = workload
        .with_context(|| format!("{WORKLOAD} must name the static workload; run `cargo xtask e2e --real-node`"))?;
    let wanted = [
        ("pause.tar", PAUSE, "/pause", workload.as_path()),
        ("fault.tar", FAULT, "/fault", workload.as_path()),
        ("controller.tar", CONTROLLER, "/self-healing-controller", controller),
    ];
    let written = wanted.into_iter().map(|(file, name, entrypoint, program)| {
        let path = folder.join(file);
        let files = [(program.to_owned(), entrypoint)];
        Image { name, entrypoint, user: "65532:65532", files: &files }.write(&path)?;
        Ok(path)
    });
    written.collect()
}
