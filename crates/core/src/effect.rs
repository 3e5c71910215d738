//! Effects and their outcomes: the few verbs that leave the core, and what comes back.

mod workload;

pub use workload::{Applied, Keeper, Revision, RolledBack, Tool, WorkloadView};

use crate::fact::{Labels, Needs, PodFact};
use crate::happening::Happening;
use crate::key::{Key, Target, Text};
use crate::machine::{Inquiry, MachineRef, MachineView, Order};
use crate::policy::PolicyStatus;
use crate::recovery::{NodeView, PodView, Recovery, ServiceView, Status};
use crate::remedy::END_REMEDIATION;
use crate::time::Stamp;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// Ties an outcome to the effect it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectId(pub u64);

/// One thing to do, by `act` or `notify`; each is answered by exactly one [`Outcome`], except [`Verb::Happened`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// For the outcome.
    pub id: EffectId,
    /// The Recovery it serves; empty for [`Verb::ReadRecoveries`], [`Verb::LookAtKubelet`] and [`Verb::HandOver`].
    pub recovery: Text,
    /// What to do.
    pub verb: Verb,
}

/// The closed list of verbs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// List all Recoveries with a quorum read: what a new leader does first. Answered by [`Answer::Recoveries`].
    ReadRecoveries,
    /// Stop leading and let another replica lead. Refused without leader election.
    HandOver,
    /// Create the record. An existing one of that name is answered as [`Answer::Exists`].
    CreateRecovery(Box<Recovery>),
    /// Replace the record's status, only if it is still at this version. Answered by [`Answer::Stored`].
    SaveStatus {
        /// The whole new status.
        status: Box<Status>,
        /// The version that it replaces.
        resource_version: Text,
        /// The record's uid.
        uid: Text,
    },
    /// Delete a finished record whose time is up; only this uid.
    DeleteRecovery {
        /// The record's uid.
        uid: Text,
    },
    /// Replace a policy's status, only if it has this uid.
    SavePolicyStatus {
        /// The policy's name.
        name: Text,
        /// Its uid.
        uid: Text,
        /// The whole new status.
        status: Box<PolicyStatus>,
    },
    /// Read one pod with a quorum read. Answered by [`Answer::Pod`]; gone, or another uid, is [`Outcome::Gone`].
    LookAtPod(Target),
    /// Read one node and its Lease in `kube-node-lease` with quorum reads. Answered by [`Answer::Node`]; gone, or another uid,
    /// is [`Outcome::Gone`].
    LookAtNode(Target),
    /// Read one controller of pods and what may scale it with quorum reads. Answered by [`Answer::Workload`]; gone, or another uid,
    /// is [`Outcome::Gone`].
    LookAtWorkload(Target),
    /// Read one Service, its endpoints, and the pods that it and its standby choose, with quorum reads. Answered by
    /// [`Answer::Service`]; gone, or another uid, is [`Outcome::Gone`].
    LookAtService(Target),
    /// List the pods bound to a node with a quorum read. Answered by [`Answer::Pods`].
    ListPods {
        /// The node's name, never empty.
        node: Text,
    },
    /// Read what a drain of a node needs to know: the pods bound to it with where each may run, and the disruption budgets over them,
    /// with quorum reads. Answered by [`Answer::Drain`].
    PlanDrain {
        /// The node's name, never empty.
        node: Text,
    },
    /// Read what the end of a failed object would take away, for the record's evidence: the states of its containers, its conditions,
    /// its Events, and the revision of its workload with what changed last. Answered by [`Answer::Evidence`], which says of each part
    /// that could not be read why.
    Gather(Box<Scene>),
    /// Open and close a TCP connection to a kubelet, 2 s at most. Answered by [`Answer::Kubelet`].
    LookAtKubelet {
        /// The node's name.
        node: Text,
        /// Its address.
        address: Text,
        /// Its port.
        port: u16,
    },
    /// Ask the provider of machines how it stands with a node's, with quorum reads. Answered by [`Answer::Machine`].
    LookAtMachine(Box<Inquiry>),
    /// Have the provider reboot or replace a node's machine: delete its Machine or NodeClaim at this uid and version, make the remediation
    /// object, or call the webhook. What was ordered for this Recovery already counts as done.
    Replace(Box<Order>),
    /// Delete the remediation object of this Recovery, only if it is its own; nothing to do counts as done.
    EndRemediation {
        /// The node it is about.
        node: Target,
        /// The object.
        machine: Box<MachineRef>,
    },
    /// Add the taint `node.kubernetes.io/out-of-service=nodeshutdown:NoExecute` to a node whose machine is proven to be off, with the
    /// Recovery beside it; one that is there already counts as done.
    TaintOutOfService(Target),
    /// Remove our out-of-service taint, only if the annotation beside it names the Recovery; nothing to do, or no node, counts as done.
    UntaintOutOfService(Target),
    /// Set `spec.unschedulable`, with the Recovery as owner and the original value. [`Outcome::Refused`] if somebody else had.
    Cordon(Target),
    /// Undo our cordon, only if it is still ours (annotation names the Recovery); nothing to do counts as done.
    Uncordon(Target),
    /// Add the taint `self-healing.dev/suspect=<recovery>:PreferNoSchedule`; one that is there already counts as done.
    TaintSuspect {
        /// The node's name, never empty.
        node: Text,
    },
    /// Remove our suspect taint, only if its value names the Recovery; nothing to do, or no node, counts as done.
    UntaintSuspect {
        /// The node's name, never empty.
        node: Text,
    },
    /// Evict by the Eviction API, with a uid precondition.
    Evict {
        /// Which pod.
        target: Target,
        /// Time that it has to end, at least a second; the pod's own if `None`.
        grace: Option<Duration>,
    },
    /// Delete gracefully, with uid and resourceVersion preconditions.
    DeletePod {
        /// Which pod.
        target: Target,
        /// Time that it has to end, at least a second; the pod's own if `None`.
        grace: Option<Duration>,
        /// The version of the fresh read that confirmed the failure.
        resource_version: Text,
    },
    /// Restart the pods of a Deployment, StatefulSet or DaemonSet one after the other, by the template annotation of `kubectl rollout
    /// restart`, with uid and resourceVersion preconditions. Beside it stands the Recovery's name, so that it is known again.
    RestartWorkload {
        /// Which one.
        target: Target,
        /// The version of the fresh read that showed that nothing speaks against it.
        resource_version: Text,
        /// When the attempt began: the annotation's value, so that the same restart sent again changes nothing.
        at: Stamp,
    },
    /// Set `spec.replicas` of a Deployment or ReplicaSet to a higher number, with the Recovery as owner and both numbers beside it, with
    /// uid and resourceVersion preconditions.
    ScaleUp {
        /// Which one.
        target: Target,
        /// The version of the fresh read that showed that nothing speaks against it.
        resource_version: Text,
        /// The number before.
        from: u32,
        /// The number that it is to have.
        to: u32,
    },
    /// Set the number back that was there before, only while the mark is ours; one that somebody else has set since stays, and
    /// [`Answer::Said`] says so. Nothing to do counts as done.
    ScaleBack(Target),
    /// Take only the mark of [`Self::ScaleUp`] away, if it is ours: the number stays. Nothing to do counts as done.
    KeepScale(Target),
    /// Put the template of one ReplicaSet of a Deployment in the place of the newest, with uid and resourceVersion preconditions. Beside
    /// it stand the Recovery's name and both ReplicaSets, so that it is known again.
    RollBack {
        /// Which Deployment.
        target: Target,
        /// The version of the fresh read that showed that nothing speaks against it.
        resource_version: Text,
        /// The ReplicaSet of the revision that fails.
        from: Text,
        /// The ReplicaSet whose template takes its place.
        to: Text,
    },
    /// Set the selector of a Service to its standby's, with the Recovery as owner, the original selector and the new one beside it. One
    /// that is ours already counts as done. [`Outcome::Refused`] if the Service is kept by somebody else.
    SwitchService {
        /// Which Service.
        target: Target,
        /// The standby's selector.
        to: Labels,
        /// The version of the fresh read that confirmed the failure.
        resource_version: Text,
    },
    /// Give a Service its original selector back, if it is still ours and still has the one that we set; of one that somebody else
    /// changed only our marks are taken. Nothing to do counts as done.
    SwitchBack(Target),
    /// Set the memory limit of one container of a pod in place, by the subresource `pods/resize`, with uid and resourceVersion
    /// preconditions.
    ResizePod {
        /// Which pod.
        target: Target,
        /// Which of its containers.
        container: Text,
        /// Its new limit, in bytes.
        limit: u64,
        /// Whether its request has to be the same.
        guaranteed: bool,
        /// The version of the fresh read that confirmed the failure.
        resource_version: Text,
    },
    /// Create a pod from the saved manifest. An existing one of that name counts as done.
    CreatePod {
        /// JSON.
        manifest: String,
    },
    /// Send one message of this record. The receiver's answer is the outcome.
    Tell {
        /// The key of the [`crate::recovery::Notification`].
        key: String,
        /// Where to.
        channel: crate::names::Channel,
        /// What to tell about.
        about: Box<Recovery>,
    },
    /// Something happened that people should see in log, metrics and Events. Has no outcome.
    Happened(Box<Happening>),
}

/// What evidence is gathered of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// What failed.
    pub target: Target,
    /// What it belongs to.
    pub workload: Target,
}

impl Verb {
    /// Whether it changes an object that is not ours, be it only to give something back.
    #[must_use]
    pub const fn writes(&self) -> bool {
        self.is_destructive()
            || matches!(
                self,
                Self::Uncordon(_)
                    | Self::UntaintSuspect { .. }
                    | Self::SwitchBack(_)
                    | Self::CreatePod { .. }
                    | Self::ScaleBack(_)
                    | Self::KeepScale(_)
                    | Self::UntaintOutOfService(_)
                    | Self::EndRemediation { .. }
            )
    }

    /// Whether it takes something away, so that guards and a fresh read have to let it pass.
    #[must_use]
    pub const fn is_destructive(&self) -> bool {
        match self {
            Self::Cordon(_)
            | Self::TaintSuspect { .. }
            | Self::TaintOutOfService(_)
            | Self::Replace(_)
            | Self::Evict { .. }
            | Self::DeletePod { .. }
            | Self::RestartWorkload { .. }
            | Self::ScaleUp { .. }
            | Self::RollBack { .. }
            | Self::SwitchService { .. }
            | Self::ResizePod { .. } => true,
            // Undoing and re-creating give back what we took; guards must not keep us from it.
            Self::Uncordon(_)
            | Self::UntaintSuspect { .. }
            | Self::SwitchBack(_)
            | Self::CreatePod { .. }
            | Self::UntaintOutOfService(_)
            | Self::EndRemediation { .. }
            | Self::ScaleBack(_)
            | Self::KeepScale(_) => false,
            Self::ReadRecoveries
            | Self::HandOver
            | Self::CreateRecovery(_)
            | Self::SaveStatus { .. }
            | Self::DeleteRecovery { .. }
            | Self::SavePolicyStatus { .. }
            | Self::LookAtPod(_)
            | Self::LookAtNode(_)
            | Self::LookAtWorkload(_)
            | Self::LookAtService(_)
            | Self::LookAtMachine(_)
            | Self::ListPods { .. }
            | Self::PlanDrain { .. }
            | Self::Gather(_)
            | Self::LookAtKubelet { .. }
            | Self::Tell { .. }
            | Self::Happened(_) => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadRecoveries => f.write_str("read recoveries"),
            Self::HandOver => f.write_str("hand over"),
            Self::CreateRecovery(recovery) => write!(f, "create recovery {}", recovery.name),
            Self::SaveStatus { .. } => f.write_str("save status"),
            Self::DeleteRecovery { .. } => f.write_str("delete recovery"),
            Self::SavePolicyStatus { name, .. } => write!(f, "save status of policy {name}"),
            Self::LookAtPod(target)
            | Self::LookAtNode(target)
            | Self::LookAtWorkload(target)
            | Self::LookAtService(target) => write!(f, "look at {target}"),
            Self::ListPods { node } => write!(f, "list pods of {node}"),
            Self::PlanDrain { node } => write!(f, "plan the drain of {node}"),
            Self::Gather(scene) => write!(f, "gather evidence on {}", scene.target),
            Self::LookAtKubelet { node, .. } => write!(f, "look at kubelet of {node}"),
            Self::LookAtMachine(inquiry) => write!(f, "look at the machine of {}", inquiry.node.key),
            Self::Replace(order) => {
                let what = if order.reboot { "reboot" } else { "replace" };
                write!(f, "{what} {} by {}", order.inquiry.node.key, order.inquiry.provider.kind)
            }
            Self::EndRemediation { node, .. } => write!(f, "{END_REMEDIATION}{}", node.key),
            Self::TaintOutOfService(target) => write!(f, "taint {} out-of-service", target.key),
            Self::UntaintOutOfService(target) => write!(f, "untaint {} out-of-service", target.key),
            Self::Cordon(target) => write!(f, "cordon {}", target.key),
            Self::Uncordon(target) => write!(f, "uncordon {}", target.key),
            Self::TaintSuspect { node } => write!(f, "taint {node} suspect"),
            Self::UntaintSuspect { node } => write!(f, "untaint {node} suspect"),
            Self::Evict { target, .. } => write!(f, "evict {}", target.key),
            Self::DeletePod { target, .. } => write!(f, "delete {}", target.key),
            Self::RestartWorkload { target, .. } => write!(f, "restart {target}"),
            Self::ScaleUp { target, .. } => write!(f, "scale up {target}"),
            Self::ScaleBack(target) => write!(f, "scale back {target}"),
            Self::KeepScale(target) => write!(f, "keep the scale of {target}"),
            Self::RollBack { target, from, to, .. } => write!(f, "roll back {target} from {from} to {to}"),
            Self::SwitchService { target, .. } => write!(f, "switch service {} to its standby", target.key),
            Self::ResizePod { target, container, limit, .. } => {
                write!(f, "resize {} {container} to {limit} bytes of memory", target.key)
            }
            Self::SwitchBack(target) => write!(f, "switch service {} back", target.key),
            Self::CreatePod { .. } => f.write_str("create pod from saved manifest"),
            Self::Tell { channel, key, .. } => write!(f, "tell {channel} {key}"),
            Self::Happened(happening) => write!(f, "announce {}", happening.what.as_str()),
        }
    }
}

/// What became of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or found done.
    Done(Answer),
    /// The object is gone: 404, or 409 because of another uid.
    Gone,
    /// Not now: 429, 409, 5xx, no connection. It was not applied.
    TryLater {
        /// The server's Retry-After.
        after: Option<Duration>,
        /// The disruption budget that blocks an eviction, when the server says that is why.
        budget: bool,
        /// The server's words.
        message: String,
    },
    /// No answer in time, or an answer that does not say whether it was applied: read before doing it again.
    Unknown {
        /// What happened.
        message: String,
    },
    /// Not ever, as it stands: 400, 403, 404 of the resource, 422.
    Refused {
        /// The server's words.
        message: String,
    },
    /// Not sent: this process does not lead any more.
    NotLeading,
}

impl Outcome {
    /// What went wrong, in the words of who refused.
    #[must_use]
    pub fn trouble(&self) -> &str {
        match self {
            Self::TryLater { message, .. } | Self::Unknown { message } | Self::Refused { message } => message,
            Self::Gone => "it is not there",
            Self::NotLeading => "another replica leads",
            Self::Done(_) => "",
        }
    }
}

/// What a verb that is done brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing to say.
    Nothing,
    /// Done, and something that people should know of it.
    Said(String),
    /// All stored Recoveries.
    Recoveries(Vec<Recovery>),
    /// The record as it is now stored (create, save).
    Stored {
        /// Its uid.
        uid: Text,
        /// Its version.
        resource_version: Text,
    },
    /// A record of that name was there already.
    Exists(Box<Recovery>),
    /// A fresh read.
    Pod(Box<PodView>),
    /// A fresh read.
    Node(Box<NodeView>),
    /// A fresh read.
    Workload(Box<WorkloadView>),
    /// A fresh read.
    Service(Box<ServiceView>),
    /// What the provider says.
    Machine(Box<MachineView>),
    /// A fresh list.
    Pods(Vec<PodFact>),
    /// What a drain needs to know.
    Drain(Box<DrainView>),
    /// What was found, as names and values for the record, the most telling first.
    Evidence(Vec<(String, String)>),
    /// What the kubelet's port said.
    Kubelet(KubeletLook),
    /// The pod was created, or one of that name exists.
    Created(Key),
}

/// A fresh read of what a drain of one node needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DrainView {
    /// Every pod bound to the node.
    pub pods: Vec<PodFact>,
    /// Where each of them may run, by uid.
    pub needs: BTreeMap<Text, Needs>,
    /// The disruption budgets that select any of them.
    pub budgets: Vec<Budget>,
}

/// One PodDisruptionBudget; one whose controller has not caught up with its spec allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Budget {
    /// Its name.
    pub name: Text,
    /// `status.disruptionsAllowed`.
    pub allowed: u32,
    /// `status.currentHealthy`.
    pub healthy: u32,
    /// `status.desiredHealthy`.
    pub desired: u32,
    /// What `status.desiredHealthy` would be with one pod more, by its spec: higher where it wants a share, or all but so many.
    #[cfg_attr(feature = "serde", serde(default))]
    pub desired_with_one_more: u32,
    /// Whether `spec.unhealthyPodEvictionPolicy` is `AlwaysAllow`.
    pub unready_may_go: bool,
    /// Uids of the node's pods that it selects.
    pub pods: BTreeSet<Text>,
}

/// What a TCP connection to a kubelet showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum KubeletLook {
    /// Connected: host and kubelet are up.
    Answers,
    /// Refused: host up, kubelet down.
    Refused,
    /// No answer within 2 s, or no route: nothing known to live there.
    Silent,
}
