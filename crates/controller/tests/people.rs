//! The commands for people, as a shell sees them, on the embedded cluster over a real socket.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

use self_healing_controller::manifests::{self, CONFIG_MAP, NAMESPACE};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::http::Server;
use self_healing_sim::service::ApiService;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

const RECOVERIES: &str = "recoveries.self-healing.dev";

struct Ground {
    hand: Hand,
    kubeconfig: PathBuf,
    _server: Server,
}

impl Drop for Ground {
    fn drop(&mut self) {
        // It is one of many in the temporary folder.
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ground {
    /// The installed manifests, a pod in trouble, and a Recovery of it that waits for approval.
    fn new(name: &str) -> Self {
        let cluster = Cluster::new(jiff::Timestamp::now());
        let hand = Hand::new(&cluster, User::admin("person"));
        for object in manifests::objects(manifests::Options::default()).unwrap() {
            let (resource, namespace) = match object["kind"].as_str().unwrap() {
                "Namespace" => ("namespaces", ""),
                "CustomResourceDefinition" => ("customresourcedefinitions.apiextensions.k8s.io", ""),
                "ConfigMap" => ("configmaps", NAMESPACE),
                _ => continue,
            };
            hand.create(resource, namespace, &object).unwrap();
        }
        hand.create("namespaces", "", &json!({ "metadata": { "name": "shop" } })).unwrap();
        let spec = json!({ "containers": [{ "name": "web", "image": "web:1" }] });
        let pod = hand.create("pods", "shop", &json!({ "metadata": { "name": "web-1" }, "spec": spec })).unwrap();
        let target = json!({ "kind": "Pod", "namespace": "shop", "name": "web-1", "uid": pod["metadata"]["uid"] });
        let now = jiff::Timestamp::now().to_string();
        let record = json!({
            "metadata": { "name": "pod-failed-1" },
            "spec": {
                "type": "pod_failure", "action": "pod_recovery", "cause": "Failed", "severity": "medium",
                "strategy": "restart", "mode": "Approve", "target": target, "workload": target, "policy": "",
                "description": "pod is in phase Failed", "firstSeen": now, "detectedAt": now,
                "similarFailures": 0, "reasons": ["because"],
            },
        });
        hand.create(RECOVERIES, NAMESPACE, &record).unwrap();
        let guard = json!({ "name": "Mode", "result": "Hold", "reason": "mode is Approve", "since": now });
        let status = json!({ "status": { "phase": "AwaitingApproval", "guards": [guard] } });
        hand.patch_status(RECOVERIES, NAMESPACE, "pod-failed-1", &status).unwrap();
        let service = ApiService::new(&cluster, User::admin("kubectl"));
        let server = Server::start(service, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let kubeconfig = std::env::temp_dir().join(format!("people-{name}-{}", std::process::id()));
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{ "name": "here", "cluster": { "server": server.url() } }],
            "users": [{ "name": "me", "user": {} }],
            "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "me", "namespace": "shop" } }],
        });
        std::fs::write(&kubeconfig, text.to_string()).unwrap();
        Self { hand, kubeconfig, _server: server }
    }

    /// Runs the program under the name `called`, off the thread that serves the cluster.
    async fn run(&self, called: &'static str, words: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"));
        command.arg0(called).args(words).arg("--kubeconfig").arg(&self.kubeconfig);
        command.env_remove("KUBECONFIG").env_remove("POD_NAMESPACE").env("USER", "ada");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    async fn plugin(&self, words: &[&str]) -> Said {
        self.run("kubectl-heal", words).await
    }

    fn annotation(&self, key: &str) -> Value {
        self.hand.get(RECOVERIES, NAMESPACE, "pod-failed-1").unwrap()["metadata"]["annotations"][key].clone()
    }

    fn paused(&self) -> Value {
        self.hand.get("configmaps", NAMESPACE, CONFIG_MAP).unwrap()["data"]["paused"].clone()
    }
}

#[tokio::test]
async fn explain_answers_with_a_status() {
    let ground = Ground::new("explain");
    let said = ground.run("self-healing-controller", &["explain", "pod/web-1"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    assert!(said.out.contains("pod-failed-1 waits for a person to approve it"), "{}", said.out);
    assert!(said.out.contains("Not asked of the running controller: nobody leads"), "{}", said.out);
    let said = ground.plugin(&["explain", "po", "web-1", "-n", "shop", "-o", "json"]).await;
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &answer["standing"]), (Some(0), &json!("AwaitingApproval")));
    let said = ground.plugin(&["explain", "pod/web-2"]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("did you mean web-1?"), "{}", said.out);
    for wrong in [&["explain"] as &[&str], &["explain", "web-1"], &["explain", "pod/web-1", "-o", "yaml"]] {
        let said = ground.plugin(wrong).await;
        assert_eq!((said.code, said.err.lines().count()), (Some(2), 1), "{}", said.err);
    }
}

#[tokio::test]
async fn a_person_approves_and_cancels_with_a_name() {
    let ground = Ground::new("orders");
    let said = ground.plugin(&["approve", "pod-failed-1", "--dry-run"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 approved (server dry run)\n"),
        "{}",
        said.err
    );
    assert_eq!(ground.annotation("self-healing.dev/approve"), Value::Null);
    let said = ground.plugin(&["approve", "pod-failed-1"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 approved\n"),
        "{}",
        said.err
    );
    assert_ne!(ground.annotation("self-healing.dev/approve"), Value::Null);
    let said = ground.plugin(&["cancel", "recovery/pod-failed-1"]).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "recovery.self-healing.dev/pod-failed-1 cancelled\n"),
        "{}",
        said.err
    );
    assert_ne!(ground.annotation("self-healing.dev/cancel"), Value::Null);
    let over = json!({ "status": { "phase": "Cancelled" } });
    ground.hand.patch_status(RECOVERIES, NAMESPACE, "pod-failed-1", &over).unwrap();
    let said = ground.plugin(&["approve", "pod-failed-1"]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("is Cancelled already: there is nothing to approve"), "{}", said.err);
    let said = ground.plugin(&["cancel", "nothing"]).await;
    assert_eq!((said.code, said.err.lines().count()), (Some(1), 1), "{}", said.err);
}

#[tokio::test]
async fn the_kill_switch_is_turned_and_shadowing_is_said() {
    let ground = Ground::new("switch");
    let said = ground.plugin(&["pause", "--dry-run"]).await;
    assert_eq!((said.code, ground.paused()), (Some(0), Value::Null), "{}", said.err);
    let said = ground.plugin(&["pause"]).await;
    assert_eq!((said.code, ground.paused(), said.err.as_str()), (Some(0), json!("true"), ""), "{}", said.out);
    let said = ground.plugin(&["status"]).await;
    assert!(said.out.contains("Paused   YES"), "{}", said.out);
    let container = json!({ "name": "controller", "image": "c", "env": [{ "name": "PAUSED", "value": "true" }] });
    let labels = json!({ "app": "c" });
    let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container] } });
    let deployment = json!({
        "metadata": { "name": manifests::NAME },
        "spec": { "selector": { "matchLabels": labels }, "template": template },
    });
    ground.hand.create("deployments.apps", NAMESPACE, &deployment).unwrap();
    let said = ground.plugin(&["resume"]).await;
    assert_eq!((said.code, ground.paused()), (Some(0), json!("false")));
    assert!(said.err.contains("warning: it has no effect: the environment variable PAUSED"), "{}", said.err);
}

#[tokio::test]
async fn status_fits_on_a_screen() {
    let ground = Ground::new("status");
    let said = ground.plugin(&["status"]).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    for words in ["Leader   nobody", "Mode     Enforce", "under way or held: 1", "Pod shop/web-1", "mode is Approve"] {
        assert!(said.out.contains(words), "{words:?} is not in\n{}", said.out);
    }
    let said = ground.plugin(&["status", "-o", "json"]).await;
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["active"][0]["held"]["name"], "Mode");
}

#[tokio::test]
async fn the_plugin_speaks_as_kubectl_heal() {
    let ground = Ground::new("plugin");
    let help = ground.plugin(&["status", "--help"]).await;
    assert!(help.out.contains("Usage: kubectl heal status"), "{}", help.out);
    let run = ground.plugin(&["run"]).await;
    assert_eq!(run.code, Some(2), "the plugin runs no controller: {}", run.err);
}
