//! Pods without a node, for clusters whose kubelets are not ours: the test itself says that they run.
//!
//! They name a scheduler that nobody runs, so no scheduler places them and no kubelet writes their status.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::nodes::HOLD;
use crate::pods::start;

/// `spec.schedulerName` of such pods.
pub const SCHEDULER: &str = "e2e-shelf";

/// After an error, so that a server that is down is not asked in a tight loop.
const RETRY: Duration = Duration::from_millis(100);

/// Starts the pods of one namespace until it is dropped.
#[derive(Debug)]
pub struct Shelf(JoinHandle<()>);

impl Drop for Shelf {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cluster {
    /// Starts every pod of the namespace that names [`SCHEDULER`]: it runs and is ready, without a node. A pod that is held is left alone.
    pub fn shelf(&self, namespace: &str) -> Shelf {
        let pods = self.pod_api(namespace);
        Shelf(tokio::spawn(async move {
            loop {
                // What goes wrong shows in the test, which waits for a pod that does not start.
                let _ended = follow(&pods).await;
                sleep(RETRY).await;
            }
        }))
    }
}

/// Starts what is there and what comes, until the watch ends.
async fn follow(pods: &Api<Pod>) -> Result<()> {
    let list = pods.list(&ListParams::default()).await?;
    for pod in list.items.iter().filter(|pod| waits(pod)) {
        start(pods, pod).await?;
    }
    let events = pods.watch(&WatchParams::default(), &list.metadata.resource_version.unwrap_or_default()).await?;
    pin_mut!(events);
    while let Some(event) = events.next().await {
        match event? {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) if waits(&pod) => start(pods, &pod).await?,
            WatchEvent::Error(_) => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

/// Whether nobody has started it, and nobody but us will.
fn waits(pod: &Pod) -> bool {
    let ours = pod.spec.as_ref().is_some_and(|spec| spec.scheduler_name.as_deref() == Some(SCHEDULER));
    let started = pod.status.as_ref().is_some_and(|status| status.container_statuses.is_some());
    ours && !started && pod.metadata.deletion_timestamp.is_none() && !pod.annotations().contains_key(HOLD)
}
