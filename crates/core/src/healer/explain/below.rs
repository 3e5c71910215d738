//! What is in trouble below an object: the pods of a node or a workload.

use crate::cluster::{Pod, Subject};
use crate::fact::PodFact;
use crate::healer::Healer;
use crate::key::{Kind, Target};
use crate::time::Now;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// So many are named.
const SHOWN: usize = 10;

impl Healer {
    /// Pods below it with a bad signal, as `Pod namespace/name: what`.
    pub(super) fn below(&self, target: &Target, now: Now) -> Vec<String> {
        let pods: Vec<Pod<'_>> = match target.kind {
            Kind::Pod => return Vec::new(),
            Kind::Node => self.cluster.pods_on(&target.key.name).collect(),
            _ => self.cluster.pods_of(target),
        };
        let ill = pods.into_iter().filter(|pod| self.sickbed.is_known(&Subject::Pod(pod.key.clone())));
        let mut lines: Vec<String> = ill.map(|pod| self.line(&pod, now)).collect();
        if lines.len() > SHOWN {
            let more = lines.len() - SHOWN;
            lines.truncate(SHOWN);
            lines.push(format!("and {more} more"));
        }
        lines
    }

    fn line(&self, pod: &PodFact, now: Now) -> String {
        let seen = self.sighted(now, &Subject::Pod(pod.key.clone()), |sight| self.sickbed.view_pod(pod, sight));
        let cause = seen.iter().find(|seen| seen.view.fired).or_else(|| seen.iter().find(|seen| seen.view.bad));
        let what = cause.map_or_else(
            || "better, but not for long enough".into(),
            |seen| match seen.view.fires_at {
                Some(_) => format!("{} suspected", seen.view.cause),
                None => String::from(seen.view.cause.as_str()),
            },
        );
        format!("{}: {what}", pod.target())
    }
}
