//! The machine under a node, as whoever provides machines tells of it.

use crate::key::{Target, Text};
use crate::names::ProviderKind;
use crate::time::Stamp;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Who may reboot or replace nodes, as configuration and policies say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Which kind.
    pub kind: ProviderKind,
    /// The templates of remediation objects, for [`ProviderKind::RemediationTemplate`]: each when the one before has not helped.
    pub templates: Vec<Template>,
    /// Whom to ask, for [`ProviderKind::Webhook`].
    pub webhook: Option<Webhook>,
    /// Whether a machine that is only assumed to be off, because enough time has passed, counts as one that is off.
    pub accept_assumed: bool,
}

/// One template of remediation objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its `apiVersion`.
    pub api_version: Text,
    /// Its kind, which ends in `Template`; what is made from it is of the kind before that.
    pub kind: Text,
    /// Its namespace.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// How long what is made from it may take before the next one's turn; of the last one no more than the attempt has.
    pub timeout: Option<Duration>,
}

/// One webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhook {
    /// Its address; what is asked of it has a path below that. It may hold a secret, so it is shown nowhere.
    pub url: Text,
    /// Whether plain http and private addresses are allowed.
    pub insecure: bool,
}

impl Provider {
    /// Whether a node can be rebooted through it, and need not be given up for another machine.
    #[must_use]
    pub const fn can_reboot(&self) -> bool {
        match self.kind {
            ProviderKind::RemediationTemplate | ProviderKind::Webhook => true,
            ProviderKind::None | ProviderKind::ClusterApi | ProviderKind::Karpenter => false,
        }
    }
}

/// What is asked of a provider about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The node.
    pub node: Target,
    /// Whom.
    pub provider: Provider,
    /// The template whose turn it is, for [`ProviderKind::RemediationTemplate`].
    pub template: Option<Template>,
    /// What was ordered for it before, if something was.
    pub known: Option<MachineRef>,
    /// When the Recovery was stored, on the API server's clock: a machine that is older is no replacement.
    pub since: Stamp,
    /// Names what is asked for, the same each time; of a webhook the idempotency key.
    pub key: Text,
    /// Whether the node lives and was drained: then its machine goes when its volumes are detached.
    pub drained: bool,
}

/// What is to be done to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Of which node.
    pub inquiry: Inquiry,
    /// The machine, as it was just seen.
    pub machine: MachineRef,
    /// Its version as it was just seen.
    pub resource_version: Text,
    /// Whether a reboot is enough; else the machine is to be replaced, or at least fenced.
    pub reboot: bool,
    /// Why, in one sentence.
    pub reason: String,
}

/// One object of a provider that stands for a machine, or for what is done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineRef {
    /// `apiVersion kind namespace/name`, as `cluster.x-k8s.io/v1beta1 Machine capi/worker-3`; of a webhook `webhook` and the key.
    pub name: Text,
    /// Its uid; of a remediation object, which is still to be made, its template's.
    pub uid: Text,
    /// The uid of the set that it belongs to and that makes its replacement; empty when there is none.
    pub pool: Text,
}

/// What a provider says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineView {
    /// How it stands.
    pub state: MachineState,
    /// Whether the machine is off, and how sure that is.
    pub off: Option<Off>,
    /// Nodes of machines that came in place of this one.
    pub replacements: Vec<Replacement>,
}

/// How it stands with a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MachineState {
    /// Nothing here can replace this node; why.
    NotOffered(String),
    /// Somebody else has it in hand, or stopped all work on it; who.
    Busy(String),
    /// These volumes are still attached to a node that was drained: without its machine their data may be written by two.
    Attached(Vec<String>),
    /// An order may be given.
    Ready {
        /// About this.
        machine: MachineRef,
        /// At this version.
        resource_version: Text,
    },
    /// An order is being carried out; how far it is.
    UnderWay(String),
    /// It was carried out.
    Done(String),
    /// It was not, and will not be.
    Failed(String),
}

/// How sure it is that a machine is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Off {
    /// Whoever switched it off says so.
    Stated(String),
    /// It is assumed, because enough time has passed.
    Assumed(String),
}

/// The node of a machine that came in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The node's name.
    pub node: Text,
    /// Its uid, where the provider knows it.
    pub uid: Text,
    /// The id by which the provider knows the machine, and that its node has as well.
    pub provider_id: Text,
}
