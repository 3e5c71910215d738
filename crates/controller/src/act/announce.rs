//! Happenings as Kubernetes Events, on the target and on the Recovery, as far as that works: nothing waits for them.

use super::call::{Calls, segment};
use super::{Identity, outcome};
use crate::outside::Wall;
use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Resource;
use self_healing_api::recovery::Recovery;
use self_healing_core::effect::Outcome;
use self_healing_core::happening::Happening;
use self_healing_core::key::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Who says so, as `kubectl get events` shows it.
pub(super) const CONTROLLER: &str = "self-healing.dev/controller";
/// What was being done.
const ACTION: &str = "Recover";
/// Most bytes of a note that the API takes.
const NOTE: usize = 1024;
/// How long the same words about the same object are not repeated.
const QUIET: Duration = Duration::from_secs(300);
/// Said things that are remembered; beyond, the rule against repetition rests.
const MEMORY: usize = 4096;
/// Most bytes of an object's name in an Event's name (253 in all).
const NAME: usize = 200;

/// Object (kind, namespace, name, uid), reason, note.
type Said = (String, &'static str, String);

/// What an Event says.
#[derive(Clone, Copy)]
struct Words<'a> {
    reason: &'static str,
    warning: bool,
    note: &'a str,
}

/// Writes Events and remembers what it said.
pub(super) struct Announcer {
    identity: Identity,
    wall: Wall,
    said: Mutex<BTreeMap<Said, Instant>>,
    /// The number in the newest Event's name.
    named: Mutex<i128>,
}

impl Announcer {
    pub(super) fn new(identity: Identity, wall: Wall) -> Self {
        Self { identity, wall, said: Mutex::default(), named: Mutex::default() }
    }

    /// Writes both Events, unless they may not be written (Observe mode) or were just written.
    pub(super) async fn announce(&self, calls: &Calls, happening: &Happening) {
        if !happening.publish {
            return;
        }
        let target = target_of(happening);
        let recovery = self.recovery_of(happening);
        let words =
            Words { reason: happening.what.as_str(), warning: happening.what.is_warning(), note: &happening.note };
        tokio::join!(self.tell(calls, words, &target, &recovery), self.tell(calls, words, &recovery, &target));
    }

    /// Writes a Warning on the controller's own ConfigMap: its change was refused.
    pub(super) async fn config_refused(&self, calls: &Calls, name: &str, why: &str) {
        let config_map =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "namespace": &*self.identity.namespace, "name": name});
        let words = Words { reason: "ConfigRefused", warning: true, note: why };
        self.tell(calls, words, &config_map, &Value::Null).await;
    }

    async fn tell(&self, calls: &Calls, words: Words<'_>, regarding: &Value, related: &Value) {
        if regarding["name"] == "" || !self.is_news(words, regarding) {
            return;
        }
        if let Err(outcome) = self.send(calls, words, regarding, related).await {
            tracing::debug!(?outcome, reason = words.reason, %regarding, "an Event was not written");
        }
    }

    async fn send(&self, calls: &Calls, words: Words<'_>, regarding: &Value, related: &Value) -> Result<(), Outcome> {
        // Events on cluster-scoped objects belong to namespace `default`, by Kubernetes' own rule.
        let namespace = regarding["namespace"].as_str().unwrap_or("default");
        let namespace = segment("namespace", namespace)?;
        let now = self.wall.now();
        let name = cut(regarding["name"].as_str().unwrap_or_default(), NAME);
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            // client-go's way to make a name that is not taken.
            "metadata": {"name": format!("{name}.{:x}", self.number(now.as_nanosecond())), "namespace": namespace},
            "eventTime": MicroTime(now),
            "type": if words.warning { "Warning" } else { "Normal" },
            "reason": words.reason,
            "action": ACTION,
            "note": cut(words.note, NOTE),
            "regarding": regarding,
            "related": related,
            "reportingController": CONTROLLER,
            "reportingInstance": cut(&self.identity.instance, 128),
        });
        let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        outcome::of(&calls.write(Method::POST, &path, &event).await?).map(drop)
    }

    /// `nanosecond`, or the next one that no Event's name has: a coarse clock shows the same time twice.
    fn number(&self, nanosecond: i128) -> i128 {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        *named = nanosecond.max(named.saturating_add(1));
        *named
    }

    fn is_news(&self, words: Words<'_>, regarding: &Value) -> bool {
        let now = Instant::now();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| now.duration_since(*at) < QUIET);
        let key = (regarding.to_string(), words.reason, words.note.to_owned());
        if said.contains_key(&key) {
            return false;
        }
        if said.len() < MEMORY {
            said.insert(key, now);
        }
        true
    }

    fn recovery_of(&self, happening: &Happening) -> Value {
        let mut reference = json!({
            "apiVersion": Recovery::api_version(&()),
            "kind": Recovery::kind(&()),
            "namespace": &*self.identity.namespace,
            "name": &*happening.recovery,
        });
        put(&mut reference, "uid", &happening.recovery_uid);
        reference
    }
}

fn target_of(happening: &Happening) -> Value {
    let target = &happening.target;
    let version = match &target.kind {
        Kind::Node | Kind::Pod | Kind::Service => "v1",
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => "apps/v1",
        Kind::Job => "batch/v1",
        Kind::Other(_) => "",
    };
    let mut reference = json!({"kind": target.kind.as_str(), "name": &*target.key.name});
    put(&mut reference, "apiVersion", version);
    put(&mut reference, "namespace", &target.key.namespace);
    put(&mut reference, "uid", &target.uid);
    reference
}

fn put(reference: &mut Value, field: &str, text: &str) {
    if !text.is_empty() {
        reference[field] = text.into();
    }
}

/// The start of `text` that fits in `bytes`, ending between characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
