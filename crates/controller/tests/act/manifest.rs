//! What is kept of a bare pod.

use crate::server::{Server, answer, pod_target};
use self_healing_core::effect::{Answer, Outcome, Verb};
use serde_json::{Value, json};

async fn saved(pod: Value) -> Value {
    let server = Server::start(move |_| answer(200, &pod)).await;
    let Outcome::Done(Answer::Pod(view)) = server.perform(Verb::LookAtPod(pod_target())).await else { panic!("a pod") };
    serde_json::from_str(&view.manifest.unwrap()).unwrap()
}

#[tokio::test]
async fn only_what_its_author_wrote_is_kept() {
    let token = "kube-api-access-x7k2p";
    let mount = json!({"name": token, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true});
    let data = json!({"name": "data", "mountPath": "/data"});
    let written = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"note": "mine"},
            "finalizers": ["example.com/hold"]},
        "spec": {
            "containers": [{"name": "web", "image": "web:1", "volumeMounts": [data]}],
            "initContainers": [{"name": "init", "image": "init:1"}],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "kube-api-access-mine", "emptyDir": {}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
            "priorityClassName": "high", "serviceAccountName": "web", "nodeSelector": {"disk": "ssd"},
        },
    });
    let mut stored = written.clone();
    stored["status"] = json!({"phase": "Failed"});
    let metadata = &mut stored["metadata"];
    metadata["uid"] = json!("uid-web-1");
    metadata["resourceVersion"] = json!("12");
    metadata["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    metadata["generation"] = json!(3);
    metadata["managedFields"] = json!([{"manager": "kubectl"}]);
    metadata["deletionTimestamp"] = json!("2026-01-01T00:01:00Z");
    metadata["deletionGracePeriodSeconds"] = json!(30);
    metadata["finalizers"] = json!(["example.com/hold", "foregroundDeletion"]);
    let spec = &mut stored["spec"];
    spec["nodeName"] = json!("worker-1");
    spec["priority"] = json!(1000);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["overhead"] = json!({"cpu": "100m"});
    spec["ephemeralContainers"] = json!([{"name": "debug"}]);
    spec["containers"][0]["volumeMounts"] = json!([data, mount]);
    spec["initContainers"][0]["volumeMounts"] = json!([mount]);
    spec["volumes"].as_array_mut().unwrap().push(json!({"name": token, "projected": {"sources": []}}));
    assert_eq!(saved(stored).await, written);
}
