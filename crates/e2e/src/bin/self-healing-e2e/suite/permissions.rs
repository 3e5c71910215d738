//! Rights: what the shipped roles give, that all of it is used, and that the manifests pass the restricted level.

use crate::ground::{FILES, Ground, MANIFESTS, OWN, SOON};
use crate::trail::CONTROLLER;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use self_healing_e2e::audit::Used;
use self_healing_e2e::wait::wait_for_all;
use serde_json::json;
use std::collections::BTreeSet;

const ROLE: &str = "self-healing-role";

/// Verb, group, resource.
type Right = (String, String, String);

pub(crate) async fn can_i(ground: &Ground) -> Result<()> {
    let yes = [
        "delete pods -n default",
        "create pods --subresource=eviction -n default",
        "patch nodes",
        "watch deployments.apps -n default",
        "create recoveries.self-healing.dev -n self-healing",
        "update recoveries.self-healing.dev --subresource=status -n self-healing",
        "update leases.coordination.k8s.io/self-healing-controller -n self-healing",
        "list leases.coordination.k8s.io -n kube-node-lease",
        "watch configmaps/self-healing-config -n self-healing",
    ];
    let no = [
        "get secrets -n self-healing",
        "list secrets -n default",
        "create pods --subresource=exec -n default",
        "create serviceaccounts --subresource=token -n self-healing",
        "escalate clusterroles.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io",
        "create clusterrolebindings.rbac.authorization.k8s.io",
        "impersonate users",
        "delete nodes",
        "delete deployments.apps -n default",
        "delete namespaces",
        "patch pods -n default",
        "update leases.coordination.k8s.io/another -n self-healing",
        "update leases.coordination.k8s.io -n kube-node-lease",
        "create recoveries.self-healing.dev -n default",
        "get configmaps/another -n self-healing",
        "* *",
    ];
    for (questions, expected) in [(yes.as_slice(), "yes"), (no.as_slice(), "no")] {
        for question in questions {
            let answer = ask(ground, question).await?;
            ensure!(answer == expected, "kubectl auth can-i {question}: {answer:?} instead of {expected:?}");
        }
    }
    Ok(())
}

/// `kubectl auth can-i` answers with exit code 1 for "no".
pub(crate) async fn ask(ground: &Ground, question: &str) -> Result<String> {
    let identity = format!("--as={CONTROLLER}");
    let words = ["auth", "can-i"].into_iter().chain(question.split(' ')).chain([identity.as_str()]);
    let output = ground.cluster.try_kubectl(&words.collect::<Vec<_>>()).await?;
    let code = output.status.code();
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(matches!(code, Some(0 | 1)) && !stderr.contains("error"), "kubectl auth can-i {question} failed: {stderr}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub(crate) async fn manifests(ground: &Ground) -> Result<()> {
    for file in FILES {
        let path = format!("{MANIFESTS}/{file}");
        let output = ground
            .cluster
            .kubectl(&[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--dry-run=server",
                "--validate=strict",
                "-f",
                &path,
            ])
            .await?;
        let warnings = String::from_utf8_lossy(&output.stderr);
        ensure!(warnings.trim().is_empty(), "{file} is applied with warnings: {warnings}");
    }
    // The admission of the namespace itself decides about the shipped pod.
    ground.nodes(1).await?;
    ground.cluster.kubectl(&["scale", "deployment/self-healing-controller", "--replicas=1", "-n", OWN]).await?;
    let pods = ground.cluster.pod_api(OWN);
    let params = ListParams::default().labels("app=self-healing-controller");
    let admitted = wait_for_all(&pods, &params, "the shipped pod to be admitted", SOON, |pods| !pods.is_empty()).await;
    let deployments = Api::<Deployment>::namespaced(ground.cluster.admin(), OWN);
    admitted.with_context(|| format!("deployment {OWN}"))?;
    let deployment = deployments.get("self-healing-controller").await?;
    let mut privileged = json!({
        "metadata": { "name": "privileged" },
        "spec": deployment.spec.and_then(|spec| spec.template.spec).context("a Deployment without pod template")?,
    });
    let pod: Pod = serde_json::from_value(privileged.clone())?;
    let dry_run = PostParams { dry_run: true, ..Default::default() };
    pods.create(&dry_run, &pod).await.context("the shipped pod without its Deployment")?;
    privileged["spec"]["containers"][0]["securityContext"] = json!({ "privileged": true });
    let refused = pods.create(&dry_run, &serde_json::from_value(privileged)?).await;
    let refused = refused.err().context("the namespace admitted a privileged pod")?.to_string();
    ensure!(refused.contains("restricted"), "a privileged pod was refused for another reason: {refused}");
    Ok(())
}

/// What the shipped roles give.
pub(crate) async fn given(ground: &Ground) -> Result<BTreeSet<Right>> {
    let admin = ground.cluster.admin();
    let mut rules: Vec<PolicyRule> = Api::<ClusterRole>::all(admin.clone()).get(ROLE).await?.rules.unwrap_or_default();
    let roles = Api::<Role>::all(admin).list(&ListParams::default()).await?;
    for role in roles.items.into_iter().filter(|role| role.name_any() == ROLE) {
        rules.extend(role.rules.unwrap_or_default());
    }
    let mut rights = BTreeSet::new();
    for rule in rules {
        for verb in &rule.verbs {
            for group in rule.api_groups.iter().flatten() {
                for resource in rule.resources.iter().flatten() {
                    rights.insert((verb.clone(), group.clone(), resource.clone()));
                }
            }
        }
    }
    Ok(rights)
}

/// Compares what was used in the whole run with what the roles give.
pub(crate) fn compare(used: &BTreeSet<Used>, given: &BTreeSet<Right>) -> Result<()> {
    let right = |used: &Used| (used.verb.clone(), used.group.clone(), used.resource.clone());
    // An API server that has just been restarted refuses everybody until it has read the roles.
    let refused: Vec<&Used> = used.iter().filter(|used| !used.allowed && !given.contains(&right(used))).collect();
    ensure!(refused.is_empty(), "the controller asked for what it may not do (403): {refused:?}");
    let wild = |(verb, group, resource): &&Right| [verb, group, resource].iter().any(|word| *word == "*");
    let wildcards: Vec<&Right> = given.iter().filter(wild).collect();
    ensure!(wildcards.is_empty(), "the roles hold wildcards: {wildcards:?}");
    let used: BTreeSet<Right> = used.iter().filter(|used| used.allowed).map(right).collect();
    let unused: Vec<&Right> = given.difference(&used).collect();
    ensure!(unused.is_empty(), "rights that no scenario needed: {unused:?}");
    Ok(())
}
