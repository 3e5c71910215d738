//! Policies in files.

use super::HealingPolicy;
use serde_json::Value;

/// Why a file holds no policies.
#[derive(Debug, thiserror::Error)]
pub enum BadYaml {
    /// Not YAML.
    #[error("it is no YAML: {0}")]
    Yaml(#[from] serde_saphyr::Error),
    /// YAML, but a field has another type than the schema says.
    #[error("document {number}: {source}")]
    Document {
        /// Which one, from 1.
        number: usize,
        /// What does not fit.
        source: serde_json::Error,
    },
}

/// The HealingPolicies of a YAML stream, in order, also those of a list as `kubectl get -o yaml` prints it; documents of other kinds
/// are left out. They are not [checked](super::check).
///
/// # Errors
/// When the text is no YAML, or a policy does not have the shape of one.
pub fn read_yaml(text: &str) -> Result<Vec<HealingPolicy>, BadYaml> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let mut found = Vec::new();
    for (at, mut document) in documents.into_iter().enumerate() {
        let list = matches!(document["kind"].as_str(), Some("List" | "HealingPolicyList"));
        let objects = match document["items"].take() {
            Value::Array(items) if list => items,
            _ => vec![document],
        };
        for object in objects.into_iter().filter(|object| object["kind"] == "HealingPolicy") {
            let read = serde_json::from_value(object);
            found.push(read.map_err(|source| BadYaml::Document { number: at + 1, source })?);
        }
    }
    Ok(found)
}
