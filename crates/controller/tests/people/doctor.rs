//! `doctor` on the embedded cluster: what each state of the controller's own namespace makes it say. What only a real API server can
//! show (rights, definitions, tokens, certificates) is in the end-to-end scenarios.

use crate::ground::{Ground, Said};
use self_healing_controller::manifests::{CONFIG_MAP, NAMESPACE};
use serde_json::{Value, json};

const LEASES: &str = "leases.coordination.k8s.io";

/// The only check of that area.
fn of(said: &Said, area: &str) -> Value {
    let checks: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    let mut found: Vec<Value> = checks.into_iter().filter(|check| check["area"] == area).collect();
    assert_eq!(found.len(), 1, "{area}: {found:#?}");
    found.remove(0)
}

fn says(check: &Value, state: &str, words: &str) {
    assert!(check["state"] == state && check["message"].as_str().unwrap().contains(words), "{check:#}");
}

async fn doctor(ground: &Ground) -> Said {
    ground.run("self-healing-controller", &["doctor", "-o", "json"]).await
}

fn lease(ground: &Ground, namespace: &str, holder: &str, renewed: jiff::Timestamp) {
    let spec = json!({
        "holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": format!("{renewed:.6}"),
    });
    let lease = json!({ "metadata": { "name": "self-healing-controller" }, "spec": spec });
    ground.hand.create(LEASES, namespace, &lease).unwrap();
}

#[tokio::test]
async fn it_says_who_leads_and_ends_well_when_nothing_fails() {
    let ground = Ground::new("doctor");
    let said = doctor(&ground).await;
    says(&of(&said, "leader"), "failed", "no controller has ever started here");
    assert_eq!(said.code, Some(1), "{}", said.err);

    lease(&ground, NAMESPACE, "controller-1_abc", jiff::Timestamp::now());
    let said = doctor(&ground).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    says(&of(&said, "leader"), "ok", "controller-1_abc leads");
    says(&of(&said, "clock"), "ok", "in step");
    says(&of(&said, "configuration"), "ok", "is right");
    says(&of(&said, "installations"), "ok", "none");
    let text = ground.run("self-healing-controller", &["doctor"]).await;
    assert!(text.out.contains("ok         leader: controller-1_abc leads, and renewed its Lease"), "{}", text.out);
    assert!(text.out.contains("ok         right get,list,watch nodes: given (see failures"), "{}", text.out);
    assert!(text.out.lines().last().unwrap().contains(" ok, "), "no summary: {}", text.out);
}

#[tokio::test]
async fn a_holder_that_does_not_renew_is_told_from_one_that_does() {
    let ground = Ground::new("doctor-stale");
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(120);
    lease(&ground, NAMESPACE, "controller-1_abc", long_ago);
    let said = doctor(&ground).await;
    says(&of(&said, "leader"), "failed", "has not renewed it for 1");
    assert_eq!(said.code, Some(1));

    // Its clock is behind, but it writes: it is alive.
    let renew = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for at in 0..40 {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            let renewed = long_ago + jiff::SignedDuration::from_millis(250 * at);
            let spec = json!({ "spec": { "renewTime": format!("{renewed:.6}") } });
            ground.hand.patch(LEASES, NAMESPACE, "self-healing-controller", &spec).unwrap();
        }
    };
    let (said, ()) = tokio::join!(doctor(&ground), renew);
    says(&of(&said, "leader"), "warning", "leads, with a clock 1");
    assert_eq!(said.code, Some(0), "{}", said.out);
}

#[tokio::test]
async fn another_installation_and_a_wrong_configmap_fail() {
    let ground = Ground::new("doctor-others");
    lease(&ground, NAMESPACE, "controller-1_abc", jiff::Timestamp::now());
    lease(&ground, "shop", "controller-2_def", jiff::Timestamp::now());
    let said = doctor(&ground).await;
    says(&of(&said, "installations"), "failed", "controller-2_def leads in namespace shop");
    assert_eq!(said.code, Some(1));
    ground.hand.patch("configmaps", NAMESPACE, CONFIG_MAP, &json!({ "data": { "watch_namespaces": "web" } })).unwrap();
    let said = doctor(&ground).await;
    says(&of(&said, "installations"), "warning", "controller-2_def");

    let wrong = json!({ "data": { "watch_namespaces": null, "mode": "Perhaps" } });
    ground.hand.patch("configmaps", NAMESPACE, CONFIG_MAP, &wrong).unwrap();
    let said = doctor(&ground).await;
    says(&of(&said, "configuration"), "failed", "mode");
    let wrong = ground.run("self-healing-controller", &["doctor", "--set", "paused=perhaps"]).await;
    assert_eq!((wrong.code, wrong.err.lines().count()), (Some(2), 1), "{}", wrong.err);
}
