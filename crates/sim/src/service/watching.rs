//! Watches: what changed after a version, and then what changes.

use super::Answer;
use super::listing::selector;
use super::route::{Query, Route};
use super::tap::{Call, OnEvent, Seen, Tap};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::select::Selector;
use crate::store::{Commit, Key};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// How often a quiet watch says which version it is at.
const BOOKMARK: Duration = Duration::from_secs(60);
/// How long a watch stays open when it does not say.
const OPEN: Duration = Duration::from_secs(1800);

/// One open watch.
struct Watch {
    cluster: Cluster,
    route: Route,
    selector: Selector,
    call: Call,
    tap: Arc<dyn Tap>,
    out: mpsc::UnboundedSender<Bytes>,
    bookmarks: bool,
    /// The version up to which everything was sent.
    version: u64,
}

/// The stream is over.
struct Over;

/// Opens a watch and gives its stream.
pub(super) fn open(
    cluster: &Cluster,
    route: &Route,
    query: &Query,
    call: &Call,
    tap: &Arc<dyn Tap>,
) -> Result<Answer, Failure> {
    let selector = selector(route, query)?;
    let open = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0).map_or(OPEN, Duration::from_secs);
    let asked = query.number("resourceVersion")?;
    let initial = query.is("sendInitialEvents");
    let resource = route.resource.stored_as();
    let mut state = cluster.state();
    let newest = state.store.version();
    let from_now = asked.is_none_or(|version| version == 0);
    let mut missed = Vec::new();
    if let Some(asked) = asked.filter(|version| *version > 0 && !initial) {
        if asked > newest {
            return Err(Failure::too_large_version(asked, newest));
        }
        let words = format!("too old resource version: {asked} ({})", state.store.compacted());
        missed = state.store.since(&resource, asked).ok_or_else(|| Failure::expired(words))?;
    }
    // Without a version, or when it asks for it, a watch begins with everything that is there.
    let begins = (from_now || initial) && query.text("sendInitialEvents") != "false";
    let first: Vec<(Key, Arc<Value>)> = if begins {
        let all = state.store.list(&resource, &route.namespace);
        all.map(|(key, object)| (key.clone(), object.clone())).collect()
    } else {
        Vec::new()
    };
    let changes = state.store.watch(&[&resource]);
    drop(state);
    let (out, stream) = mpsc::unbounded_channel();
    let watch = Watch {
        cluster: cluster.clone(),
        route: route.clone(),
        selector,
        call: call.clone(),
        tap: tap.clone(),
        out,
        bookmarks: query.is("allowWatchBookmarks"),
        version: newest,
    };
    let until = Instant::now() + open;
    tokio::spawn(async move {
        // However it ends, the stream ends when this is dropped.
        let _ = watch.run(first, initial, missed, changes, until).await;
    });
    Ok(Answer::Stream(stream))
}

impl Watch {
    async fn run(
        mut self,
        first: Vec<(Key, Arc<Value>)>,
        initial: bool,
        missed: Vec<Arc<Commit>>,
        mut changes: mpsc::UnboundedReceiver<Arc<Commit>>,
        until: Instant,
    ) -> Result<(), Over> {
        for (key, object) in first {
            if self.selector.matches(&object) {
                self.send("ADDED", &key, version_of(&object), &encode(&object)).await?;
            }
        }
        if initial && self.bookmarks {
            self.bookmark(json!({ "k8s.io/initial-events-end": "true" })).await?;
        }
        for commit in missed {
            self.changed(&commit).await?;
        }
        let mut next = Instant::now() + BOOKMARK;
        loop {
            let out = self.out.clone();
            tokio::select! {
                biased;
                () = out.closed() => return Err(Over),
                commit = changes.recv() => {
                    let Some(commit) = commit else { return Err(Over) };
                    self.changed(&commit).await?;
                }
                () = sleep_until(next.min(until)) => {
                    self.version = self.version.max(self.cluster.state().store.version());
                    if self.bookmarks {
                        self.bookmark(Value::Null).await?;
                    }
                    if Instant::now() >= until {
                        return Ok(());
                    }
                    next = Instant::now() + BOOKMARK;
                }
            }
        }
    }

    /// Sends what a change is to this watch: objects begin and cease to be selected.
    async fn changed(&mut self, commit: &Commit) -> Result<(), Over> {
        self.version = self.version.max(commit.version);
        let namespace = &self.route.namespace;
        if !namespace.is_empty() && *commit.key.namespace != **namespace {
            return Ok(());
        }
        let selected = |object: &Option<Arc<Value>>| object.as_ref().is_some_and(|o| self.selector.matches(o));
        let kind = match (selected(&commit.old), selected(&commit.new)) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return Ok(()),
        };
        self.send(kind, &commit.key, commit.version, commit.json()).await
    }

    async fn bookmark(&mut self, annotations: Value) -> Result<(), Over> {
        let mut metadata = json!({ "resourceVersion": self.version.to_string(), "creationTimestamp": null });
        if !annotations.is_null() {
            metadata["annotations"] = annotations;
        }
        let resource = &self.route.resource;
        let object = json!({ "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata });
        let nobody = Key::new("", "", "");
        self.send("BOOKMARK", &nobody, self.version, &encode(&object)).await
    }

    async fn send(&self, kind: &'static str, key: &Key, version: u64, object: &Bytes) -> Result<(), Over> {
        let seen = Seen { kind, namespace: &key.namespace, name: &key.name, version };
        match self.tap.event(&self.call, &seen) {
            OnEvent::Pass => {}
            OnEvent::Delay(wait) => tokio::time::sleep(wait).await,
            OnEvent::Hide => return Ok(()),
            OnEvent::Close => return Err(Over),
            OnEvent::Silence => {
                self.out.closed().await;
                return Err(Over);
            }
            OnEvent::Forget => {
                let status = Failure::expired("The resourceVersion for the provided watch is too old.").status();
                self.line("ERROR", &encode(&status))?;
                return Err(Over);
            }
        }
        self.line(kind, object)
    }

    fn line(&self, kind: &str, object: &Bytes) -> Result<(), Over> {
        let mut line = Vec::with_capacity(object.len() + 32);
        line.extend_from_slice(b"{\"type\":\"");
        line.extend_from_slice(kind.as_bytes());
        line.extend_from_slice(b"\",\"object\":");
        line.extend_from_slice(object);
        line.extend_from_slice(b"}\n");
        self.out.send(line.into()).map_err(|_| Over)
    }
}

fn encode(object: &Value) -> Bytes {
    object.to_string().into()
}

fn version_of(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok()).unwrap_or(0)
}
