//! Pods that fail, and what becomes of them.

use crate::world::{defaults, small};
use self_healing_core::effect::Verb;
use self_healing_core::names::Phase;

#[test]
fn a_failed_pod_is_deleted_once_and_succeeds_when_its_replacement_is_ready() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    world.run(30);
    assert_eq!(world.writes(), ["35 delete default/web-0"]);
    assert_eq!(world.phases(), [Phase::Succeeded]);
    assert_eq!(world.happenings(), ["35 FailureDetected", "35 RecoveryStarted", "38 RecoverySucceeded"]);
}

#[test]
fn the_record_and_a_fresh_read_come_before_the_delete() {
    let mut world = small(defaults());
    world.truth.fail("web-0");
    let version = world.truth.pods.values().find(|(pod, _)| &*pod.key.name == "web-0").unwrap().1.to_string();
    world.run(1);
    let at = |verb: &str| world.log.iter().position(|(_, effect)| effect.verb.to_string().starts_with(verb)).unwrap();
    assert!(at("create recovery") < at("delete") && at("look at Pod") < at("delete"), "{:#?}", world.timeline());
    let Verb::DeletePod { target, resource_version } = &world.log[at("delete")].1.verb else { panic!() };
    assert_eq!((&*target.uid, &**resource_version), ("uid-web-0", version.as_str()));
}
