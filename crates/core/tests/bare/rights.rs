//! An installation that has left out the rights of a remedy: what needs them is not begun, says so, and the rest goes on.

use crate::ground::{Ground, QUICK};
use self_healing_core::names::{GuardName, Phase, Remedy};

const WEB: &str = "nodes n1 n2 n3\ndeployment web 2 on n1";
const SHOP: &str = "nodes n1 n2 n3\ndeployment web 2 on n1\ndeployment spare 1 on n2\nservice web standby spare";

fn without(cluster: &str, settings: &str, remedies: &[Remedy]) -> Ground {
    let mut ground = Ground::of(cluster, settings);
    ground.with(|settings| settings.disabled = remedies.iter().copied().collect());
    ground
}

/// What the attempts came to.
fn says(ground: &Ground, name: &str, words: &str) -> bool {
    let recovery = ground.recovery(name);
    let guards = recovery.status.guards.iter();
    let held = guards.filter(|held| held.name == GuardName::NoProvider).any(|held| held.reason.contains(words));
    held || recovery.status.message.contains(words)
}

#[test]
fn pods_are_left_alone_where_none_may_be_deleted_and_healed_when_that_is_granted() {
    let cluster = format!("{WEB}\ndeployment api 1 on n2");
    let mut ground = without(&cluster, QUICK, &[Remedy::Pods]);
    ground.does("fail web.1");
    ground.run(30.0);
    assert!(ground.writes().is_empty(), "{}", ground.report());
    assert!(says(&ground, "web.1", "Disabled: this installation has no right for pods"), "{}", ground.report());
    ground.with(|settings| settings.disabled.clear());
    ground.does("fail api.1");
    ground.run(60.0);
    assert_eq!(ground.phase("api.1"), Phase::Succeeded, "{}", ground.report());
}

#[test]
fn a_node_that_may_not_be_drained_is_not_even_cordoned_and_pods_are_healed_all_the_same() {
    let mut ground = without(WEB, QUICK, &[Remedy::Drains]);
    ground.does("condition n1 KernelDeadlock");
    ground.run(20.0);
    assert_eq!((ground.count("cordon"), ground.count("evict")), (0, 0), "{}", ground.report());
    assert!(says(&ground, "n1", "Disabled: this installation has no right for drains"), "{}", ground.report());
    let mut ground = without(WEB, QUICK, &[Remedy::Drains]);
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded, "{}", ground.report());
}

#[test]
fn a_service_that_may_not_be_switched_has_what_is_behind_it_restarted() {
    let settings = format!("{QUICK}\npod_check_interval 3600\ndeployment_check_interval 3600");
    let mut ground = without(SHOP, &settings, &[Remedy::Services]);
    ground.does("unready web.1");
    ground.does("unready web.2");
    ground.run(60.0);
    assert_eq!((ground.count("switch"), ground.count("restart")), (0, 1), "{}", ground.report());
    let instead = ground.recovery("web").evidence("instead of failover").unwrap_or_default();
    assert!(instead.contains("Disabled: this installation has no right for services"), "{instead}");
}

#[test]
fn without_the_right_to_taint_a_pod_is_restarted_where_it_may_land() {
    let mut ground = without(WEB, QUICK, &[Remedy::Nodes]);
    ground.with(|settings| settings.recovery_timeout = core::time::Duration::from_secs(5));
    ground.truth.unwell = true;
    ground.does("fail web.1");
    ground.run(60.0);
    assert!(ground.count("delete") > 0, "{}", ground.report());
    assert_eq!(ground.count("taint"), 0, "{}", ground.report());
}
