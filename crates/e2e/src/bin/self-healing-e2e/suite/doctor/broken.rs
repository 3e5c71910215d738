//! Clusters and installations that are broken in one way each, and what `doctor` says of them (docs/doctor.md has the table).

use super::{Doctor, Found, lease, pretend_leader, relay};
use crate::ground::{Ground, MANIFESTS, OWN};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;
use tokio::time::interval;

const RECOVERIES: &str = "recoveries.self-healing.dev";
const POLICIES: &str = "healingpolicies.self-healing.dev";

pub(crate) async fn everything(ground: &Ground) -> Result<()> {
    pretend_leader(ground).await?;
    Doctor::new(ground).run().await?.is_well()?;
    connections(ground).await?;
    clocks(ground).await?;
    others(ground).await?;
    configuration(ground).await?;
    resources(ground).await?;
    admission(ground).await?;
    definitions(ground).await?;
    Doctor::new(ground).comes_to("that all is well again", Found::is_well).await.map(drop)
}

/// An address at which nobody listens.
fn nobody() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

async fn connections(ground: &Ground) -> Result<()> {
    let cluster = &ground.cluster;
    let cases = [
        (cluster.with_another_authority(&ground.kubeconfig)?, "is not signed by the authority (CA) in --kubeconfig"),
        (cluster.with_expired_token(OWN, "self-healing-sa").await?, "expired at 2"),
        (cluster.with_withdrawn_token(&ground.namespace().await?).await?, "which has not expired yet"),
        (cluster.kubeconfig_through(&ground.kubeconfig, nobody()?)?, "nobody takes connections at https://127.0.0.1"),
    ];
    for (kubeconfig, words) in cases {
        // A ServiceAccount that was deleted is known for another moment.
        let doctor = Doctor::with(ground, &kubeconfig);
        let found = doctor.comes_to(words, |found| found.fails("API server", words)).await?;
        found.says("rights", "unchecked", "the API server cannot be asked")?;
    }
    let missing = Doctor::with(ground, Path::new("/nonexistent")).run().await;
    ensure!(missing.is_err(), "a kubeconfig that is not there is no state of the cluster: {missing:?}");
    Ok(())
}

async fn clocks(ground: &Ground) -> Result<()> {
    let at = async |ahead: i64| {
        let account = ground.cluster.service_account_client(OWN, "self-healing-sa").await?;
        let url = relay::start(account, SignedDuration::from_secs(ahead)).await?;
        Doctor::with(ground, &ground.cluster.kubeconfig_at(&url)?).run().await
    };
    at(1).await?.says("clock", "ok", "in step")?;
    let found = at(20).await?;
    found.is_well()?;
    found.says("clock", "warning", " s behind the API server's")?;
    at(-3600).await?.fails("clock", "s ahead of the API server's")
}

async fn others(ground: &Ground) -> Result<()> {
    let namespace = ground.namespace().await?;
    let labels = json!({ "app.kubernetes.io/part-of": "self-healing", "app": "healer" });
    let pod = json!({ "containers": [{ "name": "controller", "image": "self-healing-controller:latest" }] });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "healer", "namespace": namespace, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod },
        },
    });
    ground.apply(deployment).await?;
    let words = format!("Deployment {namespace}/healer");
    Doctor::new(ground).run().await?.fails("other installations", &words)?;
    let apart = Doctor::new(ground).env("WATCH_NAMESPACES", "default");
    apart.run().await?.says("other installations", "warning", &words)?;
    ground.cluster.kubectl(&["delete", "deployment", "healer", "-n", &namespace]).await?;

    lease(ground, &namespace, jiff::Timestamp::now(), 3600).await?;
    let found = Doctor::with(ground, ground.cluster.admin_kubeconfig()).run().await?;
    found.fails("other installations", &format!("controller-0_pretended leads in namespace {namespace}"))?;
    ground.cluster.kubectl(&["delete", "lease", "self-healing-controller", "-n", &namespace]).await.map(drop)
}

async fn configuration(ground: &Ground) -> Result<()> {
    let url = format!("http://{}/hook", nobody()?);
    let doctor = Doctor::new(ground).env("SLACK_WEBHOOK_URL", url).env("NOTIFICATION_INSECURE", "true");
    let found = doctor.run().await?;
    found.says("channel slack", "failed", "127.0.0.1")?;
    ensure!(found.code == Some(1), "{found:?}");

    ground.configure(json!({ "mode": "Perhaps" })).await?;
    Doctor::new(ground).run().await?.fails("configuration", "\"Perhaps\"")?;
    ground.configure(json!({ "mode": null, "mod": "Observe" })).await?;
    let found = Doctor::new(ground).env("HEALTH_CHECK_INTERVAL", "10").run().await?;
    found.is_well()?;
    found.says("configuration", "warning", "mod")?;
    found.says("configuration", "warning", "health_check_interval: has no effect while")?;
    ground.configure(json!({ "mod": null })).await
}

/// The container's cgroup as files, in which the processor's time goes on while `doctor` looks.
async fn resources(ground: &Ground) -> Result<()> {
    let root = ground.cluster.dir().join("root");
    let group = root.join("sys/fs/cgroup");
    fs::create_dir_all(&group)?;
    let write = |file: &str, text: String| fs::write(group.join(file), text).with_context(|| file.to_owned());
    write("memory.max", "268435456\n".to_owned())?;
    write("cpu.max", "20000 100000\n".to_owned())?;
    write("cpu.stat", "usage_usec 0\n".to_owned())?;
    write("memory.stat", "inactive_file 1000000\n".to_owned())?;
    let place = root.display().to_string();
    let doctor = Doctor::new(ground).words(&["--root", &place]);

    write("memory.current", "100000000\n".to_owned())?;
    let found = doctor.run().await?;
    found.says("memory", "ok", "37 % of resources.limits.memory is used")?;
    found.says("processor", "ok", "0 % of resources.limits.cpu is used")?;

    write("memory.current", "250000000\n".to_owned())?;
    // 190 of the 200 millicores.
    let busy = async {
        let (begin, mut ticks) = (tokio::time::Instant::now(), interval(Duration::from_millis(20)));
        loop {
            ticks.tick().await;
            // Replaced as a whole: who reads it in between must not see half of it.
            write("next", format!("usage_usec {}\n", begin.elapsed().as_micros() * 19 / 100))?;
            fs::rename(group.join("next"), group.join("cpu.stat"))?;
        }
    };
    let found = tokio::select! {
        found = doctor.run() => found?,
        stopped = busy => return stopped,
    };
    found.is_well()?;
    found.says("memory", "warning", "93 % of resources.limits.memory is used, more than 80 %")?;
    found.says("processor", "warning", "more than 80 %").map(drop)
}

async fn admission(ground: &Ground) -> Result<()> {
    const NAME: &str = "admission policies";
    let doctor = Doctor::new(ground);
    doctor.run().await?.says(NAME, "unchecked", "there is no node")?;
    ground.nodes(1).await?;
    doctor.run().await?.says(NAME, "ok", "is refused what the controller never does")?;
    ground.cluster.kubectl(&["delete", "validatingadmissionpolicybinding", "self-healing-nodes"]).await?;
    let words = "may change whatever its roles allow";
    let found =
        doctor.comes_to("that policies are missing", |found| found.says(NAME, "warning", words).map(drop)).await?;
    found.is_well()?;
    let administrator = Doctor::with(ground, ground.cluster.admin_kubeconfig()).run().await?;
    administrator.says(NAME, "unchecked", "they hold for the controller's account only")?;
    ground.apply_file("admission.yaml").await
}

async fn definitions(ground: &Ground) -> Result<()> {
    let doctor = Doctor::new(ground);
    let text = fs::read_to_string(format!("{MANIFESTS}/crds.yaml"))?;
    let all = serde_saphyr::from_multiple::<Value>(&text)?;
    let mut old = all.into_iter().find(|one| one["metadata"]["name"] == RECOVERIES).context("no definition")?;
    let spec = &mut old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let gone = spec.as_object_mut().and_then(|fields| fields.remove("similarFailures"));
    ensure!(gone.is_some(), "no such field: {spec}");
    let required = &mut old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"];
    if let Some(required) = required.as_array_mut() {
        required.retain(|field| field != "similarFailures");
    }
    ground.apply(old).await?;
    let name = format!("definition {RECOVERIES}");
    let words = "v1alpha1 is served in an older form, which lacks spec.similarFailures";
    doctor.comes_to("that a definition is old", |found| found.fails(&name, words)).await?;

    ground.apply_file("crds.yaml").await?;
    ground.cluster.kubectl(&["delete", "crd", POLICIES]).await?;
    let name = format!("definition {POLICIES}");
    doctor.comes_to("that a definition is missing", |found| found.fails(&name, "v1alpha1 is not served")).await?;
    ground.apply_file("crds.yaml").await?;
    let definitions = [format!("crd/{RECOVERIES}"), format!("crd/{POLICIES}")];
    let wait = ["wait", "--for=condition=Established", "--timeout=30s", &definitions[0], &definitions[1]];
    ground.cluster.kubectl(&wait).await.map(drop)
}
