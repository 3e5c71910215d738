//! Label and field selectors.

use crate::failure::Failure;
use crate::resource::Resource;
use serde_json::Value;

/// What has to hold of one label or field.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = |value: &str| value.parse::<i64>().ok();
        match self {
            Self::In(values) => value.is_some_and(|value| values.iter().any(|known| known == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|known| known != value)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Above(bound) => value.and_then(number).is_some_and(|value| value > *bound),
            Self::Below(bound) => value.and_then(number).is_some_and(|value| value < *bound),
        }
    }
}

/// Which objects are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    labels: Vec<(String, Test)>,
    fields: Vec<(String, Test)>,
}

impl Selector {
    /// Of texts as in `labelSelector` and `fieldSelector`; empty ones select everything.
    ///
    /// # Errors
    /// 400 when a text is no selector.
    pub fn parse(labels: &str, fields: &str) -> Result<Self, Failure> {
        Ok(Self {
            labels: split(labels).into_iter().map(label).collect::<Result<_, _>>()?,
            fields: split(fields).into_iter().map(field).collect::<Result<_, _>>()?,
        })
    }

    /// Of a `LabelSelector` object with `matchLabels` and `matchExpressions`. As the real server has it, an empty one
    /// selects everything and an absent one nothing (`None`), and so does one that is not valid.
    #[must_use]
    pub fn of_object(selector: &Value) -> Option<Self> {
        let selector = selector.as_object()?;
        let mut labels = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            labels.push((key.clone(), Test::In(vec![value.as_str()?.to_owned()])));
        }
        for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let values = expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let values = values.map(str::to_owned).collect();
            let test = match expression["operator"].as_str()? {
                "In" => Test::In(values),
                "NotIn" => Test::NotIn(values),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::Absent,
                _ => return None,
            };
            labels.push((expression["key"].as_str()?.to_owned(), test));
        }
        Some(Self { labels, fields: Vec::new() })
    }

    /// Whether everything is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|(key, test)| test.holds(labels[key.as_str()].as_str()))
            && self.fields.iter().all(|(path, test)| test.holds(Some(&text_at(object, path))))
    }

    /// The only value that a field may have.
    #[must_use]
    pub fn exact(&self, path: &str) -> Option<&str> {
        self.fields.iter().find_map(|(known, test)| match test {
            Test::In(values) if known == path => values.first().map(String::as_str),
            _ => None,
        })
    }

    /// The fields that are asked for.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(path, _)| path.as_str())
    }
}

/// A field's value as selectors see it: what is absent is empty, and false where the field is a truth value.
fn text_at(object: &Value, path: &str) -> String {
    let path = if path == "source" { "source.component" } else { path };
    match path.split('.').fold(object, |object, name| &object[name]) {
        Value::String(text) => text.clone(),
        Value::Null if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// At commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn label(text: &str) -> Result<(String, Test), Failure> {
    let wrong = |what: &str| Failure::bad_request(format!("unable to parse requirement: {what}"));
    let number = |value: &str| value.trim().parse().map_err(|_| wrong(&format!("{value:?} is not a number")));
    let (key, test) = if let Some(key) = text.strip_prefix('!') {
        (key, Test::Absent)
    } else if let Some((key, value)) = text.split_once("!=") {
        (key, Test::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, Test::In(vec![value.trim().to_owned()]))
    } else if let Some((head, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        match head.trim().rsplit_once(' ') {
            Some((key, "in")) => (key, Test::In(values)),
            Some((key, "notin")) => (key, Test::NotIn(values)),
            _ => return Err(wrong(&format!("found '{head}', expected: in, notin"))),
        }
    } else if let Some((key, bound)) = text.split_once('>') {
        (key, Test::Above(number(bound)?))
    } else if let Some((key, bound)) = text.split_once('<') {
        (key, Test::Below(number(bound)?))
    } else {
        (text, Test::Exists)
    };
    let key = key.trim();
    match key.split_once(char::is_whitespace) {
        Some((_, rest)) if rest.starts_with("in ") || rest.starts_with("notin ") => {
            let found = rest.split_whitespace().nth(1).unwrap_or_default();
            Err(wrong(&format!("found '{found}' expected: '('")))
        }
        Some((_, rest)) => Err(wrong(&format!("found '{rest}', expected: in, notin, =, ==, !=, gt, lt"))),
        None => Ok((key.to_owned(), test)),
    }
}

fn field(text: &str) -> Result<(String, Test), Failure> {
    let value = |value: &str| vec![value.replace("\\", "")];
    if let Some((path, wrong)) = text.split_once("!=") {
        return Ok((path.to_owned(), Test::NotIn(value(wrong))));
    }
    let pair = text.split_once("==").or_else(|| text.split_once('='));
    let (path, right) =
        pair.ok_or_else(|| Failure::bad_request(format!("invalid selector: '{text}'; can't understand '{text}'")))?;
    Ok((path.to_owned(), Test::In(value(right))))
}

/// The fields by which objects of a resource can be selected, beside name and namespace.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    ("nodes", &["spec.unschedulable"]),
    ("namespaces", &["status.phase"]),
    ("secrets", &["type"]),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("jobs.batch", &["status.successful"]),
];

/// Refuses fields by which objects of a resource cannot be selected.
///
/// # Errors
/// 400 with the words of the real server.
pub fn check_fields(resource: &Resource, selector: &Selector) -> Result<(), Failure> {
    let stored = resource.stored_as();
    let own = FIELDS.iter().find(|(known, _)| *known == stored).map(|(_, fields)| *fields);
    let known = |field: &&str| {
        matches!(*field, "metadata.name" | "metadata.namespace") || own.is_some_and(|own| own.contains(field))
    };
    match selector.fields().find(|field| !known(field)) {
        None => Ok(()),
        Some(field) if own.is_some() || resource.custom.is_some() => {
            Err(Failure::bad_request(format!("field label not supported: {field}")))
        }
        Some(field) => {
            let words = r#"is not a known field selector: only "metadata.name", "metadata.namespace""#;
            Err(Failure::bad_request(format!("{field:?} {words}")))
        }
    }
}
