//! `NotReady` of a pod: Running, but condition Ready is not True.

use super::{Bad, Rule, Sight, Signal, running_on, seen};
use crate::fact::{PodFact, PodPhase};
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) const RULE: Rule<PodFact> = Rule { cause: Cause::NotReady, failure: FailureType::Pod, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 10
}

fn signal(pod: &PodFact, _: &Sight<'_>) -> Signal {
    let Some(trouble) = running_on(pod).filter(|_| pod.phase == PodPhase::Running && !pod.ready) else {
        return Signal::Good(None);
    };
    let names: Vec<&str> = trouble.containers.iter().filter(|c| !c.ready).map(|c| c.name.as_str()).collect();
    let mut description = String::from("pod runs without being ready");
    if !names.is_empty() {
        description += &alloc::format!(" (containers not ready: {})", names.join(", "));
    }
    let evidence = alloc::vec![seen("containersNotReady", names.join(", "))];
    Signal::Bad(Bad { cause: Cause::NotReady, since: None, overdue: false, onset: pod.onset(), description, evidence })
}
