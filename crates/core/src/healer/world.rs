//! What guards, remedies and triage may look at.

use super::fleet::Fleet;
use super::sickbed::Sickbed;
use super::{Case, Healer};
use crate::cluster::{Cluster, Pod, Subject};
use crate::key::Text;
use crate::names::{Cause, FailureType};
use crate::recovery::Recovery;
use crate::settings::Settings;
use crate::time::{Now, Past, Tick};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What guards, remedies and triage may look at.
pub(crate) struct World<'a> {
    pub(crate) now: Now,
    /// Those of the case that is being stepped.
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a Cluster,
    pub(crate) leading_since: Tick,
    cases: &'a BTreeMap<Text, Case>,
    /// The case that is being explained, and so is no other's.
    aside: Option<&'a Text>,
    /// When the attempts that may write began of the one that is being stepped.
    pub(crate) own_attempts: Vec<Past>,
    pub(super) sickbed: &'a Sickbed,
    /// The nodes, counted.
    pub(crate) fleet: &'a Fleet,
    /// So few read what they will need that one more may, before its turn has come.
    pub(crate) may_read_ahead: bool,
}

impl World<'_> {
    /// Every stored Recovery, active or not, except the one that is being stepped or explained.
    pub(crate) fn recoveries(&self) -> impl Iterator<Item = &Recovery> {
        self.cases().map(|case| &case.recovery)
    }

    /// The same with what is remembered of each.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|(name, _)| self.aside.is_none_or(|aside| aside != *name)).map(|(_, case)| case)
    }

    /// Those about nodes.
    pub(crate) fn node_cases(&self) -> impl Iterator<Item = &Case> {
        self.cases().filter(|case| case.recovery.spec.failure == FailureType::Node)
    }

    /// Whether a finding of this cause stands about `subject`.
    pub(crate) fn is_found(&self, subject: &Subject, cause: Cause) -> bool {
        self.sickbed.is_found(subject, cause)
    }

    /// Pods that show a signal of this cause now.
    pub(crate) fn pods_with(&self, cause: Cause) -> impl Iterator<Item = Pod<'_>> {
        self.sickbed.pods_with(cause).filter_map(|key| self.cluster.pod(key))
    }

    /// Whether a signal of this node is bad now, or was a moment ago.
    pub(crate) fn is_sick_node(&self, node: &Text) -> bool {
        self.sickbed.is_ill(&Subject::Node(node.clone()), FailureType::Node)
    }
}

impl Healer {
    /// The world for what has the settings of the configuration.
    pub(super) fn world(&self, leading_since: Tick) -> World<'_> {
        self.world_of(leading_since, None)
    }

    /// The world for what this policy applies to.
    pub(super) fn world_of(&self, leading_since: Tick, policy: Option<&Text>) -> World<'_> {
        self.world_at(self.now, leading_since, policy)
    }

    /// The same as `now` shows it, which is not before the last turn.
    pub(super) fn world_at(&self, now: Now, leading_since: Tick, policy: Option<&Text>) -> World<'_> {
        World {
            now,
            settings: self.policies.settings(policy, &self.settings),
            cluster: &self.cluster,
            leading_since,
            cases: &self.cases,
            aside: None,
            own_attempts: Vec::new(),
            sickbed: &self.sickbed,
            fleet: &self.fleet,
            may_read_ahead: self.gathers.has_place(),
        }
    }

    /// The world as `now` shows it to one case, without stepping it.
    pub(super) fn world_around<'a>(&'a self, now: Now, leading_since: Tick, case: &'a Case) -> World<'a> {
        World {
            aside: Some(&case.recovery.name),
            own_attempts: case.writing_attempts().collect(),
            ..self.world_at(now, leading_since, case.policy.as_ref())
        }
    }
}
