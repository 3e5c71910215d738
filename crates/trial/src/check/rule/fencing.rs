//! S12: what needs the proof that a machine is off is only done with one that is younger than the node's last sign of life.

use crate::check::deed::DeedKind;
use crate::check::json::{list, text, time};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use crate::player::machines::REMEDIATIONS;
use jiff::SignedDuration;
use self_healing_api::marks;
use self_healing_sim::actor::PLACE;
use self_healing_sim::store::Key;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Fencing;

impl Rule for Fencing {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        if !act.ours {
            return;
        }
        let words = |what: &str| format!("{what} by commit {} of {}", act.commit.version, act.commit.origin.instance);
        match &*act.commit.key.resource {
            "pods" if act.deeds.iter().any(|deed| deed.kind.moves_pod()) => {
                let forced = is_forced(act);
                found.judge(!forced, || words(&format!("pod {} was removed with a grace of 0", act.commit.key.name)));
            }
            "nodes" => {
                found.judge(act.commit.new.is_some(), || words(&format!("node {} was deleted", act.commit.key.name)));
                let fences = act.deeds.iter().any(|deed| deed.kind == DeedKind::Fence);
                let proof = fences.then(|| proof(act)).flatten();
                found.judge(!fences || proof.is_some(), || {
                    words(&format!("node {} was declared out of service without a proof", act.commit.key.name))
                });
                let mut new =
                    hard_taints(&act.commit.shown).filter(|taint| !hard_taints(act.before()).any(|old| old == *taint));
                let new = new.find(|taint| !(fences && taint["key"] == marks::OUT_OF_SERVICE));
                found.judge(new.is_none(), || {
                    words(&format!("node {} was tainted {}", act.commit.key.name, new.unwrap_or(&Value::Null)))
                });
            }
            _ => {}
        }
    }
}

/// The remediation of this node that has succeeded since its last heartbeat, and not by the lapse of time alone unless a policy takes
/// that; or that its machine is gone.
fn proof(act: &Act<'_>) -> Option<()> {
    let (store, name) = (act.scene.store, &*act.commit.key.name);
    let beat = store.get(&Key::new("leases.coordination.k8s.io", "kube-node-lease", name));
    let beat = beat.and_then(|lease| time(lease, "/spec/renewTime"));
    let accepts = |spec: &Value| spec["replacement"]["acceptAssumed"] == true;
    let accepted = act.scene.book.possible_policies(act.sent()).any(accepts);
    let told = store.get(&Key::new("configmaps", PLACE, name)).and_then(|machine| time(machine, "/data/off"));
    if told.is_some_and(|off| beat.is_none_or(|beat| off > beat)) {
        return Some(());
    }
    let remediation = store.get(&Key::new(REMEDIATIONS, PLACE, name))?;
    let succeeded = list(remediation, "/status/conditions").iter().find(|found| found["type"] == "Succeeded")?;
    let since = time(succeeded, "/lastTransitionTime")?;
    let assumed = remediation["status"]["timeAssumedRebooted"].is_string();
    // The condition's time is in whole seconds.
    let younger = beat.is_none_or(|beat| since + SignedDuration::from_secs(1) > beat);
    (succeeded["status"] == "True" && younger && (!assumed || accepted)).then_some(())
}

/// Asked for, or by the pod's own spec: a pod that may run is removed without its kubelet having stopped it.
fn is_forced(act: &Act<'_>) -> bool {
    let body = &act.commit.origin.body;
    let asked = [&body["gracePeriodSeconds"], &body["deleteOptions"]["gracePeriodSeconds"]];
    let pod = act.before();
    let may_run =
        !text(pod, "/spec/nodeName").is_empty() && !matches!(text(pod, "/status/phase"), "Failed" | "Succeeded");
    let after = &act.commit.shown["metadata"]["deletionGracePeriodSeconds"];
    asked.into_iter().any(|grace| *grace == 0) || may_run && *after == 0
}

/// Taints that throw pods out.
fn hard_taints(node: &Value) -> impl Iterator<Item = &Value> {
    let is_hard = |taint: &&Value| taint["effect"] == "NoExecute" || taint["key"] == marks::OUT_OF_SERVICE;
    list(node, "/spec/taints").iter().filter(is_hard)
}
