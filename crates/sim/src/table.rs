//! Tables as `kubectl get` shows them.

mod cells;

use crate::resource::Resource;
use cells::{age, columns, number, path};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A table of objects of one resource.
pub(crate) fn table<'a>(resource: &Resource, objects: impl Iterator<Item = &'a Value>, now: Timestamp) -> Value {
    let (heads, rows): (Vec<Value>, Vec<Value>) = match &resource.custom {
        Some(custom) => {
            let own = custom.columns.iter().map(|column| {
                let name = column["name"].as_str().unwrap_or_default();
                head(name, column["type"].as_str().unwrap_or("string"), column["priority"].as_i64().unwrap_or(0))
            });
            let cells = |object: &Value| {
                custom.columns.iter().map(|column| custom_cell(column, object, now)).collect::<Vec<_>>()
            };
            (own.collect(), objects.map(|object| row(object, cells(object))).collect())
        }
        None => {
            let known = columns(&resource.stored_as());
            let heads = known.iter().map(|(name, priority, _)| head(name, "string", *priority)).collect();
            let cells = |object: &Value| known.iter().map(|(.., cell)| cell(object, now)).collect();
            (heads, objects.map(|object| row(object, cells(object))).collect())
        }
    };
    let mut name = head("Name", "string", i64::from(resource.plural == "events"));
    name["format"] = "name".into();
    let heads: Vec<Value> = std::iter::once(name).chain(heads).collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": heads, "rows": rows })
}

fn head(name: &str, kind: &str, priority: i64) -> Value {
    json!({ "name": name, "type": kind, "format": "", "description": "", "priority": priority })
}

fn row(object: &Value, mut cells: Vec<Value>) -> Value {
    let metadata = &object["metadata"];
    cells.insert(0, metadata["name"].clone());
    let partial = json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata });
    json!({ "cells": cells, "object": partial })
}

fn custom_cell(column: &Value, object: &Value, now: Timestamp) -> Value {
    let found = path(object, column["jsonPath"].as_str().unwrap_or_default());
    match (column["type"].as_str(), found) {
        (Some("date"), Some(time)) => age(time, now),
        (Some("integer"), Some(value)) => number(value).into(),
        (_, Some(Value::String(text))) => text.clone().into(),
        (_, Some(other)) => other.to_string().into(),
        (_, None) => Value::Null,
    }
}
