//! The closed words that only the configuration has.

use self_healing_core::names::Mode;
use std::fmt;

/// A word of a closed list.
pub trait Word: Copy + fmt::Debug + PartialEq + Sync + 'static {
    /// Every word of the list.
    const ALL: &'static [Self];

    /// The one spelling.
    fn as_str(self) -> &'static str;
}

impl Word for Mode {
    const ALL: &'static [Self] = Self::ALL;

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, else for machines.
    Auto,
    /// One JSON object per line.
    Json,
    /// One readable line each.
    Text,
}

impl Word for LogFormat {
    const ALL: &'static [Self] = &[Self::Auto, Self::Json, Self::Text];

    fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

/// What replaces a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeReplacement {
    /// Nothing.
    None,
    /// Deleting its Cluster API Machine.
    ClusterApi,
    /// Deleting its NodeClaim.
    Karpenter,
    /// A remediation object made from a template, as medik8s and Cluster API agree on.
    RemediationTemplate,
    /// A webhook.
    Webhook,
}

impl Word for NodeReplacement {
    const ALL: &'static [Self] =
        &[Self::None, Self::ClusterApi, Self::Karpenter, Self::RemediationTemplate, Self::Webhook];

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClusterApi => "clusterapi",
            Self::Karpenter => "karpenter",
            Self::RemediationTemplate => "remediation-template",
            Self::Webhook => "webhook",
        }
    }
}
