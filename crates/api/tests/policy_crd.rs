//! The HealingPolicy CRD as a cluster sees it: names, columns, and what the API server checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use self_healing_api::policy::policy_crd;
use self_healing_core::names::{Cause, FailureType, Mode};
use serde_json::{Value, json};

fn crd() -> Value {
    serde_json::to_value(policy_crd()).unwrap()
}

fn spec() -> Value {
    crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

#[test]
fn names_are_those_of_the_contract() {
    let spec = &crd()["spec"];
    assert_eq!(crd()["metadata"]["name"], "healingpolicies.self-healing.dev");
    assert_eq!(spec["scope"], "Cluster");
    assert_eq!(
        spec["names"],
        json!({"kind": "HealingPolicy", "plural": "healingpolicies", "singular": "healingpolicy", "shortNames": ["hp"], "categories": ["healing"]})
    );
    assert_eq!(spec["versions"][0]["name"], "v1alpha1");
    let description = spec["versions"][0]["schema"]["openAPIV3Schema"]["description"].as_str().unwrap();
    assert!(!description.contains("  "), "{description}");
}

#[test]
fn the_api_server_refuses_an_empty_match_and_words_that_there_are_not() {
    let spec = spec();
    assert_eq!(spec["required"], json!(["match"]));
    let matches = &spec["properties"]["match"];
    assert!(matches["x-kubernetes-validations"][0]["message"].as_str().unwrap().contains("matches nothing"));
    let words = |all: Vec<&str>| json!(all);
    let types = &matches["properties"]["types"];
    assert_eq!(types["minItems"], 1);
    assert_eq!(types["items"]["enum"], words(FailureType::ALL.iter().map(|w| w.as_str()).collect()));
    let causes = &matches["properties"]["causes"]["items"]["enum"];
    assert_eq!(*causes, words(Cause::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(spec["properties"]["mode"]["enum"], words(Mode::ALL.iter().map(|w| w.as_str()).collect()));
    let cells = &spec["properties"]["strategies"]["properties"]["pod_failure"]["properties"];
    assert_eq!(cells["high"]["enum"], json!(["monitor", "restart", "recreate", "scale_and_replace"]));
}

/// The cost of validation rules is estimated from these bounds; without one of them the API server may refuse the CRD.
#[test]
fn every_text_and_list_is_bounded_and_nothing_has_a_default() {
    fn check(path: &str, schema: &Value, faults: &mut Vec<String>) {
        let free = schema["x-kubernetes-int-or-string"] == true;
        match schema["type"].as_str() {
            Some("string") if ["maxLength", "enum"].iter().all(|key| schema.get(key).is_none()) => {
                faults.push(path.to_owned());
            }
            Some("array") => {
                if schema.get("maxItems").is_none() {
                    faults.push(path.to_owned());
                }
                check(&format!("{path}[]"), &schema["items"], faults);
            }
            Some("object") => {
                for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                    check(&format!("{path}.{name}"), inner, faults);
                }
            }
            Some(_) => {}
            None if free && schema.get("maxLength").is_some() => {}
            None => faults.push(format!("{path} has no type")),
        }
    }
    let mut faults = Vec::new();
    check("spec", &spec(), &mut faults);
    assert_eq!(faults, Vec::<String>::new());
    let text = spec().to_string();
    assert!(!text.contains("\"nullable\":true") && !text.contains("\"default\"") && !text.contains("uint"), "{text}");
}
