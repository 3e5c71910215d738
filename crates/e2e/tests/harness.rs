//! The harness itself, on real control planes: what the scenarios rely on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::pods::{BEHAVIOUR, deployment};
use self_healing_e2e::wait::{wait_for, wait_for_all};
use self_healing_e2e::{Answer, Cluster, NodeSpec, Options, audit};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

async fn create(cluster: &Cluster, deployment: &Deployment) -> Result<()> {
    let namespace = deployment.namespace().unwrap_or_default();
    Api::namespaced(cluster.admin(), &namespace).create(&PostParams::default(), deployment).await?;
    cluster.deployment_ready(&namespace, &deployment.name_any(), MINUTE).await.map(drop)
}

/// A quick cluster with the nodes `n1` and `n2`: silence is noticed after eight seconds instead of fifty.
async fn two_nodes() -> Result<Cluster> {
    let options = Options { node_monitor_grace_period: Some(Duration::from_secs(8)), ..Options::default() };
    let cluster = Cluster::start(options).await?;
    for name in ["n1", "n2"] {
        cluster.add_node(NodeSpec::named(name).zone("a")).await?;
    }
    Ok(cluster)
}

fn pids(cluster: &Cluster) -> Result<Vec<u32>> {
    let processes =
        [cluster.etcd()?, cluster.apiserver()?, cluster.controller_manager()?, cluster.scheduler()?, cluster.kwok()?];
    Ok(processes.iter().map(|process| process.pid()).collect())
}

#[tokio::test]
async fn a_silent_node_becomes_unknown_and_comes_back() -> Result<()> {
    let cluster = two_nodes().await?;
    create(&cluster, &deployment("default", "web", 2)?).await?;

    let start = Instant::now();
    cluster.silence("n1", Answer::Nothing).await?;
    cluster.node_becomes("n1", "Ready", "Unknown", MINUTE).await?;
    ensure!(start.elapsed() < Duration::from_secs(20), "the shortened grace period took {:?}", start.elapsed());
    cluster.node_becomes("n2", "Ready", "True", MINUTE).await?;

    // Nobody ends the containers of a silent node: a deleted pod stays until the node is back.
    let on_n1 = |pod: &&Pod| pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some("n1");
    let pods = cluster.pods("default", "app=web").await?;
    let stuck = pods.iter().find(on_n1).context("the scheduler put no pod on n1")?.name_any();
    let api = cluster.pod_api("default");
    api.delete(&stuck, &DeleteParams::default()).await?;
    create(&cluster, &deployment("default", "later", 1)?).await?;
    ensure!(api.get(&stuck).await?.metadata.deletion_timestamp.is_some());

    cluster.wake("n1").await?;
    wait_for(&api, &stuck, "the deleted pod to go", MINUTE, |pod| pod.is_none()).await?;
    let node = cluster.node_becomes("n1", "Ready", "True", MINUTE).await?;
    let port = node.status.and_then(|status| status.daemon_endpoints?.kubelet_endpoint).map(|endpoint| endpoint.port);
    ensure!(port.is_some_and(|port| port != 0), "the kubelet's port did not survive kwok: {port:?}");
    // The pod that the controller-manager had marked is ready again, and the deleted one has a successor.
    cluster.deployment_ready("default", "web", MINUTE).await?;
    Ok(())
}

#[tokio::test]
async fn servers_can_be_paused_killed_and_restarted() -> Result<()> {
    let cluster = two_nodes().await?;
    cluster.apiserver()?.pause()?;
    let paused = tokio::time::timeout(Duration::from_secs(1), cluster.admin().apiserver_version()).await;
    ensure!(paused.is_err(), "a paused API server answered: {paused:?}");
    cluster.apiserver()?.resume()?;
    ensure!(cluster.admin().apiserver_version().await?.minor == "37");

    let before = cluster.controller_manager()?.pid();
    cluster.controller_manager()?.restart().await?;
    ensure!(cluster.controller_manager()?.pid() != before);
    create(&cluster, &deployment("default", "after-restart", 2)?).await?;

    cluster.etcd()?.restart().await?;
    cluster.apiserver()?.restart().await?;
    let pods = cluster.pod_api("default");
    let label = ListParams::default().labels("app=after-restart");
    wait_for_all(&pods, &label, "two pods after the restart of etcd", MINUTE, |pods: &[Pod]| pods.len() == 2).await?;
    Ok(())
}

#[tokio::test]
async fn two_clusters_live_side_by_side_and_end_with_their_owners() -> Result<()> {
    let (one, other) = tokio::try_join!(two_nodes(), Cluster::start(Options::default()))?;
    ensure!(one.nodes().list(&ListParams::default()).await?.items.len() == 2);
    ensure!(other.nodes().list(&ListParams::default()).await?.items.is_empty());

    let (one_pids, other_pids) = (pids(&one)?, pids(&other)?);
    let dir = one.dir().to_owned();
    drop(one);
    ensure!(
        one_pids.iter().all(|pid| !Path::new("/proc").join(pid.to_string()).exists()),
        "a process outlived its cluster"
    );
    ensure!(!dir.exists(), "{} outlived its cluster", dir.display());
    ensure!(other_pids.iter().all(|pid| Path::new("/proc").join(pid.to_string()).exists()));
    other.admin().apiserver_version().await?;
    Ok(())
}

#[tokio::test]
async fn pods_fail_as_told_and_stay_so() -> Result<()> {
    let cluster = two_nodes().await?;
    create(&cluster, &deployment("default", "web", 4)?).await?;
    let names: Vec<String> = cluster.pods("default", "app=web").await?.iter().map(ResourceExt::name_any).collect();
    let [failed, crashing, pulling, unready] = names.as_slice() else { anyhow::bail!("four pods expected: {names:?}") };
    cluster.fail("default", failed).await?;
    cluster.crash_loop("default", crashing, 7).await?;
    cluster.waits("default", pulling, "ImagePullBackOff").await?;
    cluster.not_ready("default", unready).await?;
    cluster.set_condition("n1", "KernelDeadlock", "True", "AUFSUmountHung").await?;
    cluster.set_condition("n2", "Ready", "False", "KubeletNotReady").await?;

    // A pod that is created now is started by kwok after it has seen all of the above.
    create(&cluster, &deployment("default", "later", 1)?).await?;
    let look = async |name: &str| -> Result<String> {
        let pod = serde_json::to_value(cluster.pod_api("default").get(name).await?)?;
        let status = &pod["status"];
        Ok(format!("{} {}", status["phase"], status["containerStatuses"][0]))
    };
    ensure!(look(failed).await?.contains("\"Failed\""));
    ensure!(look(crashing).await?.contains("\"restartCount\":7"));
    ensure!(look(pulling).await?.contains("ImagePullBackOff"));
    ensure!(look(unready).await?.contains("\"ready\":false"));
    cluster.node_becomes("n1", "KernelDeadlock", "True", MINUTE).await?;
    cluster.node_becomes("n2", "Ready", "False", MINUTE).await?;

    cluster.make_ready("default", crashing).await?;
    cluster.release_node("n2").await?;
    cluster.node_becomes("n2", "Ready", "True", MINUTE).await?;

    // A deleted pod goes although it is held, and one with a finalizer stays until that is taken off.
    let api = cluster.pod_api("default");
    let finalizer = json!({ "metadata": { "finalizers": ["e2e.self-healing.dev/stay"] } });
    api.patch(pulling, &PatchParams::default(), &Patch::Merge(finalizer)).await?;
    for name in [pulling, unready] {
        api.delete(name, &DeleteParams::default()).await?;
    }
    wait_for(&api, unready, "the held pod to go", MINUTE, |pod| pod.is_none()).await?;
    ensure!(api.get(pulling).await?.metadata.deletion_timestamp.is_some());
    let none = json!({ "metadata": { "finalizers": null } });
    api.patch(pulling, &PatchParams::default(), &Patch::Merge(none)).await?;
    wait_for(&api, pulling, "the pod without its finalizer to go", MINUTE, |pod| pod.is_none()).await?;
    Ok(())
}

#[tokio::test]
async fn a_bad_template_makes_bad_pods() -> Result<()> {
    let cluster = two_nodes().await?;
    for behaviour in ["crash-loop", "image-pull-backoff"] {
        let mut bad = deployment("default", behaviour, 1)?;
        let template = &mut bad.spec.as_mut().expect("deployment() sets a spec").template;
        let annotations = &mut template.metadata.get_or_insert_default().annotations;
        annotations.get_or_insert_default().insert(BEHAVIOUR.into(), behaviour.into());
        Api::namespaced(cluster.admin(), "default").create(&PostParams::default(), &bad).await?;
    }
    let reason = |pod: &Pod| {
        let state = pod.status.as_ref()?.container_statuses.as_ref()?.first()?.state.as_ref()?;
        let ended = state.terminated.as_ref().and_then(|ended| ended.reason.clone());
        ended.or_else(|| state.waiting.as_ref()?.reason.clone())
    };
    let bad = |pods: &[Pod]| {
        let reasons: Vec<String> = pods.iter().filter_map(reason).collect();
        reasons.contains(&"Error".to_owned()) && reasons.contains(&"ImagePullBackOff".to_owned())
    };
    wait_for_all(&cluster.pod_api("default"), &ListParams::default(), "two bad pods", MINUTE, bad).await?;
    Ok(())
}

#[tokio::test]
async fn a_service_account_acts_with_its_own_rights_and_leaves_a_trail() -> Result<()> {
    let cluster = Cluster::start(Options::default()).await?;
    let admin = cluster.admin();
    let account = ServiceAccount { metadata: named("reader"), ..ServiceAccount::default() };
    Api::namespaced(admin.clone(), "default").create(&PostParams::default(), &account).await?;
    let role: ClusterRole = serde_json::from_value(json!({
        "metadata": { "name": "reader" }, "rules": [{ "apiGroups": [""], "resources": ["nodes"], "verbs": ["list"] }],
    }))?;
    Api::all(admin.clone()).create(&PostParams::default(), &role).await?;
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": { "name": "reader" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader" },
        "subjects": [{ "kind": "ServiceAccount", "namespace": "default", "name": "reader" }],
    }))?;
    Api::all(admin).create(&PostParams::default(), &binding).await?;

    let kubeconfig = cluster.service_account_kubeconfig("default", "reader").await?;
    let kubeconfig = kubeconfig.display().to_string();
    cluster.kubectl(&["--kubeconfig", &kubeconfig, "get", "nodes"]).await?;
    let refused = cluster.kubectl(&["--kubeconfig", &kubeconfig, "get", "pods"]).await.unwrap_err();
    ensure!(format!("{refused:#}").contains("forbidden"), "{refused:#}");

    let used = audit::used_by(&cluster.audit_log()?, "system:serviceaccount:default:reader")?;
    let used: Vec<_> = used.iter().map(|used| (used.verb.as_str(), used.resource.as_str(), used.allowed)).collect();
    ensure!(used == [("list", "nodes", true), ("list", "pods", false)], "{used:?}");
    Ok(())
}

fn named(name: &str) -> kube::api::ObjectMeta {
    kube::api::ObjectMeta { name: Some(name.into()), ..Default::default() }
}
