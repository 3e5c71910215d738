//! The packages as their users get them: what Helm makes of the chart, and kustomize of the overlays.

#[path = "packages/chart.rs"]
mod chart;
#[path = "packages/overlays.rs"]
mod overlays;

use anyhow::{Context, Result, ensure};
use self_healing_e2e::packages::{MANIFESTS, objects};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// Objects by kind, namespace and name.
type Objects = BTreeMap<String, Value>;

fn by_name(all: Vec<Value>) -> Result<Objects> {
    let mut found = Objects::new();
    for object in all {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        let key = [&object["kind"], &metadata["namespace"], &metadata["name"]].map(word).join("/");
        ensure!(found.insert(key.clone(), object).is_none(), "{key} is there twice");
    }
    Ok(found)
}

/// The objects of `kubernetes/self-healing/*.yaml`, each once.
fn shipped() -> Result<Objects> {
    let mut all: Vec<Value> = Vec::new();
    for entry in fs::read_dir(MANIFESTS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            for object in objects(&fs::read_to_string(path)?)? {
                if !all.contains(&object) {
                    all.push(object);
                }
            }
        }
    }
    by_name(all)
}

fn assert_same(found: &Objects, expected: &Objects) {
    let names = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for (name, object) in expected {
        assert_eq!(&found[name], object, "{name}");
    }
}

/// The verbs that the rules of a role give on a resource.
fn verbs<'a>(role: &'a Value, resource: &str) -> Vec<&'a str> {
    let rules = role["rules"].as_array().into_iter().flatten();
    let about =
        rules.filter(|rule| rule["resources"].as_array().is_some_and(|all| all.iter().any(|one| one == resource)));
    about.flat_map(|rule| rule["verbs"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect()
}

fn get<'a>(objects: &'a Objects, name: &str) -> Result<&'a Value> {
    objects.get(name).with_context(|| format!("no {name} among {:?}", objects.keys()))
}
