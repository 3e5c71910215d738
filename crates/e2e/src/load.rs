//! Thousands of nodes and pods, fast: one of each kind is made through the API server, and what it then stores is written to etcd again and
//! again under other names. Clients cannot tell them from objects that were made one by one, and the API server had no work with them.

mod etcd;
mod objects;
mod template;

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use etcd::Etcd;
use objects::{APP, NODE, POD, REPLICA_SET};
use template::{Kind, Part, Template};

/// The namespace of all pods and workloads of a load.
pub const NAMESPACE: &str = "load";
/// Pods of each Deployment.
pub const REPLICAS: usize = 20;
/// Objects that are written at once; etcd takes 128, of 1.5 MiB together.
const BATCH: usize = 100;

/// How many there are; every [`REPLICAS`] pods have a Deployment and its ReplicaSet. Nodes have no Leases: nobody is there to renew them, and
/// a controller would look for the kubelets behind those that are not renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Nodes, all ready.
    pub nodes: usize,
    /// Pods, all running and ready, spread over the nodes.
    pub pods: usize,
}

/// What was written, and how to write more.
#[derive(Debug)]
pub struct Load {
    etcd: Etcd,
    size: Size,
    node: Template,
    deployment: Template,
    replica_set: Template,
    pod: Template,
    /// Bytes of one pod's JSON, as clients get it.
    pub pod_bytes: usize,
    /// Bytes of one node's JSON.
    pub node_bytes: usize,
}

impl Load {
    /// Prepares a load; nothing is written yet. For clusters whose controller-manager is not there to clear up.
    ///
    /// # Errors
    /// When the cluster was not started here, or does not take the first objects.
    pub async fn prepare(cluster: &Cluster) -> Result<Self> {
        let etcd = Etcd::at(cluster.plane()?.etcd_port)?;
        let made = objects::make(cluster).await?;
        let template = async |key: String, uids: &[(Kind, &str)]| -> Result<Template> {
            let stored = etcd.get(&key).await?.with_context(|| format!("etcd has no {key}"))?;
            Ok(Template::new(key, stored, uids))
        };
        let objects::Uids { node, deployment, replica_set, pod } = &made.uids;
        let [deployment, replica_set] = [(Kind::Deployment, deployment.as_str()), (Kind::ReplicaSet, replica_set)];
        let within = |resource: &str, name: &str| format!("/registry/{resource}/{NAMESPACE}/{name}");
        let load = Self {
            node: template(format!("/registry/minions/{NODE}"), &[(Kind::Node, node)]).await?,
            deployment: template(within("deployments", APP), &[deployment]).await?,
            replica_set: template(within("replicasets", REPLICA_SET), &[replica_set, deployment]).await?,
            pod: template(within("pods", POD), &[(Kind::Pod, pod), replica_set]).await?,
            pod_bytes: made.pod_bytes,
            node_bytes: made.node_bytes,
            etcd,
            size: Size::default(),
        };
        for template in [&load.node, &load.deployment, &load.replica_set, &load.pod] {
            load.etcd.delete(template.key()).await?;
        }
        Ok(load)
    }

    /// Adds what is missing to `size`; nothing is taken away.
    ///
    /// # Errors
    /// When etcd refuses.
    pub async fn grow(&mut self, size: Size) -> Result<()> {
        let workloads = |pods: usize| pods.div_ceil(REPLICAS);
        let (old, apps) = (self.size, workloads(self.size.pods)..workloads(size.pods));
        self.write(&self.node, old.nodes..size.nodes, |number| Part { node: number, app: 0, pod: number }).await?;
        for template in [&self.deployment, &self.replica_set] {
            self.write(template, apps.clone(), |number| Part { node: 0, app: number, pod: number }).await?;
        }
        self.write(&self.pod, old.pods..size.pods, |number| part(number, size.nodes)).await?;
        self.size = size;
        Ok(())
    }

    /// Changes the status of so many pods, from number `first` on: what is said of a condition, which makes no difference to anybody.
    ///
    /// # Errors
    /// When etcd refuses.
    pub async fn touch(&self, first: usize, count: usize, round: usize) -> Result<()> {
        let (nodes, pods) = (self.size.nodes, self.size.pods);
        let numbers = (first..first + count).map(|number| number % pods);
        self.etcd.put_each(numbers.map(|number| self.pod.with_round(part(number, nodes), round))).await
    }

    /// Makes pods what they were at first, whatever happened to them.
    ///
    /// # Errors
    /// When etcd refuses.
    pub async fn restore_pods(&self, numbers: &[usize]) -> Result<()> {
        self.etcd.put_each(numbers.iter().map(|number| self.pod.with(part(*number, self.size.nodes)))).await
    }

    /// The same with nodes.
    ///
    /// # Errors
    /// When etcd refuses.
    pub async fn restore_nodes(&self, numbers: &[usize]) -> Result<()> {
        let part = |number: &usize| Part { node: *number, app: 0, pod: *number };
        self.etcd.put_each(numbers.iter().map(|number| self.node.with(part(number)))).await
    }

    /// The name of a pod.
    #[must_use]
    pub fn pod(number: usize) -> String {
        Part { node: 0, app: number / REPLICAS, pod: number }.pod_name()
    }

    /// The name of a node.
    #[must_use]
    pub fn node(number: usize) -> String {
        Part { node: number, app: 0, pod: 0 }.node_name()
    }

    async fn write(
        &self,
        template: &Template,
        numbers: std::ops::Range<usize>,
        part: impl Fn(usize) -> Part,
    ) -> Result<()> {
        let numbers: Vec<usize> = numbers.collect();
        for some in numbers.chunks(BATCH) {
            self.etcd.put(some.iter().map(|number| template.with(part(*number)))).await?;
        }
        Ok(())
    }
}

/// Which workload and node a pod belongs to.
fn part(pod: usize, nodes: usize) -> Part {
    Part { node: pod % nodes.max(1), app: pod / REPLICAS, pod }
}
