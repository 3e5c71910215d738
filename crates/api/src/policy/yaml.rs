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

/// The HealingPolicies of a YAML stream, in order; documents of other kinds are left out. They are not [checked](super::check).
///
/// # Errors
/// When the text is no YAML, or a policy does not have the shape of one.
pub fn read_yaml(text: &str) -> Result<Vec<HealingPolicy>, BadYaml> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    let policies = documents.into_iter().enumerate().filter(|(_, document)| document["kind"] == "HealingPolicy");
    policies
        .map(|(at, document)| {
            serde_json::from_value(document).map_err(|source| BadYaml::Document { number: at + 1, source })
        })
        .collect()
}
