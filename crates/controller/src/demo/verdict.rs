//! Whether all is well at the end: what went wrong, and which marks were left.

use super::ledger::Row;
use super::records::RECOVERIES;
use self_healing_api::marks::GROUP;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use serde_json::Value;

/// Everything that is not as it should be, one line each.
pub(super) fn problems(rows: &[Row], cluster: &Cluster, hand: &Hand) -> Vec<String> {
    let wrong = rows.iter().filter_map(|row| Some(format!("{} {}", row.target, row.wrong.as_ref()?)));
    wrong.chain(marks_left(cluster, hand)).collect()
}

/// Marks of the controller on objects that are not its own records.
fn marks_left(cluster: &Cluster, hand: &Hand) -> Vec<String> {
    let resources: Vec<String> = cluster.state().registry.iter().map(|resource| resource.name()).collect();
    let mut left = Vec::new();
    for resource in resources.iter().filter(|resource| *resource != RECOVERIES) {
        for object in hand.list(resource, "") {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            left.extend(marks(&object).map(|mark| format!("{resource} {name} still carries {mark}")));
        }
    }
    left
}

/// The marks of ours on one object, and a cordon, which nobody else sets in the demo.
fn marks(object: &Value) -> impl Iterator<Item = String> {
    let keys = |map: &Value| map.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let metadata = &object["metadata"];
    let taints = object["spec"]["taints"].as_array().into_iter().flatten();
    let taints = taints.map(|taint| taint["key"].as_str().unwrap_or_default().to_owned());
    let all = keys(&metadata["annotations"]).into_iter().chain(keys(&metadata["labels"])).chain(taints);
    let ours: Vec<String> = all.filter(|key| key.starts_with(GROUP)).collect();
    let cordon = (object["spec"]["unschedulable"] == true).then(|| "a cordon".to_owned());
    ours.into_iter().chain(cordon)
}

#[cfg(test)]
mod tests {
    use super::marks;
    use serde_json::json;

    #[test]
    fn annotations_labels_taints_and_cordons_of_ours_are_marks() {
        let node = json!({
            "metadata": { "annotations": { "self-healing.dev/owner": "r", "other": "" }, "labels": { "app": "web" } },
            "spec": { "unschedulable": true, "taints": [{ "key": "self-healing.dev/suspect" }, { "key": "theirs" }] },
        });
        let found: Vec<String> = marks(&node).collect();
        assert_eq!(found, ["self-healing.dev/owner", "self-healing.dev/suspect", "a cordon"]);
        assert_eq!(marks(&json!({ "metadata": { "name": "web" } })).count(), 0);
    }
}
