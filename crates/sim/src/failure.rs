//! What the API answers when it does not do what was asked, as a Kubernetes `Status`.

use serde_json::{Value, json};
use std::fmt;

/// A refusal with its HTTP code, its reason and words for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// HTTP status.
    pub code: u16,
    /// CamelCase word, e.g. `NotFound`; may be empty.
    pub reason: &'static str,
    /// One sentence.
    pub message: String,
    /// `details` of the Status; null when there are none.
    pub details: Value,
    /// Seconds for the Retry-After header.
    pub retry_after: Option<u32>,
    /// Where a list that cannot go on as it began may go on otherwise.
    pub token: Option<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// E.g. `FieldValueRequired`.
    pub reason: &'static str,
    /// E.g. `metadata.name`.
    pub field: String,
    /// The words after the field's name.
    pub message: String,
}

impl Cause {
    /// The field must be there.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueRequired", field: field.into(), message: with("Required value".into(), why) }
    }

    /// The field must not be as it is.
    pub fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self { reason: "FieldValueInvalid", field: field.into(), message: with(format!("Invalid value: {value}"), why) }
    }

    /// The field has a value of another type.
    pub fn wrong_type(field: &str, found: &str, expected: &str) -> Self {
        let why = format!("{} in body must be of type {expected}: {found:?}", within(field));
        let message = format!("Invalid value: {found:?}: {why}");
        Self { reason: "FieldValueTypeInvalid", field: field.into(), message }
    }

    /// The field may not be changed, or not be set here.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", field: field.into(), message: with("Forbidden".into(), why) }
    }

    /// The field has none of the allowed values.
    pub fn unsupported(field: impl Into<String>, value: &Value, allowed: &[Value]) -> Self {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }
}

/// A field's path as the texts about custom objects have it: a status is looked at by itself.
#[must_use]
pub fn within(field: &str) -> &str {
    match field.strip_prefix("status") {
        Some("") => "",
        Some(rest) => rest.strip_prefix('.').unwrap_or(field),
        None => field,
    }
}

fn with(mut text: String, why: &str) -> String {
    if !why.is_empty() {
        text.push_str(": ");
        text.push_str(why);
    }
    text
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl Failure {
    /// A failure without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null, retry_after: None, token: None }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403: not for this user, or not now. `resource` is named as in [`crate::resource::Resource::name`], here and below.
    #[must_use]
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Self {
        let what = if name.is_empty() { resource.to_owned() } else { format!("{resource} {name:?}") };
        Self::about(403, "Forbidden", resource, name, format!("{what} is forbidden: {why}"))
    }

    /// 404: there is no object of that name.
    #[must_use]
    pub fn not_found(resource: &str, name: &str) -> Self {
        Self::about(404, "NotFound", resource, name, format!("{resource} {name:?} not found"))
    }

    /// 404: nothing is served at that path.
    #[must_use]
    pub fn no_such_path() -> Self {
        Self { details: json!({}), ..Self::new(404, "NotFound", "the server could not find the requested resource") }
    }

    /// 405: that verb is not served for this resource.
    #[must_use]
    pub fn not_allowed() -> Self {
        let words = "the server does not allow this method on the requested resource";
        Self { details: json!({}), ..Self::new(405, "MethodNotAllowed", words) }
    }

    /// 409: the object changed, or is another one than the caller means.
    #[must_use]
    pub fn conflict(resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::about(409, "Conflict", resource, name, message)
    }

    /// 409: an object of that name is there already.
    #[must_use]
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Self::about(409, "AlreadyExists", resource, name, format!("{resource} {name:?} already exists"))
    }

    /// 410: what was asked for is forgotten.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 422: fields of an object are wrong. `kind` is a kind with its group, e.g. `Deployment.apps`.
    #[must_use]
    pub fn invalid(kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut words: Vec<String> = Vec::new();
        for text in causes.iter().map(Cause::to_string) {
            // The same twice is said once.
            if !words.contains(&text) {
                words.push(text);
            }
        }
        let words = if words.len() == 1 { words.concat() } else { format!("[{}]", words.join(", ")) };
        let mut failure = Self::about(422, "Invalid", kind, name, format!("{kind} {name:?} is invalid: {words}"));
        let cause = |cause: &Cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field });
        failure.details["causes"] = causes.iter().map(cause).collect();
        failure
    }

    /// 429: try again later. Without seconds, the answer has no Retry-After.
    pub fn too_many_requests(message: impl Into<String>, seconds: Option<u32>) -> Self {
        Self { details: json!({}), ..Self::new(429, "TooManyRequests", message) }.retry(seconds)
    }

    /// 500: the server is at fault.
    pub fn internal(message: impl fmt::Display) -> Self {
        let details = json!({ "causes": [{ "message": message.to_string() }] });
        Self { details, ..Self::new(500, "InternalError", format!("Internal error occurred: {message}")) }
    }

    /// 504: the version that was asked for is not there yet. Who waited for it says when to come back.
    #[must_use]
    pub fn too_large_version(asked: u64, current: u64, waited: bool) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let cause = json!({ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" });
        Self { details: json!({ "causes": [cause] }), ..Self::new(504, "Timeout", message) }.retry(waited.then_some(1))
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, reason: &str, message: &str, field: &str) -> Self {
        let mut cause = json!({ "reason": reason, "message": message });
        if !field.is_empty() {
            cause["field"] = field.into();
        }
        match self.details["causes"].as_array_mut() {
            Some(causes) => causes.push(cause),
            None => self.details["causes"] = json!([cause]),
        }
        self
    }

    fn retry(mut self, seconds: Option<u32>) -> Self {
        self.retry_after = seconds;
        if let Some(seconds) = seconds {
            self.details["retryAfterSeconds"] = seconds.into();
        }
        self
    }

    fn about(code: u16, reason: &'static str, resource: &str, name: &str, message: String) -> Self {
        let (kind, group) = resource.split_once('.').unwrap_or((resource, ""));
        let mut details = json!({});
        for (field, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details[field] = value.into();
            }
        }
        Self { details, ..Self::new(code, reason, message) }
    }

    /// The `Status` object that a client reads.
    #[must_use]
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(token) = &self.token {
            status["metadata"]["continue"] = token.clone().into();
        }
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for Failure {}
