//! `doctor` with the controller's own credentials: on a good cluster, without a leader, and without each right in turn.

pub(super) mod broken;
mod relay;

use crate::controller::eventually;
use crate::ground::{Ground, OWN, SOON};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

const ROLE: &str = "self-healing-role";
/// Who nobody is, and is there all the same.
const PRETENDED: &str = "controller-0_pretended";

/// `doctor -o json` as a user runs it.
pub(super) struct Doctor<'a> {
    ground: &'a Ground,
    kubeconfig: PathBuf,
    words: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

/// What it says.
pub(super) struct Found {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl<'a> Doctor<'a> {
    /// With the token of the controller's ServiceAccount.
    pub(super) fn new(ground: &'a Ground) -> Self {
        Self::with(ground, &ground.kubeconfig)
    }

    pub(super) fn with(ground: &'a Ground, kubeconfig: &Path) -> Self {
        Self { ground, kubeconfig: kubeconfig.to_owned(), words: Vec::new(), environment: Vec::new() }
    }

    pub(super) fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub(super) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(super) async fn run(&self) -> Result<Found> {
        let mut command = Command::new(self.ground.binary());
        command.args(["doctor", "-o", "json", "--kubeconfig"]).arg(&self.kubeconfig).args(&self.words);
        command.env_remove("KUBERNETES_SERVICE_HOST").env("POD_NAMESPACE", OWN);
        command.envs(self.environment.clone()).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let checks = serde_json::from_str(&text);
        let checks = checks.with_context(|| format!("{text:?}, {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(Found { code: output.status.code(), checks })
    }

    /// Asks until it says so, because the API server takes a moment to know what was changed.
    pub(super) async fn comes_to(&self, what: &str, right: impl Fn(&Found) -> Result<()>) -> Result<Found> {
        let last = RefCell::new(String::new());
        let look = async || {
            let found = self.run().await?;
            let wrong = right(&found).err();
            last.replace(wrong.as_ref().map(|wrong| format!("{wrong:#}")).unwrap_or_default());
            Ok(wrong.is_none().then_some(found))
        };
        eventually(what, SOON, look).await.with_context(|| last.take())
    }
}

impl fmt::Debug for Found {
    /// Exit code and what is not well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}", self.code)?;
        for check in self.checks.iter().filter(|check| check["state"] != "ok" || check["area"] != "rights") {
            write!(f, "\n        {} {}: {}", check["state"], check["name"], check["message"])?;
        }
        Ok(())
    }
}

impl Found {
    /// The names of what is in that state.
    pub(super) fn in_state(&self, state: &str) -> Vec<&str> {
        let found = self.checks.iter().filter(|check| check["state"] == state);
        found.filter_map(|check| check["name"].as_str()).collect()
    }

    pub(super) fn is_well(&self) -> Result<()> {
        ensure!(self.code == Some(0) && self.in_state("failed").is_empty(), "{self:?}");
        Ok(())
    }

    /// That it is in that state, in these words.
    pub(super) fn says(&self, name: &str, state: &str, words: &str) -> Result<&Value> {
        let said = |check: &&Value| {
            check["name"] == name
                && check["state"] == state
                && check["message"].as_str().is_some_and(|message| message.contains(words))
        };
        self.checks.iter().find(said).with_context(|| format!("no {state} {name} that says {words:?} in {self:?}"))
    }

    /// That this fails and nothing else, in these words, and that it says what to do.
    pub(super) fn fails(&self, name: &str, words: &str) -> Result<()> {
        let check = self.says(name, "failed", words)?;
        ensure!(self.code == Some(1) && self.in_state("failed") == [name], "{self:?}");
        ensure!(check["todo"].as_str().is_some_and(|todo| !todo.is_empty()), "nothing to do about {check}");
        Ok(())
    }
}

/// A Lease that is held for an hour, in place of a controller that runs.
pub(super) async fn pretend_leader(ground: &Ground) -> Result<()> {
    lease(ground, OWN, jiff::Timestamp::now(), 3600).await
}

async fn lease(ground: &Ground, namespace: &str, renewed: jiff::Timestamp, seconds: u32) -> Result<()> {
    let renewed = format!("{renewed:.6}");
    ground
        .apply(json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": "self-healing-controller", "namespace": namespace },
            "spec": { "holderIdentity": PRETENDED, "leaseDurationSeconds": seconds, "renewTime": renewed },
        }))
        .await
}

pub(super) async fn leader(ground: &Ground) -> Result<()> {
    let doctor = Doctor::new(ground);
    doctor.run().await?.fails("leader", "no controller has ever started here")?;
    let controller = ground.controller(&[]).await?;
    let found = doctor.run().await?;
    found.is_well()?;
    ensure!(found.in_state("warning").is_empty(), "{found:?}");
    for (name, words) in [
        ("API server", "answers, version v1."),
        ("account", "system:serviceaccount:self-healing:self-healing-sa"),
        ("clock", "in step"),
        ("configuration", "ConfigMap self-healing/self-healing-config is right"),
        ("right create pods/eviction", "given (drain a node within disruption budgets)"),
        ("definition recoveries.self-healing.dev", "v1alpha1 is served, with all that this version writes"),
        ("leader", "leads, and renewed its Lease"),
        ("other installations", "none (not checked: this account may not list Leases of all namespaces)"),
    ] {
        found.says(name, "ok", words)?;
    }
    // An administrator is told that the rights are theirs; that one may list Leases, and ask the leader what it uses.
    let administrator = Doctor::with(ground, ground.cluster.admin_kubeconfig()).run().await?;
    administrator.is_well()?;
    administrator.says("account", "warning", "the rights below are theirs")?;
    administrator.says("other installations", "ok", "none")?;
    controller.stop().await?;
    doctor.run().await?.fails("leader", "nobody holds the Lease")?;
    lease(ground, OWN, jiff::Timestamp::now() - jiff::SignedDuration::from_secs(600), 15).await?;
    doctor.run().await?.fails("leader", "and has not renewed it for ")
}

pub(super) async fn rights(ground: &Ground) -> Result<()> {
    pretend_leader(ground).await?;
    Doctor::new(ground).run().await?.is_well()?;
    let admin = ground.cluster.admin();
    let cluster = Api::<ClusterRole>::all(admin.clone());
    let rules = cluster.get(ROLE).await?.rules.unwrap_or_default();
    each(ground, &rules, None, async |rules| {
        cluster.patch(ROLE, &PatchParams::default(), &Patch::Merge(rules)).await.map(drop)
    })
    .await?;
    for namespace in [OWN, "kube-node-lease"] {
        let roles = Api::<Role>::namespaced(admin.clone(), namespace);
        let rules = roles.get(ROLE).await?.rules.unwrap_or_default();
        each(ground, &rules, Some(namespace), async |rules| {
            roles.patch(ROLE, &PatchParams::default(), &Patch::Merge(rules)).await.map(drop)
        })
        .await?;
    }
    Doctor::new(ground).comes_to("that all is well again", Found::is_well).await.map(drop)
}

/// Takes each rule away in turn; the one before is given back.
async fn each(
    ground: &Ground,
    rules: &[PolicyRule],
    namespace: Option<&str>,
    store: impl AsyncFn(Value) -> kube::Result<()>,
) -> Result<()> {
    let doctor = Doctor::new(ground);
    for (at, taken) in rules.iter().enumerate() {
        let left: Vec<&PolicyRule> =
            rules.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, rule)| rule).collect();
        store(json!({ "rules": left })).await?;
        let name = name(taken, namespace);
        doctor.comes_to(&format!("that {name} is missing"), |found| lost(found, &name, taken)).await?;
    }
    store(json!({ "rules": rules })).await?;
    Ok(())
}

fn lost(found: &Found, name: &str, taken: &PolicyRule) -> Result<()> {
    if name == "right create pods" {
        found.is_well()?;
        return found.says(name, "off", "a pod without controller is told of and left alone").map(drop);
    }
    let check = found.says(name, "failed", "missing")?;
    let rule: PolicyRule = serde_json::from_value(check["rule"].clone())?;
    ensure!(rule == *taken, "{rule:?} instead of {taken:?}");
    ensure!(check["todo"].as_str().is_some_and(|todo| todo.contains("Role self-healing-role")), "{check}");
    // Without its right the ConfigMap cannot be read.
    let mut failed = found.in_state("failed");
    failed.retain(|failed| *failed != name && !(name.contains("configmaps") && *failed == "configuration"));
    ensure!(failed.is_empty() && found.code == Some(1), "{failed:?} failed as well");
    Ok(())
}

/// What `doctor` calls the right that a rule gives.
fn name(rule: &PolicyRule, namespace: Option<&str>) -> String {
    let first = |list: &Option<Vec<String>>| list.iter().flatten().next().cloned().unwrap_or_default();
    let group = first(&rule.api_groups);
    let group = if group.is_empty() { group } else { format!(".{group}") };
    let named = rule.resource_names.iter().flatten().map(|name| format!("/{name}")).collect::<String>();
    let place = namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    format!("right {} {}{group}{named}{place}", rule.verbs.join(","), first(&rule.resources))
}
