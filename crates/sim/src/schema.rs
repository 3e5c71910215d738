//! Structural schemas: custom objects are completed, pruned and checked on every write.

use crate::definition::Custom;
use crate::failure::{Cause, within};
use jiff::Timestamp;
use serde_json::Value;

const UNCHECKED: &str = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/// Fills in defaults, drops what the schema does not know, and adds what is wrong, also as a change of `old`, to what is
/// known to be wrong.
pub(crate) fn admit(custom: &Custom, old: Option<&Value>, object: &mut Value, causes: &mut Vec<Cause>) {
    let properties = &custom.schema["properties"];
    for (name, schema) in properties.as_object().into_iter().flatten() {
        if let (true, Some(default)) = (object[name].is_null(), schema.get("default")) {
            object[name] = default.clone();
        }
    }
    let Some(fields) = object.as_object_mut() else { return };
    let keeps = custom.schema["x-kubernetes-preserve-unknown-fields"] == true;
    fields.retain(|name, value| {
        let own = matches!(name.as_str(), "apiVersion" | "kind" | "metadata");
        !value.is_null() && (own || keeps || !properties[name.as_str()].is_null())
    });
    for (name, value) in
        fields.iter_mut().filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind" | "metadata"))
    {
        if !properties[name.as_str()].is_null() {
            walk(&properties[name.as_str()], value, name, causes);
        }
    }
    for name in custom.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            causes.push(Cause::required(name, ""));
        }
    }
    let blocking = [
        "FieldValueRequired",
        "FieldValueTypeInvalid",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueNotSupported",
    ];
    if custom.rules && causes.iter().any(|cause| blocking.contains(&cause.reason)) {
        causes.push(Cause::invalid("<nil>", &Value::Null, UNCHECKED));
    } else if let Some(old) = old {
        fixed(custom, old, object, causes);
    }
}

/// The one CEL rule that is known here, and that the definitions of this project have: what must never change.
fn fixed(custom: &Custom, old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    for (name, schema) in custom.schema["properties"].as_object().into_iter().flatten() {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        for rule in rules.filter(|rule| rule["rule"] == "self == oldSelf") {
            let (before, after) = (&old[name.as_str()], &new[name.as_str()]);
            if before != after && !before.is_null() && !after.is_null() {
                let why = rule["message"].as_str().unwrap_or("failed rule: self == oldSelf");
                let (field, message) = (name.clone(), format!("Invalid value: {why}"));
                causes.push(Cause { reason: "FieldValueInvalid", field, message });
            }
        }
    }
}

/// The fields of an object that its schema does not know, in order.
pub(crate) fn unknown(custom: &Custom, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let own = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata");
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, _| !own(name));
    }
    seek(&custom.schema, &object, "", &mut found);
    found
}

fn seek(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let (properties, additional) = (&schema["properties"], &schema["additionalProperties"]);
    match value {
        Value::Object(fields) => {
            let open = schema["x-kubernetes-preserve-unknown-fields"] == true || additional == true;
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (&properties[name.as_str()], additional.is_object()) {
                    (Value::Null, true) => seek(additional, value, &path, found),
                    (Value::Null, false) if open => {}
                    (Value::Null, false) => found.push(path),
                    (known, _) => seek(known, value, &path, found),
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                seek(&schema["items"], item, &format!("{path}[{at}]"), found);
            }
        }
        _ => {}
    }
}

fn walk(schema: &Value, value: &mut Value, path: &str, causes: &mut Vec<Cause>) {
    if let Some(fault) = type_fault(schema, value, path) {
        causes.push(fault);
    }
    causes.extend(bounds(schema, value, path));
    match value {
        Value::Object(_) => object(schema, value, path, causes),
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                walk(&schema["items"], item, &format!("{path}[{at}]"), causes);
            }
        }
        _ => {}
    }
}

fn object(schema: &Value, value: &mut Value, path: &str, causes: &mut Vec<Cause>) {
    let (properties, additional) = (&schema["properties"], &schema["additionalProperties"]);
    let Some(fields) = value.as_object_mut() else { return };
    for (name, property) in properties.as_object().into_iter().flatten() {
        if let (false, Some(default)) = (fields.contains_key(name), property.get("default")) {
            fields.insert(name.clone(), default.clone());
        }
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true || additional == true || additional.is_object();
    let nullable = |name: &str| properties[name]["nullable"] == true;
    fields.retain(|name, value| {
        let known = !properties[name.as_str()].is_null();
        (known || open) && (!value.is_null() || nullable(name) || !known)
    });
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            causes.push(Cause::required(format!("{path}.{name}"), ""));
        }
    }
    for (name, value) in fields.iter_mut() {
        let known = &properties[name.as_str()];
        let inner = if known.is_null() { additional } else { known };
        if inner.is_object() && !value.is_null() {
            walk(inner, value, &format!("{path}.{name}"), causes);
        }
    }
}

fn type_fault(schema: &Value, value: &Value, path: &str) -> Option<Cause> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if schema["x-kubernetes-int-or-string"] == true {
        return (!matches!(found, "integer" | "string")).then(|| Cause::wrong_type(path, found, "integer,string"));
    }
    let expected = schema["type"].as_str()?;
    if expected != found && !(expected == "number" && found == "integer") {
        return Some(Cause::wrong_type(path, found, expected));
    }
    let time = value.as_str().filter(|_| schema["format"] == "date-time")?;
    time.parse::<Timestamp>().is_err().then(|| Cause::wrong_type(path, time, "date-time"))
}

/// Enumerations and limits. Patterns and rules are left to the real server.
fn bounds(schema: &Value, value: &Value, path: &str) -> Option<Cause> {
    let limit = |name: &str| schema[name].as_f64();
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        return Some(Cause::unsupported(path, value, allowed));
    }
    let too = |reason, message| Some(Cause { reason, field: path.to_owned(), message });
    let invalid = |why: String| Some(Cause::invalid(path, value, &format!("{} in body should {why}", within(path))));
    match value {
        Value::String(text) => {
            let length = text.chars().count() as f64;
            if let Some(most) = limit("maxLength").filter(|most| length > *most) {
                return too("FieldValueTooLong", format!("Too long: may not be more than {most} bytes"));
            }
            let least = limit("minLength").filter(|least| length < *least)?;
            invalid(format!("be at least {least} chars long"))
        }
        Value::Array(items) => {
            let count = items.len() as f64;
            if let Some(most) = limit("maxItems").filter(|most| count > *most) {
                return too("FieldValueTooMany", format!("Too many: {count}: must have at most {most} items"));
            }
            let least = limit("minItems").filter(|least| count < *least)?;
            invalid(format!("have at least {least} items"))
        }
        Value::Number(number) => {
            let number = number.as_f64()?;
            if let Some(least) = limit("minimum").filter(|least| number < *least) {
                return invalid(format!("be greater than or equal to {least}"));
            }
            let most = limit("maximum").filter(|most| number > *most)?;
            invalid(format!("be less than or equal to {most}"))
        }
        _ => None,
    }
}
