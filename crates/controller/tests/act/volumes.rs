//! Volumes that are attached keep the machine of a drained node.

use crate::providers::{Shelf, capi};
use self_healing_core::machine::MachineState;
use serde_json::{Value, json};

const ATTACHMENTS: &str = "/apis/storage.k8s.io/v1/volumeattachments";

fn attachment(name: &str, node: &str, source: &Value) -> (String, Value) {
    let spec = json!({"attacher": "csi.example.com", "nodeName": node, "source": source});
    (format!("{ATTACHMENTS}/{name}"), json!({"metadata": {"name": name}, "spec": spec}))
}

fn attached(name: &str, node: &str, volume: &str) -> (String, Value) {
    attachment(name, node, &json!({"persistentVolumeName": volume}))
}

fn pod(name: &str, owner: &str, volumes: &Value) -> (String, Value) {
    let owners = json!([{"kind": owner, "name": "owner", "uid": "uid-owner", "controller": true}]);
    let metadata = json!({"name": name, "namespace": "shop", "ownerReferences": owners});
    (format!("/api/v1/pods/{name}"), json!({"metadata": metadata, "spec": {"volumes": volumes}}))
}

fn claim(name: &str, volume: &str) -> (String, Value) {
    let path = format!("/api/v1/namespaces/shop/persistentvolumeclaims/{name}");
    (path, json!({"metadata": {"name": name}, "spec": {"volumeName": volume}}))
}

async fn look(objects: impl IntoIterator<Item = (String, Value)>) -> MachineState {
    let shelf = objects.into_iter().fold(capi(), |shelf: Shelf, (path, object)| shelf.with(&path, object));
    shelf.look_drained().await.state
}

#[tokio::test]
async fn volumes_that_are_attached_keep_the_machine_and_are_named() {
    let inline = attachment("csi-2", "worker-1", &json!({"inlineVolumeSpec": {}}));
    let state = look([attached("csi-1", "worker-1", "data-1"), inline]).await;
    assert_eq!(state, MachineState::Attached(vec!["csi-2".to_owned(), "data-1".to_owned()]));
}

#[tokio::test]
async fn volumes_of_other_nodes_keep_nothing() {
    let state = look([attached("csi-1", "worker-2", "data-1")]).await;
    assert!(matches!(state, MachineState::Ready { .. }), "{state:?}");
}

#[tokio::test]
async fn volumes_of_a_daemon_sets_pods_stay_until_the_node_goes() {
    let mounts =
        json!([{"name": "logs", "persistentVolumeClaim": {"claimName": "logs"}}, {"name": "tmp", "ephemeral": {}}]);
    let of_daemon_set = [
        pod("agent", "DaemonSet", &mounts),
        claim("logs", "data-1"),
        claim("agent-tmp", "data-2"),
        attached("csi-1", "worker-1", "data-1"),
        attached("csi-2", "worker-1", "data-2"),
    ];
    let state = look(of_daemon_set.clone()).await;
    assert!(matches!(state, MachineState::Ready { .. }), "{state:?}");
    let of_another = of_daemon_set.into_iter().map(|(path, mut object)| {
        if path.ends_with("/agent") {
            object["metadata"]["ownerReferences"][0]["kind"] = json!("ReplicaSet");
        }
        (path, object)
    });
    let state = look(of_another).await;
    assert_eq!(state, MachineState::Attached(vec!["data-1".to_owned(), "data-2".to_owned()]));
}
