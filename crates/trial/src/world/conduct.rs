//! Faults that come at a time and last: what the network does by itself is left to it; the rest is done here.

use super::keeper::{Ground, Pod};
use super::reign::Reign;
use super::{Shared, lock};
use crate::check::FaultKind;
use crate::fault::{Fault, Trouble};
use crate::net::{Cut, Link};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Between two looks for a process, while none runs.
const LOOK: Duration = Duration::from_millis(100);

/// Everything that faults can reach.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) ground: Ground,
    pub(super) pods: Vec<Pod>,
    pub(super) reign: Shared<Reign>,
}

/// Lets every fault of the plan that lasts come in its time, counted from now.
pub(super) fn conduct(stage: &Stage, plan: &[Fault], tasks: &mut JoinSet<()>) {
    for (index, fault) in plan.iter().enumerate() {
        if let Fault::During { from, span, what } = fault.clone() {
            let stage = stage.clone();
            tasks.spawn(async move {
                sleep(from).await;
                stage.play(index, span, &what).await;
            });
        }
    }
}

impl Stage {
    /// The pod whose process leads; any other whose process runs, while none does.
    pub(super) fn leader(&self) -> Option<&Pod> {
        let leads = lock(&self.reign).pod().map(str::to_owned);
        let alive = |pod: &&Pod| pod.link().is_some();
        let leader = self.pods.iter().filter(alive).find(|pod| leads.as_deref() == Some(&*pod.name));
        leader.or_else(|| self.pods.iter().find(alive))
    }

    /// The leader, once a process runs.
    async fn victim(&self) -> (&Pod, Link) {
        loop {
            if let Some(found) = self.leader().and_then(|pod| Some((pod, pod.link()?))) {
                return found;
            }
            sleep(LOOK).await;
        }
    }

    async fn play(&self, index: usize, span: Duration, what: &Trouble) {
        let net = &self.ground.net;
        match what {
            // The engine counts what these hit.
            Trouble::Calls { .. } => return net.fault_for(FaultKind::Calls, span),
            Trouble::Events { .. } => return net.fault_for(FaultKind::Views, span),
            Trouble::Messages { .. } => return net.fault_for(FaultKind::Messages, span),
            Trouble::Split => {
                let (_, link) = self.victim().await;
                net.weather().split = Some(link.instance().clone());
                net.fault_for(FaultKind::Calls, span);
                sleep(span).await;
                net.weather().split = None;
                return;
            }
            Trouble::Close => self.cut(Cut::Closed),
            Trouble::Break => self.cut(Cut::Broken),
            Trouble::Forget => {
                self.ground.cluster.state().store.compact();
                self.cut(Cut::Forgotten);
            }
            Trouble::Silence => {
                net.weather().silent = true;
                net.fault_for(FaultKind::Silence, span);
                sleep(span).await;
                net.weather().silent = false;
            }
            Trouble::Old(commits) => {
                let version = net.version_before(*commits);
                net.weather().old = Some(version);
                net.fault_for(FaultKind::Views, span);
                net.cut(Cut::Forgotten);
                sleep(span).await;
                net.weather().old = None;
            }
            Trouble::Crash => {
                let (_, link) = self.victim().await;
                net.fault_for(FaultKind::Process, Duration::ZERO);
                link.kill(None);
            }
            Trouble::Stop => {
                let (_, link) = self.victim().await;
                net.fault_for(FaultKind::Process, Duration::ZERO);
                link.stop(true);
            }
            Trouble::Pause => {
                let (_, link) = self.victim().await;
                net.fault_for(FaultKind::Process, span);
                link.pause(span);
            }
            Trouble::Clock(by) => {
                let (pod, _) = self.victim().await;
                net.fault_for(FaultKind::Clock, Duration::ZERO);
                pod.clock.jump(SignedDuration::from_secs(*by));
            }
            Trouble::Drift(rate) => {
                let (pod, _) = self.victim().await;
                net.fault_for(FaultKind::Clock, span);
                pod.clock.run_at(*rate);
                sleep(span).await;
                pod.clock.run_at(1.0);
            }
            Trouble::Down => {
                net.set_down(true);
                sleep(span).await;
                net.set_down(false);
            }
        }
        net.engine().hit(index);
    }

    fn cut(&self, how: Cut) {
        self.ground.net.fault_for(FaultKind::Views, Duration::ZERO);
        self.ground.net.cut(how);
    }
}
