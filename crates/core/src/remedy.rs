//! Remedies: each looks at the world and names the next move; run again every turn, so a crash loses nothing.

mod drain;
mod fence;
mod plan;
mod pod;
mod relieve;
mod remediation;
mod replace;
mod resize;
mod rights;
mod rollback;
mod service;
mod standby;
mod surge;
mod workload;

use crate::cluster::Cluster;
use crate::effect::Verb;
use crate::fact::{NodeFact, PodFact};
use crate::healer::{Case, World};
use crate::key::{Key, Kind, Target, Text};
use crate::names::{GuardName, Strategy};
use crate::recovery::{Recovery, Step, StepResult};
use crate::settings::Settings;
use crate::time::Tick;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

pub(crate) use drain::{hides_its_cause, refused_one_more, workloads as workloads_on};
pub(crate) use fence::{LAST_SIGN, OFF, freed as freed_by_fencing, last_sign, stated};
pub(crate) use plan::{Plan, is_needed as needs_plan, plan};
pub(crate) use remediation::{END_REMEDIATION, give_up, is_order, was_sent as was_told};
pub(crate) use replace::{MACHINE, MACHINE_POOL, MACHINE_UID, awaits_another, ordered, was_ordered};
pub(crate) use resize::keeps as keeps_of_limit;
pub(crate) use rights::has_rights;
pub(crate) use service::{
    CallsOff, Standing, calls_off, keeps as keeps_of_service, orphans as switched_orphans, restarts, settles, standing,
    stays,
};
pub(crate) use standby::give_back;
pub(crate) use surge::UP as SCALE_UP;

/// What a remedy wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Send this verb.
    Do(Verb),
    /// Nothing until the world changes, or until the time given.
    Wait(String, Option<Tick>),
    /// Nothing can go on now, and a person may have to help: told once per reason.
    Blocked(String, Option<Tick>),
    /// A guard's matter that only the remedy can see holds it.
    Held(GuardName, String, Option<Tick>),
    /// All steps are done; look whether the workload is back.
    Verify,
    /// This strategy cannot be had here.
    Impossible(GuardName, String),
    /// This strategy was tried and failed.
    Fail(String),
    /// A person undid our work: stop for good.
    Stop(String),
    /// This strategy cannot be had here, and that one is the next best; why.
    Instead(Strategy, String),
}

/// The next move of `strategy`, or of the one that has taken its place.
pub(crate) fn next(strategy: Strategy, world: &World<'_>, case: &Case) -> Move {
    if let Some(wait) = pod::unseen(world, case) {
        return wait;
    }
    let noted = case.recovery.evidence(&instead_of(strategy));
    let noted = noted.and_then(|words| Strategy::parse(words.split(':').next()?));
    match own_move(noted.unwrap_or(strategy), world, case) {
        Move::Instead(other, _) => own_move(other, world, case),
        own => own,
    }
}

/// What takes the place of `strategy` here, as a line of the evidence; `None` when nothing does, or it was noted.
pub(crate) fn instead(strategy: Strategy, world: &World<'_>, case: &Case) -> Option<(String, String)> {
    let name = instead_of(strategy);
    if case.recovery.evidence(&name).is_some() {
        return None;
    }
    match own_move(strategy, world, case) {
        Move::Instead(other, why) => Some((name, format!("{other}: {why}"))),
        _ => None,
    }
}

fn instead_of(strategy: Strategy) -> String {
    format!("instead of {strategy}")
}

fn own_move(strategy: Strategy, world: &World<'_>, case: &Case) -> Move {
    if let Some(without) = rights::without(strategy, world, case) {
        return without;
    }
    match (strategy, &case.recovery.spec.target.kind) {
        (Strategy::Monitor, _) => Move::Wait(String::from("watches without acting"), None),
        (Strategy::Restart, Kind::Node) => replace::restart(world, case),
        (Strategy::Restart, Kind::Service) => service::restart(world, case),
        (Strategy::Failover, Kind::Service) => service::failover(world, case),
        (Strategy::EmergencyFailover, Kind::Service) => service::emergency(world, case),
        (Strategy::Restart, Kind::Pod) => pod::restart(world, case),
        (Strategy::Restart, Kind::Deployment | Kind::StatefulSet) => workload::restart(world, case),
        (Strategy::Recreate, Kind::Pod) => pod::recreate(world, case),
        (Strategy::ScaleAndReplace, Kind::Pod) => surge::next(world, case),
        (Strategy::Rollback, Kind::Deployment) => rollback::next(world, case),
        (Strategy::Relieve, Kind::Node) => relieve::next(world, case),
        (Strategy::Resize, Kind::Pod) => resize::next(world, case),
        (Strategy::DrainAndReplace, Kind::Node) => {
            replace::after_drain(world, case, drain::next(world, case, drain::Urgency::Drain))
        }
        (Strategy::EmergencyReplace, Kind::Node) => {
            replace::emergency(world, case, drain::next(world, case, drain::Urgency::Emergency))
        }
        (strategy, kind) => {
            Move::Impossible(GuardName::NoProvider, format!("{strategy} is not possible for a {}", kind.as_str()))
        }
    }
}

/// Whether another Recovery has asked for this pod's removal, which the watch may have yet to show.
pub(crate) fn is_sent_away(world: &World<'_>, pod: &Target) -> bool {
    let steps = [format!("delete {}", pod.key), format!("evict {}", pod.key)];
    world.cases().filter(|other| other.recovery.is_active()).any(|other| {
        let asked = |step: &Step| step.result == StepResult::InProgress && steps.contains(&step.name);
        other.handled.contains(&pod.uid) || other.recovery.attempt().is_some_and(|last| last.steps.iter().any(asked))
    })
}

/// Whether `strategy` moves pods off a node.
pub(crate) fn is_drain(strategy: Strategy, subject: &Target) -> bool {
    subject.kind == Kind::Node && matches!(strategy, Strategy::DrainAndReplace | Strategy::EmergencyReplace)
}

/// Time that the attempt under way has.
pub(crate) fn time_limit(settings: &Settings, recovery: &Recovery) -> Duration {
    let drains = recovery.attempt().is_some_and(|attempt| is_drain(attempt.strategy, &attempt.target));
    let own = if drains { settings.drain.limit(settings.recovery_timeout) } else { settings.recovery_timeout };
    let node = recovery.spec.target.kind == Kind::Node;
    if node { own.max(remediation::time_limit(&settings.provider)) } else { own }
}

/// Whether the workloads are back, and the sentence that says so.
pub(crate) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    match case.recovery.attempt().map(|attempt| attempt.strategy) {
        Some(Strategy::Relieve) => return relieve::verify(world, case),
        Some(Strategy::Resize) => return resize::verify(world, case),
        _ => {}
    }
    if case.recovery.spec.target.kind == Kind::Node {
        let (back, message) = drain::verify(world, case);
        return (back, format!("{message}{}", replace::note(world, case)));
    }
    if is_workload(&case.recovery.spec.target) {
        return workload::verify(world, case);
    }
    if case.recovery.spec.target.kind == Kind::Service {
        return service::verify(world, case);
    }
    workload_back(world, &case.recovery.spec.workload, case)
}

/// Whether it is a controller of pods whose rollouts are followed.
pub(crate) const fn is_workload(target: &Target) -> bool {
    matches!(target.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
}

/// The next mark to take back before the Recovery may end; from the record and from the world, whichever knows of it.
pub(crate) fn undo(world: &World<'_>, case: &Case) -> Option<Move> {
    // One that was taken back already may still be seen: the watch may be late.
    let seen = marks_left(world, &case.recovery).into_iter().filter(|mark| !case.handled.contains(&*mark.to_string()));
    let mut left = remediation::left(case).into_iter().chain(seen).map(Move::Do);
    left.next().or_else(|| kept_for_now(world, case)).or_else(|| pod::give_back(world, case))
}

/// A workload that keeps its additional pods until the watch shows that the Service does not need them.
fn kept_for_now(world: &World<'_>, case: &Case) -> Option<Move> {
    let mut scaled = surge::scaled(world, &case.recovery).into_iter();
    let waiting = scaled.find(|workload| give_back(world.cluster, workload).is_none())?;
    Some(Move::Wait(format!("waits until the Service that {waiting} serves is seen to be switched back"), None))
}

/// What was added and is to be taken back before the next attempt begins.
pub(crate) fn before_next(world: &World<'_>, case: &Case) -> Option<Verb> {
    // Without an attempt nothing was added.
    case.recovery.attempt()?;
    surged(world, &case.recovery).find(|back| !case.handled.contains(&*back.to_string()))
}

fn surged(world: &World<'_>, recovery: &Recovery) -> impl Iterator<Item = Verb> {
    surge::scaled(world, recovery).into_iter().filter_map(|workload| give_back(world.cluster, &workload))
}

fn marks_left(world: &World<'_>, recovery: &Recovery) -> Vec<Verb> {
    let name = &recovery.name;
    let is_ours = |node: &&NodeFact| node.taints.iter().any(|t| &*t.key == SUSPECT && t.value == *name);
    let seen = world.cluster.nodes().filter(is_ours).map(|node| node.name.clone());
    let tainted =
        |node: &Text| open_step(recovery, &format!("taint {node} suspect"), &format!("untaint {node} suspect"));
    let recorded = taint_steps(recovery).into_iter().filter(tainted);
    let nodes: BTreeSet<Text> = seen.chain(recorded).collect();
    let mut left: Vec<Verb> = nodes.into_iter().map(|node| Verb::UntaintSuspect { node }).collect();
    let target = &recovery.spec.target;
    let cordoned =
        world.cluster.node(&target.key.name).is_some_and(|node| node.uid == target.uid && node.owner == *name);
    let recorded = open_step(recovery, &format!("cordon {}", target.key), &format!("uncordon {}", target.key));
    // A Service is switched back before its standby loses pods.
    left.extend(service::marks_left(world, recovery));
    left.extend(surged(world, recovery));
    left.extend((target.kind == Kind::Node && (cordoned || recorded)).then(|| Verb::Uncordon(target.clone())));
    left.extend(fence::is_marked(world, recovery).then(|| Verb::UntaintOutOfService(target.clone())));
    left
}

/// A sick node that has to keep a mark of ours, so that its Recovery cannot end before it is healthy or gone.
pub(crate) fn keeps_mark(world: &World<'_>, case: &Case) -> bool {
    drain::keeps_cordon(case) || fence::is_marked(world, &case.recovery) || remediation::left(case).is_some()
}

/// The taint that steers a replacement away from the node where a pod failed.
pub(crate) const SUSPECT: &str = "self-healing.dev/suspect";

fn taint_steps(recovery: &Recovery) -> Vec<Text> {
    let names = recovery.steps().filter_map(|step| step.name.strip_prefix("taint ")?.strip_suffix(" suspect"));
    names.map(Text::from).collect()
}

/// Whether `done` was sent more often than `undone` was confirmed.
fn open_step(recovery: &Recovery, done: &str, undone: &str) -> bool {
    let last = |name: &str, confirmed: bool| {
        recovery
            .steps()
            .filter(|s| s.name == name && (!confirmed || s.result == StepResult::Succeeded))
            .map(|s| s.started_at)
            .max()
    };
    match (last(done, false), last(undone, true)) {
        (Some(done), Some(undone)) => undone < done,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether as many pods of `workload` are ready as it wants.
fn workload_back(world: &World<'_>, workload: &Target, case: &Case) -> (bool, String) {
    let cluster = world.cluster;
    if workload.kind == Kind::Pod {
        let ready = cluster.pod(&workload.key).is_some_and(|pod| pod.ready && !pod.terminating());
        return (ready, format!("{workload} is {}", if ready { "ready" } else { "not ready yet" }));
    }
    let pods = cluster.pods_of(workload);
    let ready = pods.iter().filter(|pod| pod.ready && !pod.terminating()).count();
    let known = cluster.exact_workload(workload);
    if let Some(desired) = known.and_then(|fact| fact.desired) {
        return (ready >= desired as usize, format!("{workload}: {ready} of {desired} ready"));
    }
    let waiting = pods.iter().filter(|pod| !pod.ready && !pod.finished()).count();
    // A controller of a kind that we do not watch: its own number is unknown, so a new pod speaks for it.
    let unwatched = matches!(workload.kind, Kind::Other(_));
    let begun = case.times.begun();
    let is_new = |pod: &PodFact| cluster.came_after(world.now.tick, pod, begun);
    let replaced = pods.iter().any(|pod| pod.ready && !pod.terminating() && is_new(pod));
    (waiting == 0 && (replaced || !unwatched), format!("{workload}: {ready} ready, {waiting} not ready"))
}

/// The inverse of [`Target`]'s text, as kept in `status.impact`; the uid is looked up.
fn impacted(cluster: &Cluster, text: &str) -> Option<Target> {
    let (kind, key) = text.split_once(' ')?;
    let (namespace, name) = key.split_once('/')?;
    let (kind, key) = (Kind::named(kind), Key::new(namespace, name));
    let uid = cluster.workload(&kind, &key)?.uid.clone();
    Some(Target { kind, key, uid })
}
