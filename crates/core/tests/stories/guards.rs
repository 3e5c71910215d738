//! What keeps the controller from acting; each of these fails when its guard is taken out of the table.

use crate::world::{World, defaults, pod, small, with};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::fact::{ConditionStatus, Marks, NamespaceFact};
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Mode, Phase, WatchKind};
use self_healing_core::settings::Share;

/// Held by this guard for these words, and nothing was written in ten minutes.
fn is_held(mut world: World, guard: &str, words: &str) {
    world.run(600);
    assert_eq!(world.writes(), [""; 0]);
    let record = world.only();
    assert_eq!(record.status.phase, Some(Phase::Held), "{record:#?}");
    let (name, reason) = world.held();
    assert!(name == guard && reason.contains(words), "{name}: {reason}");
    let held = world.happenings().iter().filter(|text| text.ends_with("RecoveryHeld")).count();
    assert_eq!(held, 1, "{:#?}", world.happenings());
}

#[test]
fn a_pod_that_is_marked_is_left_alone() {
    let marks = [
        (Marks::EXCLUDED, "self-healing.dev/exclude"),
        (Marks::MEDIK8S_EXCLUDED, "remediation.medik8s.io"),
        (Marks::CAPI_SKIP, "skip-remediation"),
        (Marks::CAPI_PAUSED, "cluster.x-k8s.io/paused"),
        (Marks::MIRROR, "static pod"),
    ];
    for (mark, words) in marks {
        let mut world = small(defaults());
        world.truth.change("web-0", |pod| pod.marks = mark);
        world.truth.fail("web-0");
        is_held(world, "Excluded", words);
    }
}

#[test]
fn a_pod_whose_workload_is_marked_is_left_alone() {
    let mut world = small(defaults());
    world.truth.edit_workload("web", |workload| workload.marks = Marks::EXCLUDED);
    world.truth.fail("web-0");
    is_held(world, "Excluded", "Deployment default/web");
}

#[test]
fn a_pod_whose_namespace_is_marked_is_left_alone() {
    let mut world = small(defaults());
    let namespace = NamespaceFact { name: Text::from("default"), marks: Marks::EXCLUDED };
    world.truth.news.push(Event::Namespace(namespace));
    world.truth.fail("web-0");
    is_held(world, "Excluded", "namespace default");
}

#[test]
fn the_controllers_own_pod_is_left_alone() {
    let mut world = small(with(|s| s.own_pod = (Text::from("default"), Text::from("web-0"))));
    world.truth.fail("web-0");
    is_held(world, "Excluded", "own pod");
}

#[test]
fn the_node_that_the_controller_runs_on_is_left_alone() {
    let mut world = small(with(|s| s.own_pod = (Text::from("default"), Text::from("web-0"))));
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    is_held(world, "Excluded", "runs this controller");
}

#[test]
fn a_protected_namespace_is_left_alone() {
    let mut world = World::new(defaults(), 2);
    world.truth.put(pod("kube-system", "dns", "n1"));
    let mut world = world.start();
    let dns = world.truth.pods.values().next().unwrap().0.target();
    world.truth.edit(&dns, |pod| pod.phase = self_healing_core::fact::PodPhase::Failed);
    world.truth.edit(&dns, |pod| pod.trouble = Some(Box::default()));
    is_held(world, "ProtectedNamespace", "kube-system");
}

#[test]
fn while_paused_nothing_new_starts() {
    let mut world = small(with(|s| s.paused = true));
    world.truth.fail("web-0");
    is_held(world, "Paused", "paused");
}

#[test]
fn pausing_stops_a_running_attempt_before_its_next_write_and_it_goes_on_after() {
    let mut world = World::new(defaults(), 3);
    world.truth.add_workload(Kind::StatefulSet, "db", &["n1", "n1"]);
    let mut world = world.start();
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.until(120, |world| world.count("evict") == 1);
    world.set(|settings| settings.paused = true);
    world.run(400);
    assert_eq!((world.count("evict"), world.phases()), (1, vec![Phase::Held]));
    world.set(|settings| settings.paused = false);
    world.run(30);
    assert_eq!((world.count("evict"), world.phases()), (2, vec![Phase::Succeeded]));
}

#[test]
fn observe_decides_and_records_and_writes_nothing_else() {
    let mut world = small(with(|s| {
        s.mode = Mode::Observe;
        s.channels = self_healing_core::names::Channel::ALL.to_vec();
    }));
    world.truth.fail("web-0");
    world.truth.set_condition("n2", "Ready", ConditionStatus::False);
    world.run(600);
    let allowed = ["read recoveries", "look at kubelet", "create recovery", "save status", "announce", "tell"];
    for (_, effect) in &world.log {
        let text = effect.verb.to_string();
        assert!(allowed.iter().any(|verb| text.starts_with(verb)), "{text}");
    }
    assert_eq!(world.phases(), [Phase::Observed, Phase::Observed]);
}

#[test]
fn switching_to_observe_stops_what_runs() {
    let mut world = small(defaults());
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(120);
    world.set(|settings| settings.mode = Mode::Observe);
    world.truth.blocked.clear();
    let written = world.writes().len();
    world.run(200);
    assert_eq!(world.writes().len(), written);
}

#[test]
fn in_approve_mode_it_waits_for_a_person_and_then_acts() {
    let mut world = small(with(|s| s.mode = Mode::Approve));
    world.truth.fail("web-0");
    world.run(600);
    assert_eq!((world.writes().len(), world.phases()), (0, vec![Phase::AwaitingApproval]));
    world.truth.order(|orders| orders.approved_by = Some("ann".into()));
    world.run(10);
    assert_eq!((world.verbs().len(), world.phases()), (1, vec![Phase::Succeeded]));
}

#[test]
fn without_approval_it_is_cancelled_in_the_end() {
    let mut world = small(with(|s| s.mode = Mode::Approve));
    world.truth.fail("web-0");
    world.run(3590);
    assert_eq!(world.phases(), [Phase::AwaitingApproval]);
    world.run(3600);
    assert_eq!((world.writes().len(), world.phases()), (0, vec![Phase::Cancelled]));
}

#[test]
fn watching_needs_no_approval() {
    let mut world = small(with(|s| s.mode = Mode::Approve));
    let due = world.truth.stamp();
    world.truth.change("web-0", |pod| pod.trouble.get_or_insert_default().deletion_due = Some(due));
    world.run(5000);
    assert_eq!(world.phases(), [Phase::Running]);
}

#[test]
fn a_persons_veto_ends_it_and_holds_for_whatever_else_is_found_there() {
    let mut world = small(with(|s| s.mode = Mode::Approve));
    world.truth.crash_loop("web-0", 9);
    world.run(10);
    world.truth.order(|orders| orders.cancelled_by = Some("ann".into()));
    world.run(1);
    world.set(|settings| settings.mode = Mode::Enforce);
    // The pod's NotReady fires as well after ten checks.
    world.truth.unready("web-0");
    world.run(600);
    assert_eq!((world.writes().len(), world.phases()), (0, vec![Phase::Cancelled]));
}

#[test]
fn no_more_recoveries_start_per_minute_than_allowed() {
    let mut world = World::new(with(|s| s.recoveries_per_minute = 2), 3);
    for name in ["a", "b", "c", "d"] {
        world.truth.add_workload(Kind::Deployment, name, &["n1"]);
    }
    let mut world = world.start();
    for name in ["a-0", "b-0", "c-0", "d-0"] {
        world.truth.fail(name);
    }
    world.run(59);
    assert_eq!(world.count("delete"), 2, "{:#?}", world.writes());
    world.run(2);
    assert_eq!(world.count("delete"), 4, "{:#?}", world.writes());
}

#[test]
fn each_further_recovery_of_a_workload_waits_twice_as_long() {
    let mut world = small(defaults());
    let mut gaps = Vec::new();
    let mut last = 0;
    for number in 1..=4 {
        let name = world.truth.pods.values().find(|(pod, _)| pod.ready).unwrap().0.key.name.to_string();
        world.truth.fail(&name);
        world.until(200, |world| world.count("delete") == number);
        let at = world.log.iter().rev().find(|(_, e)| e.verb.to_string().starts_with("delete")).unwrap().0;
        gaps.push((at - last) / 1000);
        last = at;
        world.run(4);
    }
    assert_eq!(gaps[1..], [10, 20, 40]);
}

#[test]
fn only_as_many_nodes_are_recovered_at_once_as_allowed() {
    let mut world = World::new(with(|s| s.node_concurrency = Share::Count(1)), 10);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n2", "n3"]);
    let mut world = world.start();
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.run(100);
    world.truth.set_condition("n2", "Ready", ConditionStatus::False);
    world.run(110);
    assert_eq!((world.count("cordon n1"), world.count("cordon n2")), (1, 0));
    world.truth.blocked.clear();
    world.run(60);
    assert_eq!(world.count("cordon n2"), 1, "{}", world.timeline().join("\n"));
}

#[test]
fn two_nodes_under_way_do_not_wait_for_each_other_when_a_third_falls_ill() {
    let mut world = World::new(with(|s| s.node_concurrency = Share::Count(2)), 10);
    world.truth.add_workload(Kind::Deployment, "web", &["n1", "n2", "n3"]);
    let mut world = world.start();
    world.truth.blocked.insert("web".into());
    world.truth.set_condition("n1", "Ready", ConditionStatus::False);
    world.truth.set_condition("n2", "Ready", ConditionStatus::False);
    world.run(100);
    assert_eq!((world.count("cordon n1"), world.count("cordon n2")), (1, 1));
    world.truth.set_condition("n3", "Ready", ConditionStatus::False);
    world.run(60);
    world.truth.blocked.clear();
    world.run(120);
    assert_eq!(world.phases(), [Phase::Succeeded; 3], "{}", world.timeline().join("\n"));
}

#[test]
fn nothing_is_deleted_while_a_watch_is_not_current() {
    let mut world = small(defaults());
    world.tell(Event::Watch(WatchKind::Deployment, WatchState::Broken));
    world.run_ms(30);
    world.deaf = vec![WatchKind::Deployment];
    world.truth.fail("web-0");
    world.run(300);
    assert_eq!((world.writes().len(), world.held().0), (0, "StaleWatch"));
    assert!(world.count("save status") <= 2, "saved {} times", world.count("save status"));
    world.deaf.clear();
    world.run(60);
    assert_eq!(world.phases(), [Phase::Succeeded]);
}
