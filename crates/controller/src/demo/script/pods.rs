//! What goes wrong with pods, and a release that nobody can pull.

use super::Incident;
use crate::demo::error::Error;
use crate::demo::ledger::Damage;
use crate::demo::news::Voice;
use crate::demo::stage::{Stage, target};
use crate::demo::town::{BARE, DEPLOYMENTS, FRAGILE, RELEASED, SHOP, image, pod};
use futures::FutureExt;
use self_healing_core::key::{Key, Kind, Target};
use self_healing_core::names::{Cause, Phase};
use self_healing_sim::actor::Behaviour;
use self_healing_sim::api::DeleteOptions;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long Kubernetes may take to make a pod.
const SOON: Duration = Duration::from_secs(60);

/// All incidents with pods, each with a workload of its own by chance.
pub(super) fn incidents(stage: &Stage) -> Vec<Incident<'_>> {
    let mut apps = FRAGILE;
    stage.shuffle(&mut apps);
    let [evicted, crashing, unpulled, misconfigured, again] = apps;
    vec![
        evict(stage, evicted).boxed_local(),
        crash_loop(stage, crashing).boxed_local(),
        registry_fails(stage, unpulled).boxed_local(),
        secret_is_missing(stage, misconfigured).boxed_local(),
        fails_again(stage, again).boxed_local(),
        bare_pod_fails(stage).boxed_local(),
        bad_release(stage).boxed_local(),
    ]
}

async fn evict(stage: &Stage, app: &str) -> Result<(), Error> {
    let victim = victim(stage, app)?;
    stage.say(Voice::Script, format!("{victim} is evicted"));
    let damage = fail(stage, &victim, "Evicted")?;
    stage.over(&damage).await
}

async fn bare_pod_fails(stage: &Stage) -> Result<(), Error> {
    let victim = victim(stage, BARE)?;
    stage.say(Voice::Script, format!("{victim} fails; no controller would replace it"));
    let damage = fail(stage, &victim, "")?;
    stage.over(&damage).await
}

/// The third failure within an hour is a high one: the pod is moved to another node.
async fn fails_again(stage: &Stage, app: &str) -> Result<(), Error> {
    for time in ["", " again", " a third time"] {
        let victim = victim(stage, app)?;
        stage.say(Voice::Script, format!("{victim} fails{time}"));
        let damage = fail(stage, &victim, "")?;
        stage.over(&damage).await?;
        stage.pause(2, 5).await;
    }
    Ok(())
}

async fn crash_loop(stage: &Stage, app: &str) -> Result<(), Error> {
    let victim = victim(stage, app)?;
    stage.say(Voice::Script, format!("{victim} crashes at every start"));
    let damage = stage.broke(&victim, Cause::CrashLoop, Phase::Succeeded);
    behave(stage, &victim.key, Behaviour::CrashLoop { restarts: 0, exit: 1 })?;
    stage.over(&damage).await
}

async fn registry_fails(stage: &Stage, app: &str) -> Result<(), Error> {
    let victim = restarted_by_a_person(stage, app).await?;
    stage.say(Voice::Script, format!("the registry fails while {victim} is pulled"));
    let damage = stage.broke(&victim, Cause::ImagePull, Phase::Succeeded);
    behave(stage, &victim.key, Behaviour::Waits { reason: "ErrImagePull".to_owned() })?;
    stage.over(&damage).await
}

async fn secret_is_missing(stage: &Stage, app: &str) -> Result<(), Error> {
    let victim = restarted_by_a_person(stage, app).await?;
    stage.say(Voice::Script, format!("{victim} refers to a Secret that its node has not seen yet"));
    let damage = stage.broke(&victim, Cause::ConfigError, Phase::Succeeded);
    behave(stage, &victim.key, Behaviour::Waits { reason: "CreateContainerConfigError".to_owned() })?;
    stage.over(&damage).await
}

/// No pod is moved for a wrong image: the controller says which rollout is stuck, and sees when a person corrects it.
async fn bad_release(stage: &Stage) -> Result<(), Error> {
    let (bad, good) = ("2.0-typo", "2.0");
    let image = image(RELEASED, bad);
    stage.levers.image(&image, Behaviour::Waits { reason: "ErrImagePull".to_owned() });
    stage.say(Voice::Person, format!("releases {image}, which nobody has pushed"));
    release(stage, bad)?;
    let deployment = target(Kind::Deployment, &*stage.hand.get(DEPLOYMENTS, SHOP, RELEASED)?);
    let damage = stage.broke(&deployment, Cause::RolloutStuck, Phase::SelfRecovered);
    stage.until(SOON * 3, "the controller has found it", || stage.recovery(&damage).is_some()).await?;
    stage.pause(20, 40).await;
    stage.say(Voice::Person, format!("corrects the release to {}", crate::demo::town::image(RELEASED, good)));
    release(stage, good)?;
    stage.over(&damage).await
}

fn release(stage: &Stage, version: &str) -> Result<(), Error> {
    let template = json!({ "spec": { "template": { "spec": pod(RELEASED, version) } } });
    stage.hand.patch(DEPLOYMENTS, SHOP, RELEASED, &template)?;
    Ok(())
}

/// A pod of the workload, by chance.
fn victim(stage: &Stage, app: &str) -> Result<Target, Error> {
    let pods = stage.ready_pods(SHOP, app);
    Ok(target(Kind::Pod, stage.pick(&pods, &format!("pod of {app}"))?))
}

fn fail(stage: &Stage, victim: &Target, reason: &str) -> Result<Damage, Error> {
    behave(stage, &victim.key, Behaviour::Fails { exit: 137, reason: reason.to_owned() })?;
    Ok(stage.broke(victim, Cause::Failed, Phase::Succeeded))
}

fn behave(stage: &Stage, pod: &Key, how: Behaviour) -> Result<(), Error> {
    Ok(stage.levers.pod(&pod.namespace, &pod.name, how)?)
}

/// Deletes a pod of the workload, and gives the one that comes in its place, before it has started.
async fn restarted_by_a_person(stage: &Stage, app: &str) -> Result<Target, Error> {
    let known: Vec<Value> = stage.hand.list("pods", SHOP).iter().map(|pod| pod["metadata"]["uid"].clone()).collect();
    let old = victim(stage, app)?;
    stage.say(Voice::Person, format!("deletes {old}"));
    stage.hand.delete("pods", SHOP, &old.key.name, &DeleteOptions::default())?;
    let is_new = |pod: &Arc<Value>| {
        pod["metadata"]["labels"]["app"] == app
            && pod["spec"]["nodeName"].is_string()
            && !known.contains(&pod["metadata"]["uid"])
    };
    let find = || stage.hand.list("pods", SHOP).into_iter().find(is_new);
    stage.until(SOON, "another pod is there", || find().is_some()).await?;
    find().map(|pod| target(Kind::Pod, &pod)).ok_or_else(|| Error::Script(format!("{old} was not replaced")))
}
