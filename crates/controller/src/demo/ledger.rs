//! What the script has broken, and what became of it.

use super::records::{is_verified, took};
use self_healing_core::key::Target;
use self_healing_core::names::{Cause, GuardName, Phase, Severity, Strategy};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use std::time::Duration;

/// Something that the script broke, and what it expects.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    /// Since the demo's start.
    pub(super) at: Duration,
    /// The same on the cluster's clock.
    pub(super) stamp: Stamp,
    pub(super) target: Target,
    /// What the controller should call it.
    pub(super) cause: Cause,
    /// How its Recovery should end.
    pub(super) ends: Phase,
}

impl Damage {
    /// Whether the Recovery is about this; one of the same object may be about an earlier damage.
    pub(super) fn made(&self, recovery: &Recovery) -> bool {
        recovery.spec.target.uid == self.target.uid && recovery.spec.detected_at >= self.stamp
    }
}

/// One line of the table: a damage, its Recovery, or both.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// When it was broken; `None` when the script did not do it.
    pub(super) at: Option<Duration>,
    pub(super) target: Target,
    pub(super) cause: Option<Cause>,
    pub(super) severity: Option<Severity>,
    pub(super) strategy: Option<Strategy>,
    /// Guards that held it for a while.
    pub(super) held_by: Vec<GuardName>,
    /// How its Recovery ended.
    pub(super) outcome: Option<Phase>,
    /// From the damage to its detection.
    pub(super) detection: Option<Duration>,
    /// From detection to the end.
    pub(super) recovery: Option<Duration>,
    /// What is not as the script expects.
    pub(super) wrong: Option<String>,
}

/// The lines of the table: what broke, in that order, then what else was found. `recoveries` are in the order in which
/// they were found.
pub(super) fn rows(damages: &[Damage], recoveries: &[Recovery]) -> Vec<Row> {
    let mut left: Vec<&Recovery> = recoveries.iter().collect();
    let mut rows = Vec::new();
    for damage in damages {
        let at = left.iter().position(|recovery| damage.made(recovery));
        rows.push(match at {
            Some(at) => row(left.remove(at), Some(damage)),
            None => missed(damage),
        });
    }
    rows.extend(left.into_iter().map(|recovery| row(recovery, None)));
    rows
}

fn missed(damage: &Damage) -> Row {
    Row {
        at: Some(damage.at),
        target: damage.target.clone(),
        cause: Some(damage.cause),
        severity: None,
        strategy: None,
        held_by: Vec::new(),
        outcome: None,
        detection: None,
        recovery: None,
        wrong: Some("was not found".to_owned()),
    }
}

fn row(recovery: &Recovery, damage: Option<&Damage>) -> Row {
    let spec = &recovery.spec;
    Row {
        at: damage.map(|damage| damage.at),
        target: spec.target.clone(),
        cause: spec.cause,
        severity: Some(spec.severity),
        // What helped, where the first strategy did not.
        strategy: recovery.attempt().map(|attempt| attempt.strategy).or(spec.strategy),
        held_by: recovery.status.guards.iter().map(|guard| guard.name).collect(),
        outcome: recovery.status.phase,
        detection: damage.map(|damage| spec.detected_at.since(damage.stamp)),
        recovery: took(recovery),
        wrong: wrong(recovery, damage),
    }
}

fn wrong(recovery: &Recovery, damage: Option<&Damage>) -> Option<String> {
    let status = &recovery.status;
    let Some(phase) = status.phase.filter(|phase| phase.is_terminal()) else {
        let phase = status.phase.map_or("unknown", Phase::as_str);
        return Some(format!("is not over: {phase}, {}", status.message));
    };
    if !is_verified(phase) {
        return Some(format!("was not verified: {phase}, {}", status.message));
    }
    let damage = damage?;
    if phase != damage.ends {
        return Some(format!("ended {phase} where the script expects {}", damage.ends));
    }
    let cause = recovery.spec.cause.filter(|cause| *cause != damage.cause)?;
    Some(format!("was called {cause} where the script expects {}", damage.cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::records::record;
    use self_healing_core::key::{Key, Kind, Text};
    use serde_json::json;

    const BEGIN: Stamp = Stamp(1_767_225_600_000);

    fn damage(after: u64, cause: Cause, ends: Phase) -> Damage {
        let target = Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: Text::from("u1") };
        let at = Duration::from_secs(after);
        Damage { at, stamp: Stamp(BEGIN.0 + i64::try_from(after * 1000).unwrap()), target, cause, ends }
    }

    /// A Recovery of `web-1` that was found after so many seconds and took two.
    fn found(after: u64, cause: &str, phase: &str) -> Recovery {
        let time = |seconds| format!("2026-01-01T00:00:{seconds:02}Z");
        let target = json!({ "kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "u1" });
        let spec = json!({
            "type": "pod_failure", "action": "pod_recovery", "cause": cause, "severity": "medium", "strategy": "restart",
            "mode": "Enforce", "target": target, "detectedAt": time(after),
        });
        let status = json!({ "phase": phase, "finishedAt": time(after + 2), "message": "as it is" });
        record(&json!({
            "apiVersion": "self-healing.dev/v1alpha1", "kind": "Recovery", "metadata": { "name": format!("r{after}") },
            "spec": spec, "status": status,
        }))
        .unwrap()
    }

    fn wrong(damages: &[Damage], recoveries: &[Recovery]) -> Vec<String> {
        rows(damages, recoveries).into_iter().filter_map(|row| row.wrong).collect()
    }

    #[test]
    fn each_damage_meets_the_recovery_that_came_of_it() {
        let damages = [damage(10, Cause::Failed, Phase::Succeeded), damage(20, Cause::Failed, Phase::SelfRecovered)];
        let recoveries = [found(11, "Failed", "Succeeded"), found(25, "Failed", "SelfRecovered")];
        let rows = rows(&damages, &recoveries);
        let seconds = Duration::from_secs;
        assert_eq!(rows.iter().map(|row| row.detection).collect::<Vec<_>>(), [Some(seconds(1)), Some(seconds(5))]);
        assert_eq!(rows[1].recovery, Some(seconds(2)));
        assert!(rows.iter().all(|row| row.wrong.is_none()));
    }

    #[test]
    fn whatever_is_not_as_the_script_expects_is_wrong() {
        let expected = [damage(10, Cause::Failed, Phase::Succeeded)];
        assert_eq!(wrong(&expected, &[]), ["was not found"]);
        assert_eq!(wrong(&expected, &[found(9, "Failed", "Succeeded")]), ["was not found"], "it was found before");
        assert_eq!(wrong(&expected, &[found(11, "Failed", "Held")]), ["is not over: Held, as it is"]);
        assert_eq!(wrong(&expected, &[found(11, "Failed", "Escalated")]), ["was not verified: Escalated, as it is"]);
        let other_end = wrong(&expected, &[found(11, "Failed", "SelfRecovered")]);
        assert_eq!(other_end, ["ended SelfRecovered where the script expects Succeeded"]);
        let other_cause = wrong(&expected, &[found(11, "CrashLoop", "Succeeded")]);
        assert_eq!(other_cause, ["was called CrashLoop where the script expects Failed"]);
        assert_eq!(wrong(&[], &[found(11, "Failed", "Failed")]), ["was not verified: Failed, as it is"]);
        assert_eq!(wrong(&[], &[found(11, "Failed", "Succeeded")]).len(), 0, "what else was healed is no fault");
    }
}
