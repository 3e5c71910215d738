//! Rights: what the roles in the store allow whom.

use crate::api::User;
use crate::failure::Failure;
use crate::store::{Key, Store};
use serde_json::{Value, json};

/// What somebody wants to do, as roles speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// E.g. `list`.
    pub verb: String,
    /// API group; empty for core.
    pub group: String,
    /// Plural.
    pub resource: String,
    /// Empty for the object itself.
    pub subresource: String,
    /// Empty for all of them, and where there are none.
    pub namespace: String,
    /// Empty where no object is named.
    pub name: String,
}

impl Wish {
    /// `pods/eviction`
    fn what(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// The answer to one who may not, in the words of the real server.
    #[must_use]
    pub fn refusal(&self, user: &User) -> Failure {
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let (who, verb, what, group) = (&user.name, &self.verb, self.what(), &self.group);
        let why = format!("User {who:?} cannot {verb} resource {what:?} in API group {group:?} {place}");
        let resource = if group.is_empty() { self.resource.clone() } else { format!("{}.{group}", self.resource) };
        Failure::forbidden(&resource, &self.name, &why)
    }
}

/// Whether `user` may.
#[must_use]
pub fn allowed(store: &Store, user: &User, wish: &Wish) -> bool {
    let everywhere = || store.list("clusterrolebindings.rbac.authorization.k8s.io", "");
    let here = || store.list("rolebindings.rbac.authorization.k8s.io", &wish.namespace);
    let grants = |binding: &Value| {
        let subjects = binding["subjects"].as_array().into_iter().flatten();
        subjects.into_iter().any(|subject| is(user, subject, binding))
            && rules(store, binding).iter().any(|rule| permits(rule, wish))
    };
    user.admin
        || everywhere().any(|(_, binding)| grants(binding))
        || (!wish.namespace.is_empty() && here().any(|(_, binding)| grants(binding)))
}

fn is(user: &User, subject: &Value, binding: &Value) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    let account = user.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    match subject["kind"].as_str() {
        Some("User") => name == &*user.name,
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().or(binding["metadata"]["namespace"].as_str());
            account == Some((namespace.unwrap_or_default(), name))
        }
        Some("Group") => match name.strip_prefix("system:serviceaccounts") {
            Some("") => account.is_some(),
            Some(rest) => account.is_some_and(|(namespace, _)| rest.strip_prefix(':') == Some(namespace)),
            None => name == "system:authenticated",
        },
        _ => false,
    }
}

/// Whether `user` may ask what there is: everybody, but not for any path.
#[must_use]
pub fn may_discover(user: &User, path: &str) -> bool {
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let alone = matches!(path.trim_matches('/'), "healthz" | "livez" | "readyz" | "version");
    user.admin || alone || matches!(first, "api" | "apis" | "openapi")
}

/// The rules of the role that a binding refers to.
fn rules<'a>(store: &'a Store, binding: &Value) -> &'a [Value] {
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&binding["roleRef"]["name"]);
    let key = match binding["roleRef"]["kind"].as_str() {
        Some("Role") => Key::new("roles.rbac.authorization.k8s.io", &text(&binding["metadata"]["namespace"]), &name),
        _ => Key::new("clusterroles.rbac.authorization.k8s.io", "", &name),
    };
    store.get(&key).and_then(|role| role["rules"].as_array()).map_or(&[], Vec::as_slice)
}

fn permits(rule: &Value, wish: &Wish) -> bool {
    let has = |list: &str, word: &str| rule[list].as_array().is_some_and(|known| known.iter().any(|one| one == word));
    let any = |list: &str, word: &str| has(list, "*") || has(list, word);
    let part = !wish.subresource.is_empty() && has("resources", &format!("*/{}", wish.subresource));
    let named = rule["resourceNames"]
        .as_array()
        .is_none_or(|names| names.is_empty() || names.iter().any(|name| *name == *wish.name));
    any("verbs", &wish.verb) && any("apiGroups", &wish.group) && (any("resources", &wish.what()) || part) && named
}

/// The answer to a `SelfSubjectAccessReview`.
pub(crate) fn review(store: &Store, user: &User, review: &Value) -> Value {
    let attributes = &review["spec"]["resourceAttributes"];
    let text = |field: &str| attributes[field].as_str().unwrap_or_default().to_owned();
    let wish = Wish {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    let allowed = if attributes.is_null() { user.admin } else { allowed(store, user, &wish) };
    json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": review["spec"], "status": { "allowed": allowed },
    })
}
