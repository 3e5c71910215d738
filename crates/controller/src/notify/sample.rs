//! A Recovery that never was, for tests of receivers and templates.

use self_healing_core::key::{Key, Kind, Target};
use self_healing_core::names::{Action, FailureType, Mode, Phase, Severity, Strategy};
use self_healing_core::recovery::{Orders, Recovery, Spec, Status};
use self_healing_core::time::Stamp;

/// A record that says of itself that it is a test, as of `now`.
#[must_use]
pub fn sample(now: Stamp) -> Recovery {
    let target = Target { kind: Kind::Pod, key: Key::new("self-healing", "doctor-test"), uid: "doctor-test".into() };
    let spec = Spec {
        failure: FailureType::Pod,
        action: Some(Action::Pod),
        cause: None,
        severity: Severity::Low,
        strategy: Some(Strategy::Monitor),
        mode: Mode::Observe,
        workload: target.clone(),
        target,
        policy: String::new(),
        description: "This is a test message of `doctor --notify`; nothing is wrong".to_owned(),
        first_seen: now,
        detected_at: now,
        similar_failures: 0,
        reasons: Vec::new(),
    };
    let status = Status {
        phase: Some(Phase::SelfRecovered),
        message: "nothing was to be done".to_owned(),
        reason: String::new(),
        attempts: Vec::new(),
        guards: Vec::new(),
        evidence: vec![("state".to_owned(), "nothing is wrong".to_owned())],
        impact: Vec::new(),
        verification: None,
        recovery_seconds: Some(0),
        notifications: Vec::new(),
        saved_manifest: None,
        finished_at: Some(now),
    };
    Recovery {
        name: "doctor-test".into(),
        uid: format!("doctor-{}", now.0).into(),
        resource_version: "0".into(),
        created: now,
        spec,
        status,
        orders: Orders::default(),
    }
}
