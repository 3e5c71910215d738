//! The runner on a cluster that somebody else runs: what it refuses, what it does, and that it leaves everything else alone.

use crate::ground::{FILES, Ground, MANIFESTS, SOON};
use crate::objects::{is_cordoned, merge};
use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::pods::deployment;
use self_healing_e2e::{Cluster, NodeSpec, Options};
use serde_json::json;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// One run with a few scenarios.
const RUN: Duration = Duration::from_secs(200);
/// A filter that finds scenarios of both kinds: such as run anywhere, and such as need a cluster of our own.
const FILTER: &[&str] = &["pod failed", "bare pod", "excluded pod", "node silent, stock", "API server killed"];

/// How a run ended and what it printed.
struct Ended {
    good: bool,
    text: String,
}

/// Runs this program with `--adopt`.
async fn adopt(ground: &Ground, kubeconfig: Option<&OsStr>, filters: &[&str]) -> Result<Ended> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--adopt").args(filters).env("SELF_HEALING_CONTROLLER", ground.binary()).env_remove("KUBECONFIG");
    command.envs(kubeconfig.map(|value| ("KUBECONFIG", value))).stdin(Stdio::null()).kill_on_drop(true);
    let Ok(output) = timeout(RUN, command.output()).await else { bail!("--adopt still ran after {RUN:?}") };
    let output = output?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok(Ended { good: output.status.success(), text })
}

async fn refused(ground: &Ground, kubeconfig: Option<&OsStr>, words: &str) -> Result<()> {
    let ended = adopt(ground, kubeconfig, FILTER).await?;
    ensure!(!ended.good && ended.text.contains(words), "{kubeconfig:?} was not refused for {words:?}:\n{}", ended.text);
    Ok(())
}

pub(crate) async fn foreign_cluster(ground: &Ground) -> Result<()> {
    let own = ground.cluster.admin_kubeconfig();
    refused(ground, None, "set KUBECONFIG").await?;
    refused(ground, Some(OsStr::new("")), "set KUBECONFIG").await?;
    let two = std::env::join_paths([own, own])?;
    refused(ground, Some(&two), "must name one file").await?;
    refused(ground, Some(OsStr::new("/no/such/kubeconfig")), "/no/such/kubeconfig").await?;
    // Here the manifests are applied already.
    refused(ground, Some(own.as_os_str()), "namespace/self-healing, ").await?;

    let foreign = Cluster::start(Options::default()).await?;
    furnish(&foreign).await?;
    let before = inventory(&foreign).await?;
    let ended = adopt(ground, Some(foreign.admin_kubeconfig().as_os_str()), FILTER).await?;
    ensure!(ended.good, "the run on an adopted cluster failed:\n{}", ended.text);
    for line in ["ok      pod failed", "ok      bare pod restarted", "2 passed, 0 failed"] {
        ensure!(ended.text.contains(line), "{line:?} is missing in:\n{}", ended.text);
    }
    for (name, needs) in [
        ("bare pod, kill -9", "audit log"),
        ("excluded pod", "audit log"),
        ("node silent, stock", "fake nodes"),
        ("API server killed", "to start or kill a control plane, and the API server's audit log"),
    ] {
        let named = |line: &&str| line.starts_with(&format!("not run {name}")) && line.contains(needs);
        ensure!(
            ended.text.lines().any(|line| named(&line)),
            "not run {name:?} … {needs:?} is missing:\n{}",
            ended.text
        );
    }
    let after = inventory(&foreign).await?;
    ensure!(after == before, "the run changed the cluster; before:\n{before:#?}\nafter:\n{after:#?}");
    Ok(())
}

/// Things of others, some of which a controller would love to heal.
async fn furnish(cluster: &Cluster) -> Result<()> {
    cluster.add_node(NodeSpec::named("theirs")).await?;
    cluster.add_node(NodeSpec::named("ill")).await?;
    let namespace = serde_json::from_value(json!({ "metadata": { "name": "shop-theirs" } }))?;
    Api::<Namespace>::all(cluster.admin()).create(&PostParams::default(), &namespace).await?;
    for namespace in ["shop-theirs", "default"] {
        let api = Api::<Deployment>::namespaced(cluster.admin(), namespace);
        api.create(&PostParams::default(), &deployment(namespace, "web", 2)?).await?;
        cluster.deployment_ready(namespace, "web", SOON).await?;
    }
    let pods = cluster.pods("shop-theirs", "app=web").await?;
    let failed = pods.first().context("no pod")?.name_any();
    cluster.crash_loop("shop-theirs", &failed, 99).await?;
    cluster.set_condition("ill", "Ready", "False", "KubeletNotReady").await?;
    merge(&cluster.nodes(), "ill", json!({ "spec": { "unschedulable": true } })).await
}

/// What there is, and what somebody could have done to it.
async fn inventory(cluster: &Cluster) -> Result<Vec<String>> {
    let (admin, all) = (cluster.admin(), ListParams::default());
    let mut found = Vec::new();
    for node in Api::<Node>::all(admin.clone()).list(&all).await? {
        let marks = crate::objects::marks(&node);
        found.push(format!("node {} {:?} cordoned {} {marks:?}", node.name_any(), node.uid(), is_cordoned(&node)));
    }
    for namespace in Api::<Namespace>::all(admin.clone()).list(&all).await? {
        let going = namespace.metadata.deletion_timestamp.is_some();
        found.push(format!("namespace {} going {going}", namespace.name_any()));
    }
    for pod in Api::<Pod>::all(admin).list(&all).await? {
        let going = pod.metadata.deletion_timestamp.is_some();
        found.push(format!("pod {:?}/{} {:?} going {going}", pod.namespace(), pod.name_any(), pod.uid()));
    }
    for file in FILES {
        let path = Path::new(MANIFESTS).join(file).display().to_string();
        let output = cluster.kubectl(&["get", "-f", &path, "--ignore-not-found", "-o", "name"]).await?;
        found.push(format!("{file}: {}", String::from_utf8_lossy(&output.stdout)));
    }
    Ok(found)
}
