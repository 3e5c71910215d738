//! Label selectors of `spec.match`.

use super::BadPolicy;
use super::matches::MAX_LIST;
use crate::keys::{is_label_key, is_label_value};
use crate::recovery::{NAME, WORD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use self_healing_core::key::Text;
use self_healing_core::selector::{Selector, Test};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Longest label key: a prefix, a slash and a name.
const KEY: u32 = NAME + 1 + WORD;
const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// As `metav1.LabelSelector`: all that it says has to hold; an empty one is not valid, since it would select nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SelectorSpec {
    /// Labels with these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
    /// Where a plain map of labels is accepted as well, as in a pod's nodeSelector: that map.
    #[serde(flatten)]
    pub plain: BTreeMap<String, String>,
}

/// One requirement of a selector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// In, NotIn, Exists or DoesNotExist.
    pub operator: String,
    /// For In and NotIn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl JsonSchema for SelectorSpec {
    fn schema_name() -> Cow<'static, str> {
        "SelectorSpec".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = json!({ "type": "string", "maxLength": WORD });
        let key = json!({ "type": "string", "minLength": 1, "maxLength": KEY });
        let requirement = json!({
            "type": "object",
            "required": ["key", "operator"],
            "properties": {
                "key": key,
                "operator": { "type": "string", "enum": OPERATORS },
                "values": { "type": "array", "maxItems": MAX_LIST, "items": value },
            },
        });
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "properties": {
                "matchLabels": {
                    "type": "object", "minProperties": 1, "maxProperties": MAX_LIST, "additionalProperties": value,
                },
                "matchExpressions": { "type": "array", "minItems": 1, "maxItems": MAX_LIST, "items": requirement },
            },
        })
    }
}

/// The same, and a plain map of labels beside it.
pub(super) fn with_plain_labels(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = SelectorSpec::json_schema(generator);
    schema.insert("x-kubernetes-preserve-unknown-fields".to_owned(), Value::Bool(true));
    schema
}

/// The selector that `said` describes, if there is one; `plain` says whether a plain map of labels is one.
pub(super) fn selector(field: &str, said: Option<&SelectorSpec>, plain: bool) -> Result<Option<Selector>, BadPolicy> {
    let Some(said) = said else { return Ok(None) };
    if let Some(key) = said.plain.keys().next().filter(|_| !plain) {
        return Err(BadPolicy::new(field, format!("{key:?}"), "matchLabels or matchExpressions"));
    }
    let mut tests = Vec::new();
    for (place, labels) in [("matchLabels.", &said.match_labels), ("", &said.plain)] {
        for (key, value) in labels {
            let field = format!("{field}.{place}{key}");
            let value = label_value(&field, value)?;
            tests.push((label_key(&field, key)?, Test::In(BTreeSet::from([value]))));
        }
    }
    for (at, requirement) in said.match_expressions.iter().enumerate() {
        tests.push(test(&format!("{field}.matchExpressions[{at}]"), requirement)?);
    }
    if tests.is_empty() {
        let expected = "at least one label or expression; an empty selector matches nothing";
        return Err(BadPolicy::new(field, "{}", expected));
    }
    Ok(Some(Selector(tests)))
}

fn test(field: &str, said: &Requirement) -> Result<(Text, Test), BadPolicy> {
    let key = label_key(&format!("{field}.key"), &said.key)?;
    let values = || -> Result<BTreeSet<Text>, BadPolicy> {
        let value = |(at, value): (usize, &String)| label_value(&format!("{field}.values[{at}]"), value);
        said.values.iter().enumerate().map(value).collect()
    };
    let wanted = matches!(said.operator.as_str(), "In" | "NotIn");
    if wanted == said.values.is_empty() || said.values.len() > MAX_LIST as usize {
        let expected =
            if wanted { "1 to 64 values with In and NotIn" } else { "no values with Exists and DoesNotExist" };
        return Err(BadPolicy::new(format!("{field}.values"), format!("{} values", said.values.len()), expected));
    }
    let test = match said.operator.as_str() {
        "In" => Test::In(values()?),
        "NotIn" => Test::NotIn(values()?),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        other => {
            let expected = format!("one of {}", OPERATORS.join(", "));
            return Err(BadPolicy::new(format!("{field}.operator"), format!("{other:?}"), expected));
        }
    };
    Ok((key, test))
}

fn label_key(field: &str, key: &str) -> Result<Text, BadPolicy> {
    let wrong = || BadPolicy::new(field, format!("{key:?}"), "a label's key, as app or example.com/tier");
    is_label_key(key).then(|| Text::from(key)).ok_or_else(wrong)
}

fn label_value(field: &str, value: &str) -> Result<Text, BadPolicy> {
    let wrong =
        || BadPolicy::new(field, format!("{value:?}"), "a label's value: at most 63 letters, digits, '-', '_', '.'");
    is_label_value(value).then(|| Text::from(value)).ok_or_else(wrong)
}
