//! The packages as their users get them: what Helm makes of the chart, and kustomize of the overlays.

#[path = "packages/chart.rs"]
mod chart;
#[path = "packages/overlays.rs"]
mod overlays;

use anyhow::{Context, Result, ensure};
use self_healing_e2e::packages::{MANIFESTS, objects};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
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
        assert_eq!(difference(&found[name], object, name), None);
    }
}

/// The first place where two values differ. `1` and `1.0` are the same number, of which Go's tools write the shorter form.
fn difference(found: &Value, expected: &Value, path: &str) -> Option<String> {
    match (found, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let differs =
                |key: &String| difference(&found[key.as_str()], &expected[key.as_str()], &format!("{path}.{key}"));
            keys.into_iter().find_map(differs)
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(at, (one, other))| difference(one, other, &format!("{path}[{at}]")))
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        _ => (found != expected).then(|| format!("{path}: {found} instead of {expected}")),
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
