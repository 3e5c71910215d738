//! A Recovery to tell of, and the channels to tell it by.

use self_healing_api::keys::{Config, read};
use self_healing_controller::config::Secrets;
use self_healing_controller::notify::{Error, Notifier, Receivers};
use self_healing_controller::outside::Outside;
use self_healing_core::key::{Key, Kind, Target};
use self_healing_core::names::{Action, Cause, Channel, FailureType, Mode, Phase, Severity, Strategy};
use self_healing_core::recovery::{Orders, Recovery, Spec, Status};
use self_healing_core::time::Stamp;
use std::time::Duration;

/// A configuration of nothing but defaults.
pub(crate) fn config() -> Config {
    read(&[]).unwrap().config
}

/// These channels, as far as there is what they need.
pub(crate) fn open(
    on: &[Channel],
    (config, secrets): (&Config, &Secrets),
    timeout: Duration,
    outside: &Outside,
) -> Result<Notifier, Error> {
    // A second start in this process finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Notifier::new(&Receivers { on, config, secrets, namespace: "self-healing", timeout, outside })
}

/// A crash loop of a pod that is being worked on.
pub(crate) fn recovery() -> Recovery {
    let target = Target { kind: Kind::Pod, key: Key::new("shop", "web-1"), uid: "u1".into() };
    let spec = Spec {
        failure: FailureType::Pod,
        action: Some(Action::Pod),
        cause: Some(Cause::CrashLoop),
        severity: Severity::Critical,
        strategy: Some(Strategy::Recreate),
        mode: Mode::Enforce,
        workload: target.clone(),
        target,
        policy: String::new(),
        description: "<!channel> & more".to_owned(),
        first_seen: Stamp(1_700_000_000_000),
        detected_at: Stamp(1_700_000_001_000),
        similar_failures: 0,
        reasons: Vec::new(),
    };
    let status = Status {
        phase: Some(Phase::Running),
        message: String::new(),
        reason: String::new(),
        attempts: Vec::new(),
        guards: Vec::new(),
        evidence: Vec::new(),
        impact: Vec::new(),
        verification: None,
        recovery_seconds: None,
        notifications: Vec::new(),
        saved_manifest: Some("{\"canary\":\"manifest\"}".to_owned()),
        finished_at: None,
    };
    Recovery {
        name: "pod-crashloop-1".into(),
        uid: "r1".into(),
        resource_version: "1".into(),
        created: Stamp(1_700_000_001_000),
        spec,
        status,
        orders: Orders::default(),
    }
}
