//! Strategies whose rights this installation has left out: they are not begun, and what takes their place where something can.

use super::Move;
use crate::healer::{Case, World};
use crate::key::Kind;
use crate::names::{GuardName, Remedy, Strategy};
use crate::settings::Settings;
use alloc::format;

/// What a strategy writes to, beside its own records.
const fn needs(strategy: Strategy, kind: &Kind) -> &'static [Remedy] {
    match (strategy, kind) {
        (Strategy::Restart, Kind::Pod) => &[Remedy::Pods],
        (Strategy::Recreate, Kind::Pod) => &[Remedy::Pods, Remedy::Nodes],
        (Strategy::ScaleAndReplace, Kind::Pod) => &[Remedy::Pods, Remedy::Workloads],
        (Strategy::Resize, Kind::Pod) => &[Remedy::Memory],
        (Strategy::DrainAndReplace, Kind::Node) => &[Remedy::Nodes, Remedy::Drains],
        (Strategy::EmergencyReplace, Kind::Node) => &[Remedy::Nodes, Remedy::Drains, Remedy::Pods],
        (Strategy::Relieve, Kind::Node) => &[Remedy::Drains],
        (Strategy::Failover, Kind::Service) => &[Remedy::Services],
        (Strategy::EmergencyFailover, Kind::Service) => &[Remedy::Services, Remedy::Workloads],
        (Strategy::Restart, Kind::Service | Kind::Deployment | Kind::StatefulSet)
        | (Strategy::Rollback, Kind::Deployment) => &[Remedy::Workloads],
        _ => &[],
    }
}

/// Whether this installation has every right that `strategy` needs for a `kind`.
pub(crate) fn has_rights(settings: &Settings, strategy: Strategy, kind: &Kind) -> bool {
    needs(strategy, kind).iter().all(|remedy| !settings.disabled.contains(remedy))
}

/// What happens in place of `strategy` when a right for it is missing; `None` when all are there.
pub(super) fn without(strategy: Strategy, world: &World<'_>, case: &Case) -> Option<Move> {
    let disabled = &world.settings.disabled;
    let kind = &case.recovery.spec.target.kind;
    let lost = needs(strategy, kind).iter().find(|remedy| disabled.contains(*remedy))?;
    let why = format!("Disabled: this installation has no right for {lost}");
    let others: &[Strategy] = match strategy {
        Strategy::ScaleAndReplace => &[Strategy::Recreate, Strategy::Restart],
        Strategy::EmergencyFailover => &[Strategy::Failover, Strategy::Restart],
        Strategy::Recreate | Strategy::Failover => &[Strategy::Restart],
        _ => &[],
    };
    let next_best = others.iter().find(|other| has_rights(world.settings, **other, kind));
    Some(match next_best {
        Some(other) => Move::Instead(*other, why),
        None => Move::Impossible(GuardName::NoProvider, why),
    })
}
