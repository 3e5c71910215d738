//! What goes wrong with nodes.

use crate::demo::error::Error;
use crate::demo::ledger::Damage;
use crate::demo::news::Voice;
use crate::demo::stage::{Stage, target};
use crate::demo::town::{BARE, BUDGETED, BUDGETS, REPLICAS, SHOP, ZONES, budget};
use self_healing_api::marks::ZONE;
use self_healing_core::key::{Kind, Target};
use self_healing_core::names::{Cause, GuardName, Phase};
use self_healing_sim::actor::Look;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any threshold of a node.
const FOUND: Duration = Duration::from_secs(300);

/// The machine goes off; its pods come back elsewhere long before somebody switches it on again.
pub(super) async fn dies(stage: &Stage) -> Result<(), Error> {
    let avoided: Vec<String> = stage.ready_pods(SHOP, BARE).iter().map(|pod| node_of(pod).to_owned()).collect();
    let mut nodes = stage.hand.list("nodes", "");
    nodes.retain(|node| !avoided.iter().any(|name| node["metadata"]["name"] == **name));
    let victim = target(Kind::Node, stage.pick(&nodes, "node")?);
    let name = &victim.key.name;
    stage.say(Voice::Script, format!("{name} loses its power"));
    let damage = stage.broke(&victim, Cause::Unreachable, Phase::Succeeded);
    stage.levers.power_off(name);
    stage.over(&damage).await?;
    stage.pause(8, 15).await;
    stage.say(Voice::Person, format!("switches {name} on again"));
    stage.levers.power_on(name);
    Ok(())
}

/// A disruption budget keeps a drain waiting until a person lowers it; the node comes back into service when it is repaired.
pub(super) async fn budget_holds(stage: &Stage, app: &str) -> Result<(), Error> {
    let problems = [("KernelDeadlock", "AUFSUmountHung"), ("ReadonlyFilesystem", "FilesystemIsReadOnly")];
    let (problem, reason) = *stage.pick(&problems, "part of a node")?;
    let victim = node_with(stage, app)?;
    let name = &victim.key.name;
    stage.say(Voice::Script, format!("{name} reports {problem}"));
    let damage = stage.broke(&victim, Cause::ProblemCondition, Phase::Succeeded);
    stage.levers.condition(name, problem, "True", reason);
    held_by(stage, &damage, GuardName::Plan).await?;
    stage.pause(15, 30).await;
    let is_there = |app: &&str| stage.ready_pods(SHOP, app).iter().any(|pod| *node_of(pod) == **name);
    let budgets: Vec<&str> = BUDGETED.into_iter().filter(is_there).collect();
    stage
        .say(Voice::Person, format!("lowers by one pod what the disruption budget of {} keeps", budgets.join(" and ")));
    keep(stage, &budgets, REPLICAS - 1)?;
    let is_free = || stage.recovery(&damage).is_some_and(|recovery| recovery.is_verified());
    stage.until(FOUND, &format!("{name} is drained"), is_free).await?;
    stage.pause(8, 15).await;
    stage.say(Voice::Person, format!("repairs {name}, and keeps as many pods as before"));
    stage.levers.condition(name, problem, "False", "Repaired");
    keep(stage, &budgets, REPLICAS)?;
    stage.over(&damage).await
}

/// The node is well again before a budget lets its drain begin: nothing was done to it.
pub(super) async fn comes_back(stage: &Stage, app: &str) -> Result<(), Error> {
    let victim = node_with(stage, app)?;
    let name = &victim.key.name;
    stage.say(Voice::Script, format!("the container runtime of {name} hangs"));
    let damage = stage.broke(&victim, Cause::NotReady, Phase::SelfRecovered);
    stage.levers.condition(name, "Ready", "False", "KubeletNotReady");
    held_by(stage, &damage, GuardName::Plan).await?;
    stage.pause(8, 15).await;
    stage.say(Voice::Script, format!("the container runtime of {name} works again"));
    stage.levers.condition(name, "Ready", "True", "KubeletReady");
    stage.over(&damage).await
}

/// So many nodes at once are no failure of nodes: the controller waits for the zone.
pub(super) async fn zone_goes(stage: &Stage) -> Result<(), Error> {
    let zone = *stage.pick(&ZONES, "zone")?;
    let mut nodes = stage.hand.list("nodes", "");
    nodes.retain(|node| node["metadata"]["labels"][ZONE] == zone);
    let victims: Vec<Target> = nodes.iter().map(|node| target(Kind::Node, node)).collect();
    stage.say(Voice::Script, format!("zone {zone} is cut off, with {} nodes", victims.len()));
    let mut damages = Vec::new();
    for victim in &victims {
        damages.push(stage.broke(victim, Cause::Unreachable, Phase::SelfRecovered));
        stage.levers.silence(&victim.key.name, Look::Silent);
    }
    for damage in &damages {
        held_by(stage, damage, GuardName::Breaker).await?;
    }
    stage.pause(15, 30).await;
    stage.say(Voice::Script, format!("zone {zone} is back"));
    victims.iter().for_each(|victim| stage.levers.wake(&victim.key.name));
    for damage in &damages {
        stage.over(damage).await?;
    }
    Ok(())
}

/// The node of a pod of the workload, by chance.
fn node_with(stage: &Stage, app: &str) -> Result<Target, Error> {
    let pods = stage.ready_pods(SHOP, app);
    let pod = stage.pick(&pods, &format!("pod of {app}"))?;
    Ok(target(Kind::Node, &*stage.hand.get("nodes", "", node_of(pod))?))
}

fn node_of(pod: &Arc<Value>) -> &str {
    pod["spec"]["nodeName"].as_str().unwrap_or_default()
}

async fn held_by(stage: &Stage, damage: &Damage, guard: GuardName) -> Result<(), Error> {
    let is_held = || {
        let recovery = stage.recovery(damage);
        recovery.is_some_and(|recovery| recovery.held_by().is_some_and(|held| held.name == guard))
    };
    stage.until(FOUND, &format!("{} is held by {guard}", damage.target), is_held).await
}

fn keep(stage: &Stage, budgets: &[&str], least: u32) -> Result<(), Error> {
    for app in budgets {
        stage.hand.patch(BUDGETS, SHOP, app, &json!({ "spec": budget(app, least) }))?;
    }
    Ok(())
}
