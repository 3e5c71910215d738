//! What the API server refuses to the controller's own token although its roles allow it. That the controller itself is never refused
//! is what all other scenarios show: they run under the same policies.

use crate::controller::eventually;
use crate::ground::{Ground, OWN, SOON};
use crate::objects::merge;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::NodeSpec;
use serde_json::{Value, json};

/// Whoever sends a change that is only tried.
fn tried() -> PatchParams {
    PatchParams { dry_run: true, ..PatchParams::default() }
}

/// A patch, and words of the refusal; none where it is to be taken.
type Case = (Value, Option<&'static str>);

fn refused(patch: Value, words: &'static str) -> Case {
    (patch, Some(words))
}

fn taken(patch: Value) -> Case {
    (patch, None)
}

fn judge<T>(what: &str, answer: kube::Result<T>, words: Option<&str>) -> Result<()> {
    match (answer, words) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some(words)) => anyhow::bail!("{what} was taken, in place of {words:?}"),
        (Err(kube::Error::Api(status)), Some(words)) => {
            let plain = status.message.contains("denied request: self-healing-controller may ");
            ensure!(status.code == 403 && plain && status.message.contains(words), "{what}: {}", status.message);
            Ok(())
        }
        (Err(error), _) => Err(error).with_context(|| what.to_owned()),
    }
}

pub(crate) async fn refusals(ground: &Ground) -> Result<()> {
    let namespace = ground.web(1, 2).await?;
    let token = ground.cluster.service_account_client(OWN, "self-healing-sa").await?;
    let nodes = Api::<Node>::all(token.clone());
    let by_hand = json!({ "metadata": { "labels": { "team": "db" }, "annotations": { "note": "a person's" } } });
    merge(&ground.cluster.nodes(), "n1", by_hand).await?;
    // A policy holds a moment after it was stored.
    let labelled = json!({ "metadata": { "labels": { "team": "web" } } });
    eventually("the policies to hold", SOON, async || {
        let answer = nodes.patch("n1", &tried(), &Patch::Merge(&labelled)).await;
        Ok(judge("a label", answer, Some("may change no label of a node")).ok())
    })
    .await?;
    on_a_node(ground, &nodes).await?;
    on_a_node_of_somebody_else(ground, &nodes).await?;
    on_a_workload(ground, &token, &namespace).await?;
    on_a_service(ground, &token, &namespace).await?;
    on_pods(ground, &token, &namespace).await
}

async fn all(name: &str, nodes: &Api<Node>, cases: Vec<Case>) -> Result<()> {
    for (patch, words) in cases {
        judge(&patch.to_string(), nodes.patch(name, &tried(), &Patch::Merge(&patch)).await, words)?;
    }
    Ok(())
}

async fn on_a_node(ground: &Ground, nodes: &Api<Node>) -> Result<()> {
    let node = ground.cluster.nodes().get("n1").await?;
    let known = node.spec.and_then(|spec| spec.taints).unwrap_or_default();
    let taints = |more: Value| {
        let mut all = json!(known);
        if let Some(all) = all.as_array_mut() {
            all.push(more);
        }
        json!({ "spec": { "taints": all } })
    };
    let with = |mut patch: Value, annotations: Value| {
        patch["metadata"]["annotations"] = annotations;
        patch
    };
    let suspect = |effect: &str| json!({ "key": "self-healing.dev/suspect", "value": "r1", "effect": effect });
    let off = json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" });
    let cordon = json!({ "spec": { "unschedulable": true } });
    let cordoned = json!({ "self-healing.dev/owner": "r1", "self-healing.dev/original-unschedulable": "false" });
    let excluded =
        json!({ "metadata": { "labels": { "node.kubernetes.io/exclude-from-external-load-balancers": "true" } } });
    let cases = vec![
        refused(
            json!({ "metadata": { "labels": { "team": null } } }),
            "no label of a node but node.kubernetes.io/exclude-from-external-load-balancers: team",
        ),
        refused(
            json!({ "metadata": { "annotations": { "note": "mine" } } }),
            "no annotation of a node but the marks beside its own changes: note",
        ),
        refused(
            json!({ "metadata": { "annotations": { "self-healing.dev/exclude": "true" } } }),
            "self-healing.dev/exclude",
        ),
        refused(
            taints(json!({ "key": "dedicated", "value": "db", "effect": "NoSchedule" })),
            "its own taints on a node only",
        ),
        refused(taints(suspect("NoExecute")), "with the effect PreferNoSchedule only"),
        refused(taints(off.clone()), "only with the Recovery that proved its machine to be off"),
        refused(cordon.clone(), "only with the name of the Recovery that does so"),
        refused(
            json!({ "spec": { "providerID": "other://machine" } }),
            "nothing in the spec of a node but taints and unschedulable",
        ),
        refused(json!({ "metadata": { "finalizers": ["example.com/keep"] } }), "finalizers or owners of a node"),
        taken(taints(suspect("PreferNoSchedule"))),
        taken(with(taints(off), json!({ "self-healing.dev/out-of-service": "r1" }))),
        taken(with(cordon, cordoned)),
        taken(excluded),
    ];
    all("n1", nodes, cases).await
}

/// On a node without pods, because such a taint ends them.
async fn on_a_node_of_somebody_else(ground: &Ground, nodes: &Api<Node>) -> Result<()> {
    ground.cluster.add_node(NodeSpec::named("n2")).await?;
    let admin = ground.cluster.nodes();
    let taint = |key: &str, value: &str, effect: &str| json!({ "key": key, "value": value, "effect": effect });
    let fence = taint("node.kubernetes.io/out-of-service", "nodeshutdown", "NoExecute");
    let tainted = |taints: Value| json!({ "spec": { "taints": taints } });
    merge(&admin, "n2", tainted(json!([taint("dedicated", "db", "NoSchedule")]))).await?;
    let words = "its own taints on a node only";
    let cases = vec![
        refused(tainted(json!([])), words),
        refused(tainted(json!([taint("dedicated", "web", "NoSchedule")])), words),
    ];
    all("n2", nodes, cases).await?;
    merge(&admin, "n2", tainted(json!([fence]))).await?;
    all("n2", nodes, vec![refused(tainted(json!([])), "may take only its own taint")]).await?;
    let fenced = |by: Value| json!({ "metadata": { "annotations": { "self-healing.dev/out-of-service": by } } });
    merge(&admin, "n2", fenced(json!("r1"))).await?;
    let mut back = fenced(Value::Null);
    back["spec"] = json!({ "taints": null });
    all("n2", nodes, vec![taken(back.clone())]).await?;
    merge(&admin, "n2", back).await?;

    merge(&admin, "n2", json!({ "spec": { "unschedulable": true } })).await?;
    let uncordon = json!({ "spec": { "unschedulable": false } });
    all("n2", nodes, vec![refused(uncordon.clone(), "may uncordon only what it has cordoned itself")]).await?;
    let ours = json!({ "self-healing.dev/owner": "r1", "self-healing.dev/original-unschedulable": "false" });
    merge(&admin, "n2", json!({ "metadata": { "annotations": ours } })).await?;
    all("n2", nodes, vec![taken(uncordon)]).await
}

async fn on_a_workload(ground: &Ground, token: &kube::Client, namespace: &str) -> Result<()> {
    let workloads = Api::<Deployment>::namespaced(token.clone(), namespace);
    let template = |template: Value| json!({ "spec": { "template": template } });
    let name = workloads.get("web").await?.spec.and_then(|spec| spec.template.spec);
    let container = name.and_then(|spec| spec.containers.into_iter().next()).context("no container")?.name;
    // A strategic patch changes one container of the list.
    let image = template(json!({ "spec": { "containers": [{ "name": container, "image": "evil:1" }] } }));
    let allowed = json!({ "metadata": { "annotations": { "self-healing.dev/auto-rollback": "true" } } });
    let scaled = json!({
        "metadata": { "annotations": {
            "self-healing.dev/owner": "r1", "self-healing.dev/original-replicas": "2", "self-healing.dev/scaled-replicas": "3",
        } },
        "spec": { "replicas": 3 },
    });
    let restart =
        json!({ "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z", "self-healing.dev/restarted-by": "r1" });
    let pod = "may change in the pod template of a workload only the annotation kubectl.kubernetes.io/restartedAt";
    let cases = vec![
        refused(image.clone(), pod),
        refused(template(json!({ "metadata": { "annotations": { "note": "mine" } } })), pod),
        refused(template(json!({ "spec": { "serviceAccountName": "admin" } })), pod),
        refused(allowed.clone(), "self-healing.dev/auto-rollback"),
        refused(json!({ "metadata": { "labels": { "app": "other" } } }), "may change no label of a workload"),
        refused(json!({ "spec": { "paused": true } }), "only replicas and template"),
        taken(scaled),
        taken(template(json!({ "metadata": { "annotations": restart.clone() } }))),
    ];
    let attempt = |patch: Value| {
        let workloads = workloads.clone();
        async move { workloads.patch("web", &tried(), &Patch::Strategic(&patch)).await }
    };
    for (patch, words) in cases {
        judge(&patch.to_string(), attempt(patch).await, words)?;
    }
    // The API server itself counts in an annotation how often the template of a DaemonSet was changed.
    let labels = json!({ "app": "agent" });
    let agent: DaemonSet = serde_json::from_value(json!({
        "metadata": { "name": "agent" },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "a", "image": "a" }] } },
        },
    }))?;
    Api::<DaemonSet>::namespaced(ground.cluster.admin(), namespace).create(&PostParams::default(), &agent).await?;
    let agents = Api::<DaemonSet>::namespaced(token.clone(), namespace);
    let again = template(json!({ "metadata": { "annotations": restart } }));
    judge("a restart of a DaemonSet", agents.patch("agent", &tried(), &Patch::Merge(&again)).await, None)?;
    // Whoever runs the Deployment allows it.
    merge(&Api::<Deployment>::namespaced(ground.cluster.admin(), namespace), "web", allowed).await?;
    judge("a rollback", attempt(image).await, None)
}

async fn on_a_service(ground: &Ground, token: &kube::Client, namespace: &str) -> Result<()> {
    let service: Service = serde_json::from_value(json!({
        "metadata": { "name": "web", "labels": { "app": "web" } },
        "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80 }] },
    }))?;
    Api::<Service>::namespaced(ground.cluster.admin(), namespace).create(&PostParams::default(), &service).await?;
    let services = Api::<Service>::namespaced(token.clone(), namespace);
    let switch = json!({ "spec": { "selector": { "app": "standby" } } });
    let mut marked = switch.clone();
    marked["metadata"]["annotations"] = json!({
        "self-healing.dev/owner": "r1",
        "self-healing.dev/original-selector": r#"{"app":"web"}"#,
        "self-healing.dev/switched-selector": r#"{"app":"standby"}"#,
    });
    let cases = [
        refused(switch, "may change the selector of a Service only with the original one beside it"),
        refused(
            json!({ "spec": { "externalIPs": ["192.0.2.1"] } }),
            "may change in the spec of a Service only the selector",
        ),
        refused(
            json!({ "metadata": { "annotations": { "self-healing.dev/failover-selector": "app=evil" } } }),
            "self-healing.dev/failover-selector",
        ),
        refused(json!({ "metadata": { "labels": { "app": "other" } } }), "may change no label of a Service: app"),
        taken(marked),
    ];
    for (patch, words) in cases {
        judge(&patch.to_string(), services.patch("web", &tried(), &Patch::Merge(&patch)).await, words)?;
    }
    Ok(())
}

async fn on_pods(ground: &Ground, token: &kube::Client, namespace: &str) -> Result<()> {
    let pods = Api::<Pod>::namespaced(token.clone(), namespace);
    let [running, ended] = ground.pods(namespace, "web").await?.try_into().ok().context("not two pods")?;
    let (running, ended) = (running.name_any(), ended.name_any());
    let within = |grace: Option<u32>| {
        let params = DeleteParams { dry_run: true, ..DeleteParams::default() };
        grace.map_or(params.clone(), |seconds| DeleteParams { grace_period_seconds: Some(seconds), ..params })
    };
    judge("a delete by force", pods.delete(&running, &within(Some(0))).await, Some("may delete no pod by force"))?;
    for grace in [None, Some(1)] {
        judge("a delete", pods.delete(&running, &within(grace)).await, None)?;
    }
    let evict = async |grace: Option<u32>| -> kube::Result<Value> {
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": running, "namespace": namespace },
            "deleteOptions": { "gracePeriodSeconds": grace },
        });
        let params = PostParams { dry_run: true, ..PostParams::default() };
        pods.create_subresource("eviction", &running, &params, &eviction).await
    };
    judge("an eviction by force", evict(Some(0)).await, Some("may evict no pod by force"))?;
    judge("an eviction", evict(None).await, None)?;
    // What has ended goes at once, whatever was asked for.
    ground.cluster.fail(namespace, &ended).await?;
    judge("a delete of a pod that has ended", pods.delete(&ended, &within(None)).await, None)?;
    let pending = json!({
        "metadata": { "name": "pending" },
        "spec": { "nodeSelector": { "nowhere": "true" }, "containers": [{ "name": "a", "image": "a" }] },
    });
    ground.cluster.pod_api(namespace).create(&PostParams::default(), &serde_json::from_value(pending)?).await?;
    judge("a delete of a pod that no node has", pods.delete("pending", &within(None)).await, None)
}
