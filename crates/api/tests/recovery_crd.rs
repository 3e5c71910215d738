//! The Recovery CRD as a cluster sees it: names, columns, what the API server checks and what it must not check.

use self_healing_api::recovery::recovery_crd;
use self_healing_core::names::{FailureType, Mode, Severity};
use serde_json::{Value, json};

fn crd() -> Value {
    serde_json::to_value(recovery_crd()).unwrap()
}

fn schema(path: &str) -> Value {
    let pointer = path.split('.').fold(String::new(), |pointer, part| match part.strip_suffix("[]") {
        Some(list) => format!("{pointer}/properties/{list}/items"),
        None => format!("{pointer}/properties/{part}"),
    });
    let root = &crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    root.pointer(&pointer).unwrap_or_else(|| panic!("no {path} in {root:#}")).clone()
}

#[test]
fn names_are_those_of_the_contract() {
    let spec = &crd()["spec"];
    assert_eq!(crd()["metadata"]["name"], "recoveries.self-healing.dev");
    assert_eq!(spec["scope"], "Namespaced");
    assert_eq!(
        spec["names"],
        json!({"kind": "Recovery", "plural": "recoveries", "singular": "recovery", "shortNames": ["rec"], "categories": ["healing"]})
    );
    assert_eq!(spec["versions"][0]["name"], "v1alpha1");
    assert_eq!(spec["versions"][0]["subresources"], json!({"status": {}}));
    let description = spec["versions"][0]["schema"]["openAPIV3Schema"]["description"].as_str().unwrap();
    assert!(description.starts_with("Recovery is the record of one failure"), "{description}");
    assert!(!description.contains("  "), "{description}");
}

#[test]
fn columns_are_those_of_the_contract() {
    let columns: Vec<(String, String, i64)> = crd()["spec"]["versions"][0]["additionalPrinterColumns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            let text = |key: &str| c[key].as_str().unwrap().to_owned();
            (text("name"), text("jsonPath"), c["priority"].as_i64().unwrap_or(0))
        })
        .collect();
    let expected = [
        ("Type", ".spec.type", 0),
        ("Target", ".spec.target.name", 0),
        ("Namespace", ".spec.target.namespace", 0),
        ("Cause", ".spec.cause", 0),
        ("Severity", ".spec.severity", 0),
        ("Strategy", ".spec.strategy", 0),
        ("Phase", ".status.phase", 0),
        ("Duration", ".status.recoverySeconds", 0),
        ("Age", ".metadata.creationTimestamp", 0),
        ("Workload", ".spec.workload.name", 1),
        ("Policy", ".spec.policy", 1),
        ("Reason", ".status.reason", 1),
    ];
    assert_eq!(columns, expected.map(|(name, path, wide)| (name.to_owned(), path.to_owned(), wide)));
}

#[test]
fn the_api_server_keeps_the_spec_immutable_and_its_closed_words_closed() {
    let spec = schema("spec");
    assert_eq!(spec["x-kubernetes-validations"][0]["rule"], "self == oldSelf");
    assert!(spec["x-kubernetes-validations"][0]["message"].as_str().unwrap().contains("immutable"));
    let words = |all: Vec<&str>| json!(all);
    assert_eq!(schema("spec.type")["enum"], words(FailureType::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(schema("spec.severity")["enum"], words(Severity::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(schema("spec.mode")["enum"], words(Mode::ALL.iter().map(|w| w.as_str()).collect()));
    let required = json!(["action", "cause", "mode", "severity", "strategy", "target", "type"]);
    let mut found: Vec<String> = serde_json::from_value(spec["required"].clone()).unwrap();
    found.sort();
    assert_eq!(json!(found), required);
}

#[test]
fn the_api_server_lets_words_of_other_versions_pass() {
    for field in ["spec.action", "spec.strategy", "spec.cause", "status.phase", "status.attempts[].strategy"] {
        let schema = schema(field);
        assert_eq!(schema["type"], "string", "{field}");
        assert_eq!(schema["maxLength"], 63, "{field}");
        assert!(schema.get("enum").is_none(), "{field}");
    }
    assert_eq!(schema("spec.strategy")["minLength"], 1);
}

/// The cost of the immutability rule is estimated from these bounds; without one of them the API server refuses the CRD.
#[test]
fn every_text_and_list_of_the_spec_is_bounded() {
    fn check(path: &str, schema: &Value, faults: &mut Vec<String>) {
        match schema["type"].as_str() {
            Some("string") => {
                let bounded = ["maxLength", "enum"].iter().any(|key| schema.get(key).is_some());
                if !bounded && schema["format"] != "date-time" {
                    faults.push(path.to_owned());
                }
            }
            Some("array") => {
                if schema.get("maxItems").is_none() {
                    faults.push(path.to_owned());
                }
                check(&format!("{path}[]"), &schema["items"], faults);
            }
            Some("object") => {
                for (name, inner) in schema["properties"].as_object().unwrap() {
                    check(&format!("{path}.{name}"), inner, faults);
                }
            }
            _ => {}
        }
    }
    let mut faults = Vec::new();
    check("spec", &schema("spec"), &mut faults);
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn times_conditions_and_optional_fields_follow_the_kubernetes_conventions() {
    for field in ["spec.firstSeen", "spec.detectedAt", "status.finishedAt", "status.attempts[].startedAt"] {
        assert_eq!(schema(field)["format"], "date-time", "{field}");
    }
    assert_eq!(schema("status.conditions")["x-kubernetes-list-type"], "map");
    assert_eq!(schema("status.conditions")["x-kubernetes-list-map-keys"], json!(["type"]));
    let text = serde_json::to_string(&schema("spec")).unwrap() + &serde_json::to_string(&schema("status")).unwrap();
    assert!(!text.contains("nullable"), "{text}");
    assert!(!text.contains("\"default\""), "{text}");
    assert!(!text.contains("uint"), "formats that the API server does not know: {text}");
}
