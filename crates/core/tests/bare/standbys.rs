//! Services and their standbys, as far as no story can show it: late views, lost records, and what a person sees.

use crate::ground::{Ground, QUICK, Scripted, later};
use self_healing_core::names::{Phase, WatchKind};
use self_healing_story::Policy;

const SHOP: &str = "nodes n1 n2 n3\ndeployment web 2 on n1\ndeployment spare 1 on n2\nservice web standby spare";

/// The Service is served by its standby, and its own pods are not ready.
fn on_standby() -> Ground {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    let mut ground = Ground::of(SHOP, &settings);
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.until(30, |ground| reason(ground) == "OnStandby");
    ground
}

fn reason(ground: &Ground) -> &str {
    ground.truth.records.values().next().map_or("", |record| &record.status.reason)
}

fn heal(ground: &mut Ground) {
    ground.does("heal web.1");
    ground.does("heal web.2");
}

#[test]
fn the_record_keeps_the_selector_and_says_what_is_waited_for() {
    let mut ground = on_standby();
    assert_eq!(ground.recovery("web").evidence("originalSelector"), Some("app=web"));
    let status = &ground.recovery("web").status;
    assert!(
        status.message.contains("until the primary is well: Deployment shop/web: 0 of 2 ready"),
        "{}",
        status.message
    );
    heal(&mut ground);
    ground.run(2.0);
    let status = &ground.recovery("web").status;
    assert!(status.message.ends_with("until the primary was well for 10 s without a gap"), "{}", status.message);
    ground.run(20.0);
    assert_eq!((ground.phase("web"), ground.is_marked()), (Phase::Succeeded, false));
}

#[test]
fn a_primary_that_a_fresh_read_shows_unready_does_not_serve_again() {
    let mut ground = on_standby();
    heal(&mut ground);
    ground.run(8.0);
    // The watch of pods is late to say that they are unready again.
    ground.deaf = vec![WatchKind::Pod];
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(20.0);
    assert_eq!((ground.phase("web"), ground.count("switch-back")), (Phase::Verifying, 0), "{}", ground.report());
    assert!(ground.sent_like("look at Service shop/web") > 1);
    ground.deaf.clear();
    heal(&mut ground);
    ground.run(30.0);
    assert_eq!((ground.phase("web"), ground.count("switch-back")), (Phase::Succeeded, 1), "{}", ground.report());
}

#[test]
fn an_end_that_a_crash_left_is_called_off_when_the_primary_is_not_there_any_more() {
    let mut ground = on_standby();
    heal(&mut ground);
    let busy = Scripted { verb: "switch service shop/web back", outcome: later("busy"), applied: false };
    ground.truth.scripted.push_back(busy);
    ground.until(30, |ground| reason(ground) == "Verified");
    assert_eq!(ground.count("switch-back"), 0, "what it ends with is stored before");
    ground.restart();
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(30.0);
    assert_eq!(ground.count("switch-back"), 0, "{}", ground.report());
    assert_eq!(&*ground.recovery("web").status.reason, "OnStandby");
    heal(&mut ground);
    ground.run(30.0);
    assert_eq!((ground.phase("web"), ground.count("switch-back")), (Phase::Succeeded, 1));
}

#[test]
fn what_was_not_seen_is_no_health() {
    let mut ground = on_standby();
    heal(&mut ground);
    ground.run(8.0);
    ground.deaf = vec![WatchKind::Pod];
    // Longer than a watch may be silent.
    ground.run(70.0);
    assert_eq!(ground.phase("web"), Phase::Succeeded, "it was well for long enough before the silence counts");
    let mut ground = on_standby();
    ground.deaf = vec![WatchKind::EndpointSlice];
    ground.run(70.0);
    heal(&mut ground);
    ground.run(30.0);
    assert_eq!((ground.phase("web"), ground.count("switch-back")), (Phase::Verifying, 0), "{}", ground.report());
    ground.deaf.clear();
    ground.run(60.0);
    assert_eq!(ground.phase("web"), Phase::Succeeded, "{}", ground.report());
}

#[test]
fn a_switch_whose_record_a_person_deleted_is_given_back() {
    let mut ground = on_standby();
    heal(&mut ground);
    ground.run(1.0);
    ground.forget_records();
    ground.run(5.0);
    assert!(!ground.is_marked() && ground.count("switch-back") == 1, "{}", ground.report());
}

#[test]
fn a_scaled_standby_whose_record_a_person_deleted_keeps_its_pods_until_the_switch_is_given_back() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    let mut ground = Ground::of(SHOP, &settings);
    let spec = "  match: {types: [service_failure]}\n  strategies: {service_failure: {high: emergency_failover}}\n";
    ground.truth.apply_policy(&Policy { name: "urgent".into(), version: 1, spec: spec.into() });
    ground.run(1.0);
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.until(60, |ground| reason(ground) == "OnStandby");
    assert_eq!(ground.count("scale spare"), 1, "{}", ground.report());
    let busy = || Scripted { verb: "switch service shop/web back", outcome: later("busy"), applied: false };
    ground.truth.scripted.extend([busy(), busy()]);
    ground.forget_records();
    ground.until(60, |ground| ground.count("switch-back") == 1);
    assert_eq!(ground.count("unscale"), 0, "{}", ground.report());
    ground.run(5.0);
    assert_eq!(ground.count("unscale"), 1, "{}", ground.report());
}

#[test]
fn a_service_that_a_fresh_read_shows_served_is_not_switched() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    let mut ground = Ground::of(SHOP, &settings);
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(0.5);
    // The watch shows the failure, and not that it is over.
    ground.deaf = vec![WatchKind::EndpointSlice, WatchKind::Pod];
    heal(&mut ground);
    ground.run(30.0);
    assert_eq!((ground.count("switch"), ground.held("web").0), (0, "Live"), "{}", ground.report());
}

#[test]
fn a_standby_that_is_not_ready_is_refused_with_its_selector() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    // As large as the primary, so that there is nothing to scale.
    let mut ground = Ground::of(&SHOP.replace("spare 1", "spare 2"), &settings);
    for pod in ["web.1", "web.2", "spare.1", "spare.2"] {
        ground.does(&format!("unready {pod}"));
    }
    ground.run(30.0);
    assert_eq!(ground.count("switch"), 0);
    let told = ground.report();
    assert!(told.contains("the standby of Service shop/web (app=spare) has no ready pod"), "{told}");
}

#[test]
fn a_wrong_annotation_is_told_in_one_sentence() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    let mut ground = Ground::of(SHOP, &settings);
    ground.does("annotate service/web self-healing.dev/failover-selector app:spare");
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(30.0);
    let words =
        "annotation self-healing.dev/failover-selector of Service shop/web is \"app:spare\"; expected key=value pairs";
    assert!(ground.recovery("web").status.message.contains(words), "{}", ground.report());
    assert_eq!((ground.phase("web"), ground.count("switch")), (Phase::Escalated, 0));
}

#[test]
fn a_restart_that_does_not_help_is_tried_once_per_attempt_and_then_a_person_is_called() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600\nrecovery_timeout 20");
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1\nservice web", &settings);
    ground.truth.unwell = true;
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(55.0);
    assert_eq!((ground.phase("web"), ground.count("restart web")), (Phase::Escalated, 2), "{}", ground.report());
    let why = "restart: Service shop/web has no standby (annotation self-healing.dev/failover-selector)";
    assert_eq!(ground.recovery("web").evidence("instead of failover"), Some(why));
}
