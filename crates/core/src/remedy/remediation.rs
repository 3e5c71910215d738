//! Remediation objects: one template after the other until one has helped, and every object deleted again.
//!
//! Whose turn it is follows from the record alone: what was given up is in the evidence before its object is deleted, and the steps
//! count orders and deletions.

use super::replace::{MACHINE, MACHINE_POOL, MACHINE_UID, ordered, was_ordered};
use crate::effect::Verb;
use crate::healer::{Case, World};
use crate::key::Text;
use crate::machine::{MachineRef, Provider, Template};
use crate::recovery::Recovery;
use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

/// Evidence: an order that was given up for that of the next template; one entry each.
const GIVEN_UP: &str = "machine given up";
/// What a step is called that deletes a remediation object, before its node.
pub(crate) const END_REMEDIATION: &str = "end remediation of ";

/// The template whose turn it is.
pub(super) fn template<'a>(provider: &'a Provider, recovery: &Recovery) -> Option<&'a Template> {
    provider.templates.get(given_up(recovery))
}

/// How many orders were given up.
fn given_up(recovery: &Recovery) -> usize {
    recovery.status.evidence.iter().filter(|(name, _)| name == GIVEN_UP).count()
}

/// Whether the order under way was given, as the record says.
pub(crate) fn was_sent(recovery: &Recovery) -> bool {
    recovery.count_done(is_order) > given_up(recovery)
}

/// Whether a step of this name is an order to a provider.
pub(crate) fn is_order(step: &str) -> bool {
    step.starts_with("replace ") || step.starts_with("reboot ")
}

/// Whether an order was given before the one under way.
pub(super) fn was_given_up(recovery: &Recovery) -> bool {
    given_up(recovery) > 0
}

/// Puts the order under way among those given up; to be stored before its object is deleted.
pub(crate) fn give_up(recovery: &mut Recovery, machine: &MachineRef) {
    let evidence = &mut recovery.status.evidence;
    evidence.retain(|(name, _)| ![MACHINE, MACHINE_UID, MACHINE_POOL].contains(&name.as_str()));
    evidence.push((GIVEN_UP.into(), String::from(&*machine.name)));
}

/// What is left of an order that was given up: the next one waits for its end.
pub(super) fn rest(case: &Case) -> Option<Verb> {
    let mut given_up = case.recovery.status.evidence.iter().filter(|(name, _)| name == GIVEN_UP);
    let (_, name) = given_up.nth(ended(&case.recovery))?;
    Some(end(case, MachineRef { name: Text::from(name.as_str()), ..MachineRef::default() }))
}

fn ended(recovery: &Recovery) -> usize {
    recovery.count_done(|step| step.starts_with(END_REMEDIATION))
}

/// The remediation object of an order that is not taken back yet: it is deleted, so that its operator stops and what it did is undone.
pub(super) fn left(case: &Case) -> Option<Verb> {
    rest(case).or_else(|| {
        let machine = ordered(&case.recovery).filter(|machine| is_remediation(machine) && was_ordered(case))?;
        (ended(&case.recovery) <= given_up(&case.recovery)).then(|| end(case, machine))
    })
}

fn end(case: &Case, machine: MachineRef) -> Verb {
    Verb::EndRemediation { node: case.recovery.spec.target.clone(), machine: Box::new(machine) }
}

/// Whether it is an object that we make, other than a machine, which is deleted, and a webhook, which has nothing to delete.
fn is_remediation(machine: &MachineRef) -> bool {
    let mut words = machine.name.split(' ');
    let (group, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    group != "webhook" && !(kind == "Machine" && group.starts_with("cluster.x-k8s.io/")) && kind != "NodeClaim"
}

/// The end of the order under way, when another template follows and this one has `failed` or its time is up.
pub(super) fn escalates(world: &World<'_>, case: &Case, failed: bool) -> Option<Verb> {
    let machine = ordered(&case.recovery).filter(is_remediation)?;
    let late = time_left(world, case).is_some_and(|left| left.is_zero());
    (time_left(world, case).is_some() && (failed || late)).then(|| end(case, machine))
}

/// How long the order under way still has; `None` when no other template follows, or it was not given yet.
pub(super) fn time_left(world: &World<'_>, case: &Case) -> Option<Duration> {
    let recovery = &case.recovery;
    let templates = &world.settings.provider.templates;
    templates.get(given_up(recovery) + 1).filter(|_| was_sent(recovery))?;
    let limit = template(&world.settings.provider, recovery)?.timeout?;
    Some(limit.saturating_sub(case.times.ordered()?.elapsed(world.now.tick)))
}

/// Time that all templates have together.
pub(super) fn time_limit(provider: &Provider) -> Duration {
    provider.templates.iter().filter_map(|template| template.timeout).sum()
}
