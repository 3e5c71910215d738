//! S12: nothing that needs the proof that a machine is off, since this version has no proof.

use crate::check::json::{list, text};
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use self_healing_api::marks;
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
                let new =
                    hard_taints(&act.commit.shown).find(|taint| !hard_taints(act.before()).any(|old| old == *taint));
                found.judge(new.is_none(), || {
                    words(&format!("node {} was tainted {}", act.commit.key.name, new.unwrap_or(&Value::Null)))
                });
            }
            _ => {}
        }
    }
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
