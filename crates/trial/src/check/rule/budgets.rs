//! S11: pods leave a living node only by eviction, unless a policy's deadline for that has passed, and no other delete of ours takes a
//! disruption budget below what it wants.

use crate::check::deed::{Deed, DeedKind};
use crate::check::json::{controller, is_ready, is_terminating, label, text, time};
use crate::check::limits::FRESH;
use crate::check::record::Record;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use crate::world::POLICIES;
use jiff::SignedDuration;
use self_healing_sim::store::Key;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Budgets;

impl Rule for Budgets {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.deeds.iter().filter(|deed| deed.kind == DeedKind::Delete) {
            let node = act.node_of_pod();
            let records = act.scene.book.records.behind(&act.commit.shown, node, act.sent());
            let drains = !records.is_empty() && records.iter().all(|record| record.is_about_node());
            let ended = matches!(text(act.before(), "/status/phase"), "Failed" | "Succeeded");
            if drains && ended {
                // What has ended leaves nobody.
                continue;
            }
            if drains {
                if !records.iter().any(|record| is_past_deadline(act, record)) {
                    living(act, deed, found);
                }
            } else {
                budgets(act, deed, found);
            }
        }
    }
}

/// Whether a policy respects budgets only until a deadline, in seconds here, and the attempt under way began longer ago.
fn is_past_deadline(act: &Act<'_>, record: &Record) -> bool {
    let Some(began) = record.attempts.last().and_then(|attempt| attempt.started) else { return false };
    let past = |policy: &Value| {
        let rules = &policy["spec"]["drain"];
        let deadline = rules["deadline"].as_i64().filter(|_| rules["respectPDB"] == "UntilDeadline");
        deadline.is_some_and(|seconds| act.sent().duration_since(began) >= SignedDuration::from_secs(seconds))
    };
    act.scene.store.list(POLICIES, "").any(|(_, policy)| past(policy))
}

/// A heartbeat that is younger than its duration says that the node lives; the very last one may have come after our look.
fn living(act: &Act<'_>, deed: &Deed, found: &mut Found) {
    let node = text(&act.commit.shown, "/spec/nodeName");
    let Some(lease) = act.scene.store.get(&Key::new("leases.coordination.k8s.io", "kube-node-lease", node)) else {
        return;
    };
    let Some(renewed) = time(lease, "/spec/renewTime") else { return };
    let duration = SignedDuration::from_secs(lease["spec"]["leaseDurationSeconds"].as_i64().unwrap_or(40));
    let age = act.sent().duration_since(renewed);
    found.judge(age <= FRESH || age >= duration - SignedDuration::from_secs(1), || {
        format!("{}, whose node {node} had sent a heartbeat {age:#} before: it may only be evicted", act.words(deed))
    });
}

fn budgets(act: &Act<'_>, deed: &Deed, found: &mut Found) {
    let pod = act.before();
    if !is_ready(pod) || is_terminating(pod) {
        return;
    }
    let store = act.scene.store;
    for (key, budget) in store.list("poddisruptionbudgets.policy", &deed.key.namespace) {
        if !selects(&budget["spec"]["selector"], pod) {
            continue;
        }
        let wanted = budget["status"]["desiredHealthy"].as_u64().unwrap_or(0);
        let healthy = store
            .list("pods", &deed.key.namespace)
            .filter(|(_, pod)| selects(&budget["spec"]["selector"], pod) && is_ready(pod) && !is_terminating(pod));
        let healthy = healthy.count() as u64;
        found.judge(healthy >= wanted, || {
            format!(
                "{}, which leaves {healthy} healthy pods to budget {}, which wants {wanted}",
                act.words(deed),
                key.name
            )
        });
    }
}

/// Whether a label selector selects the object; one with expressions is taken to select it if it has a controller.
fn selects(selector: &Value, object: &Value) -> bool {
    let labels = selector["matchLabels"].as_object();
    let all = labels.into_iter().flatten().all(|(key, value)| label(object, key) == value.as_str());
    all && (selector["matchExpressions"].is_null() || controller(object).is_some())
}
