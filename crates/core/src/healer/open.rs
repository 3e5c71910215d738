//! Opening: a finding becomes a Recovery, or part of one.

use super::{Case, Healer, tell};
use crate::cluster::Subject;
use crate::detect::set_stuck;
use crate::fact::{Marks, PodFact};
use crate::finding::Finding;
use crate::happening::What;
use crate::key::{Kind, Text};
use crate::policy::About;
use crate::recovery::{Orders, Recovery, Spec, Status, name_of, other_name_of};
use crate::strategy::{Hint, action, strategy_for};
use crate::time::{Now, Tick};
use crate::triage::Part;
use crate::{severity, triage};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

/// What a finding leads to.
pub(super) enum Opening {
    /// This very trouble has a Recovery, be it over.
    Recorded(Text),
    /// It is part of this Recovery.
    Of(Text),
    /// It waits for the verdict of something sick, a node or a rollout.
    OfSick,
    /// It follows from a trouble that a person has in hand.
    Known,
    /// A Recovery of its own.
    New(Box<Recovery>),
}

impl Healer {
    /// Opens a Recovery for the finding about `subject`, if there is one that has none yet.
    pub(super) fn open(&mut self, subject: &Subject, touched: &mut BTreeSet<Text>) {
        let Some(finding) = self.sickbed.present_finding(subject) else { return };
        let Some(leading_since) = self.leading.filter(|_| self.adopted && self.cluster.freshness.all_synced()) else {
            return;
        };
        let recovery = match self.opening(self.now, leading_since, finding) {
            Opening::Recorded(_) | Opening::OfSick | Opening::Known => return,
            Opening::Of(parent) => {
                let finding = finding.clone();
                return self.attribute(&parent, &finding, touched);
            }
            Opening::New(recovery) => *recovery,
        };
        let finding = finding.clone();
        let name = recovery.name.clone();
        let mut case = Case::new(self.now, recovery);
        case.policy = self.policies.apply(&About::recovery(&case.recovery, &self.cluster));
        case.news = Some(detection(&case.recovery, &finding, self.now));
        tell::opening(&self.world_of(leading_since, case.policy.as_ref()), &mut case);
        self.active.put(&case);
        self.cases.insert(name.clone(), case);
        touched.insert(name);
    }

    /// What a finding leads to.
    pub(super) fn opening(&self, now: Now, leading_since: Tick, finding: &Finding) -> Opening {
        let name = name_of(finding);
        let names = [Some(name.clone()), other_name_of(finding)];
        if let Some(known) = names.into_iter().flatten().find(|name| self.cases.contains_key(name)) {
            return Opening::Recorded(known);
        }
        let world = self.world_at(now, leading_since, None);
        match triage::part(&world, finding) {
            Part::Own => Opening::New(Box::new(self.recovery(now, name, finding))),
            Part::Of(parent) => Opening::Of(parent),
            Part::OfSick => Opening::OfSick,
            Part::Known => Opening::Known,
        }
    }

    /// The Recovery that `finding` opens, be it of its own or not.
    pub(super) fn recovery(&self, now: Now, name: Text, finding: &Finding) -> Recovery {
        let similar = severity::similar(finding, self.cases.values(), now.tick, self.settings.history_window);
        let about = About::finding(finding, &self.cluster, similar, now.stamp);
        let policy = self.policies.choose(&about);
        let settings = self.policies.settings(policy, &self.settings);
        let (severity, mut reasons) = severity::severity(finding, similar, &settings.severity);
        let hint = self.hint(finding);
        let strategy = strategy_for(settings, finding.failure, finding.cause, severity, hint);
        reasons.extend(policy.and_then(|name| self.policies.reason(name)));
        reasons.extend(match hint {
            Hint::AllowsRollback => Some(format!("{} allows a rollback", finding.target)),
            Hint::BlocksRevision => {
                Some(format!("{} waits for this pod of an older revision before it updates others", finding.workload))
            }
            Hint::AwaitsGate => Some(
                "its containers are ready: a readiness gate keeps it from being ready, and no restart opens that"
                    .into(),
            ),
            Hint::None => None,
        });
        reasons.push(format!(
            "the strategy for a {} of severity {severity} and cause {} is {strategy}",
            finding.failure, finding.cause
        ));
        let spec = Spec {
            failure: finding.failure,
            action: Some(action(finding.failure)),
            cause: Some(finding.cause),
            severity,
            strategy: Some(strategy),
            mode: settings.mode,
            target: finding.target.clone(),
            workload: finding.workload.clone(),
            policy: settings.policy.to_string(),
            description: finding.description.clone(),
            first_seen: finding.first_seen.stamp,
            detected_at: now.stamp,
            similar_failures: similar,
            reasons,
        };
        Recovery {
            name,
            uid: Text::from(""),
            resource_version: Text::from(""),
            created: now.stamp,
            spec,
            status: Status::opened(finding),
            orders: Orders::default(),
        }
    }

    /// What the object of a finding itself says of what may be done.
    fn hint(&self, finding: &Finding) -> Hint {
        let target = &finding.target;
        let pod = self.cluster.exact_pod(target);
        if pod.as_ref().is_some_and(|pod| set_stuck::blocks(pod, &self.cluster)) {
            return Hint::BlocksRevision;
        }
        if pod.is_some_and(|pod| awaits_gate(&pod)) {
            return Hint::AwaitsGate;
        }
        let known = self.cluster.exact_workload(target).filter(|_| target.kind == Kind::Deployment);
        let allows = known.is_some_and(|fact| fact.marks.has(Marks::AUTO_ROLLBACK));
        if allows { Hint::AllowsRollback } else { Hint::None }
    }

    fn attribute(&mut self, parent: &Text, finding: &Finding, touched: &mut BTreeSet<Text>) {
        let Some(case) = self.cases.get_mut(parent) else { return };
        let itself = case.recovery.spec.target.uid == finding.target.uid;
        if !itself && case.affects(format!("{}: {}", finding.target, finding.cause)) {
            case.saving.dirty = true;
            touched.insert(parent.clone());
        }
    }
}

/// What is told of a new case.
fn detection(recovery: &Recovery, finding: &Finding, now: Now) -> (What, String) {
    let latency = now.tick.since(finding.first_seen.tick);
    let note = format!("{} on {}: {}", recovery.spec.failure, recovery.spec.target, recovery.spec.description);
    (What::FailureDetected { latency }, note)
}

fn awaits_gate(pod: &PodFact) -> bool {
    pod.trouble.as_ref().is_some_and(|trouble| trouble.awaits_gate)
}
