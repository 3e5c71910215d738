//! A controller of pods as a fresh read shows it, and who else has a hand on it.

use crate::fact::{Marks, WorkloadFact};
use crate::key::Text;
use crate::time::Stamp;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A fresh quorum read of a controller of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WorkloadView {
    /// What the rules read: uid, replicas wanted and ready, revision, whether its status has caught up with its spec.
    pub fact: WorkloadFact,
    /// The precondition for the write that follows.
    pub resource_version: Text,
    /// Pods of the newest template (`updatedReplicas`, `updatedNumberScheduled`).
    pub updated: u32,
    /// Pods of any template (`replicas`, `currentNumberScheduled`).
    pub total: u32,
    /// Pods that have been ready for `minReadySeconds` (`availableReplicas`, `numberAvailable`).
    pub available: u32,
    /// Why a change of its template reaches no pod: it is paused, or updates only what is deleted; `None` when it does.
    pub held_back: Option<String>,
    /// Tools and controllers that keep it as they want it.
    pub keepers: Vec<Keeper>,
    /// The HorizontalPodAutoscaler whose `scaleTargetRef` names it.
    pub autoscaler: Option<Text>,
    /// Fields that others own by server-side apply.
    pub applied: Applied,
    /// The Recovery that our mark on it names; empty without one.
    pub owner: Text,
    /// The Recovery that restarted its pods last, by the mark in its template; empty when none did.
    pub restarted_by: Text,
    /// When its pods were restarted last, by `kubectl.kubernetes.io/restartedAt` in its template.
    pub restarted_at: Option<Stamp>,
    /// A digest of its template: equal templates have equal ones.
    pub template: Text,
    /// How many of its pods a rolling update may take away (`maxUnavailable`, of a share rounded down); 0 where all go first.
    pub max_unavailable: u32,
    /// Its ReplicaSets; only of a Deployment that allows a rollback.
    pub revisions: Vec<Revision>,
    /// The last rollback of ours.
    pub rolled_back: RolledBack,
}

/// One revision of a Deployment, as its ReplicaSet shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Revision {
    /// The ReplicaSet's name, which stays when a revision is released again.
    pub name: Text,
    /// Annotation `deployment.kubernetes.io/revision`, which does not.
    pub number: u64,
    /// `status.availableReplicas`.
    pub available: u32,
    /// A digest of its template.
    pub template: Text,
}

/// What the annotations of a Deployment say of its last rollback; all empty when there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RolledBack {
    /// The Recovery.
    pub by: Text,
    /// The ReplicaSet of the revision that failed.
    pub from: Text,
    /// The ReplicaSet whose template took its place.
    pub to: Text,
}

/// Somebody who keeps an object as he wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Keeper {
    /// What it is.
    pub tool: Tool,
    /// Its application, Kustomization, release or object.
    pub name: String,
}

/// What keeps objects as it wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Tool {
    /// An Application of Argo CD, which takes changes back as soon as it sees them.
    ArgoCd,
    /// A Kustomization of Flux, which does the same.
    FluxKustomization,
    /// A HelmRelease of Flux, which does the same.
    FluxHelmRelease,
    /// A release of Helm, which takes changes back with its next upgrade.
    Helm,
    /// The controller above it (`ownerReferences`), an operator as a rule.
    Controller,
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = match self.tool {
            Tool::ArgoCd => "Argo CD application",
            Tool::FluxKustomization => "Flux Kustomization",
            Tool::FluxHelmRelease => "Flux HelmRelease",
            Tool::Helm => "Helm release",
            Tool::Controller => "its controller",
        };
        write!(f, "{tool} {}", self.name)
    }
}

/// Who owns a field by server-side apply, other than we; `None` for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Applied {
    /// Anything of `spec.template`.
    pub template: Option<Text>,
    /// The annotation `kubectl.kubernetes.io/restartedAt` of the template.
    pub restarted_at: Option<Text>,
    /// `spec.replicas`.
    pub replicas: Option<Text>,
}

impl WorkloadView {
    /// Why its pods may not be restarted by a change of its template; `None` when they may.
    #[must_use]
    pub fn keeps_from_restart(&self) -> Option<String> {
        let kept = self.kept_by(|tool| tool != Tool::Helm);
        let kept = kept.or_else(|| applied(self.applied.restarted_at.as_ref(), "kubectl.kubernetes.io/restartedAt"));
        kept.or_else(|| self.held_back.clone()).map(|why| format!("{}: {why}", self.fact.target()))
    }

    /// Why `recovery` may not change the number of its pods; `None` when it may.
    #[must_use]
    pub fn keeps_from_scaling(&self, recovery: &str) -> Option<String> {
        let scaler = self.autoscaler.as_ref().map(|name| format!("HorizontalPodAutoscaler {name} scales it"));
        let kept = self.kept_by(|tool| tool != Tool::Helm).or(scaler);
        let kept = kept.or_else(|| applied(self.applied.replicas.as_ref(), "spec.replicas"));
        let other = || Some(&self.owner).filter(|owner| !owner.is_empty() && ***owner != *recovery);
        let kept = kept.or_else(|| other().map(|owner| format!("Recovery {owner} has changed it already")));
        kept.map(|why| format!("{}: {why}", self.fact.target()))
    }

    /// Why its template may not be put back to an earlier one; `None` when it may.
    #[must_use]
    pub fn keeps_from_rollback(&self) -> Option<String> {
        if !self.fact.marks.has(Marks::AUTO_ROLLBACK) {
            return Some(String::from("it does not allow that (annotation self-healing.dev/auto-rollback: \"true\")"));
        }
        let kept = self.kept_by(|_| true).or_else(|| applied(self.applied.template.as_ref(), "spec.template"));
        kept.or_else(|| self.held_back.clone())
    }

    /// The revision of its template, once its ReplicaSet is there.
    #[must_use]
    pub fn newest(&self) -> Option<&Revision> {
        self.revisions.iter().find(|one| one.template == self.template)
    }

    /// The first of its keepers that `counts`, in words.
    fn kept_by(&self, counts: impl Fn(Tool) -> bool) -> Option<String> {
        let keeper = self.keepers.iter().find(|keeper| counts(keeper.tool))?;
        Some(format!("{keeper} owns it"))
    }

    /// Whether the pods of its newest template have taken the place of all others and are available; and the sentence that says so.
    #[must_use]
    pub fn is_rolled_out(&self) -> (bool, String) {
        let wanted = self.fact.desired.unwrap_or(0);
        let done =
            self.fact.observed && self.updated >= wanted && self.total <= self.updated && self.available >= wanted;
        let counts =
            format!("{} of {wanted} pods are of the newest template, {} are available", self.updated, self.available);
        (done, format!("{}: {counts}", self.fact.target()))
    }

    /// Whether the restart of this Recovery that began at `at` was done; the annotation has whole seconds.
    #[must_use]
    pub fn was_restarted(&self, recovery: &str, at: Stamp) -> bool {
        let same = |known: Stamp| known.0.div_euclid(1000) == at.0.div_euclid(1000);
        *self.restarted_by == *recovery && self.restarted_at.is_some_and(same)
    }
}

fn applied(manager: Option<&Text>, field: &str) -> Option<String> {
    manager.map(|manager| format!("field manager {manager} applies {field}"))
}
