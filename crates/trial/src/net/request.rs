//! What a request asks for, read off its method and address.

use crate::fault::Way;
use crate::player::machines::{CLAIMS, MACHINES};
use http::{Method, Uri};
use self_healing_sim::store::Key;

/// One request of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// RBAC verb, as in a commit's origin; `get`, `list` and `watch` for what changes nothing.
    pub(crate) verb: &'static str,
    /// What it is about; the name is empty for a list, a watch and a create.
    pub(crate) key: Key,
    /// Empty for the object itself.
    pub(crate) subresource: String,
    /// Without `?`.
    pub(crate) query: String,
}

impl Asked {
    pub(crate) fn of(method: &Method, uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default().to_owned();
        let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _, rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => ("", [].as_slice()),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            _ => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource, ..] => (*plural, *name, *subresource),
            [] => ("", "", ""),
        };
        let resource = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        let verb = verb(method, name, &query);
        Self { verb, key: Key::new(&resource, namespace, name), subresource: subresource.to_owned(), query }
    }

    pub(crate) fn way(&self) -> Way {
        let asks = matches!(self.verb, "get" | "list" | "watch") || &*self.key.resource == REVIEWS;
        if asks { Way::Read } else { Way::Write }
    }

    /// Whether it is about the Lease for which the controller's processes contend.
    pub(crate) fn is_about_lease(&self, namespace: &str) -> bool {
        &*self.key.resource == "leases.coordination.k8s.io" && &*self.key.namespace == namespace
    }

    /// Whether it is the list of a kind whose changes are then watched, which may be behind. Others are asked because they
    /// are true now, and the API keeps that promise: the records that a new leader reads, the pods on a node.
    pub(crate) fn may_be_behind(&self) -> bool {
        let later_page = self.query.contains("continue=");
        let asks_for_truth = self.query.contains("fieldSelector=spec.nodeName")
            || matches!(&*self.key.resource, RECORDS | MACHINES | CLAIMS);
        self.lists() && !later_page && !asks_for_truth
    }

    /// Whether it asks for what is there, page by page or as a stream.
    pub(crate) fn lists(&self) -> bool {
        self.verb == "list" || self.streams_list()
    }

    /// Whether it asks for a list as a stream.
    pub(crate) fn streams_list(&self) -> bool {
        self.verb == "watch" && self.query.contains("sendInitialEvents=true")
    }

    /// Whether the API promises the newest state: no resourceVersion is named.
    pub(crate) fn is_quorum(&self) -> bool {
        !self.query.contains("resourceVersion=")
    }
}

const RECORDS: &str = "recoveries.self-healing.dev";
/// A question in the form of a create.
const REVIEWS: &str = "selfsubjectaccessreviews.authorization.k8s.io";

fn verb(method: &Method, name: &str, query: &str) -> &'static str {
    match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ if query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1")) => "watch",
        _ if name.is_empty() => "list",
        _ => "get",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, uri: &str) -> (String, &'static str) {
        let asked = Asked::of(&method, &uri.parse().unwrap());
        let Key { resource, namespace, name } = &asked.key;
        (
            format!("{} {resource}|{namespace}|{name}|{}", asked.verb, asked.subresource),
            match asked.way() {
                Way::Read => "read",
                Way::Write => "write",
            },
        )
    }

    #[test]
    fn requests_are_read_off_their_addresses() {
        for (method, uri, meaning, way) in [
            (Method::GET, "http://x/api/v1/pods?limit=5", "list pods|||", "read"),
            (Method::GET, "http://x/api/v1/pods?watch=true&limit=5", "watch pods|||", "read"),
            (Method::GET, "http://x/api/v1/namespaces/shop", "get namespaces||shop|", "read"),
            (Method::GET, "http://x/api/v1/namespaces/shop/pods/w", "get pods|shop|w|", "read"),
            (Method::POST, "http://x/api/v1/namespaces/shop/pods/w/eviction", "create pods|shop|w|eviction", "write"),
            (Method::DELETE, "http://x/api/v1/namespaces/shop/pods/w", "delete pods|shop|w|", "write"),
            (Method::PATCH, "http://x/api/v1/nodes/n1", "patch nodes||n1|", "write"),
            (
                Method::PUT,
                "http://x/apis/self-healing.dev/v1alpha1/namespaces/h/recoveries/r/status",
                "update recoveries.self-healing.dev|h|r|status",
                "write",
            ),
            (
                Method::POST,
                "http://x/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                "create selfsubjectaccessreviews.authorization.k8s.io|||",
                "read",
            ),
        ] {
            assert_eq!(asked(method, uri), (meaning.to_owned(), way), "{uri}");
        }
    }
}
