//! Handing over: the node under the leader is drained by another replica.

use crate::ground::{Ground, QUICK};
use self_healing_core::key::Text;
use self_healing_core::names::Mode;

/// Replicas of the controller on n1, which is sick, and on `other`; how often the one on n1 has asked for another leader after so long.
fn handed_over(other: &str, deeds: &[&str], seconds: f64) -> usize {
    handed_over_in(Mode::Enforce, other, deeds, seconds)
}

fn handed_over_in(mode: Mode, other: &str, deeds: &[&str], seconds: f64) -> usize {
    let mut ground = Ground::of("nodes n1 n2 n3\ndeployment web 2 on n1", QUICK);
    let own = ground.pod("web.1").key.clone();
    ground.with(|settings| (settings.own_pod, settings.mode) = ((own.namespace, own.name), mode));
    ground.change("web.2", |pod| pod.node = Some(Text::from(other)));
    deeds.iter().for_each(|deed| ground.does(deed));
    ground.does("condition n1 KernelDeadlock");
    ground.run(seconds);
    assert!(!ground.writes().contains(&"cordon n1".to_owned()), "{}", ground.report());
    ground.sent_like("hand over")
}

#[test]
fn another_replica_is_to_lead_before_the_leaders_own_node_is_drained() {
    assert_eq!(handed_over("n2", &[], 200.0), 1);
    assert_eq!(handed_over("n2", &[], 320.0), 2, "nobody took over, so it is tried again");
}

#[test]
fn nothing_is_handed_over_where_nobody_could_do_more() {
    assert_eq!(handed_over("n1", &[], 400.0), 0, "the other replica is on the same node");
    assert_eq!(
        handed_over("n2", &["taint n3 dedicated", "condition n2 KernelDeadlock"], 400.0),
        0,
        "its node is sick as well"
    );
    assert_eq!(handed_over("n2", &["unready web.2"], 8.0), 0, "it is not ready");
    assert_eq!(handed_over("n2", &["exclude n1"], 400.0), 0, "nobody may touch the node");
    assert_eq!(handed_over_in(Mode::Observe, "n2", &[], 400.0), 0, "nothing is to be done");
}
