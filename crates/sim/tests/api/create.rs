use super::{cluster, deployment, hand, pod, said};
use self_healing_sim::api::{DeleteOptions, User};
use self_healing_sim::hand::Hand;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn the_server_sets_what_is_its_own() {
    let mut sent = pod("a");
    sent["status"] = json!({ "phase": "Running" });
    sent["metadata"]["uid"] = "mine".into();
    sent["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z".into();
    let pod = hand().create("pods", "default", &sent).unwrap();
    let metadata = &pod["metadata"];
    assert_eq!(metadata["creationTimestamp"], "2030-01-01T00:00:00Z");
    assert_eq!((&metadata["generation"], &metadata["namespace"]), (&json!(1), &json!("default")));
    assert_ne!(metadata["uid"], "mine");
    assert!(metadata["deletionTimestamp"].is_null());
    assert_eq!(pod["status"], json!({ "phase": "Pending", "qosClass": "BestEffort" }));
    assert_eq!((&pod["apiVersion"], &pod["kind"]), (&json!("v1"), &json!("Pod")));
}

#[tokio::test(start_paused = true)]
async fn fields_have_the_defaults_of_the_real_server() {
    let hand = hand();
    let pod = hand.create("pods", "default", &pod("a")).unwrap();
    assert_eq!(
        (&pod["spec"]["restartPolicy"], &pod["spec"]["terminationGracePeriodSeconds"]),
        (&json!("Always"), &json!(30))
    );
    assert_eq!(pod["spec"]["tolerations"][1]["key"], "node.kubernetes.io/unreachable");
    assert_eq!(pod["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    let deployment = hand.create("deployments.apps", "default", &deployment("d")).unwrap();
    assert_eq!(
        (&deployment["spec"]["replicas"], &deployment["spec"]["template"]["spec"]["restartPolicy"]),
        (&json!(1), &json!("Always"))
    );
    let mut limited = super::pod("b");
    limited["spec"]["containers"][0]["resources"] = json!({ "limits": { "cpu": "1" } });
    limited["metadata"]["finalizers"] = json!([]);
    let limited = hand.create("pods", "default", &limited).unwrap();
    assert_eq!(limited["spec"]["containers"][0]["resources"]["requests"], json!({ "cpu": "1" }));
    assert!(limited["metadata"].get("finalizers").is_none(), "an empty list is none");
    let node = json!({ "metadata": { "name": "n" }, "status": { "capacity": { "cpu": "4" } } });
    let node = hand.create("nodes", "", &node).unwrap();
    assert_eq!(node["status"]["allocatable"]["cpu"], "4", "a kubelet registers with a status");
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/not-ready", "until it is ready");
}

#[tokio::test(start_paused = true)]
async fn names_are_made_up_the_same_in_each_run() {
    let names = || {
        let hand = hand();
        let mut sent = pod("");
        sent["metadata"] = json!({ "generateName": "web-" });
        let name = |_| hand.create("pods", "default", &sent).unwrap()["metadata"]["name"].as_str().unwrap().to_owned();
        (0..3).map(name).collect::<Vec<_>>()
    };
    let first = names();
    assert!(first.iter().all(|name| name.len() == 9 && name.starts_with("web-")), "{first:?}");
    assert_ne!(first[0], first[1]);
    assert_eq!(first, names());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_once() {
    let hand = hand();
    hand.create("pods", "default", &pod("a")).unwrap();
    let failure = hand.create("pods", "default", &pod("a")).unwrap_err();
    assert_eq!(failure.to_string(), r#"409 AlreadyExists: pods "a" already exists"#);
    assert_eq!(failure.details, json!({ "name": "a", "kind": "pods" }));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_being_deleted_still_has_its_name() {
    let hand = hand();
    hand.create("pods", "default", &super::scheduled("a")).unwrap();
    hand.delete("pods", "default", "a", &DeleteOptions::default()).unwrap();
    let failure = hand.create("pods", "default", &pod("a")).unwrap_err();
    assert_eq!(failure.message, r#"object is being deleted: pods "a" already exists"#);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_must_be_there_and_stay() {
    let hand = hand();
    let failure = hand.create("pods", "shop", &pod("a")).unwrap_err();
    assert_eq!(failure.to_string(), r#"404 NotFound: namespaces "shop" not found"#);
    hand.create("namespaces", "", &json!({ "metadata": { "name": "shop" } })).unwrap();
    hand.create("pods", "shop", &pod("a")).unwrap();
    let ending = hand.delete("namespaces", "", "shop", &DeleteOptions::default()).unwrap();
    assert_eq!(ending["status"]["phase"], "Terminating");
    let failure = hand.create("pods", "shop", &pod("b")).unwrap_err();
    assert_eq!(said(&failure), (403, "Forbidden", vec!["metadata.namespace"]));
    assert_eq!(failure.details["causes"][0]["reason"], "NamespaceTerminating");
    let last = json!({ "metadata": { "name": "shop" }, "spec": { "finalizers": [] } });
    hand.update_part("namespaces", "", "finalize", &last).unwrap();
    assert_eq!(hand.get("namespaces", "", "shop").unwrap_err().code, 404);
}

#[tokio::test(start_paused = true)]
async fn the_namespaces_that_every_cluster_has_are_there() {
    let hand = hand();
    assert_eq!(hand.list("namespaces", "").len(), 4);
    let failure = hand.delete("namespaces", "", "default", &DeleteOptions::default()).unwrap_err();
    assert_eq!((failure.code, failure.reason), (403, "Forbidden"));
}

#[tokio::test(start_paused = true)]
async fn wrong_fields_are_named() {
    let hand = hand();
    let wrong = |sent| hand.create("pods", "default", &sent).unwrap_err();
    assert_eq!(said(&wrong(pod("A_"))), (422, "Invalid", vec!["metadata.name"]));
    assert_eq!(said(&wrong(json!({ "spec": {} }))), (422, "Invalid", vec!["metadata.name", "spec.containers"]));
    let mut labelled = pod("a");
    labelled["metadata"]["labels"] = json!({ "a b": "c d" });
    labelled["metadata"]["ownerReferences"] = json!([{ "apiVersion": "v1", "kind": "Node", "name": "n" }]);
    let fields = vec!["metadata.labels", "metadata.labels", "metadata.ownerReferences[0].uid"];
    assert_eq!(said(&wrong(labelled)), (422, "Invalid", fields));
    let mut other = pod("a");
    other["metadata"]["namespace"] = "other".into();
    assert_eq!((wrong(other.clone()).code, wrong(other).reason), (400, "BadRequest"));
    let mut deployment = deployment("d");
    deployment["spec"]["selector"]["matchLabels"]["app"] = "shop".into();
    let failure = hand.create("deployments.apps", "default", &deployment).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["spec.template.metadata.labels"]));
    assert_eq!(failure.details["group"], "apps");
}

#[tokio::test(start_paused = true)]
async fn what_is_new_has_no_version() {
    let mut known = pod("a");
    known["metadata"]["resourceVersion"] = "5".into();
    let failure = hand().create("pods", "default", &known).unwrap_err();
    assert_eq!(failure.to_string(), "500 : resourceVersion should not be set on objects to be created");
}

#[tokio::test(start_paused = true)]
async fn a_commit_tells_who_asked_for_what() {
    let cluster = cluster();
    let hand = Hand::new(&cluster, User::service_account("self-healing", "sa", "first"));
    let mut changes = hand.watch("pods");
    hand.create("pods", "default", &pod("a")).unwrap();
    let commit = changes.next().await.unwrap();
    assert_eq!((&*commit.origin.user, &*commit.origin.instance), ("system:serviceaccount:self-healing:sa", "first"));
    assert_eq!((commit.origin.verb, &*commit.origin.body), ("create", &pod("a")));
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_none_and_bounds_that_exclude_each_other_are_named() {
    let hand = hand();
    let mut odd = pod("a");
    odd["spec"]["restartPolicy"] = "Sometimes".into();
    assert_eq!(said(&hand.create("pods", "default", &odd).unwrap_err()), (422, "Invalid", vec!["spec.restartPolicy"]));
    let set = deployment("a.b");
    let failure = hand.create("statefulsets.apps", "default", &set).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["metadata.name"]), "its pods have their names from it");
    let spec = json!({ "minAvailable": 1, "maxUnavailable": 1, "selector": {} });
    let mut budget = json!({ "metadata": { "name": "Any_Name" }, "spec": spec });
    let failure = hand.create("poddisruptionbudgets.policy", "default", &budget).unwrap_err();
    assert_eq!(said(&failure), (422, "Invalid", vec!["spec"]));
    budget["spec"]["maxUnavailable"] = serde_json::Value::Null;
    hand.create("poddisruptionbudgets.policy", "default", &budget).unwrap();
}
