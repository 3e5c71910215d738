//! Random lives: whatever befalls pods, settings and the process, the promises hold.

use crate::cast::{quick, settings};
use crate::world::{SHOP, World};
use proptest::prelude::*;
use self_healing_core::fact::Marks;
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::{Channel, Mode};
use self_healing_core::settings::Settings;

#[derive(Clone, Debug)]
enum Deed {
    Fail(usize),
    CrashLoop(usize, u32),
    Waits(usize, &'static str),
    NotReady(usize),
    Recover(usize),
    Vanish(usize),
    Exclude(usize, bool),
    Pause(bool),
    Switch(Mode),
    Approve,
    Veto,
    Heals(bool),
    Replaces(bool),
    Store(bool),
    Receiver(bool),
    Forget,
    Restart,
    Crash(bool, usize),
    Run(u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    let pod = 0..8_usize;
    prop_oneof![
        4 => pod.clone().prop_map(Deed::Fail),
        2 => (pod.clone(), 0..9_u32).prop_map(|(pod, restarts)| Deed::CrashLoop(pod, restarts)),
        1 => pod.clone().prop_map(|pod| Deed::Waits(pod, "ImagePullBackOff")),
        1 => pod.clone().prop_map(|pod| Deed::Waits(pod, "CreateContainerConfigError")),
        2 => pod.clone().prop_map(Deed::NotReady),
        2 => pod.clone().prop_map(Deed::Recover),
        1 => pod.clone().prop_map(Deed::Vanish),
        2 => (pod, any::<bool>()).prop_map(|(pod, on)| Deed::Exclude(pod, on)),
        2 => any::<bool>().prop_map(Deed::Pause),
        2 => prop::sample::select(Mode::ALL).prop_map(Deed::Switch),
        1 => Just(Deed::Approve),
        1 => Just(Deed::Veto),
        1 => any::<bool>().prop_map(Deed::Heals),
        1 => any::<bool>().prop_map(Deed::Replaces),
        1 => any::<bool>().prop_map(Deed::Store),
        1 => any::<bool>().prop_map(Deed::Receiver),
        1 => Just(Deed::Forget),
        1 => Just(Deed::Restart),
        2 => (any::<bool>(), 1..20_usize).prop_map(|(before, at)| Deed::Crash(before, at)),
        // Milliseconds: moments within a round trip, and long enough for every timeout.
        4 => (0..50_u32).prop_map(Deed::Run),
        4 => (50..400_000_u32).prop_map(Deed::Run),
    ]
}

/// Lives through the deeds, and looks after each whether anything was written that must not be.
fn live(settings: Settings, deeds: &[Deed]) -> World {
    let mut world = World::new(&["n1", "n2", "n3"], settings);
    world.with(|settings| settings.channels = Channel::ALL.to_vec());
    world.deployment("web", 3, "n1");
    world.controlled(Kind::StatefulSet, "db", 2, "n2");
    world.bare_pod("solo", "n3");
    for deed in deeds {
        let excluded: Vec<String> =
            world.pods.values().filter(|p| p.marks.has(Marks::EXCLUDED)).map(|p| p.key.to_string()).collect();
        let stopped = world.settings.paused || world.settings.mode == Mode::Observe;
        let before = world.log.len();
        befall(&mut world, deed);
        for (_, written) in &world.log[before..] {
            // What a switch, a mark or a crash changes in this very step is judged from the next one on.
            if let Deed::Run(_) | Deed::Restart | Deed::Forget = deed {
                assert!(!stopped, "{written} while paused or observing, by {deed:?}");
                let kept = excluded.iter().any(|pod| *written == format!("delete {pod}"));
                assert!(!kept, "{written} although it is excluded");
            }
        }
    }
    world
}

fn befall(world: &mut World, deed: &Deed) {
    let name = |index: usize| world.pods.keys().nth(index % world.pods.len().max(1)).map(|key| key.name.to_string());
    match deed.clone() {
        Deed::Fail(at) => {
            let _ = name(at).map(|pod| world.fail(&pod));
        }
        Deed::CrashLoop(at, restarts) => {
            let _ = name(at).map(|pod| world.crash_loop(&pod, restarts));
        }
        Deed::Waits(at, reason) => {
            let _ = name(at).map(|pod| world.waits(&pod, reason));
        }
        Deed::NotReady(at) => {
            let _ = name(at).map(|pod| world.not_ready(&pod));
        }
        Deed::Recover(at) => {
            let _ = name(at).map(|pod| world.recover(&pod));
        }
        Deed::Vanish(at) => {
            let _ = name(at).map(|pod| world.vanish(&pod));
        }
        Deed::Exclude(at, on) => {
            let marks = Marks::default().with_if(on, Marks::EXCLUDED);
            {
                let _ = name(at).map(|pod| world.change_pod(&pod, |pod| pod.marks = marks));
            }
            // Time for the watch to show it.
            world.run(0.1);
        }
        Deed::Pause(on) => world.with(|settings| settings.paused = on),
        Deed::Switch(mode) => world.with(|settings| settings.mode = mode),
        Deed::Approve => world.edit(|recovery| recovery.orders.approved_by = Some("alex".into())),
        Deed::Veto => world.edit(|recovery| recovery.orders.cancelled_by = Some("alex".into())),
        Deed::Heals(on) => world.heals = on,
        Deed::Replaces(on) => world.replaces = on,
        Deed::Store(up) => world.store_down = !up,
        Deed::Receiver(up) => {
            world.receiver.clear();
            let down = self_healing_core::effect::Outcome::Unknown { message: "timed out".into() };
            world.receiver.extend((0..if up { 0 } else { 100 }).map(|_| down.clone()));
        }
        Deed::Forget => world.forget_records(),
        Deed::Restart => world.restart(),
        Deed::Crash(before, at) => {
            let at = world.sent() + at;
            world.crash = Some(if before { crate::world::Crash::Before(at) } else { crate::world::Crash::After(at) });
        }
        Deed::Run(milliseconds) => world.run(f64::from(milliseconds) / 1000.0),
    }
}

/// In the end everything is switched on again and cured: nothing may be left behind.
fn settle(world: &mut World) {
    (world.heals, world.replaces, world.store_down, world.crash) = (true, true, false, None);
    world.receiver.clear();
    world.with(|settings| (settings.paused, settings.mode) = (false, Mode::Enforce));
    world.run(10.0);
    for key in world.pods.keys().cloned().collect::<Vec<Key>>() {
        world.recover(&key.name);
    }
    world.complete();
    world.run(4000.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_life_breaks_a_promise(deeds in prop::collection::vec(deed(), 1..40), fast in any::<bool>()) {
        let chosen = if fast { quick() } else { settings() };
        let mut world = live(chosen.clone(), &deeds);
        let again = live(chosen, &deeds);
        prop_assert_eq!((&world.log, &world.told, &world.happened), (&again.log, &again.told, &again.happened));
        settle(&mut world);
        prop_assert!(!world.is_marked(), "a mark was left: {:?}", world.log);
        let open = world.recoveries.values().filter(|recovery| recovery.is_active());
        prop_assert_eq!(open.map(|r| format!("{:?}", r.status)).collect::<Vec<_>>(), Vec::<String>::new());
        let bare = world.pods.contains_key(&Key::new(SHOP, "solo"));
        let vanished = deeds.iter().any(|deed| matches!(deed, Deed::Vanish(_) | Deed::Forget));
        prop_assert!(bare || vanished, "the bare pod is lost: {:?}", world.log);
    }
}
