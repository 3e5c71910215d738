//! Sees what happens in a story: every pod that ever is, every write of the controller, every message to people.

use super::relay::{Relay, Wrote};
use crate::ground::{Ground, OWN};
use crate::receiver::{Receiver, Reply};
use anyhow::{Context, Result};
use futures::{StreamExt, pin_mut};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use self_healing_story::outcome::COUNTED;
use self_healing_story::{Name, Names, Outcome, PodName, Story, Verb};
use self_healing_trial::look::{self, Objects, controller, text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Until the API server is asked again that did not answer.
const AGAIN: Duration = Duration::from_millis(200);

/// What was seen.
#[derive(Default)]
struct Seen {
    names: Names,
    /// Since when pods are seen to be on their way out, by uid.
    going: BTreeMap<String, Instant>,
    writes: Vec<Wrote>,
}

/// Watches until it is dropped.
pub(super) struct Witness {
    seen: Arc<Mutex<Seen>>,
    tasks: [JoinHandle<()>; 2],
}

impl Witness {
    pub(super) async fn start(ground: &Ground, relay: &Relay) -> Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let pods = Api::<Pod>::all(ground.cluster.admin());
        let begin = pods.list(&ListParams::default()).await?.metadata.resource_version.unwrap_or_default();
        let watching = tokio::spawn(watch(pods, begin, Arc::clone(&seen)));
        let (mut writes, into) = (relay.writes(), Arc::clone(&seen));
        let hearing = tokio::spawn(async move {
            while let Some((wrote, _heard)) = writes.recv().await {
                lock(&into).wrote(wrote);
            }
        });
        Ok(Self { seen, tasks: [watching, hearing] })
    }

    /// The uid and the name of the pod that the story means, once it was seen.
    pub(super) fn find(&self, pod: &PodName) -> Option<(String, Name)> {
        lock(&self.seen).names.find(pod).map(|(uid, name)| (uid.to_owned(), name.clone()))
    }

    /// How it stands now. `receivers` are the channels' receivers by name, `remediations` the provider's remediation objects.
    pub(super) async fn outcome(
        &self,
        story: &Story,
        ground: &Ground,
        receivers: &[(&str, &Receiver)],
        remediations: &[Value],
    ) -> Result<Outcome> {
        let client = ground.cluster.admin();
        let [pods, nodes, services] =
            [all::<Pod>(&client).await?, all::<Node>(&client).await?, all::<Service>(&client).await?];
        let mut workloads = [all::<Deployment>(&client).await?, all::<StatefulSet>(&client).await?].concat();
        workloads.retain(|workload| text(workload, "/metadata/namespace") != OWN);
        let records = ground.recoveries().list(&ListParams::default()).await?.items;
        let recoveries: Vec<Value> = records.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        let mut seen = lock(&self.seen);
        pods.iter().for_each(|pod| seen.see(pod));
        let mut outcome = Outcome::default();
        for Wrote { verb, name, uid, .. } in &seen.writes {
            let of_service = matches!(verb, Verb::Switch | Verb::SwitchBack);
            let of_pod = || look::written(&seen.names, *verb, uid, name);
            outcome.wrote(*verb, if of_service { format!("service/{name}") } else { of_pod() });
        }
        for ((channel, key), count) in told(&recoveries, receivers)? {
            outcome.told.insert((channel, key), count);
        }
        let objects = Objects {
            recoveries: recoveries.iter().collect(),
            nodes: nodes.iter().collect(),
            pods: pods.iter().collect(),
            workloads: workloads.iter().collect(),
            services: services.iter().collect(),
            remediations: remediations.iter().collect(),
        };
        look::fill(&mut outcome, story, &seen.names, &objects);
        Ok(outcome)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Seen {
    fn see(&mut self, pod: &Value) {
        let namespace = text(pod, "/metadata/namespace").to_owned();
        let created = text(pod, "/metadata/creationTimestamp").parse().map_or(0, Timestamp::as_second);
        let workload = controller(pod).map(|owner| Name { namespace: namespace.clone(), name: workload(owner) });
        let name = Name { namespace, name: text(pod, "/metadata/name").to_owned() };
        let uid = text(pod, "/metadata/uid");
        self.names.see(uid, &name, workload.as_ref(), created);
        if pod["metadata"]["deletionTimestamp"].is_string() {
            self.going.entry(uid.to_owned()).or_insert_with(Instant::now);
        }
    }

    /// A pod's removal counts when it begins, which may be seen before the answer is.
    fn wrote(&mut self, wrote: Wrote) {
        let removes = matches!(wrote.verb, Verb::Delete | Verb::Evict);
        if wrote.verb != Verb::Create && !removes {
            if COUNTED.contains(&wrote.verb) {
                self.writes.push(wrote);
            }
            return;
        }
        let began = *self.going.entry(wrote.uid.clone()).or_insert(wrote.asked) >= wrote.asked;
        if !removes || began {
            self.writes.push(wrote);
        }
    }
}

/// The Deployment of a ReplicaSet, which is named after it, or the owner itself.
fn workload(owner: &Value) -> String {
    let name = text(owner, "/name");
    let deployment = name.rsplit_once('-').filter(|_| owner["kind"] == "ReplicaSet");
    deployment.map_or(name, |(deployment, _hash)| deployment).to_owned()
}

/// Sees every pod since that version, over every break of the watch.
async fn watch(pods: Api<Pod>, mut version: String, seen: Arc<Mutex<Seen>>) {
    loop {
        if let Ok(stream) = pods.watch(&WatchParams::default(), &version).await {
            pin_mut!(stream);
            while let Some(Ok(event)) = stream.next().await {
                if let WatchEvent::Added(pod) | WatchEvent::Modified(pod) | WatchEvent::Deleted(pod) = event {
                    version = pod.metadata.resource_version.clone().unwrap_or(version);
                    let pod = serde_json::to_value(&pod).unwrap_or_default();
                    lock(&seen).see(&pod);
                }
            }
        }
        sleep(AGAIN).await;
    }
}

async fn all<K>(client: &Client) -> Result<Vec<Value>>
where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Serialize + Debug,
{
    let items = Api::<K>::all(client.clone()).list(&ListParams::default()).await?.items;
    items.iter().map(|item| serde_json::to_value(item).context("an object is no JSON")).collect()
}

/// Of how many Recoveries each channel was told each key.
fn told(recoveries: &[Value], receivers: &[(&str, &Receiver)]) -> Result<BTreeMap<(String, String), u32>> {
    let mut once = BTreeSet::new();
    for (channel, slack) in receivers {
        for message in slack.messages().into_iter().filter(|message| message.reply == Reply::Ok) {
            let text = message.body["text"].as_str().context("a message without text")?;
            let name = look::line(text, "Recovery");
            let record = recoveries.iter().find(|record| record["metadata"]["name"] == name);
            let detected = record.and_then(|record| record["spec"]["detectedAt"].as_str());
            once.insert((*channel, look::told(text, detected), name.to_owned()));
        }
    }
    let mut counts = BTreeMap::new();
    for (channel, key, _) in once {
        *counts.entry((channel.to_owned(), key)).or_default() += 1;
    }
    Ok(counts)
}

/// No code panics while it holds this lock.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
