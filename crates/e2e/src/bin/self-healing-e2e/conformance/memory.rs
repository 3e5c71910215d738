//! What one side has answered so far: uids, versions and names that later requests use, and that answers are told by.

use serde_json::Value;
use std::collections::BTreeMap;

/// Stands for what a side never saw.
const UNKNOWN: &str = "never-seen";

/// What was last seen of one object.
struct Seen {
    object: Value,
    first_version: String,
}

/// One side's memory over one sequence.
pub(super) struct Memory {
    namespace: String,
    start: String,
    token: String,
    /// By `pods/a`; a made name by its prefix.
    objects: BTreeMap<String, Seen>,
    /// Prefix of each made name.
    made: BTreeMap<String, String>,
    /// What was remembered before the sequence.
    known: BTreeMap<String, String>,
}

impl Memory {
    /// A sequence in `namespace` that begins at the version `start`.
    pub(super) fn new(namespace: &str, start: &str, known: BTreeMap<String, String>) -> Self {
        let (namespace, start) = (namespace.to_owned(), start.to_owned());
        Self { namespace, start, token: String::new(), objects: BTreeMap::new(), made: BTreeMap::new(), known }
    }

    /// `text` with everything in angle brackets replaced.
    pub(super) fn resolve(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((word, later)) = after.split_once('>') else { break };
            out.push_str(before);
            out.push_str(&self.word(word));
            rest = later;
        }
        out.push_str(rest);
        out
    }

    /// `value` with every text in it resolved.
    pub(super) fn resolve_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.resolve(text)),
            Value::Array(items) => items.iter().map(|item| self.resolve_all(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.resolve(name), self.resolve_all(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// The object as last seen; one that was never seen has nothing but its name.
    pub(super) fn object(&self, of: &str) -> Value {
        let name = of.split_once('/').map_or(of, |(_, name)| name);
        let unseen = || serde_json::json!({ "metadata": { "name": name } });
        self.objects.get(of).map_or_else(unseen, |seen| seen.object.clone())
    }

    /// Remembers what an answer holds: an object, a list, or a Status.
    pub(super) fn learn(&mut self, plural: &str, body: &Value) {
        if body["items"].is_array() {
            body["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut self.token);
        }
        match body["items"].as_array() {
            Some(items) => items.iter().for_each(|item| self.learn_object(plural, item)),
            None if body["kind"] != "Status" => self.learn_object(plural, body),
            None => {}
        }
    }

    /// Remembers the name that the server made of a prefix; before the answer is told, so that it is told by the prefix.
    pub(super) fn learn_name(&mut self, object: &Value) {
        let metadata = &object["metadata"];
        if let (Some(prefix), Some(name)) = (metadata["generateName"].as_str(), metadata["name"].as_str()) {
            self.made.insert(prefix.to_owned(), name.to_owned());
        }
    }

    fn learn_object(&mut self, plural: &str, object: &Value) {
        let metadata = &object["metadata"];
        let Some(version) = metadata["resourceVersion"].as_str() else { return };
        self.learn_name(object);
        let key = self.key(plural, metadata);
        let is_same = |seen: &&mut Seen| seen.object["metadata"]["uid"] == metadata["uid"];
        match self.objects.get_mut(&key).filter(is_same) {
            Some(seen) => seen.object = object.clone(),
            None => {
                let first_version = version.to_owned();
                self.objects.insert(key, Seen { object: object.clone(), first_version });
            }
        }
    }

    /// How `metadata` relates to what was seen before: the uid (`new`, `same`) and the version (`same`, `newer`, `older`).
    pub(super) fn relation(&self, plural: &str, metadata: &Value) -> (&'static str, &'static str) {
        let Some(seen) = self.objects.get(&self.key(plural, metadata)) else { return ("new", "newer") };
        if seen.object["metadata"]["uid"] != metadata["uid"] {
            return ("new", "newer");
        }
        let version = |metadata: &Value| number(metadata["resourceVersion"].as_str().unwrap_or_default());
        match version(metadata).cmp(&version(&seen.object["metadata"])) {
            std::cmp::Ordering::Less => ("same", "older"),
            std::cmp::Ordering::Equal => ("same", "same"),
            std::cmp::Ordering::Greater => ("same", "newer"),
        }
    }

    /// `text` with every made name replaced by its prefix and a star, and the namespace by `<ns>`.
    pub(super) fn without_names(&self, text: &str) -> String {
        let text = text.replace(&self.namespace, "<ns>");
        self.made.iter().fold(text, |text, (prefix, name)| text.replace(name.as_str(), &format!("{prefix}*")))
    }

    fn key(&self, plural: &str, metadata: &Value) -> String {
        let name = metadata["generateName"].as_str().or(metadata["name"].as_str()).unwrap_or_default();
        let own = name.strip_prefix(&self.namespace).and_then(|rest| rest.strip_prefix('-'));
        format!("{plural}/{}", own.unwrap_or(name))
    }

    fn word(&self, word: &str) -> String {
        let seen = |of: &str| self.objects.get(of);
        let field = |of: &str, name: &str| seen(of).and_then(|seen| seen.object["metadata"][name].as_str());
        let found = match word.split_once(' ') {
            Some(("uid", of)) => field(of, "uid"),
            Some(("rv", of)) => field(of, "resourceVersion"),
            Some(("first", of)) => seen(of).map(|seen| seen.first_version.as_str()),
            Some(("old" | "page", _)) => self.known.get(word).map(String::as_str),
            Some(("name", prefix)) => self.made.get(prefix).map(String::as_str),
            _ => match word {
                "ns" => Some(self.namespace.as_str()),
                "start" => Some(self.start.as_str()),
                "token" => Some(self.token.as_str()),
                _ => None,
            },
        };
        found.unwrap_or(UNKNOWN).to_owned()
    }
}

/// A version as a number; versions of both servers are.
pub(super) fn number(version: &str) -> u64 {
    version.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, uid: &str, version: &str) -> Value {
        json!({ "metadata": { "name": name, "uid": uid, "resourceVersion": version } })
    }

    #[test]
    fn words_stand_for_what_was_seen_last() {
        let mut memory = Memory::new("c-1", "7", BTreeMap::new());
        memory.learn("pods", &pod("a", "u1", "8"));
        memory.learn("pods", &pod("a", "u1", "9"));
        memory.learn("nodes", &pod("c-1-a", "u2", "10"));
        assert_eq!(memory.resolve("/ns/<ns>?<start>,<uid pods/a>,<rv pods/a>"), "/ns/c-1?7,u1,9");
        assert_eq!(memory.resolve("<first pods/a> <uid nodes/a> <uid pods/b>"), "8 u2 never-seen");
        assert_eq!(memory.resolve("a < b"), "a < b");
    }

    #[test]
    fn versions_are_told_by_their_order() {
        let mut memory = Memory::new("c-1", "7", BTreeMap::new());
        assert_eq!(memory.relation("pods", &pod("a", "u1", "8")["metadata"]), ("new", "newer"));
        memory.learn("pods", &pod("a", "u1", "8"));
        assert_eq!(memory.relation("pods", &pod("a", "u1", "8")["metadata"]), ("same", "same"));
        assert_eq!(memory.relation("pods", &pod("a", "u1", "10")["metadata"]), ("same", "newer"));
        assert_eq!(memory.relation("pods", &pod("a", "u2", "9")["metadata"]), ("new", "newer"));
    }

    #[test]
    fn made_names_are_known_by_their_prefix() {
        let mut memory = Memory::new("c-1", "7", BTreeMap::new());
        let mut made = pod("p1-x2k4z", "u1", "8");
        made["metadata"]["generateName"] = "p1-".into();
        memory.learn("pods", &made);
        assert_eq!(memory.resolve("<name p1->/<uid pods/p1->"), "p1-x2k4z/u1");
        assert_eq!(memory.without_names("pods \"p1-x2k4z\" not found"), "pods \"p1-*\" not found");
    }
}
