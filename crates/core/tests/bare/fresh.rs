//! Nothing irreversible on cached knowledge: what is stored and read before a pod is touched.

use crate::ground::{Ground, Misfortune, Scripted, condition, later};
use self_healing_core::effect::{Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::fact::ConditionStatus;
use self_healing_core::key::{Key, Kind};
use self_healing_core::names::Phase;
use self_healing_story::Story;
use std::path::Path;

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";

#[test]
fn the_record_and_a_fresh_read_come_before_the_delete() {
    let mut ground = Ground::of(WEB, "");
    ground.does("fail web.1");
    let (uid, version) = (ground.pod("web.1").uid.clone(), ground.truth.pods[&ground.pod("web.1").key].1.to_string());
    ground.run(1.0);
    let at = |verb: &str| ground.log.iter().position(|(_, effect)| effect.verb.to_string().starts_with(verb)).unwrap();
    assert!(at("create recovery") < at("delete") && at("look at Pod") < at("delete"), "{}", ground.report());
    let Verb::DeletePod { target, resource_version, .. } = &ground.log[at("delete")].1.verb else { panic!() };
    assert_eq!((&target.uid, &**resource_version), (&uid, version.as_str()));
}

#[test]
fn nothing_is_deleted_as_long_as_its_record_cannot_be_stored() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.store_down = true;
    ground.does("fail web.1");
    ground.run(120.0);
    assert!(ground.writes().is_empty() && ground.announced().is_empty());
    ground.truth.store_down = false;
    ground.run(60.0);
    assert_eq!((ground.writes(), ground.phase("web.1")), (vec!["delete web.1".to_owned()], Phase::Succeeded));
}

#[test]
fn what_was_read_while_the_record_could_not_be_stored_is_read_again() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.store_down = true;
    ground.does("crash-loop web.1 9");
    ground.run(30.0);
    ground.does("heal web.1");
    // The watch is late to say so.
    ground.truth.news.clear();
    ground.truth.store_down = false;
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0), "{}", ground.report());
}

/// The watch shows a crash loop that is over in truth.
fn outdated(ground: &mut Ground, pod: &str) {
    ground.does(&format!("crash-loop {pod} 9"));
    ground.publish();
    ground.does(&format!("heal {pod}"));
    ground.truth.news.clear();
}

#[test]
fn a_pod_that_a_fresh_read_shows_healthy_is_not_deleted() {
    let mut ground = Ground::of(WEB, "");
    outdated(&mut ground, "web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn a_view_from_before_the_failure_ends_no_recovery() {
    let mut ground = Ground::of(WEB, "health_check_interval 1\npaused true");
    let before = ground.pod("web.1").clone();
    ground.does("crash-loop web.1 9");
    ground.run(5.0);
    ground.tell(Event::Pod(before));
    ground.run(5.0);
    assert_eq!(ground.phase("web.1"), Phase::Held, "{}", ground.report());
    ground.does("set paused false");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete web.1")), (Phase::Succeeded, 1));
}

#[test]
fn a_read_that_contradicts_the_watch_holds_the_deletion() {
    let mut ground = Ground::of(WEB, "paused true");
    outdated(&mut ground, "web.1");
    ground.run(30.0);
    ground.does("set paused false");
    ground.run(3.0);
    assert_eq!((ground.held("web.1").0, ground.writes().len()), ("Live", 0), "{}", ground.report());
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn another_pod_of_the_same_name_is_not_touched() {
    let mut ground = Ground::of("nodes n1 n2\nstatefulset db 1 on n1", "");
    ground.does("crash-loop db.1 9");
    ground.publish();
    ground.does("replace db.1");
    ground.truth.news.clear();
    ground.run(60.0);
    assert_eq!((ground.phase("db.1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn a_deletion_that_was_lost_is_not_tried_again_on_a_pod_that_is_well() {
    let mut ground = Ground::of(WEB, "");
    let outcome = Outcome::Unknown { message: "timed out".into() };
    ground.truth.scripted.push_back(Scripted { verb: "delete", outcome, applied: false });
    ground.does("crash-loop web.1 9");
    ground.run(0.1);
    assert_eq!((ground.sent_like("delete"), ground.writes().len()), (1, 0));
    ground.does("heal web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0));
}

#[test]
fn what_somebody_else_has_done_is_not_called_a_success_of_ours() {
    let mut ground = Ground::of(WEB, "");
    ground.truth.scripted.push_back(Scripted { verb: "delete", outcome: later("busy"), applied: false });
    ground.does("fail web.1");
    ground.run(0.1);
    ground.does("delete web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.writes().len()), (Phase::SelfRecovered, 0), "{}", ground.report());
}

#[test]
fn a_deletion_that_was_lost_is_no_success_although_the_workload_is_back() {
    let mut ground = Ground::of(WEB, "");
    let outcome = Outcome::Unknown { message: "timed out".into() };
    ground.truth.scripted.push_back(Scripted { verb: "delete", outcome, applied: false });
    ground.does("fail web.1");
    ground.run(0.1);
    ground.does("exclude web.1");
    ground.run(30.0);
    assert_eq!(ground.phase("web.1"), Phase::Held, "{}", ground.report());
    ground.does("include web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete web.1")), (Phase::Succeeded, 1), "{}", ground.report());
}

#[test]
fn a_pod_that_a_view_from_before_it_does_not_show_is_not_called_gone() {
    let mut ground = Ground::of(WEB, "");
    let outcome = Outcome::Unknown { message: "timed out".into() };
    ground.truth.scripted.push_back(Scripted { verb: "delete", outcome, applied: false });
    ground.does("fail web.1");
    let pod = ground.pod("web.1").clone();
    ground.run(0.1);
    ground.tell(Event::PodGone(pod.key.clone()));
    ground.run(30.0);
    assert_eq!(ground.phase("web.1"), Phase::Running, "{}", ground.report());
    ground.tell(Event::Pod(pod));
    ground.run(30.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete web.1")), (Phase::Succeeded, 1), "{}", ground.report());
}

#[test]
fn an_answer_that_was_long_on_its_way_is_no_fresh_read() {
    let mut calm = Ground::of(WEB, "");
    calm.does("crash-loop web.1 9");
    calm.run(1.0);
    let mut slow = 0;
    for effect in 1..=calm.sent {
        let mut ground = Ground::of(WEB, "");
        (ground.late, ground.misfortunes) = (6000, vec![(Misfortune::Late, effect)]);
        ground.does("crash-loop web.1 9");
        ground.run(3.0);
        if ground.sent_like("look at Pod") == 0 || ground.sent_like("delete shop/") > 0 {
            continue;
        }
        // What the look found is on its way; it is over by now, and the watch is late to say so.
        ground.does("heal web.1");
        ground.truth.news.clear();
        ground.run(60.0);
        assert_eq!(ground.sent_like("delete shop/"), 0, "{}", ground.report());
        slow += 1;
    }
    assert!(slow > 0, "no look was late");
}

#[test]
fn a_deployment_that_a_fresh_read_shows_available_is_not_restarted() {
    let text = "A test
cluster
  nodes n1 n2 n3
  deployment web 2 on n1
policy restarts
  match:
    namespaces: [shop]
  strategies:
    deployment_failure:
      high: restart
settings
  health_check_interval 60
  deployment_check_interval 3
  settle_period 1
story
  1 end
";
    let mut ground = Ground::new(&Story::parse(Path::new("test.story"), text).unwrap());
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(8.9);
    let at = ground.truth.stamp();
    ground.truth.edit_workload(&Kind::Deployment, &Key::new("shop", "web"), |fact| {
        fact.conditions = vec![condition("Available", ConditionStatus::True, at)];
    });
    // The watch is late to say so.
    ground.truth.news.clear();
    ground.run(60.0);
    assert_eq!((ground.phase("web"), ground.writes().len()), (Phase::SelfRecovered, 0), "{}", ground.report());
}

#[test]
fn a_revision_that_was_rolled_back_and_is_released_again_is_left_to_a_person() {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 4 on n1", "health_check_interval 1\nsettle_period 1");
    ground.does("annotate web self-healing.dev/auto-rollback true");
    ground.does("release web crash-loop");
    ground.run(30.0);
    assert_eq!((ground.phase("web"), ground.count("roll-back")), (Phase::Succeeded, 1), "{}", ground.report());
    let place = (Kind::Deployment, Key::new("shop", "web"));
    let deployment = ground.truth.workloads[&place].clone();
    ground.truth.release_again(&deployment, &"web-rs2".into());
    ground.run(60.0);
    assert_eq!(ground.count("roll-back"), 1, "{}", ground.report());
    let last = ground.truth.records.values().max_by_key(|record| record.spec.detected_at).unwrap();
    assert_eq!(last.status.phase, Some(Phase::Escalated), "{}", ground.report());
    assert!(last.status.message.contains("released it again"), "{}", last.status.message);
}
