//! What can befall a cluster, its people's doing and the controller's own misfortunes included.

use crate::story::{Name, WorkloadKind};
use crate::words::words;
use std::fmt;
use std::time::Duration;

/// A pod as stories name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodName {
    /// `web.2`: the second pod that ever belonged to the workload, by creation, then by name.
    Numbered {
        /// The workload.
        workload: Name,
        /// From 1.
        number: u32,
    },
    /// A pod without controller: the one that has this name now.
    Bare(Name),
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered { workload, number } => write!(f, "{workload}.{number}"),
            Self::Bare(name) => write!(f, "{name}"),
        }
    }
}

/// Anything that a deed can be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A pod.
    Pod(PodName),
    /// A node.
    Node(String),
    /// A controller of pods.
    Workload(WorkloadKind, Name),
    /// A namespace, written `namespace/NAME`.
    Namespace(String),
    /// A Service, written `service/NAME`.
    Service(Name),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(pod) => write!(f, "{pod}"),
            Self::Node(node) => f.write_str(node),
            Self::Workload(_, name) => write!(f, "{name}"),
            Self::Namespace(name) => write!(f, "namespace/{name}"),
            Self::Service(name) => write!(f, "service/{name}"),
        }
    }
}

words! {
    /// A write of the controller to an object that is not its own.
    Verb {
        /// `spec.unschedulable` set.
        Cordon = "cordon",
        /// Taken back.
        Uncordon = "uncordon",
        /// The suspect taint set.
        Taint = "taint",
        /// Taken back.
        Untaint = "untaint",
        /// An Eviction.
        Evict = "evict",
        /// A DELETE.
        Delete = "delete",
        /// A POST.
        Create = "create",
        /// The template annotation of `kubectl rollout restart`, on a controller of pods.
        Restart = "restart",
        /// One pod more than a Deployment or ReplicaSet had.
        Scale = "scale",
        /// Taken back.
        Unscale = "unscale",
        /// A Deployment's template, to an earlier one.
        RollBack = "roll-back",
        /// The selector of a Service set to its standby's.
        Switch = "switch",
        /// Set back, or only the mark of it taken away.
        SwitchBack = "switch-back",
        /// The memory limit of a pod raised in place.
        Resize = "resize",
        /// A provider of machines is told to replace or reboot one.
        Replace = "replace",
        /// The remediation object deleted by which it was told.
        EndRemediation = "end-remediation",
        /// The out-of-service taint set.
        Fence = "fence",
        /// Taken back.
        Unfence = "unfence",
    }
}

/// One write of the controller that a deed can wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which.
    pub verb: Verb,
    /// To what; of a taint the node, of a restart, a rollback and a change of scale the controller of pods.
    pub object: Object,
}

words! {
    /// How the pods of a new revision behave.
    Release {
        /// They run and are ready.
        Well = "well",
        /// They run and are never ready.
        Unready = "unready",
        /// Their container ends again and again.
        CrashLoop = "crash-loop",
        /// Their image cannot be pulled.
        ImagePullBackOff = "image-pull-backoff",
        /// They ask for more than any node has.
        Unschedulable = "unschedulable",
    }
}

words! {
    /// What the provider of machines does with an order.
    Ordered {
        /// The machine goes off and boots.
        Reboots = "reboots",
        /// It goes off.
        PowersOff = "powers-off",
        /// It goes, and another one of another name comes.
        Replaces = "replaces",
        /// It goes, and no other one comes.
        Removes = "removes",
        /// Nothing: after a time it is assumed to have rebooted.
        Assumes = "assumes",
        /// Nothing, and it says so.
        Fails = "fails",
        /// Nothing, and it says nothing.
        Stalls = "stalls",
    }
}

words! {
    /// How the receiver of a channel's messages takes them.
    Reception {
        /// It takes them.
        Well = "well",
        /// It answers 429, and asks for [`BUSY`](crate::story::BUSY) seconds.
        Busy = "busy",
        /// It answers 500.
        Fails = "fails",
        /// It answers 400: the message is wrong for good.
        Refuses = "refuses",
        /// It takes the connection and answers nothing.
        Hangs = "hangs",
        /// It closes the connection without an answer.
        Closes = "closes",
    }
}

/// What the port of a silent node's kubelet answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kubelet {
    /// Nothing: the machine is off.
    Silent,
    /// It refuses: the machine runs, its kubelet does not.
    Refuses,
    /// It accepts: the node is cut off from the API server.
    Accepts,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `fail POD`: phase Failed, its containers ended with 1.
    Fail(PodName),
    /// `crash-loop POD RESTARTS`: its container has ended so often and waits in CrashLoopBackOff.
    CrashLoop(PodName, u32),
    /// `waits POD REASON`: Pending, its container waits for the reason, e.g. ImagePullBackOff.
    Waits(PodName, String),
    /// `unready POD`: runs without being ready.
    Unready(PodName),
    /// `heal POD`: runs and is ready.
    Heal(PodName),
    /// `oom POD`: its container was killed for its memory, restarted and is ready again.
    Oom(PodName),
    /// `finalizer POD NAME`: a finalizer that nobody takes away.
    Finalizer(PodName, String),
    /// `delete POD`: a person deletes it.
    Delete(PodName),
    /// `replace POD`: gone, and one of the same name and another uid is there and ready. Not for pods of a Deployment.
    ReplacePod(PodName),
    /// `release WORKLOAD well|unready|crash-loop|image-pull-backoff|unschedulable`: a person rolls out a new revision of a Deployment or StatefulSet.
    Release(WorkloadKind, Name, Release),
    /// `silence NODE`, `kubelet-down NODE`, `cut-off NODE`: no heartbeat any more, and what its kubelet's port answers.
    Silence(String, Kubelet),
    /// `return NODE`: its heartbeat goes on, its kubelet answers, it is Ready.
    Return(String),
    /// `not-ready NODE`: its kubelet reports Ready=False.
    NotReady(String),
    /// `condition NODE TYPE [True|False]`: another condition of it.
    Condition(String, String, bool),
    /// `replace NODE`: deleted, and one of the same name and another uid is there, Ready and without marks; its pods are still bound to it.
    ReplaceNode(String),
    /// `provider reboots|powers-off|replaces|removes|assumes|fails|stalls`: what the provider of machines does with orders from now on.
    Provider(Ordered),
    /// `receiver CHANNEL well|busy|fails|refuses|hangs|closes`: how it takes messages from now on.
    Receiver(String, Reception),
    /// `remediate NODE`: another tool makes a remediation object for it.
    Remediate(String),
    /// `call-off NODE`: a person deletes the node's remediation object.
    CallOff(String),
    /// `pause-machine NODE`: a person stops all work on its machine.
    PauseMachine(String),
    /// `attach VOLUME NODE`: a volume is attached to it, and nobody detaches it.
    Attach(String, String),
    /// `detach VOLUME`.
    Detach(String),
    /// `cordon NODE`: by a person.
    Cordon(String),
    /// `uncordon NODE`: by a person.
    Uncordon(String),
    /// `taint NODE KEY`: another tool's taint of effect NoSchedule.
    Taint(String, String),
    /// `untaint NODE KEY`: taken away.
    Untaint(String, String),
    /// `exclude OBJECT`: the opt-out annotation.
    Exclude(Object),
    /// `include OBJECT`: the annotation is taken away.
    Include(Object),
    /// `annotate OBJECT KEY VALUE`: a person or a tool writes an annotation, a value of one word; `-` takes it away.
    Annotate(Object, String, Option<String>),
    /// `scale WORKLOAD N`: a person changes how many pods a Deployment or StatefulSet wants.
    Scale(WorkloadKind, Name, u32),
    /// `pause WORKLOAD`: a person pauses the rollouts of a Deployment.
    Pause(Name),
    /// `autoscale WORKLOAD`: a person makes a HorizontalPodAutoscaler that scales it.
    Autoscale(WorkloadKind, Name),
    /// `set KEY VALUE`: in the live ConfigMap; a value of one word.
    Set(String, String),
    /// `apply POLICY VERSION`: that version of a HealingPolicy is stored, whether it was there or not.
    Apply(String, u32),
    /// `withdraw POLICY`: a HealingPolicy is deleted.
    Withdraw(String),
    /// `approve OBJECT`: a person approves the active Recovery of this pod, node, workload or Service.
    Approve(Object),
    /// `cancel OBJECT`: a person vetoes it.
    Cancel(Object),
    /// `select SERVICE WORKLOAD`: a person sets the selector of a Service to the pods of a workload.
    Select(Name, Name),
    /// `budget NAME N`: a disruption budget's minAvailable is changed.
    Budget(Name, u32),
    /// `kill controller`: SIGKILL; it is started again at once.
    KillController,
    /// `stop controller`: SIGTERM; a second replica goes on.
    StopController,
    /// `freeze controller SECONDS`: SIGSTOP, and SIGCONT later.
    FreezeController(Duration),
    /// `stop apiserver`: it answers no more.
    StopApiserver,
    /// `start apiserver`: with all that it knew.
    StartApiserver,
}

impl fmt::Display for Deed {
    /// The line that it was read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(pod) => write!(f, "fail {pod}"),
            Self::CrashLoop(pod, restarts) => write!(f, "crash-loop {pod} {restarts}"),
            Self::Waits(pod, reason) => write!(f, "waits {pod} {reason}"),
            Self::Unready(pod) => write!(f, "unready {pod}"),
            Self::Heal(pod) => write!(f, "heal {pod}"),
            Self::Oom(pod) => write!(f, "oom {pod}"),
            Self::Finalizer(pod, name) => write!(f, "finalizer {pod} {name}"),
            Self::Delete(pod) => write!(f, "delete {pod}"),
            Self::ReplacePod(pod) => write!(f, "replace {pod}"),
            Self::Release(_, workload, how) => write!(f, "release {workload} {how}"),
            Self::Silence(node, Kubelet::Silent) => write!(f, "silence {node}"),
            Self::Silence(node, Kubelet::Refuses) => write!(f, "kubelet-down {node}"),
            Self::Silence(node, Kubelet::Accepts) => write!(f, "cut-off {node}"),
            Self::Return(node) => write!(f, "return {node}"),
            Self::NotReady(node) => write!(f, "not-ready {node}"),
            Self::Condition(node, kind, true) => write!(f, "condition {node} {kind} True"),
            Self::Condition(node, kind, false) => write!(f, "condition {node} {kind} False"),
            Self::ReplaceNode(node) => write!(f, "replace {node}"),
            Self::Provider(how) => write!(f, "provider {how}"),
            Self::Receiver(channel, how) => write!(f, "receiver {channel} {how}"),
            Self::Remediate(node) => write!(f, "remediate {node}"),
            Self::CallOff(node) => write!(f, "call-off {node}"),
            Self::PauseMachine(node) => write!(f, "pause-machine {node}"),
            Self::Attach(volume, node) => write!(f, "attach {volume} {node}"),
            Self::Detach(volume) => write!(f, "detach {volume}"),
            Self::Cordon(node) => write!(f, "cordon {node}"),
            Self::Uncordon(node) => write!(f, "uncordon {node}"),
            Self::Taint(node, key) => write!(f, "taint {node} {key}"),
            Self::Untaint(node, key) => write!(f, "untaint {node} {key}"),
            Self::Exclude(object) => write!(f, "exclude {object}"),
            Self::Include(object) => write!(f, "include {object}"),
            Self::Annotate(object, key, None) => write!(f, "annotate {object} {key} -"),
            Self::Annotate(object, key, Some(value)) => write!(f, "annotate {object} {key} {value}"),
            Self::Scale(_, workload, pods) => write!(f, "scale {workload} {pods}"),
            Self::Pause(workload) => write!(f, "pause {workload}"),
            Self::Autoscale(_, workload) => write!(f, "autoscale {workload}"),
            Self::Set(key, value) => write!(f, "set {key} {value}"),
            Self::Apply(policy, version) => write!(f, "apply {policy} {version}"),
            Self::Withdraw(policy) => write!(f, "withdraw {policy}"),
            Self::Approve(object) => write!(f, "approve {object}"),
            Self::Cancel(object) => write!(f, "cancel {object}"),
            Self::Select(service, workload) => write!(f, "select service/{service} {workload}"),
            Self::Budget(name, number) => write!(f, "budget {name} {number}"),
            Self::KillController => f.write_str("kill controller"),
            Self::StopController => f.write_str("stop controller"),
            Self::FreezeController(span) => write!(f, "freeze controller {}", span.as_secs_f64()),
            Self::StopApiserver => f.write_str("stop apiserver"),
            Self::StartApiserver => f.write_str("start apiserver"),
        }
    }
}

/// When something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The line of the file, from 1.
    pub line: usize,
    /// Time since the story began.
    pub at: Duration,
    /// If present, not at `at` but right after the controller's next such write, before it has the answer if that can be arranged.
    pub after: Option<Write>,
    /// What is done.
    pub deed: Deed,
}
