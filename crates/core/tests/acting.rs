//! What it costs to hear of something that changes nothing, while many Recoveries act: allocations, counted.
#![allow(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use allocation_counter::measure;
use self_healing_core::effect::{Answer, Effect, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{Amount, ContainerFact, Exit, LeaseFact, Marks, Owner, PodFact, PodPhase, PodTrouble};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::WatchKind;
use self_healing_core::recovery::{GATHERED, Memory, PodView};
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use std::sync::Arc;
use std::time::Duration;

/// Pods, each of a workload of its own.
const PODS: usize = 100;

fn now() -> Now {
    Now { tick: Tick(100_000), stamp: Stamp(1_767_225_700_000) }
}

fn well(number: usize) -> PodFact {
    let name = format!("web-{number}");
    let owner = Owner { kind: Kind::ReplicaSet, name: Text::from(&*name), uid: Text::from(format!("uid-of-{name}")) };
    PodFact {
        key: Key::new("shop", &format!("{name}-abcde")),
        uid: Text::from(format!("1d5ee3c8-6a5c-4d5e-9f1e-{number:012x}")),
        node: Some(Text::from("n1")),
        owner: Some(Arc::new(owner)),
        created: Stamp(1_767_225_600_000),
        phase: PodPhase::Running,
        ready: true,
        marks: Marks::default(),
        priority: 0,
        requests: Amount::default(),
        trouble: None,
    }
}

fn failed(number: usize) -> PodFact {
    let exit = Some(Exit { code: 1, reason: "Error".into() });
    let containers = vec![ContainerFact { name: "main".into(), exit, ..ContainerFact::default() }];
    let trouble = Some(Box::new(PodTrouble { containers, ..PodTrouble::default() }));
    PodFact { phase: PodPhase::Failed, ready: false, trouble, ..well(number) }
}

fn heartbeat() -> Event {
    let duration = Duration::from_secs(40);
    Event::Lease(LeaseFact { node: Text::from("n1"), renewed: Stamp(1_767_225_700_000), duration })
}

/// What the API server would say; `None` to what is not answered.
fn answered(effect: &Effect, failed: &[PodFact]) -> Option<Event> {
    let stored = || Answer::Stored { uid: effect.recovery.clone(), resource_version: Text::from("1") };
    let answer = match &effect.verb {
        Verb::ReadRecoveries => Answer::Recoveries(Vec::new()),
        Verb::CreateRecovery(_) | Verb::SaveStatus { .. } => stored(),
        Verb::Gather(_) => Answer::Evidence(vec![(GATHERED.to_owned(), "just now".to_owned())]),
        Verb::LookAtPod(target) => {
            let fact = failed.iter().find(|pod| pod.key == target.key).unwrap().clone();
            let (resource_version, memory) = (Text::from("1"), Memory::default());
            Answer::Pod(Box::new(PodView { fact, resource_version, manifest: None, memory }))
        }
        Verb::DeletePod { .. } => Answer::Nothing,
        _ => return None,
    };
    Some(Event::Outcome(effect.id, Outcome::Done(answer)))
}

/// A healer that leads and sees `PODS` pods, of which the first have failed and were deleted.
fn healer(sick: usize) -> Healer {
    let settings = Settings { recoveries_per_minute: 100_000, ..Settings::default() };
    let mut healer = Healer::new(settings);
    let every = |state| WatchKind::ALL.iter().map(move |kind| Event::Watch(*kind, state));
    healer.turn(now(), every(WatchState::ListStarted));
    healer.turn(now(), [heartbeat()]);
    healer.turn(now(), (0..PODS).map(|number| Event::Pod(well(number))));
    healer.turn(now(), every(WatchState::Synced));
    let failed: Vec<PodFact> = (0..sick).map(failed).collect();
    let mut effects = healer.turn(now(), [Event::Leading(true)]);
    effects.extend(healer.turn(now(), failed.iter().cloned().map(Event::Pod)));
    let mut deleted = 0;
    while !effects.is_empty() {
        deleted += effects.iter().filter(|effect| matches!(effect.verb, Verb::DeletePod { .. })).count();
        let answers: Vec<Event> = effects.iter().filter_map(|effect| answered(effect, &failed)).collect();
        effects = healer.turn(now(), answers);
    }
    assert_eq!(deleted, sick, "each that failed is recovered");
    healer
}

#[test]
fn what_changes_nothing_costs_no_more_however_many_recoveries_act() {
    let (mut calm, mut busy) = (healer(0), healer(PODS / 2));
    let repeated = [
        ("a pod that stays well", Event::Pod(well(PODS - 1))),
        ("a heartbeat", heartbeat()),
        ("a sign of life", Event::Watch(WatchKind::Pod, WatchState::Alive)),
    ];
    for (what, event) in repeated {
        let cost = |healer: &mut Healer| measure(|| drop(healer.turn(now(), [event.clone()]))).count_total;
        // What is armed once is armed then.
        cost(&mut calm);
        cost(&mut busy);
        assert_eq!(cost(&mut busy), cost(&mut calm), "{what}");
    }
}
