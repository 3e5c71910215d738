//! Controllers of pods as a fresh read shows them, and what the controller and others do to them.

use super::answers::done;
use super::truth::{Truth, later};
use self_healing_api::marks::{ARGO_TRACKING, AUTO_ROLLBACK, HELM_RELEASE};
use self_healing_core::effect::{Answer, Applied, Keeper, Outcome, RolledBack, Tool, WorkloadView};
use self_healing_core::fact::{Marks, WorkloadFact};
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::time::Stamp;
use self_healing_story::{Name, Verb as Wrote};
use std::collections::BTreeMap;

/// Who has a hand on which workload, by its uid.
#[derive(Default)]
pub(super) struct Hands {
    versions: BTreeMap<Text, u64>,
    keepers: BTreeMap<Text, Keeper>,
    autoscalers: BTreeMap<Text, Text>,
    restarts: BTreeMap<Text, (Text, Stamp)>,
    rolled_back: BTreeMap<Text, RolledBack>,
    /// The numbers of pods that `self-healing.dev/scaled-replicas` keeps, by uid.
    scaled: BTreeMap<Text, u32>,
}

impl Hands {
    pub(super) fn changed(&mut self, uid: &Text, version: u64) {
        self.versions.insert(uid.clone(), version);
    }
}

impl Truth {
    fn exact_workload(&self, target: &Target) -> Option<&WorkloadFact> {
        self.workloads.get(&(target.kind.clone(), target.key.clone())).filter(|fact| fact.uid == target.uid)
    }

    fn version_of(&self, uid: &Text) -> Text {
        Text::from(self.hands.versions.get(uid).copied().unwrap_or(1).to_string())
    }

    pub(super) fn look_at_workload(&self, target: &Target) -> Outcome {
        let Some(fact) = self.exact_workload(target) else { return Outcome::Gone };
        let (updated, total, available) = self.counts(fact);
        let hands = &self.hands;
        let paused = fact.rollout.as_ref().is_some_and(|rollout| rollout.held_back);
        let restart = hands.restarts.get(&fact.uid);
        Outcome::Done(Answer::Workload(Box::new(WorkloadView {
            fact: fact.clone(),
            resource_version: self.version_of(&fact.uid),
            updated,
            total,
            available,
            held_back: paused.then(|| "its rollouts are paused (spec.paused)".to_owned()),
            keepers: hands.keepers.get(&fact.uid).cloned().into_iter().collect(),
            autoscaler: hands.autoscalers.get(&fact.uid).cloned(),
            applied: Applied::default(),
            owner: fact.marked_by.clone(),
            restarted_by: restart.map(|(by, _)| by.clone()).unwrap_or_default(),
            restarted_at: restart.map(|(_, at)| *at),
            template: self.template(fact),
            max_unavailable: fact.desired.unwrap_or(0) / 4,
            revisions: if fact.marks.has(Marks::AUTO_ROLLBACK) { self.revisions(fact) } else { Vec::new() },
            rolled_back: hands.rolled_back.get(&fact.uid).cloned().unwrap_or_default(),
        })))
    }

    /// A ReplicaSet's name stands for its template.
    fn template(&self, fact: &WorkloadFact) -> Text {
        let number = fact.revision().parse().unwrap_or(0);
        self.revisions(fact).into_iter().find(|one| one.number == number).map(|one| one.name).unwrap_or_default()
    }

    /// The workload, if it is still at this version.
    fn at_version(&self, target: &Target, version: &Text) -> Result<WorkloadFact, Outcome> {
        let fact = self.exact_workload(target).cloned().ok_or(Outcome::Gone)?;
        let same = *version == self.version_of(&fact.uid);
        if same { Ok(fact) } else { Err(later("the object has been modified")) }
    }

    pub(super) fn scale_up(
        &mut self,
        target: &Target,
        version: &Text,
        (from, to): (u32, u32),
        recovery: &Text,
    ) -> Outcome {
        if let Err(other) = self.at_version(target, version) {
            return other;
        }
        self.wrote(Wrote::Scale, &Text::from(target.key.to_string()));
        self.edit_workload(&target.kind, &target.key, |fact| {
            (fact.desired, fact.original_replicas) = (Some(to), Some(from));
            fact.marked_by = recovery.clone();
        });
        self.hands.scaled.insert(target.uid.clone(), to);
        self.stir();
        done()
    }

    pub(super) fn scale_back(&mut self, target: &Target, recovery: &Text) -> Outcome {
        self.drop_copies(target, recovery);
        let Some(fact) = self.exact_workload(target).filter(|fact| fact.marked_by == *recovery).cloned() else {
            return done();
        };
        self.wrote(Wrote::Unscale, &Text::from(target.key.to_string()));
        let original = fact.original_replicas;
        let ours = fact.desired.is_some() && fact.desired == self.hands.scaled.get(&fact.uid).copied();
        self.edit_workload(&target.kind, &target.key, |fact| {
            (fact.marked_by, fact.original_replicas) = (Text::default(), None);
            fact.desired = if ours { original } else { fact.desired };
        });
        self.stir();
        if ours { done() } else { Outcome::Done(Answer::Said("somebody set another number meanwhile".into())) }
    }

    /// The number stays.
    pub(super) fn keep_scale(&mut self, target: &Target, recovery: &Text) -> Outcome {
        self.drop_copies(target, recovery);
        if self.exact_workload(target).is_some_and(|fact| fact.marked_by == *recovery) {
            self.wrote(Wrote::Unscale, &Text::from(target.key.to_string()));
            self.edit_workload(&target.kind, &target.key, |fact| {
                (fact.marked_by, fact.original_replicas) = (Text::default(), None);
            });
            self.stir();
        }
        done()
    }

    fn drop_copies(&mut self, target: &Target, recovery: &Text) {
        let copies = self.workloads.values().filter(|fact| {
            fact.marked_by == *recovery && fact.owner.as_ref().is_some_and(|owner| owner.uid == target.uid)
        });
        let copies: Vec<Target> = copies.map(WorkloadFact::target).collect();
        for copy in copies {
            self.edit_workload(&copy.kind, &copy.key, |fact| {
                (fact.marked_by, fact.original_replicas) = (Text::default(), None);
            });
        }
    }

    /// A person takes our mark away, and the number stays.
    pub(crate) fn unmark_workload(&mut self, name: &str) {
        let known = self.workloads.values().find(|fact| fact.kind == Kind::Deployment && &*fact.key.name == name);
        let (kind, key) = known.map(|fact| (fact.kind.clone(), fact.key.clone())).unwrap();
        self.edit_workload(&kind, &key, |fact| (fact.marked_by, fact.original_replicas) = (Text::default(), None));
    }

    pub(super) fn roll_back(
        &mut self,
        target: &Target,
        version: &Text,
        (from, to): (&Text, &Text),
        recovery: &Text,
    ) -> Outcome {
        let fact = match self.at_version(target, version) {
            Ok(fact) => fact,
            Err(other) => return other,
        };
        self.wrote(Wrote::RollBack, &Text::from(target.key.to_string()));
        let rolled_back = RolledBack { by: recovery.clone(), from: from.clone(), to: to.clone() };
        self.hands.rolled_back.insert(fact.uid.clone(), rolled_back);
        self.release_again(&fact, to);
        done()
    }

    pub(super) fn restart_workload(
        &mut self,
        target: &Target,
        version: &Text,
        (recovery, at): (&Text, Stamp),
    ) -> Outcome {
        let Some(fact) = self.exact_workload(target).cloned() else { return Outcome::Gone };
        if *version != self.version_of(&fact.uid) {
            return later("the object has been modified");
        }
        let Some(name) = self.families.get(&fact.uid).cloned() else { return Outcome::Gone };
        self.wrote(Wrote::Restart, &Text::from(target.key.to_string()));
        self.hands.restarts.insert(fact.uid.clone(), (recovery.clone(), at));
        let how = self.behaviour(&fact);
        self.release(&fact.kind, &name, how);
        done()
    }

    /// Somebody annotates a workload; only what the controller reads is known here.
    pub(super) fn annotate(&mut self, kind: &Kind, name: &Name, key: &str, value: &str) -> Option<()> {
        let place = Key::new(&name.namespace, &name.name);
        let uid = self.workloads.get(&(kind.clone(), place.clone()))?.uid.clone();
        let named = |tool: Tool| Keeper { tool, name: value.split(':').next().unwrap_or(value).to_owned() };
        let keeper = match key {
            ARGO_TRACKING => Some(named(Tool::ArgoCd)),
            HELM_RELEASE => Some(named(Tool::Helm)),
            AUTO_ROLLBACK => None,
            _ => return None,
        };
        match keeper {
            Some(_) if value == "-" => drop(self.hands.keepers.remove(&uid)),
            Some(keeper) => drop(self.hands.keepers.insert(uid, keeper)),
            None => {}
        }
        self.edit_workload(kind, &place, |fact| {
            if key == AUTO_ROLLBACK {
                fact.marks = Marks::default().with_if(value == "true", Marks::AUTO_ROLLBACK);
            }
        });
        Some(())
    }

    pub(super) fn pause(&mut self, name: &Name) {
        let key = Key::new(&name.namespace, &name.name);
        self.edit_workload(&Kind::Deployment, &key, |fact| fact.rollout.get_or_insert_default().held_back = true);
    }

    pub(super) fn autoscale(&mut self, kind: &Kind, name: &Name) {
        let uid = self.workloads[&(kind.clone(), Key::new(&name.namespace, &name.name))].uid.clone();
        self.hands.autoscalers.insert(uid, Text::from(name.name.as_str()));
    }

    /// Somebody changes how many pods a workload wants.
    pub(super) fn rescale(&mut self, kind: &Kind, name: &Name, pods: u32) -> Option<()> {
        let key = Key::new(&name.namespace, &name.name);
        self.workloads.get(&(kind.clone(), key.clone()))?;
        self.edit_workload(kind, &key, |fact| fact.desired = Some(pods));
        self.stir();
        Some(())
    }
}
