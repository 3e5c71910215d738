//! Waiting for the cluster: on a watch, with a deadline, and an error that says what was last seen.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures::{StreamExt, pin_mut};
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// After an error, so that a server that is down is not asked in a tight loop.
const RETRY: Duration = Duration::from_millis(100);
/// An error shows this many bytes of each object that was last seen, at most.
const SEEN: usize = 1500;

/// Waits until one object, or its absence (`None`), satisfies `good`, and returns it. `what` completes "waited for ...".
///
/// Errors of the API server are waited through, so it may be paused or restarted meanwhile.
///
/// # Errors
/// At the deadline, with what was last seen.
pub async fn wait_for<K>(
    api: &Api<K>,
    name: &str,
    what: &str,
    deadline: Duration,
    good: impl Fn(Option<&K>) -> bool,
) -> Result<Option<K>>
where
    K: kube::Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    let params = ListParams::default().fields(&format!("metadata.name={name}"));
    let mut seen = wait_for_all(api, &params, what, deadline, |items| good(items.first())).await?;
    Ok(seen.pop())
}

/// Waits until the listed objects satisfy `good`, and returns them.
///
/// # Errors
/// At the deadline, with what was last seen.
pub async fn wait_for_all<K>(
    api: &Api<K>,
    params: &ListParams,
    what: &str,
    deadline: Duration,
    good: impl Fn(&[K]) -> bool,
) -> Result<Vec<K>>
where
    K: kube::Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    let mut seen = Seen { items: Vec::new(), error: None };
    let watching = async {
        loop {
            match follow(api, params, &good, &mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    seen.error = Some(format!("{error:#}"));
                    sleep(RETRY).await;
                }
            }
        }
    };
    match timeout(deadline, watching).await {
        Ok(()) => Ok(seen.items),
        Err(_elapsed) => Err(anyhow!("waited {deadline:?} for {what}; {}", seen.describe())),
    }
}

/// What the watch has told so far.
struct Seen<K> {
    items: Vec<K>,
    error: Option<String>,
}

impl<K: Serialize> Seen<K> {
    fn describe(&self) -> String {
        let error = self.error.as_ref().map(|error| format!("last error: {error}; ")).unwrap_or_default();
        let items: Vec<String> = self.items.iter().map(brief).collect();
        format!("{error}last seen: {} object(s)\n{}", items.len(), items.join("\n"))
    }
}

/// One list and the watch that follows it; true when the objects are good, false when the watch ended before.
async fn follow<K>(api: &Api<K>, params: &ListParams, good: &impl Fn(&[K]) -> bool, seen: &mut Seen<K>) -> Result<bool>
where
    K: kube::Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    let list = api.list(params).await?;
    let version = list.metadata.resource_version.unwrap_or_default();
    let mut known: BTreeMap<_, K> = list.items.into_iter().map(|item| (key(&item), item)).collect();
    let watch = WatchParams {
        label_selector: params.label_selector.clone(),
        field_selector: params.field_selector.clone(),
        ..WatchParams::default()
    };
    let events = api.watch(&watch, &version).await?;
    pin_mut!(events);
    loop {
        seen.items = known.values().cloned().collect();
        seen.error = None;
        if good(&seen.items) {
            return Ok(true);
        }
        match events.next().await {
            None => return Ok(false),
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(WatchEvent::Error(status))) => return Err(anyhow!("the watch was refused: {}", status.message)),
            Some(Ok(WatchEvent::Bookmark(_))) => {}
            Some(Ok(WatchEvent::Added(item) | WatchEvent::Modified(item))) => drop(known.insert(key(&item), item)),
            Some(Ok(WatchEvent::Deleted(item))) => drop(known.remove(&key(&item))),
        }
    }
}

fn key<K: kube::Resource>(item: &K) -> (Option<String>, String) {
    (item.namespace(), item.name_any())
}

/// The object's name and what changes about it: a spec is what the test wrote itself.
fn brief<K: Serialize>(item: &K) -> String {
    let value = serde_json::to_value(item).unwrap_or(Value::Null);
    let pick = |pointer: &str| value.pointer(pointer).cloned().unwrap_or(Value::Null);
    let deleted =
        value.pointer("/metadata/deletionTimestamp").map(|at| format!(" deleted at {at}")).unwrap_or_default();
    let mut text = format!("  {}{deleted} status {}", pick("/metadata/name"), pick("/status"));
    if let Some((end, _)) = text.char_indices().nth(SEEN) {
        text.truncate(end);
        text.push('…');
    }
    text
}
