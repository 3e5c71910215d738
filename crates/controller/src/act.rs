//! Effects become API calls, and their answers outcomes: one verb in, one [`Outcome`] out, and no decision in between.
//!
//! Every write passes the leadership door right before it is sent, is sent once, and carries a precondition that makes it
//! safe to repeat. What an answer of the API server means is said in one place, [`outcome`].

mod announce;
pub(crate) mod call;
mod fence;
mod gather;
mod keeper;
mod kubelet;
pub(crate) mod look;
mod manifest;
mod node;
pub(crate) mod outcome;
mod plan;
mod pod;
mod policy;
mod record;
mod service;
mod workload;

use self::announce::Announcer;
use self::call::Calls;
use crate::lease::Door;
use crate::outside::{Kubelets, Outside, Wall};
use crate::provider;
use kube::Client;
use secrecy::SecretString;
use self_healing_core::effect::{Answer, Effect, Outcome, Verb};
use self_healing_core::key::Text;
use std::sync::Arc;

/// Who the controller is, for its own namespace and the origin of Events.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The controller's namespace, where Recoveries live.
    pub namespace: Text,
    /// The controller's pod name (or host name outside a cluster).
    pub instance: Text,
}

/// The only writer to the API server, apart from the leader election.
pub struct Actor {
    calls: Calls,
    identity: Identity,
    announcer: Announcer,
    kubelets: Option<Arc<dyn Kubelets>>,
    webhooks: provider::Caller,
    wall: Wall,
}

impl Actor {
    /// An actor that reads with `read`, which may retry, and writes with `write`, which must make one attempt per request,
    /// as long as `door` is open. Kubelets and the wall clock are those `outside`.
    #[must_use]
    pub fn new(read: Client, write: Client, door: Door, identity: Identity, outside: &Outside) -> Self {
        let announcer = Announcer::new(identity.clone(), outside.wall.clone());
        let (kubelets, wall) = (Some(outside.kubelets.clone()), outside.wall.clone());
        let webhooks = provider::Caller::new(outside);
        Self { calls: Calls::new(read, write, door), identity, announcer, kubelets, webhooks, wall }
    }

    /// The same, and it signs what it asks the webhooks of node providers; without a key they are not asked.
    #[must_use]
    pub fn signing(mut self, key: Option<SecretString>) -> Self {
        self.webhooks.sign_with(key);
        self
    }

    /// The same, but it opens no connection to kubelets: their look is refused, so that silence is never concluded.
    #[must_use]
    pub fn without_kubelets(self) -> Self {
        Self { kubelets: None, ..self }
    }

    /// Does what `effect` says and gives its outcome, within 10 s per API call.
    ///
    /// [`Verb::Happened`] writes Events as far as that works and is always done; [`Verb::Tell`] is for `notify` and refused.
    pub async fn perform(&self, effect: &Effect) -> Outcome {
        let done = self.verb(effect).await;
        // What a verb brings back may hold a saved manifest, which is shown nowhere; what went wrong may be shown.
        let failed = done.as_ref().err();
        tracing::debug!(effect = effect.id.0, recovery = %effect.recovery, verb = %effect.verb, ?failed, "performed");
        done.map_or_else(|outcome| outcome, Outcome::Done)
    }

    /// Says on the controller's own ConfigMap that its change was refused, as far as that works.
    pub async fn config_refused(&self, name: &str, why: &str) {
        self.announcer.config_refused(&self.calls, name, why).await;
    }

    /// The way of each verb; `Err` is every outcome but done.
    async fn verb(&self, effect: &Effect) -> Result<Answer, Outcome> {
        let (calls, own, recovery) = (&self.calls, &*self.identity.namespace, &*effect.recovery);
        match &effect.verb {
            Verb::ReadRecoveries => record::read_all(calls, own).await,
            Verb::HandOver => calls.hand_over(),
            Verb::CreateRecovery(record) => record::create(calls, own, record).await,
            Verb::SaveStatus { status, resource_version, uid } => {
                record::save(calls, own, recovery, status, record::Version { uid, resource_version }).await
            }
            Verb::DeleteRecovery { uid } => record::delete(calls, own, recovery, uid).await,
            Verb::SavePolicyStatus { name, uid, status } => policy::save(calls, name, uid, status).await,
            Verb::LookAtPod(target) => look::pod(calls, target).await,
            Verb::LookAtNode(target) => look::node(calls, target).await,
            Verb::LookAtWorkload(target) => workload::look(calls, target).await,
            Verb::LookAtService(target) => service::look(calls, target).await,
            Verb::LookAtMachine(inquiry) => provider::look(calls, &self.webhooks, inquiry, recovery).await,
            Verb::Replace(order) => provider::order(calls, &self.webhooks, order, recovery).await,
            Verb::EndRemediation { machine, .. } => provider::end(calls, machine, recovery).await,
            Verb::TaintOutOfService(target) => fence::taint(calls, target, recovery).await,
            Verb::UntaintOutOfService(target) => fence::untaint(calls, target, recovery).await,
            Verb::ListPods { node } => look::pods_of(calls, node).await,
            Verb::PlanDrain { node } => plan::drain(calls, node).await,
            Verb::Gather(scene) => Ok(gather::evidence(calls, scene, self.wall.now()).await),
            Verb::LookAtKubelet { address, port, .. } => match &self.kubelets {
                Some(kubelets) => kubelet::look(&**kubelets, address, *port).await,
                None => Err(outcome::refused("looks at kubelets are switched off")),
            },
            Verb::Cordon(target) => node::cordon(calls, target, recovery).await,
            Verb::Uncordon(target) => node::uncordon(calls, target, recovery).await,
            Verb::TaintSuspect { node } => node::taint(calls, node, recovery).await,
            Verb::UntaintSuspect { node } => node::untaint(calls, node, recovery).await,
            Verb::Evict { target, grace } => pod::evict(calls, target, *grace).await,
            Verb::DeletePod { target, grace, resource_version } => {
                pod::delete(calls, target, *grace, resource_version).await
            }
            Verb::RestartWorkload { target, resource_version, at } => {
                workload::restart(calls, target, resource_version, (recovery, *at)).await
            }
            Verb::ScaleUp { target, resource_version, from, to } => {
                workload::scale::up(calls, target, resource_version, (*from, *to), recovery).await
            }
            Verb::ScaleBack(target) => workload::scale::back(calls, target, recovery).await,
            Verb::KeepScale(target) => workload::scale::keep(calls, target, recovery).await,
            Verb::RollBack { target, resource_version, from, to } => {
                workload::rollback::roll_back(calls, target, resource_version, (from, to), recovery).await
            }
            Verb::CreatePod { manifest } => pod::create(calls, manifest).await,
            Verb::SwitchService { target, to, resource_version } => {
                service::switch(calls, target, to, recovery, resource_version).await
            }
            Verb::ResizePod { target, container, limit, guaranteed, resource_version } => {
                pod::resize(calls, target, (container, *limit, *guaranteed), resource_version).await
            }
            Verb::SwitchBack(target) => service::switch_back(calls, target, recovery).await,
            Verb::Tell { .. } => Err(outcome::refused("messages are sent by notify")),
            Verb::Happened(happening) => {
                self.announcer.announce(calls, happening).await;
                Ok(Answer::Nothing)
            }
        }
    }
}
