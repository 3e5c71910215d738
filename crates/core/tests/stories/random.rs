//! Random happenings and answers: never a panic, never a write that may not be, silence when all is well, the same every time.

use crate::world::{EPOCH, World, defaults, pod, with};
use proptest::prelude::*;
use self_healing_core::effect::{Effect, EffectId, Outcome, Verb};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{ConditionStatus, Marks};
use self_healing_core::healer::Healer;
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Mode, WatchKind};
use self_healing_core::time::{Now, Stamp, Tick};
use std::time::Duration;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happens {
    Fail(usize),
    CrashLoop(usize, u32),
    Unready(usize),
    Heal(usize),
    Kill(usize),
    Condition(usize, bool, ConditionStatus),
    Block(bool),
    Fault(&'static str, u8, bool),
    Pause(bool),
    Mode(Mode),
    Lead(bool),
    Broken(usize),
    Crash,
    Uncordon(usize),
    Cancel,
    Approve,
    Wait(u64),
}

const PODS: &[&str] = &["web-0", "web-1", "web-2", "db-0", "db-1", "kept-0", "alone"];
const NODES: &[&str] = &["n1", "n2", "n3", "n4", "n5"];
const VERBS: &[&str] = &["delete", "evict", "cordon", "uncordon", "create", "save", "look", "read", "taint", "list"];

fn happens() -> impl Strategy<Value = Happens> {
    let status = prop::sample::select(vec![ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown]);
    let mode = prop::sample::select(Mode::ALL.to_vec());
    prop_oneof![
        (0..PODS.len()).prop_map(Happens::Fail),
        (0..PODS.len(), 0..9_u32).prop_map(|(pod, restarts)| Happens::CrashLoop(pod, restarts)),
        (0..PODS.len()).prop_map(Happens::Unready),
        (0..PODS.len()).prop_map(Happens::Heal),
        (0..NODES.len()).prop_map(Happens::Kill),
        (0..NODES.len(), any::<bool>(), status)
            .prop_map(|(node, ready, status)| Happens::Condition(node, ready, status)),
        any::<bool>().prop_map(Happens::Block),
        (prop::sample::select(VERBS.to_vec()), 0..5_u8, any::<bool>())
            .prop_map(|(verb, kind, applied)| Happens::Fault(verb, kind, applied)),
        any::<bool>().prop_map(Happens::Pause),
        mode.prop_map(Happens::Mode),
        any::<bool>().prop_map(Happens::Lead),
        (0..WatchKind::ALL.len()).prop_map(Happens::Broken),
        Just(Happens::Crash),
        (0..NODES.len()).prop_map(Happens::Uncordon),
        Just(Happens::Cancel),
        Just(Happens::Approve),
        (0..400_u64).prop_map(Happens::Wait),
        (0..400_u64).prop_map(Happens::Wait),
        (0..400_u64).prop_map(Happens::Wait),
    ]
}

fn cluster() -> World {
    let mut world = World::new(defaults(), NODES.len());
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n1", "n2"]);
    world.truth.add_workload(Kind::StatefulSet, "db", &["n1", "n2"]);
    world.truth.add_workload(Kind::Deployment, "kept", &["n1"]);
    world.truth.change("kept-0", |pod| pod.marks = Marks::EXCLUDED);
    world.truth.put(pod("default", "alone", "n2"));
    world.start()
}

fn exists(world: &World, pod: usize) -> bool {
    world.truth.pods.values().any(|(fact, _)| &*fact.key.name == PODS[pod])
}

fn apply(world: &mut World, happens: &Happens) {
    match happens.clone() {
        Happens::Fail(pod) if exists(world, pod) => world.truth.fail(PODS[pod]),
        Happens::CrashLoop(pod, restarts) if exists(world, pod) => world.truth.crash_loop(PODS[pod], restarts),
        Happens::Unready(pod) if exists(world, pod) => world.truth.unready(PODS[pod]),
        Happens::Heal(pod) if exists(world, pod) => world.truth.heal(PODS[pod]),
        Happens::Fail(_) | Happens::CrashLoop(..) | Happens::Unready(_) | Happens::Heal(_) => {}
        Happens::Kill(node) => world.truth.kill(NODES[node]),
        Happens::Condition(node, ready, status) => {
            world.truth.set_condition(NODES[node], if ready { "Ready" } else { "KernelDeadlock" }, status);
        }
        Happens::Block(true) => drop(world.truth.blocked.insert("web".into())),
        Happens::Block(false) => world.truth.blocked.clear(),
        Happens::Fault(verb, kind, applied) => {
            let message = "scripted".to_owned();
            let outcome = match kind {
                0 => Outcome::TryLater { after: None, budget: false, message },
                1 => Outcome::Unknown { message },
                2 => Outcome::Refused { message },
                3 => Outcome::NotLeading,
                _ => Outcome::TryLater { after: Some(Duration::from_secs(7)), budget: true, message },
            };
            // Only a lost answer leaves open whether it was done.
            world.truth.faults.push_back(crate::world::Fault { verb, outcome, applied: applied && kind == 1 });
        }
        Happens::Pause(paused) => world.set(|settings| settings.paused = paused),
        Happens::Mode(mode) => world.set(|settings| settings.mode = mode),
        Happens::Lead(leads) => {
            world.leads = leads;
            world.tell(Event::Leading(leads));
        }
        Happens::Broken(kind) => world.tell(Event::Watch(WatchKind::ALL[kind], WatchState::Broken)),
        Happens::Crash => world.restart(),
        Happens::Uncordon(node) => {
            world.truth.edit_node(NODES[node], |node| (node.unschedulable, node.owner) = (false, Text::from("")));
        }
        Happens::Cancel if !world.truth.records.is_empty() => {
            world.truth.order(|orders| orders.cancelled_by = Some("ann".into()));
        }
        Happens::Approve if !world.truth.records.is_empty() => {
            world.truth.order(|orders| orders.approved_by = Some("ann".into()));
        }
        Happens::Cancel | Happens::Approve => {}
        Happens::Wait(seconds) => world.run(seconds),
    }
}

/// Nothing of what was sent since `from` breaks a promise under the settings of now.
fn check(world: &World, from: usize) -> Result<(), TestCaseError> {
    for (_, effect) in &world.log[from..] {
        let verb = &effect.verb;
        if !world.leads {
            prop_assert!(false, "{verb} without leadership");
        }
        let still = world.settings.paused || world.settings.mode == Mode::Observe;
        prop_assert!(!(still && verb.writes()), "{verb} while paused or observing");
        match verb {
            Verb::Evict(target) | Verb::DeletePod { target, .. } => {
                prop_assert!(!target.key.name.starts_with("kept"), "{verb} although excluded");
            }
            _ => {}
        }
    }
    Ok(())
}

fn play(story: &[Happens]) -> Result<World, TestCaseError> {
    let mut world = cluster();
    for happens in story {
        let from = world.log.len();
        apply(&mut world, happens);
        if matches!(happens, Happens::Wait(_)) {
            check(&world, from)?;
        } else {
            // Settings and leadership are known from the next turn on.
            world.run_ms(1);
        }
    }
    for (uid, count) in &world.truth.removed {
        prop_assert!(*count == 1, "{} was taken away {} times:\n{}", uid, count, world.timeline().join("\n"));
    }
    Ok(world)
}

/// Everything that was broken is made well, and the controller may do what it wants.
fn repair(world: &mut World) {
    world.truth.faults.clear();
    world.truth.blocked.clear();
    world.truth.dead.clear();
    for node in NODES {
        world.truth.set_condition(node, "Ready", ConditionStatus::True);
        world.truth.set_condition(node, "KernelDeadlock", ConditionStatus::False);
    }
    let ended: Vec<_> =
        world.truth.pods.values().map(|(pod, _)| pod).filter(|pod| pod.terminating()).cloned().collect();
    ended.iter().for_each(|pod| world.truth.remove(&pod.target()));
    let names: Vec<String> = world.truth.pods.keys().map(|key| key.name.to_string()).collect();
    names.iter().for_each(|name| world.truth.heal(name));
    world.leads = true;
    world.tell(Event::Leading(true));
    world.set(|settings| (settings.paused, settings.mode) = (false, Mode::Enforce));
}

/// 64 stories each, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let given = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { given } else { ProptestConfig { cases: 64, ..given } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_story_leads_to_a_panic_a_spin_or_a_forbidden_write(story in prop::collection::vec(happens(), 1..40)) {
        play(&story)?;
    }

    #[test]
    fn when_all_is_well_again_every_mark_is_gone_every_record_ends_and_it_is_silent(
        story in prop::collection::vec(happens(), 1..30)
    ) {
        let mut world = play(&story)?;
        repair(&mut world);
        world.run(3000);
        let timeline = || world.timeline().join("\n");
        prop_assert!(!world.truth.marked(), "{:#?}\n{}", world.truth.nodes, timeline());
        prop_assert!(world.phases().iter().all(|phase| phase.is_terminal()), "{:?}\n{}", world.phases(), timeline());
        let sent = world.log.len();
        world.run(3000);
        prop_assert_eq!(world.log.len(), sent, "{}", world.timeline().join("\n"));
    }

    #[test]
    fn the_same_story_gives_the_same_effects(story in prop::collection::vec(happens(), 1..20)) {
        let (once, twice) = (play(&story)?, play(&story)?);
        prop_assert_eq!(once.log, twice.log);
    }

    #[test]
    fn odd_answers_and_events_never_panic(
        picks in prop::collection::vec((0..200_usize, 0..60_u64, 0..100_000_u64), 1..60)
    ) {
        let calm = cluster();
        let pool: Vec<Event> = calm.listing();
        let mut healer = Healer::new(defaults());
        let mut tick = 0;
        let mut sent: Vec<Effect> = Vec::new();
        for (pick, id, ahead) in picks {
            tick += ahead;
            let event = match pick {
                0..20 => Event::Outcome(EffectId(id), Outcome::Gone),
                20..30 => Event::Outcome(EffectId(id), Outcome::NotLeading),
                30..40 => Event::Leading(id % 2 == 0),
                40..50 => Event::PodGone(pod("default", PODS[pick % PODS.len()], "").key),
                50..60 => Event::NodeGone(Text::from(NODES[pick % NODES.len()])),
                60..70 => Event::RecoveryGone(sent.last().map_or(Text::from("x"), |effect| effect.recovery.clone())),
                _ => pool[pick % pool.len()].clone(),
            };
            let now = Now { tick: Tick(tick), stamp: Stamp(EPOCH + tick as i64 - (id as i64 % 7) * 100_000) };
            sent.extend(healer.turn(now, [event]));
        }
    }
}

#[test]
fn a_healthy_cluster_falls_silent() {
    let mut world = cluster();
    world.run(60);
    let sent = world.log.len();
    world.run(3600);
    assert_eq!(world.log.len(), sent, "{:#?}", world.timeline());
}

#[test]
fn when_everything_heals_every_mark_is_gone_and_every_record_ends() {
    let mut world = World::new(with(|s| s.history_window = Duration::from_secs(60)), 5);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n1", "n2"]);
    let mut world = world.start();
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::True);
    world.truth.crash_loop("web-2", 9);
    world.run(200);
    world.truth.set_condition("n1", "KernelDeadlock", ConditionStatus::False);
    world.run(100);
    assert!(world.phases().iter().all(|phase| phase.is_terminal()) && !world.truth.marked());
    let sent = world.log.len();
    world.run(3600);
    assert_eq!(world.log.len(), sent, "{}", world.timeline().join("\n"));
}
