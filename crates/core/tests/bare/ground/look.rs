//! What a ground shows: the outcome that every ground must give alike, and the core's own doings for tests that need them.

use super::answers::suspect;
use super::services::Served;
use super::things::kind_of;
use super::{EPOCH, Ground};
use self_healing_core::effect::{Effect, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::PodFact;
use self_healing_core::happening::What;
use self_healing_core::key::{Key, Target, Text};
use self_healing_core::names::Phase;
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use self_healing_story::{COUNTED, Name, Outcome, RecoveryLine, Thing, Timeline, WorkloadKind};
use std::time::Duration;

/// The story's way to write `namespace/name`.
pub(super) fn plain(key: &str) -> String {
    Name::of(key).to_string()
}

impl Ground {
    /// The end of the story.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for record in self.truth.records.values() {
            let word = |word: Option<&str>| word.unwrap_or("?").to_owned();
            outcome.recovery(RecoveryLine {
                target: self.name_of(&record.spec.target),
                cause: word(record.spec.cause.map(|cause| cause.as_str())),
                severity: record.spec.severity.as_str().into(),
                strategies: record.status.attempts.iter().map(|attempt| attempt.strategy.as_str().into()).collect(),
                phase: word(record.status.phase.map(Phase::as_str)),
                reason: self.story.reason(&record.status.reason, &record.status.message),
                policy: record.spec.policy.clone(),
            });
        }
        for (_, verb, of) in &self.truth.writes {
            if COUNTED.contains(verb) {
                outcome.wrote(*verb, self.written(of));
            }
        }
        for node in self.truth.nodes.values() {
            let name = node.name.to_string();
            outcome.cordoned.extend(node.unschedulable.then(|| name.clone()));
            outcome.marks.extend((!node.owner.is_empty()).then(|| (name.clone(), "owner".to_owned())));
            outcome.marks.extend((!node.fenced_by.is_empty()).then(|| (name.clone(), "out-of-service".to_owned())));
            outcome.marks.extend(self.truth.remediation(&node.name).then(|| (name.clone(), "remediation".to_owned())));
            outcome.marks.extend(suspect(node).map(|_| (name, "suspect".to_owned())));
        }
        for workload in self.truth.workloads.values().filter(|workload| !workload.marked_by.is_empty()) {
            outcome.marks.insert((plain(&workload.key.to_string()), "owner".to_owned()));
        }
        for served in self.truth.services.values() {
            let name = format!("service/{}", plain(&served.fact.key.to_string()));
            if served.fact.selector != served.first {
                let pairs = served.fact.selector.iter().map(|(key, value)| format!("{key}={value}"));
                outcome.switched.insert(name.clone(), pairs.collect::<Vec<_>>().join(","));
            }
            let marked = served.fact.standby.as_ref().is_some_and(|standby| !standby.owner.is_empty());
            outcome.marks.extend(marked.then(|| (name, "owner".to_owned())));
        }
        for (channel, key, _) in &self.truth.heard {
            outcome.tell(channel, key);
        }
        outcome.ready = self.story.things.iter().filter_map(|thing| self.readiness(thing)).collect();
        outcome
    }

    fn readiness(&self, thing: &Thing) -> Option<(String, (u32, u32))> {
        let (name, wanted, owner) = match thing {
            Thing::Workload { kind, name, replicas, .. } => {
                let place = (kind_of(*kind), Key::new(&name.namespace, &name.name));
                let wanted = self.truth.workloads.get(&place).and_then(|fact| fact.desired).unwrap_or(*replicas);
                matches!(kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet).then_some((name, wanted, true))?
            }
            Thing::Pod { name, .. } => (name, 1, false),
            Thing::Node { .. } | Thing::Budget { .. } | Thing::Service { .. } => return None,
        };
        let belongs = |pod: &&PodFact| match &pod.owner {
            Some(of) => owner && self.truth.families.get(&of.uid) == Some(name),
            None => !owner && pod.key == Key::new(&name.namespace, &name.name),
        };
        let ready = self.pods().filter(belongs).filter(|pod| pod.ready && !pod.terminating()).count();
        Some((name.to_string(), (ready as u32, wanted)))
    }

    /// What happened since the story began.
    pub(crate) fn timeline(&self) -> Timeline {
        let mut lines: Vec<(u64, String)> = Vec::new();
        lines.extend(self.truth.writes.iter().map(|(at, verb, of)| (*at, format!("{verb} {}", self.written(of)))));
        for (at, effect) in &self.log {
            if let Verb::Happened(happening) = &effect.verb {
                let target = self.name_of(&happening.target);
                lines.push((*at, format!("{} {target}: {}", happening.what.as_str(), happening.note)));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        let mut timeline = Timeline::default();
        lines.retain(|(at, _)| *at >= self.zero);
        lines.into_iter().for_each(|(at, what)| timeline.note(Duration::from_millis(at - self.zero), what));
        timeline
    }

    /// For failing tests: the timeline, everything that was sent, and the records.
    pub(crate) fn report(&self) -> String {
        let sent = self.log.iter().map(|(at, effect)| format!("{:>9.3} {}\n", *at as f64 / 1000.0, effect.verb));
        let records = self.truth.records.values().map(|r| format!("{} {:?} {:?}\n", r.name, r.spec.target, r.status));
        format!("{}\n{}\n{}", self.timeline(), sent.collect::<String>(), records.collect::<String>())
    }

    fn name_of(&self, target: &Target) -> String {
        self.truth.names.story_name(&target.uid).unwrap_or_else(|| plain(&target.key.to_string()))
    }

    pub(super) fn written(&self, of: &Text) -> String {
        self.truth.names.story_name(of).unwrap_or_else(|| plain(of))
    }

    pub(crate) fn pods(&self) -> impl Iterator<Item = &PodFact> {
        self.truth.pods.values().map(|(pod, _)| pod)
    }

    /// The pod of the story's name `name`.
    pub(crate) fn pod(&self, name: &str) -> &PodFact {
        let target = self.target(name);
        self.pods().find(|pod| pod.uid == target.uid).unwrap_or_else(|| panic!("{name} is gone"))
    }

    pub(crate) fn target(&self, name: &str) -> Target {
        let object = self.story.object(name).unwrap_or_else(|| panic!("{name} is not of this test"));
        self.truth.target(&object).unwrap_or_else(|| panic!("{name} was never seen"))
    }

    /// Changes the pod of the story's name `name`.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut PodFact)) {
        let target = self.target(name);
        self.truth.edit(&target, change);
    }

    /// Changes every record as a person does.
    pub(crate) fn edit(&mut self, change: impl Fn(&mut Recovery)) {
        for mut record in self.truth.records.values().cloned().collect::<Vec<_>>() {
            change(&mut record);
            self.truth.put_record(record);
        }
    }

    /// A person deletes every record, and the watch is faster to say so than answers that are on their way.
    pub(crate) fn forget_records(&mut self) {
        self.drop_records_under_way();
        for name in std::mem::take(&mut self.truth.records).into_keys() {
            self.tell(Event::RecoveryGone(name));
        }
    }

    /// Every write to the cluster in the names of the story, without times.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.truth.writes.iter().map(|(_, verb, of)| format!("{verb} {}", self.written(of))).collect()
    }

    /// How many writes begin so.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.writes().iter().filter(|write| write.starts_with(what)).count()
    }

    /// When something was first written, in seconds since the story began.
    pub(crate) fn when(&self, what: &str) -> f64 {
        let at = self.writes().iter().position(|write| write == what);
        let at = at.unwrap_or_else(|| panic!("{what} was not done:\n{}", self.report()));
        (self.truth.writes[at].0 as f64 - self.zero as f64) / 1000.0
    }

    /// Seconds since the story began.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds_of(self.truth.stamp())
    }

    /// When a stamp was, in seconds since the story began.
    pub(crate) fn seconds_of(&self, stamp: Stamp) -> f64 {
        ((stamp.0 - EPOCH) as f64 - self.zero as f64) / 1000.0
    }

    /// How many effects were sent whose words begin so.
    pub(crate) fn sent_like(&self, verb: &str) -> usize {
        self.log.iter().filter(|(_, effect)| effect.verb.to_string().starts_with(verb)).count()
    }

    /// The only Recovery about an object of the story.
    pub(crate) fn recovery(&self, name: &str) -> &Recovery {
        let mut found = self.truth.records.values().filter(|record| self.name_of(&record.spec.target) == name);
        let first = found.next().unwrap_or_else(|| panic!("no Recovery of {name}:\n{}", self.report()));
        assert!(found.next().is_none(), "more than one Recovery of {name}:\n{}", self.report());
        first
    }

    pub(crate) fn phase(&self, name: &str) -> Phase {
        self.recovery(name).status.phase.unwrap()
    }

    /// The guard that holds a Recovery, and its words.
    pub(crate) fn held(&self, name: &str) -> (&'static str, &str) {
        let record = self.recovery(name);
        record.held_by().map_or(("", ""), |guard| (guard.name.as_str(), &guard.reason))
    }

    /// What was announced, in order.
    pub(crate) fn announced(&self) -> Vec<&'static str> {
        self.happenings().map(|what| what.as_str()).collect()
    }

    pub(crate) fn happenings(&self) -> impl Iterator<Item = What> {
        self.log.iter().filter_map(|(_, Effect { verb, .. })| match verb {
            Verb::Happened(happening) => Some(happening.what),
            _ => None,
        })
    }

    /// Whether any mark of ours is left on a node or a Service.
    pub(crate) fn is_marked(&self) -> bool {
        let owned = |served: &Served| served.fact.standby.as_ref().is_some_and(|standby| !standby.owner.is_empty());
        let scaled = self.truth.workloads.values().any(|fact| !fact.marked_by.is_empty());
        scaled
            || self.truth.services.values().any(owned)
            || self.truth.nodes.values().any(|node| !node.owner.is_empty() || suspect(node).is_some())
    }
}
