//! What a person does with kubectl, on the embedded cluster.

#![allow(clippy::unwrap_used, clippy::panic)] // outside of #[test] functions too

use self_healing_sim::actor::{Actors, NodeSpec, Options};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::http::{Server, kubeconfig};
use self_healing_sim::service::ApiService;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::task::spawn_blocking;

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing");
const WEB: &str = r#"{ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": {
    "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": { "metadata": { "labels": { "app": "web" } },
    "spec": { "containers": [{ "name": "main", "image": "app:1", "env": [{ "name": "A", "value": "b" }] }] } } } }"#;
const RECOVERY: &str = r#"{ "apiVersion": "self-healing.dev/v1alpha1", "kind": "Recovery",
    "metadata": { "name": "one", "namespace": "self-healing" }, "spec": { "type": "pod_failure", "cause": "CrashLoop",
    "severity": "low", "strategy": "restart", "action": "pod_recovery", "mode": "Enforce", "target": { "kind": "Pod", "name": "web-1" } } }"#;

/// A cluster of two nodes that is served, and a folder for kubectl's files.
struct Ground {
    folder: PathBuf,
    _server: Server,
    _actors: Actors,
}

impl Ground {
    fn new(name: &str) -> Self {
        let cluster = Cluster::new(jiff::Timestamp::now());
        let actors = Actors::start(&cluster, &Options::default());
        for number in 1..=2 {
            actors.levers().add_node(NodeSpec::named(format!("node-{number}")));
        }
        let service = ApiService::new(&cluster, User::admin("person"));
        let server = Server::start(service, "127.0.0.1:0".parse().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("kubeconfig"), kubeconfig(server.url())).unwrap();
        Self { folder, _server: server, _actors: actors }
    }

    /// Writes a file of that name and gives its path.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// What kubectl prints, on whichever of its outputs, and whether it succeeds.
    async fn try_kubectl(&self, line: &str) -> (bool, String) {
        let mut command = Command::new("kubectl");
        command
            .arg("--kubeconfig")
            .arg(self.folder.join("kubeconfig"))
            .arg("--cache-dir")
            .arg(self.folder.join("cache"));
        command.args(line.split_whitespace());
        let output = spawn_blocking(move || command.output()).await.unwrap().unwrap_or_else(|error| {
            panic!("cannot run kubectl ({error}); install it (Debian: apt-get install kubernetes-client)")
        });
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.success(), text)
    }

    /// What kubectl prints when it succeeds.
    async fn kubectl(&self, line: &str) -> String {
        let (done, text) = self.try_kubectl(line).await;
        assert!(done, "kubectl {line}: {text}");
        text
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[track_caller]
fn shows(text: &str, words: &[&str]) {
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?} missing in:\n{text}");
}

#[tokio::test]
async fn a_workload_is_rolled_out_scaled_drained_and_deleted() {
    let ground = Ground::new("workload");
    ground.kubectl("wait --for=condition=Ready nodes --all --timeout=60s").await;
    let web = ground.file("web.json", WEB);
    shows(&ground.kubectl(&format!("apply -f {web}")).await, &["deployment.apps/web created"]);
    ground.kubectl("rollout status deployment/web --timeout=60s").await;
    shows(&ground.kubectl(&format!("apply -f {web}")).await, &["deployment.apps/web unchanged"]);
    let web = ground.file("web.json", &WEB.replace("app:1", "app:2").replace("\"b\"", "\"c\""));
    shows(&ground.kubectl(&format!("apply -f {web}")).await, &["deployment.apps/web configured"]);
    ground.kubectl("rollout status deployment/web --timeout=60s").await;
    shows(
        &ground.kubectl("describe deployment web").await,
        &["app:2", "A:", "c", "2 desired | 2 updated", "NewReplicaSetAvailable"],
    );
    ground.kubectl("scale deployment web --replicas=3").await;
    ground.kubectl("rollout status deployment/web --timeout=60s").await;
    shows(&ground.kubectl("get deployment web").await, &["READY", "UP-TO-DATE", "3/3"]);
    shows(&ground.kubectl("get pods -l app=web -o wide").await, &["Running", "RESTARTS", "node-1", "node-2"]);

    ground.kubectl("cordon node-1").await;
    shows(&ground.kubectl("get nodes").await, &["Ready,SchedulingDisabled", "node-2"]);
    shows(&ground.kubectl("drain node-1 --ignore-daemonsets --timeout=60s").await, &["evicted", "node/node-1 drained"]);
    ground.kubectl("uncordon node-1").await;
    ground.kubectl("taint node node-1 key=value:NoSchedule").await;
    shows(&ground.kubectl("describe node node-1").await, &["key=value:NoSchedule", "Ready", "HolderIdentity:  node-1"]);

    ground
        .kubectl("patch deployment web --type=json -p [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":3}]")
        .await;
    let (done, text) = ground
        .try_kubectl("patch deployment web --type=json -p [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":9}]")
        .await;
    assert!(!done && text.contains("the server rejected our request"), "{text}");
    ground.kubectl("delete deployment web --cascade=foreground --timeout=60s").await;
    ground.kubectl("wait --for=delete pods --all --timeout=60s").await;
    let (done, text) = ground.try_kubectl("get deployment web").await;
    assert!(!done && text.contains(r#"deployments.apps "web" not found"#), "{text}");
}

#[tokio::test]
async fn our_manifests_are_applied_and_recoveries_read_well() {
    let ground = Ground::new("manifests");
    ground.kubectl(&format!("apply -f {MANIFESTS}/rbac.yaml -f {MANIFESTS}/crds.yaml")).await;
    shows(
        &ground.kubectl(&format!("apply --server-side -f {MANIFESTS}")).await,
        &["deployment.apps/self-healing-controller serverside-applied"],
    );
    shows(&ground.kubectl(&format!("apply -f {MANIFESTS}/crds.yaml")).await, &["unchanged"]);
    let recovery = ground.file("recovery.json", RECOVERY);
    ground.kubectl(&format!("create -f {recovery}")).await;
    shows(
        &ground.kubectl("get nodes,pods,recoveries -A").await,
        &["node/node-1", "pod/self-healing-controller", "recovery.self-healing.dev/one", "CrashLoop", "STRATEGY"],
    );
    shows(
        &ground.kubectl("describe recovery one -n self-healing").await,
        &["API Version:  self-healing.dev/v1alpha1", "Cause:     CrashLoop", "web-1"],
    );
    shows(&ground.kubectl("explain recovery.spec.cause").await, &["Why the target counts as failed"]);
    let wrong = ground.file("wrong.json", &RECOVERY.replace("\"low\"", "\"mild\"").replace("\"one\"", "\"two\""));
    let (done, text) = ground.try_kubectl(&format!("create -f {wrong}")).await;
    assert!(!done && text.contains("spec.severity: Unsupported value: \"mild\""), "{text}");
    let (done, text) = ground.try_kubectl("get secrets --as system:serviceaccount:self-healing:self-healing-sa").await;
    assert!(!done && text.contains(r#"cannot list resource "secrets" in API group """#), "{text}");
    shows(
        &ground.kubectl("get pods -A --as system:serviceaccount:self-healing:self-healing-sa").await,
        &["self-healing-controller"],
    );
    ground.kubectl("delete namespace self-healing --timeout=60s").await;
    shows(&ground.kubectl("get recoveries -A").await, &["No resources found"]);
}
