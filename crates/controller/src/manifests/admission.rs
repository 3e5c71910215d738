//! What the API server refuses to the controller's own account although its roles would allow it: RBAC knows verbs and resources, and a
//! `ValidatingAdmissionPolicy` knows what a change is. It holds for that account alone, and costs nobody else anything.

mod nodes;
mod pods;
mod services;
mod workloads;

use super::{NAME, NAMESPACE, SERVICE_ACCOUNT, labels};
use serde_json::{Value, json};

/// One policy before it is written.
struct Policy {
    name: &'static str,
    /// API group; empty for core.
    group: &'static str,
    resources: &'static [&'static str],
    operation: &'static str,
    /// Names for parts of expressions, with what they stand for; each may use those before it.
    variables: Vec<(&'static str, String)>,
    rules: Vec<Rule>,
}

/// What has to be true, and what people are told when it is not.
struct Rule {
    holds: String,
    /// A sentence.
    message: String,
    /// An expression for what the sentence ends with; empty for nothing.
    named: &'static str,
}

/// A rule that says what it says.
fn rule(holds: impl Into<String>, message: impl Into<String>) -> Rule {
    Rule { holds: holds.into(), message: message.into(), named: "" }
}

/// A rule that a list is empty; what is in it is named.
fn nothing(list: &'static str, message: impl Into<String>) -> Rule {
    Rule { holds: format!("variables.{list}.size() == 0"), message: message.into(), named: list }
}

fn policies() -> [Policy; 5] {
    [nodes::policy(), workloads::policy(), services::policy(), pods::deletes(), pods::evictions()]
}

/// Whom they hold for, as the API server knows it.
fn account() -> String {
    format!("system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}")
}

/// Every policy with its binding.
pub(super) fn documents() -> Vec<Value> {
    policies().iter().flat_map(|policy| [policy.document(), policy.binding()]).collect()
}

/// The reasons, as comment lines for the file.
pub(super) fn comment() -> String {
    let line = |rule: &Rule| format!("#   {}\n", rule.message);
    let lines: String = policies().iter().flat_map(|policy| policy.rules.iter().map(line)).collect();
    format!("# What the API server refuses to {}, whatever its roles allow:\n{lines}", account())
}

impl Policy {
    fn document(&self) -> Value {
        let variable = |(name, expression): &(&str, String)| json!({ "name": name, "expression": expression });
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": { "name": self.name, "labels": labels() },
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": { "resourceRules": [{
                    "apiGroups": [self.group],
                    "apiVersions": ["v1"],
                    "operations": [self.operation],
                    "resources": self.resources,
                }] },
                "matchConditions": [{
                    "name": "the-controller",
                    "expression": format!("request.userInfo.username == '{}'", account()),
                }],
                "variables": self.variables.iter().map(variable).collect::<Vec<_>>(),
                "validations": self.rules.iter().map(Rule::document).collect::<Vec<_>>(),
            },
        })
    }

    fn binding(&self) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": { "name": self.name, "labels": labels() },
            "spec": { "policyName": self.name, "validationActions": ["Deny", "Audit"] },
        })
    }
}

impl Rule {
    fn document(&self) -> Value {
        let Self { holds, message, named } = self;
        let mut document = json!({ "expression": holds, "message": message, "reason": "Forbidden" });
        if !named.is_empty() {
            document["messageExpression"] = json!(format!("'{message}: ' + variables.{named}.join(', ')"));
        }
        document
    }
}

/// A list of words as an expression.
fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("[{}]", words.join(", "))
}

/// A map of an object that need not be there, such as `object.metadata.?labels`.
fn map(path: &str) -> String {
    format!("{path}.orValue({{}})")
}

/// The keys of the variables `new` and `old` that differ and are not among `ours`.
fn foreign(new: &str, old: &str, ours: &[&str]) -> String {
    let (new, old, ours) = (format!("variables.{new}"), format!("variables.{old}"), list(ours));
    format!(
        "({new}.filter(k, !(k in {old}) || {old}[k] != {new}[k]) + {old}.filter(k, !(k in {new}))).filter(k, !(k in {ours}))"
    )
}

/// Whether nothing in `spec` was changed but these fields, however many fields there will be.
fn only_in_spec(fields: &[&str]) -> String {
    let (new, old, fields) = ("dyn(object.spec)", "dyn(oldObject.spec)", list(fields));
    format!(
        "{new}.all(k, k in {fields} || (k in {old} && {old}[k] == {new}[k])) && {old}.all(k, k in {fields} || k in {new})"
    )
}

/// Variables for the annotations and labels of the object, and which of those that are not `ours` were changed.
fn metadata(annotations: &[&str], labels: &[&str]) -> Vec<(&'static str, String)> {
    vec![
        ("annotations", map("object.metadata.?annotations")),
        ("oldAnnotations", map("oldObject.metadata.?annotations")),
        ("foreignAnnotations", foreign("annotations", "oldAnnotations", annotations)),
        ("labels", map("object.metadata.?labels")),
        ("oldLabels", map("oldObject.metadata.?labels")),
        ("foreignLabels", foreign("labels", "oldLabels", labels)),
    ]
}

/// Finalizers and owners, which the controller leaves alone everywhere.
fn ties(kind: &str) -> Rule {
    let same = |field: &str| format!("object.metadata.?{field} == oldObject.metadata.?{field}");
    rule(
        format!("{} && {}", same("finalizers"), same("ownerReferences")),
        format!("{NAME} may not change finalizers or owners of a {kind}"),
    )
}
