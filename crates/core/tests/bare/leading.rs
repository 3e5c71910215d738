//! Leading and watching: what a new leader takes over, and what is not concluded from what was not seen.

use crate::ground::{Ground, Scripted, later};
use crate::records::assert_healed;
use self_healing_core::effect::Verb;
use self_healing_core::event::{Event, WatchState};
use self_healing_core::key::{Kind, Text};
use self_healing_core::names::{Phase, WatchKind};

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

#[test]
fn a_new_leader_lets_the_cluster_settle_before_it_acts_on_nodes() {
    let mut ground = Ground::of(WEB, "node_check_interval 0.5");
    ground.does("kill controller");
    ground.does("not-ready n1");
    ground.run(29.0);
    assert_eq!((ground.writes().len(), ground.held("n1").0), (0, "Settling"));
    ground.run(20.0);
    assert!((30.0..41.0).contains(&ground.when("cordon n1")), "{}", ground.report());
}

#[test]
fn leadership_that_is_lost_and_won_settles_again() {
    let mut ground = Ground::of(WEB, "");
    ground.does("condition n1 KernelDeadlock");
    ground.run(89.0);
    ground.lead(false);
    ground.run(10.0);
    ground.lead(true);
    ground.run(29.0);
    assert_eq!((ground.writes().len(), ground.held("n1").0), (0, "Settling"));
    ground.run(2.0);
    assert_eq!(ground.count("cordon n1"), 1);
}

#[test]
fn who_does_not_lead_sends_nothing() {
    let mut ground = Ground::of(WEB, "");
    ground.lead(false);
    ground.run(1.0);
    let sent = ground.log.len();
    ground.does("fail web.1");
    ground.does("silence n2");
    ground.run(600.0);
    assert_eq!(ground.log.len(), sent, "{}", ground.report());
}

#[test]
fn who_leads_again_reads_the_records_first_and_finishes_without_a_second_delete() {
    let mut ground = Ground::of(WEB, "");
    ground.does("fail web.1");
    ground.until(5, |ground| ground.count("delete") == 1);
    ground.lead(false);
    ground.run(60.0);
    assert!(ground.recovery("web.1").is_active());
    let sent = ground.log.len();
    ground.lead(true);
    ground.run(30.0);
    assert_eq!(ground.log[sent].1.verb, Verb::ReadRecoveries);
    assert_healed(&ground);
}

#[test]
fn what_an_earlier_reign_stored_late_is_gone_on_from() {
    let mut ground = Ground::of(WEB, "");
    ground.does("fail web.1");
    ground.until(5, |ground| ground.count("delete") == 1);
    let mut late = ground.recovery("web.1").clone();
    late.status.attempts[0].started_at.0 -= 5_000;
    let began = late.status.attempts[0].started_at;
    ground.truth.put_record(late);
    ground.run(60.0);
    let began_at: Vec<_> = ground.recovery("web.1").status.attempts.iter().map(|attempt| attempt.started_at).collect();
    assert_eq!(began_at, [began], "{}", ground.report());
    assert_healed(&ground);
}

#[test]
fn records_that_cannot_be_read_are_read_again_before_anything_is_done() {
    let mut ground = Ground::of(WEB, "");
    for _ in 0..3 {
        ground.truth.scripted.push_back(Scripted { verb: "read recoveries", outcome: later("down"), applied: false });
    }
    ground.does("kill controller");
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!(ground.sent_like("read recoveries"), 5, "once at first, three times in vain, once more");
    assert_healed(&ground);
}

#[test]
fn a_leader_that_starts_does_not_take_the_silence_of_a_dead_node_for_health() {
    let mut ground = Ground::of(WEB, "health_check_interval 10\npod_check_interval 3600");
    ground.truth.unwell = true;
    ground.does("silence n1");
    ground.until(60, |ground| ground.count("delete") == 2);
    ground.does("kill controller");
    ground.run(150.0);
    assert!(ground.recovery("n1").is_active(), "{}", ground.report());
    ground.does("heal web.3");
    ground.does("heal web.4");
    ground.run(60.0);
    assert_eq!((ground.phase("n1"), ground.count("delete")), (Phase::Succeeded, 2));
}

#[test]
fn a_new_leader_does_not_take_what_holds_state_on_a_dead_node_for_movable() {
    let mut ground = Ground::of(&format!("{WEB}\nstatefulset db 1 on n1"), "health_check_interval 10");
    ground.truth.unwell = true;
    ground.does("silence n1");
    ground.until(60, |ground| ground.count("delete") == 2);
    ground.does("kill controller");
    ground.run(200.0);
    assert_eq!((ground.count("evict"), ground.count("delete db")), (0, 0), "{}", ground.report());
}

#[test]
fn a_gap_of_the_node_watch_starts_the_counting_again() {
    let mut ground = Ground::of(WEB, "");
    ground.does("not-ready n1");
    ground.run(60.0);
    ground.tell(Event::Watch(WatchKind::Node, WatchState::Broken));
    ground.run(1.0);
    ground.deaf = vec![WatchKind::Node];
    ground.run(120.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    ground.deaf.clear();
    let seen = ground.seconds();
    ground.run(200.0);
    let waited = ground.when("cordon n1") - seen;
    assert!((89.0..115.0).contains(&waited), "{waited}");
}

#[test]
fn a_gap_of_the_watches_starts_the_counting_again_and_makes_no_dead_node_well() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.unwell = true;
    ground.deaf = vec![WatchKind::Lease];
    ground.does("silence n1");
    ground.run(300.0);
    assert!(ground.writes().is_empty());
    ground.deaf.clear();
    let seen = ground.seconds();
    ground.run(200.0);
    let waited = ground.when("cordon n1") - seen;
    assert!((89.0..115.0).contains(&waited), "{waited}");
    ground.deaf = vec![WatchKind::Lease];
    ground.run(70.0);
    ground.deaf.clear();
    ground.run(60.0);
    assert_eq!((ground.count("uncordon"), ground.is_marked()), (0, true), "{}", ground.report());
}

#[test]
fn marks_that_nobody_answers_for_are_taken_back_when_that_may_be_done() {
    let mut ground = Ground::of(WEB, "paused true");
    let gone = Text::from("node-gone");
    ground.truth.edit_node("n1", |node| (node.unschedulable, node.owner) = (true, gone.clone()));
    ground.truth.taint("n2", &gone);
    ground.run(60.0);
    ground.does("set mode Observe");
    ground.does("set paused false");
    ground.run(60.0);
    // On an old view of the nodes nothing is concluded.
    ground.tell(Event::Watch(WatchKind::Node, WatchState::Broken));
    ground.run(0.1);
    ground.deaf = vec![WatchKind::Node];
    ground.does("set mode Enforce");
    ground.run(60.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    ground.deaf.clear();
    ground.run(60.0);
    assert!(!ground.is_marked() && !ground.truth.nodes["n1"].unschedulable, "{}", ground.report());
}

#[test]
fn a_copy_that_a_deployment_left_on_its_replica_set_is_taken_away() {
    let mut ground = Ground::of("nodes n1 n2\ndeployment web 2 on n1", "");
    ground.run(1.0);
    let set = ground.truth.workloads.values().find(|fact| fact.kind == Kind::ReplicaSet).unwrap().target();
    ground.truth.edit_workload(&set.kind, &set.key, |fact| fact.marked_by = Text::from("pod-crashloop-1"));
    ground.run(60.0);
    assert_eq!(ground.sent_like("scale back Deployment shop/web"), 1, "{}", ground.report());
}

#[test]
fn a_dead_node_whose_port_answers_otherwise_to_the_next_leader_is_no_new_failure() {
    let mut ground = Ground::of(WEB, "health_check_interval 10");
    ground.does("silence n1");
    ground.run(100.0);
    assert_eq!(ground.phase("n1"), Phase::Succeeded);
    ground.does("kubelet-down n1");
    ground.does("kill controller");
    ground.run(200.0);
    assert_eq!(ground.truth.records.len(), 1, "{}", ground.report());
}
