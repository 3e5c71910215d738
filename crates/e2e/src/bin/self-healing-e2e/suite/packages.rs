//! The chart and the overlays on a real API server: that it takes them, and that the rights of an overlay are enough for what it promises.

use super::permissions::ask;
use super::switches::observes;
use crate::ground::Ground;
use crate::objects::is_cordoned;
use crate::suite::QUICK;
use crate::trail::Trail;
use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use self_healing_e2e::NodeSpec;
use self_healing_e2e::packages::{CHART, MANIFESTS, OVERLAYS, Packages, objects, text};
use serde_json::{Value, json};
use std::fs;

const SERVER_SIDE: [&str; 4] = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"];

/// Blocks while programs are built.
async fn packages() -> Result<Packages> {
    tokio::task::spawn_blocking(Packages::ready).await?
}

pub(crate) async fn accepted(ground: &Ground) -> Result<()> {
    let packages = packages().await?;
    // Where the overlay namespaced puts its Role.
    ground.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } })).await?;
    let overlay = |name: &str| format!("{OVERLAYS}/{name}");
    for folder in [MANIFESTS.to_owned(), overlay("ha"), overlay("observe-only"), overlay("namespaced")] {
        dry_run(ground, &["-k", &folder]).await?;
    }
    dry_run(ground, &["-f", &overlay("namespaced/node-policy.yaml")]).await?;
    for (name, arguments) in [("plain", &[][..]), ("ha", &["--set", "replicaCount=2,config.watch_namespaces=shop"])] {
        let file = ground.cluster.dir().join(format!("chart-{name}.yaml"));
        fs::write(&file, packages.chart(arguments).await?)?;
        dry_run(ground, &["-f", &file.display().to_string()]).await?;
    }
    installed(ground, &packages).await
}

async fn dry_run(ground: &Ground, what: &[&str]) -> Result<()> {
    let output = ground.cluster.kubectl(&[&["apply"], &SERVER_SIDE[..], what].concat()).await?;
    let warnings = String::from_utf8_lossy(&output.stderr);
    ensure!(warnings.trim().is_empty(), "{what:?} is applied with warnings: {warnings}");
    Ok(())
}

/// A release beside the manifests, installed, upgraded and removed by Helm itself.
async fn installed(ground: &Ground, packages: &Packages) -> Result<()> {
    let namespace = ground.namespace().await?;
    let helm = async |args: &[&str]| {
        let output = packages.helm(ground.cluster.admin_kubeconfig(), args).await?;
        text(output).with_context(|| format!("helm {}", args.join(" ")))
    };
    let release = ["second", CHART, "--namespace", &namespace];
    let values = ["--set", "fullnameOverride=second,crds.install=false"];
    let notes = helm(&[&["install"], &release[..], &values].concat()).await?;
    ensure!(notes.contains("deployment/second") && notes.contains("doctor"), "no next steps: {notes}");
    helm(&[&["upgrade"], &release[..], &values, &["--set", "replicaCount=2"]].concat()).await?;
    let get = ["get", "deployment,poddisruptionbudget", "-n", &namespace, "-o", "name"];
    let made = text(ground.cluster.kubectl(&get).await?)?;
    ensure!(made.contains("deployment.apps/second") && made.contains("budget.policy/second"), "{made}");
    helm(&["uninstall", "second", "--namespace", &namespace, "--wait"]).await?;
    let left = text(ground.cluster.kubectl(&get).await?)?;
    ensure!(left.is_empty(), "left by uninstall: {left}");
    Ok(())
}

/// Gives the controller the rights of an overlay in place of the shipped ones; those for the namespace shop in `shop`.
async fn rights_of(ground: &Ground, overlay: &str, shop: &str) -> Result<()> {
    let built = packages().await?.kustomize(&format!("{OVERLAYS}/{overlay}")).await?;
    for mut object in objects(&built)? {
        if object["metadata"]["namespace"] == "shop" {
            object["metadata"]["namespace"] = json!(shop);
        }
        if object["kind"].as_str().is_some_and(|kind| kind.contains("Role")) {
            ground.apply(object).await?;
        }
    }
    Ok(())
}

/// That it was never told that it may not do something.
fn never_refused(trail: &Trail) -> Result<()> {
    let refused: Vec<_> = trail.used()?.into_iter().filter(|used| !used.allowed).collect();
    ensure!(refused.is_empty(), "rights are missing: {refused:?}");
    Ok(())
}

pub(crate) async fn observe_only(ground: &Ground) -> Result<()> {
    ground.nodes(1).await?;
    let shop = ground.namespace().await?;
    ground.deployment(&shop, "web", 2).await?;
    ground.cluster.add_node(NodeSpec::named("n2")).await?;
    rights_of(ground, "observe-only", &shop).await?;
    for question in ["delete pods -n default", "patch nodes", "create pods --subresource=eviction -n default"] {
        ensure!(ask(ground, question).await? == "no", "may {question}");
    }
    let trail = Trail::begin(ground)?;
    let (controller, _) = observes(ground, &shop).await?;
    controller.stop().await?;
    never_refused(&trail)
}

pub(crate) async fn namespaced(ground: &Ground) -> Result<()> {
    let shop = ground.web(2, 2).await?;
    rights_of(ground, "namespaced", &shop).await?;
    let policy = fs::read_to_string(format!("{OVERLAYS}/namespaced/node-policy.yaml"))?;
    let policy: Value = objects(&policy)?.pop().context("no policy")?;
    ground.apply(policy).await?;
    ensure!(ask(ground, "list pods -n default").await? == "no", "may list pods elsewhere");
    let trail = Trail::begin(ground)?;
    let environment = [("HEALTH_CHECK_INTERVAL", "1"), ("SETTLE_PERIOD", "1"), ("WATCH_NAMESPACES", shop.as_str())];
    let controller = ground.controller(&environment).await?;
    let pod = ground.pod(&shop, "web").await?;
    ground.cluster.fail(&shop, &pod.name_any()).await?;
    ground.recovery_is(&pod.name_any(), "Succeeded", QUICK).await?;
    ground.sicken("n1").await?;
    ground.recovery_is("n1", "Running", QUICK).await?;
    controller.stop().await?;
    let node = ground.cluster.nodes().get("n1").await?;
    ensure!(!is_cordoned(&node), "n1 was cordoned");
    never_refused(&trail)
}
