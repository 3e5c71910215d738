//! The kustomize overlays.

use super::{Objects, assert_same, by_name, get, shipped, verbs};
use anyhow::{Result, ensure};
use self_healing_e2e::packages::{MANIFESTS, OVERLAYS, Packages, objects};

async fn build(folder: &str) -> Result<Objects> {
    by_name(objects(&Packages::ready()?.kustomize(folder).await?)?)
}

#[tokio::test]
async fn the_base_is_the_manifests() -> Result<()> {
    assert_same(&build(MANIFESTS).await?, &shipped()?);
    Ok(())
}

#[tokio::test]
async fn ha_changes_nothing_but_the_replicas() -> Result<()> {
    let (mut built, mut expected) = (build(&format!("{OVERLAYS}/ha")).await?, shipped()?);
    ensure!(built.remove("PodDisruptionBudget/self-healing/self-healing-controller").is_some(), "no budget");
    let deployment = "Deployment/self-healing/self-healing-controller";
    let (ha, plain) = (built.remove(deployment), expected.remove(deployment));
    ensure!(ha.is_some_and(|ha| ha["spec"]["replicas"] == 2) && plain.is_some(), "no two replicas");
    assert_same(&built, &expected);
    Ok(())
}

#[tokio::test]
async fn observe_only_may_change_no_workload_and_no_node() -> Result<()> {
    let built = build(&format!("{OVERLAYS}/observe-only")).await?;
    let role = get(&built, "ClusterRole//self-healing-role")?;
    let all = role["rules"].as_array().into_iter().flatten();
    let resources: Vec<&str> = all.filter_map(|rule| rule["resources"][0].as_str()).collect();
    ensure!(resources.contains(&"pods") && resources.contains(&"nodes"), "{resources:?}");
    for resource in resources {
        let writes = verbs(role, resource).into_iter().filter(|verb| !["get", "list", "watch"].contains(verb));
        let writes: Vec<&str> = writes.collect();
        // Events of both groups have the same plural name; only those of events.k8s.io are written.
        let allowed = matches!(
            (resource, writes.as_slice()),
            (_, []) | ("events", ["create"]) | ("healingpolicies/status", ["patch"])
        );
        ensure!(allowed, "{resource}: {writes:?}");
    }
    ensure!(get(&built, "ConfigMap/self-healing/self-healing-config")?["data"]["mode"] == "Observe");
    Ok(())
}

#[tokio::test]
async fn namespaced_gives_workloads_in_the_namespace_only() -> Result<()> {
    let built = build(&format!("{OVERLAYS}/namespaced")).await?;
    let (cluster, here) =
        (get(&built, "ClusterRole//self-healing-role")?, get(&built, "Role/shop/self-healing-role-watched")?);
    for resource in ["pods", "pods/eviction", "services", "deployments", "jobs", "poddisruptionbudgets"] {
        ensure!(verbs(cluster, resource).is_empty() && !verbs(here, resource).is_empty(), "{resource}");
    }
    for resource in ["nodes", "namespaces", "healingpolicies"] {
        ensure!(!verbs(cluster, resource).is_empty() && verbs(here, resource).is_empty(), "{resource}");
    }
    let subject = &get(&built, "RoleBinding/shop/self-healing-role-watched")?["subjects"][0];
    ensure!(subject["namespace"] == "self-healing", "{subject}");
    Ok(())
}
