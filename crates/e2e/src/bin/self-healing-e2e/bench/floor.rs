//! The floor: a client that deletes a failed pod at once, without a record, a guard or a second look. Nothing can be faster.

use anyhow::{Context, Result, anyhow};
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// The client, on a thread of its own as the controller is a process of its own. It ends when it is dropped.
pub(super) struct Floor {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Floor {
    /// Returns when the watch has begun.
    pub(super) async fn start(kubeconfig: PathBuf, namespace: String) -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (begun, begin) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => Ok(()),
                    ended = follow(kubeconfig, &namespace, begun) => ended,
                }
            })
        });
        let mut floor = Self { stop: Some(stop), thread: Some(thread) };
        if begin.await.is_err() {
            floor.end()?;
        }
        Ok(floor)
    }

    /// Stops it, and gives what it failed with if it has ended before.
    pub(super) fn end(&mut self) -> Result<()> {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().map_err(|_| anyhow!("the floor's thread panicked"))?
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

async fn follow(kubeconfig: PathBuf, namespace: &str, begun: oneshot::Sender<()>) -> Result<()> {
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(&kubeconfig)?, &options).await?;
    let pods = Api::<Pod>::namespaced(Client::try_from(config)?, namespace);
    let failed = WatchParams::default().fields("status.phase=Failed");
    let events = pods.watch(&failed, "0").await.context("the floor's watch")?;
    pin_mut!(events);
    let _ = begun.send(());
    while let Some(event) = events.next().await {
        match event? {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) if pod.metadata.deletion_timestamp.is_none() => {
                let preconditions = Preconditions { uid: pod.uid(), resource_version: pod.resource_version() };
                let params = DeleteParams { preconditions: Some(preconditions), ..Default::default() };
                pods.delete(&pod.name_any(), &params).await?;
            }
            _ => {}
        }
    }
    Err(anyhow!("the API server ended the floor's watch"))
}
