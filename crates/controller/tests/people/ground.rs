//! The embedded cluster over a real socket, and the program as a shell runs it against that.

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

pub(crate) const RECOVERIES: &str = "recoveries.self-healing.dev";

pub(crate) struct Ground {
    pub(crate) hand: Hand,
    kubeconfig: PathBuf,
    _server: Server,
}

impl Drop for Ground {
    fn drop(&mut self) {
        // It is one of many in the temporary folder.
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}

pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ground {
    /// The installed manifests, a pod in trouble, and a Recovery of it that waits for approval.
    pub(crate) fn new(name: &str) -> Self {
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
    pub(crate) async fn run(&self, called: &'static str, words: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"));
        command.arg0(called).args(words).arg("--kubeconfig").arg(&self.kubeconfig);
        command.env_remove("KUBECONFIG").env_remove("POD_NAMESPACE").env("USER", "ada");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub(crate) async fn plugin(&self, words: &[&str]) -> Said {
        self.run("kubectl-heal", words).await
    }

    pub(crate) fn annotation(&self, key: &str) -> Value {
        self.hand.get(RECOVERIES, NAMESPACE, "pod-failed-1").unwrap()["metadata"]["annotations"][key].clone()
    }

    pub(crate) fn paused(&self) -> Value {
        self.hand.get("configmaps", NAMESPACE, CONFIG_MAP).unwrap()["data"]["paused"].clone()
    }
}
