//! `StuckTerminating`: a pod whose deletion and grace period have passed and that is still there.

use super::{Bad, Rule, Sight, Signal, seen};
use crate::cluster::Subject;
use crate::fact::PodFact;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

pub(super) const RULE: Rule<PodFact> =
    Rule { cause: Cause::StuckTerminating, failure: FailureType::Pod, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 2
}

fn signal(pod: &PodFact, sight: &Sight<'_>) -> Signal {
    let Some((trouble, due)) = pod.trouble.as_deref().and_then(|t| Some((t, t.deletion_due?))) else {
        return Signal::Good(None);
    };
    let over = sight.tick_of(&Subject::Pod(pod.key.clone()), due);
    if sight.now.tick < over {
        return Signal::Good(Some(over));
    }
    let finalizers = trouble.finalizers.join(", ");
    let mut description = "deletion and grace period have passed, the pod is still there".to_string();
    if !finalizers.is_empty() {
        description += &format!("; finalizers: {finalizers}");
    }
    let evidence = alloc::vec![seen("finalizers", finalizers), seen("node", pod.node.as_deref().unwrap_or_default())];
    Signal::Bad(Bad { cause: Cause::StuckTerminating, since: None, overdue: false, onset: due, description, evidence })
}
