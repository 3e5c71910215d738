//! What can be seen at a glance. Worked out only when somebody looks: nothing here is kept.

use super::{Case, Healer, World, fleet};
use crate::board::{Board, Card, Gauge, Hold, MOST_CARDS, MOST_TROUBLES, Spot, Trouble};
use crate::cluster::Subject;
use crate::explanation::{Answer, Question};
use crate::fact::{ConditionStatus, NodeFact};
use crate::guard::{self, Scope, Share};
use crate::key::{Key, Kind, Target, Text};
use crate::names::{FailureType, GuardName, Light, Severity};
use crate::recovery::Recovery;
use crate::remedy;
use crate::strategy::strategy_now;
use crate::time::{Now, Stamp};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Of so many Recoveries it is worked out what happens next: that asks every guard.
const DETAILED: usize = 15;

impl Healer {
    /// Everything at a glance at `now`, which is not before the last turn. Changes nothing.
    #[must_use]
    pub fn board(&self, now: Now) -> Board {
        let world = self.world_at(now, self.leading.unwrap_or_default(), None);
        let mut active: Vec<&Case> = self.active_cases().collect();
        active.sort_by_key(|case| rank(&case.recovery));
        let mut troubles = self.troubles(&active);
        let total = (troubles.len(), active.len());
        troubles.truncate(MOST_TROUBLES);
        let cards = active.iter().take(MOST_CARDS).enumerate();
        Board {
            at: now.stamp,
            observer: self.observer(now),
            nodes: self.cluster.nodes().map(|node| self.spot(node)).collect(),
            troubles,
            recoveries: cards.map(|(place, case)| self.card(now, case, place < DETAILED)).collect(),
            total,
            gauges: gauges(&world),
            watches: self.watches(now),
        }
    }

    /// One stored Recovery.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<&Recovery> {
        self.cases.get(name).map(|case| &case.recovery)
    }

    /// Every stored Recovery, by name.
    pub fn records(&self) -> impl Iterator<Item = &Recovery> {
        self.cases.values().map(|case| &case.recovery)
    }

    fn spot(&self, node: &NodeFact) -> Spot {
        Spot { name: node.name.clone(), zone: node.zone.clone(), light: self.light(node) }
    }

    fn light(&self, node: &NodeFact) -> Light {
        let subject = Subject::Node(node.name.clone());
        if let Some(case) = self.active.about(&subject).find_map(|name| self.cases.get(name)) {
            let recovery = &case.recovery;
            return match recovery.held_by() {
                Some(_) => Light::Held,
                None if recovery.has_acted() => Light::Recovering,
                None => Light::Sick,
            };
        }
        if self.sickbed.present_finding(&subject).is_some() {
            return Light::Sick;
        }
        let bad = self.fleet.is_sick(&node.name) || self.sickbed.is_ill(&subject, FailureType::Resource);
        if bad || node.ready() != ConditionStatus::True {
            Light::Suspected
        } else if node.unschedulable {
            Light::Cordoned
        } else {
            Light::Well
        }
    }

    /// By workload: a hundred pods that fail alike are one trouble.
    fn troubles(&self, active: &[&Case]) -> Vec<Trouble> {
        let named = |case: &&Case| (same(&case.recovery.spec.workload), case.recovery.name.clone());
        let recoveries: BTreeMap<(Kind, Key), Text> = active.iter().map(named).collect();
        let mut found: BTreeMap<(Kind, Key), Trouble> = BTreeMap::new();
        for (subject, cause, fired) in self.sickbed.troubles() {
            let Some(workload) = self.workload_above(subject) else { continue };
            let recovery = recoveries.get(&same(&workload)).cloned().unwrap_or_default();
            let trouble = found.entry(same(&workload)).or_insert_with(|| Trouble {
                workload,
                causes: Vec::new(),
                objects: 0,
                found: false,
                recovery,
            });
            trouble.objects += 1;
            trouble.found |= fired;
            if !trouble.causes.contains(&cause) {
                trouble.causes.push(cause);
            }
        }
        let mut troubles: Vec<Trouble> = found.into_values().collect();
        troubles.sort_by_key(|trouble| !trouble.found);
        troubles
    }

    fn workload_above(&self, subject: &Subject) -> Option<Target> {
        match subject {
            Subject::Node(_) => None,
            Subject::Pod(key) => self.cluster.pod(key).map(|pod| self.cluster.workload_of(&pod)),
            Subject::Service(key) => self.cluster.service(key).map(|service| service.target()),
            Subject::Workload(kind, key) => self.cluster.workload(kind, key).map(|workload| workload.target()),
        }
    }

    fn card(&self, now: Now, case: &Case, detailed: bool) -> Card {
        let recovery = &case.recovery;
        let (spec, settings) = (&recovery.spec, self.settings_of(case));
        let under_way = recovery.attempt().filter(|attempt| attempt.finished_at.is_none());
        let left = case.time_left(now.tick, remedy::time_limit(settings, recovery)).filter(|_| under_way.is_some());
        let (until, next) = if detailed { self.outlook(now, recovery) } else { (None, String::new()) };
        let held = recovery.held_by().map(|guard| Hold {
            guard: guard.name,
            reason: guard.reason.clone(),
            since: guard.since,
            until: until.filter(|(holds, _)| *holds == guard.name).map(|(_, at)| at),
        });
        Card {
            name: recovery.name.clone(),
            failure: spec.failure,
            cause: spec.cause,
            severity: spec.severity,
            target: spec.target.clone(),
            workload: spec.workload.clone(),
            phase: recovery.status.phase,
            message: recovery.status.message.clone(),
            strategy: strategy_now(settings, recovery),
            detected_at: spec.detected_at,
            started_at: under_way.map(|attempt| attempt.started_at),
            // Of a clock that only goes forward: the same moment whenever it is asked, but for a millisecond.
            deadline: left.map(|left| now.stamp_of(now.tick + left)),
            steps: recovery.steps().count(),
            held,
            next,
        }
    }

    /// Until when the guard that holds it does so, and what happens next: the same answer as that of `explain`.
    fn outlook(&self, now: Now, recovery: &Recovery) -> (Option<(GuardName, Stamp)>, String) {
        let mut answer = self.explain(now, &Question::Recovery(recovery.name.clone()));
        let account = answer
            .account
            .filter(|account| account.recovery.as_ref().is_some_and(|explained| explained.name == recovery.name));
        let Some(account) = account else { return (None, String::new()) };
        let holds = account.guards.iter().find(|guard| guard.answer == Answer::Hold);
        let until = holds.and_then(|guard| Some((guard.name, guard.until?)));
        let next = if answer.next.is_empty() { String::new() } else { answer.next.swap_remove(0).what };
        (until, next)
    }
}

/// Held ones first, then the worst, then the oldest.
fn rank(recovery: &Recovery) -> (bool, Reverse<Severity>, Stamp) {
    (recovery.held_by().is_none(), Reverse(recovery.spec.severity), recovery.spec.detected_at)
}

fn same(workload: &Target) -> (Kind, Key) {
    (workload.kind.clone(), workload.key.clone())
}

/// How much of each budget is used, by the same counts that the guards decide by.
fn gauges(world: &World<'_>) -> Vec<Gauge> {
    let sick = |scope: Scope| {
        let share = Share::of(world, &scope, None)?;
        let zone = if let Scope::Zone(zone) = scope { zone } else { Text::from("") };
        let what = "sick nodes, or in recovery";
        Some(Gauge { key: "max_unhealthy_nodes", zone, what, used: share.sick, limit: share.allowed() })
    };
    let mut all = Vec::from(guard::gauges(world));
    all.extend(fleet::scopes(world).filter_map(sick));
    all
}
