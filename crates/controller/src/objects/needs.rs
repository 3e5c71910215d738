//! Where a pod may run: node selector, required node affinity, tolerations; and where a volume is.

use self_healing_core::fact::{AnyOf, Needs, Requirement, Test, Toleration};
use self_healing_core::key::Text;
use serde_json::Value;

/// What a pod's spec asks of its node.
#[must_use]
pub fn of_pod(pod: &Value) -> Needs {
    let spec = &pod["spec"];
    let selector = spec["nodeSelector"].as_object().into_iter().flatten();
    let is = |(key, value): (&String, &Value)| Requirement {
        key: Text::from(key.as_str()),
        test: Test::In(vec![Text::from(value.as_str().unwrap_or_default())]),
    };
    let selector: Vec<Requirement> = selector.map(is).collect();
    let mut places: Vec<AnyOf> = if selector.is_empty() { Vec::new() } else { vec![vec![selector]] };
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    places.extend(of_selector(required));
    Needs { places, tolerations: list(&spec["tolerations"]).map(toleration).collect() }
}

/// The names of the PersistentVolumeClaims that a pod mounts, those that are made for it included.
#[must_use]
pub fn claims(pod: &Value) -> Vec<String> {
    let pod_name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let claim = |volume: &Value| match volume["persistentVolumeClaim"]["claimName"].as_str() {
        Some(claim) => Some(claim.to_owned()),
        None if volume["ephemeral"].is_object() => volume["name"].as_str().map(|volume| format!("{pod_name}-{volume}")),
        None => None,
    };
    list(&pod["spec"]["volumes"]).filter_map(claim).collect()
}

/// The nodes from which a PersistentVolume can be reached; `None` for all.
#[must_use]
pub fn of_volume(volume: &Value) -> Option<AnyOf> {
    of_selector(&volume["spec"]["nodeAffinity"]["required"])
}

/// A node selector of terms, of which one has to hold.
fn of_selector(selector: &Value) -> Option<AnyOf> {
    let terms = selector["nodeSelectorTerms"].as_array()?;
    let term = |term: &Value| {
        let labels = list(&term["matchExpressions"]).map(|one| requirement(one, None));
        // The only field that may be selected is the name.
        let fields = list(&term["matchFields"]).map(|one| requirement(one, Some("metadata.name")));
        labels.chain(fields).collect::<Vec<_>>()
    };
    // One without any expression holds for no node.
    Some(terms.iter().map(term).filter(|term| !term.is_empty()).collect())
}

fn requirement(expression: &Value, key: Option<&str>) -> Requirement {
    let values = || list(&expression["values"]).map(|value| Text::from(value.as_str().unwrap_or_default())).collect();
    let number = || list(&expression["values"]).next().and_then(Value::as_str).and_then(|text| text.parse().ok());
    let test = match expression["operator"].as_str() {
        Some("In") => Test::In(values()),
        Some("NotIn") => Test::NotIn(values()),
        Some("Exists") => Test::Exists,
        Some("DoesNotExist") => Test::Absent,
        Some("Gt") => number().map_or_else(|| Test::In(Vec::new()), Test::Above),
        Some("Lt") => number().map_or_else(|| Test::In(Vec::new()), Test::Below),
        // An operator that we do not know is met by no node.
        _ => Test::In(Vec::new()),
    };
    Requirement { key: Text::from(key.or(expression["key"].as_str()).unwrap_or_default()), test }
}

fn toleration(toleration: &Value) -> Toleration {
    let text = |field: &str| toleration[field].as_str().filter(|text| !text.is_empty()).map(Text::from);
    let exists = toleration["operator"] == "Exists";
    let value = || Text::from(toleration["value"].as_str().unwrap_or_default());
    Toleration { key: text("key"), value: (!exists).then(value), effect: text("effect") }
}

/// The entries of an array; none of anything else.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(key: &str, test: Test) -> Requirement {
        Requirement { key: Text::from(key), test }
    }

    #[test]
    fn selectors_affinity_and_tolerations_are_read() {
        let terms = json!([
            {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}, {"key": "gpu", "operator": "Exists"}]},
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]},
            {},
        ]);
        let required = json!({"nodeSelectorTerms": terms});
        let pod = json!({"spec": {
            "nodeSelector": {"pool": "web"},
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}},
            "tolerations": [{"operator": "Exists"}, {"key": "dedicated", "value": "web", "effect": "NoSchedule"}],
        }});
        let texts = |values: &[&str]| Test::In(values.iter().map(|value| Text::from(*value)).collect());
        let affinity = vec![
            vec![one("disk", texts(&["ssd", "nvme"])), one("gpu", Test::Exists)],
            vec![one("metadata.name", texts(&["n1"]))],
        ];
        let needs = of_pod(&pod);
        assert_eq!(needs.places, [vec![vec![one("pool", texts(&["web"]))]], affinity]);
        let any = Toleration { key: None, value: None, effect: None };
        let some = |text: &str| Some(Text::from(text));
        let dedicated = Toleration { key: some("dedicated"), value: some("web"), effect: some("NoSchedule") };
        assert_eq!(needs.tolerations, [any, dedicated]);
    }

    #[test]
    fn a_pod_that_asks_for_nothing_may_run_anywhere_and_what_is_unknown_nowhere() {
        assert_eq!(of_pod(&json!({"spec": {}})), Needs::default());
        assert_eq!(of_volume(&json!({"spec": {}})), None);
        let odd = json!({"key": "a", "operator": "Like", "values": ["b"]});
        assert!(!requirement(&odd, None).is_met(Some("b")));
        let above = json!({"key": "cores", "operator": "Gt", "values": ["4"]});
        let met = [Some("5"), Some("4"), Some("many"), None].map(|label| requirement(&above, None).is_met(label));
        assert_eq!(met, [true, false, false, false]);
    }
}
