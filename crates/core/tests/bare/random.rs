//! Random lives, told in the words of stories: never a panic, never a write that may not be, everything ends, the same every time.

use crate::ground::{EPOCH, Ground, Misfortune, Scripted};
use proptest::prelude::*;
use self_healing_core::effect::{EffectId, Outcome};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::PodFact;
use self_healing_core::healer::Healer;
use self_healing_core::key::{Key, Text};
use self_healing_core::names::{Cause, Mode, WatchKind};
use self_healing_core::recovery::Recovery;
use self_healing_core::settings::Settings;
use self_healing_core::time::{Now, Stamp, Tick};
use self_healing_story::Verb as Wrote;
use std::time::Duration;

const CLUSTER: &str = "nodes n1 n2 n3 n4 n5
deployment web 3 on n1
deployment kept 1 on n1
statefulset db 2 on n2
pod solo on n3
budget web 3
budget db 0";

/// What befalls pods, nodes, people and processes.
const DEEDS: &[&str] = &[
    "fail POD",
    "fail POD",
    "crash-loop POD 9",
    "crash-loop POD 4",
    "waits POD ImagePullBackOff",
    "waits POD CreateContainerConfigError",
    "unready POD",
    "heal POD",
    "delete POD",
    "finalizer POD example.com/hold",
    "replace solo",
    "replace db.1",
    "silence NODE",
    "kubelet-down NODE",
    "return NODE",
    "not-ready NODE",
    "condition NODE KernelDeadlock",
    "condition NODE KernelDeadlock False",
    "replace NODE",
    "cordon NODE",
    "uncordon NODE",
    "exclude POD",
    "include POD",
    "approve POD",
    "approve NODE",
    "cancel POD",
    "cancel NODE",
    "budget web 0",
    "budget web 3",
    "set paused true",
    "set paused false",
    "set mode Observe",
    "set mode Approve",
    "set mode Enforce",
    "kill controller",
    "stop controller",
    "freeze controller 5",
    "freeze controller 20",
    "stop apiserver",
    "start apiserver",
];
const PODS: &[&str] = &["web.1", "web.2", "web.3", "web.4", "web.5", "web.6", "db.1", "db.2", "db.3", "solo", "kept.1"];
const NODES: &[&str] = &["n1", "n2", "n3", "n4", "n5"];
const VERBS: &[&str] =
    &["delete", "evict", "cordon", "uncordon", "create", "save", "look", "read", "taint", "list", "tell"];

#[derive(Clone, Debug)]
pub(crate) enum Happens {
    Deed(String),
    Script(&'static str, u8, bool),
    Misfortune(usize, usize),
    Broken(usize),
    Lead(bool),
    Unwell(bool),
    Store(bool),
    Forget,
    Wait(f64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let select = prop::sample::select::<&'static str>;
    let deed = (select(DEEDS), select(PODS), select(NODES))
        .prop_map(|(deed, pod, node)| Happens::Deed(deed.replace("POD", pod).replace("NODE", node)));
    prop_oneof![
        20 => deed,
        2 => (select(VERBS), 0..5_u8, any::<bool>()).prop_map(|(verb, kind, done)| Happens::Script(verb, kind, done)),
        2 => (0..Misfortune::ALL.len(), 1..20_usize).prop_map(|(what, at)| Happens::Misfortune(what, at)),
        1 => (0..WatchKind::ALL.len()).prop_map(Happens::Broken),
        1 => any::<bool>().prop_map(Happens::Lead),
        1 => any::<bool>().prop_map(Happens::Unwell),
        1 => any::<bool>().prop_map(Happens::Store),
        1 => Just(Happens::Forget),
        // Moments within a round trip, and long enough for every timeout.
        6 => (0..50_u32).prop_map(|ms| Happens::Wait(f64::from(ms) / 1000.0)),
        10 => (0..400_u32).prop_map(|seconds| Happens::Wait(f64::from(seconds))),
    ]
}

fn cluster() -> Ground {
    let mut ground = Ground::of(CLUSTER, "");
    ground.does("exclude kept");
    ground.run(1.0);
    ground
}

fn befall(ground: &mut Ground, happens: &Happens) {
    match happens {
        Happens::Deed(text) => {
            let deed = ground.story.deed(text).unwrap();
            // Pods that are not there, and an API server that is not up, make some deeds impossible.
            let _ = ground.befall(&deed);
        }
        Happens::Script(verb, kind, applied) => {
            let message = "scripted".to_owned();
            let outcome = match kind {
                0 => Outcome::TryLater { after: None, budget: false, message },
                1 => Outcome::Unknown { message },
                2 => Outcome::Refused { message },
                3 => Outcome::NotLeading,
                _ => Outcome::TryLater { after: Some(Duration::from_secs(7)), budget: true, message },
            };
            // Only a lost answer leaves open whether it was done.
            ground.truth.scripted.push_back(Scripted { verb, outcome, applied: *applied && *kind == 1 });
        }
        Happens::Misfortune(what, at) => ground.misfortunes = vec![(Misfortune::ALL[*what], ground.sent + at)],
        Happens::Broken(kind) => ground.tell(Event::Watch(WatchKind::ALL[*kind], WatchState::Broken)),
        Happens::Lead(leads) => ground.lead(*leads),
        Happens::Unwell(on) => ground.truth.unwell = *on,
        Happens::Store(down) => ground.truth.store_down = *down,
        Happens::Forget => ground.forget_records(),
        Happens::Wait(seconds) => ground.run(*seconds),
    }
}

/// Nothing that was written since `from` breaks a promise under the settings of then.
fn check(ground: &Ground, from: usize) -> Result<(), TestCaseError> {
    let still = ground.settings.paused || ground.settings.mode == Mode::Observe;
    for write in &ground.writes()[from..] {
        prop_assert!(!still, "{write} while paused or observing:\n{}", ground.report());
        prop_assert!(!write.contains(" kept."), "{write} although it is excluded:\n{}", ground.report());
    }
    Ok(())
}

pub(crate) fn live(life: &[Happens]) -> Result<Ground, TestCaseError> {
    let mut ground = cluster();
    for happens in life {
        let from = ground.truth.writes.len();
        befall(&mut ground, happens);
        match happens {
            Happens::Wait(_) => check(&ground, from)?,
            // Settings are known from the next turn on.
            _ => ground.run(0.001),
        }
    }
    let taken = |verb: &Wrote| matches!(verb, Wrote::Delete | Wrote::Evict);
    let mut uids: Vec<&Text> = ground.truth.writes.iter().filter(|(_, v, _)| taken(v)).map(|(_, _, uid)| uid).collect();
    uids.sort();
    prop_assert!(uids.windows(2).all(|two| two[0] != two[1]), "a pod was taken away twice:\n{}", ground.report());
    Ok(ground)
}

/// Everything that was broken is made well, and the controller may do what it wants.
fn repair(ground: &mut Ground) {
    if ground.truth.down {
        ground.does("start apiserver");
    }
    ground.truth.scripted.clear();
    ground.misfortunes.clear();
    (ground.truth.unwell, ground.truth.store_down) = (false, false);
    for node in NODES {
        ground.does(&format!("return {node}"));
        ground.does(&format!("condition {node} KernelDeadlock False"));
    }
    ground.does("budget web 0");
    ground.lead(true);
    ground.does("set paused false");
    ground.does("set mode Enforce");
    ground.truth.finalizers.clear();
    ground.run(60.0);
    for pod in ground.pods().filter(|pod| pod.terminating()).map(PodFact::target).collect::<Vec<_>>() {
        ground.truth.remove(&pod);
    }
    ground.run(10.0);
    for pod in ground.pods().map(PodFact::target).collect::<Vec<_>>() {
        ground.truth.cure(&pod);
    }
    // A node on which pods could not start stays cordoned until a person gives it back.
    ground.run(60.0);
    for node in NODES {
        let starts = |record: &Recovery| record.is_active() && record.spec.cause == Some(Cause::PodStartFailures);
        if ground.truth.records.values().any(|record| starts(record) && &*record.spec.target.key.name == *node) {
            ground.does(&format!("uncordon {node}"));
        }
    }
}

/// 500 lives each, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let given = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { given } else { ProptestConfig { cases: 500, ..given } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_life_leads_to_a_panic_a_spin_or_a_forbidden_write(life in prop::collection::vec(happens(), 1..40)) {
        let (once, twice) = (live(&life)?, live(&life)?);
        prop_assert_eq!(once.log, twice.log, "the same life gives the same effects");
    }

    #[test]
    fn when_all_is_well_again_every_mark_is_gone_every_record_ends_and_it_is_silent(
        life in prop::collection::vec(happens(), 1..30)
    ) {
        let mut ground = live(&life)?;
        repair(&mut ground);
        ground.run(4000.0);
        prop_assert!(!ground.is_marked(), "{}", ground.report());
        let open = ground.truth.records.values().filter(|record| record.is_active()).count();
        prop_assert!(open == 0, "{open} are open:\n{}", ground.report());
        let solo = ground.pods().any(|pod| pod.key == Key::new("shop", "solo"));
        let gone = |happens: &Happens| matches!(happens, Happens::Forget) || matches!(happens, Happens::Deed(d) if d == "delete solo");
        prop_assert!(solo || life.iter().any(gone), "the pod without controller is lost:\n{}", ground.report());
        let sent = ground.log.len();
        ground.run(3000.0);
        prop_assert_eq!(ground.log.len(), sent, "{}", ground.report());
    }

    #[test]
    fn odd_answers_and_events_never_panic(
        picks in prop::collection::vec((0..200_usize, 0..60_u64, 0..100_000_u64), 1..60)
    ) {
        let pool: Vec<Event> = cluster().lists();
        let mut healer = Healer::new(Settings::default());
        let (mut tick, mut names) = (0, vec![Text::from("x")]);
        for (pick, id, ahead) in picks {
            tick += ahead;
            let event = match pick {
                0..20 => Event::Outcome(EffectId(id), Outcome::Gone),
                20..30 => Event::Outcome(EffectId(id), Outcome::NotLeading),
                30..40 => Event::Leading(id % 2 == 0),
                40..50 => Event::PodGone(Key::new("shop", "solo")),
                50..60 => Event::NodeGone(Text::from(NODES[pick % NODES.len()])),
                60..70 => Event::RecoveryGone(names[pick % names.len()].clone()),
                _ => pool[pick % pool.len()].clone(),
            };
            let now = Now { tick: Tick(tick), stamp: Stamp(EPOCH + tick as i64 - (id as i64 % 7) * 100_000) };
            names.extend(healer.turn(now, [event]).into_iter().map(|effect| effect.recovery));
        }
    }
}
