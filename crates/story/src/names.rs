//! From uids and random names to the names of a story, and back.

use crate::deed::PodName;
use crate::story::Name;
use std::collections::BTreeMap;

/// Every pod that was ever seen.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pods: BTreeMap<String, Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    workload: Option<Name>,
    /// What pods of one workload are ordered by: creation, name, order of being seen.
    order: (i64, Name, usize),
}

impl Names {
    /// Notes a pod: its uid, its name in the cluster, the workload at the top of its owners (`None` without controller) and its
    /// `creationTimestamp` in seconds of any epoch. A uid that is known stays as it is.
    pub fn see(&mut self, uid: &str, name: &Name, workload: Option<&Name>, created: i64) {
        let sequence = self.pods.len();
        self.pods
            .entry(uid.to_owned())
            .or_insert_with(|| Seen { workload: workload.cloned(), order: (created, name.clone(), sequence) });
    }

    /// The story's name of the pod with this uid: `web.2`; `solo`, and `solo.2` for the second pod of that name without controller.
    #[must_use]
    pub fn story_name(&self, uid: &str) -> Option<String> {
        let seen = self.pods.get(uid)?;
        let number = 1 + self.family(seen).filter(|(_, other)| other.order < seen.order).count();
        match &seen.workload {
            Some(workload) => Some(format!("{workload}.{number}")),
            None if number == 1 => Some(seen.order.1.to_string()),
            None => Some(format!("{}.{number}", seen.order.1)),
        }
    }

    /// The workload of the pod with this uid; `None` for one without controller or one that was never seen.
    #[must_use]
    pub fn workload(&self, uid: &str) -> Option<&Name> {
        self.pods.get(uid)?.workload.as_ref()
    }

    /// The uid and the name in the cluster of the pod that a story means; `None` when it was not seen yet.
    #[must_use]
    pub fn find(&self, pod: &PodName) -> Option<(&str, &Name)> {
        let found = match pod {
            PodName::Numbered { workload, number } => {
                let mut all: Vec<_> =
                    self.pods.iter().filter(|(_, seen)| seen.workload.as_ref() == Some(workload)).collect();
                all.sort_by(|(_, a), (_, b)| a.order.cmp(&b.order));
                all.get((*number as usize).checked_sub(1)?).copied()
            }
            PodName::Bare(name) => {
                let all = self.pods.iter().filter(|(_, seen)| seen.workload.is_none() && seen.order.1 == *name);
                all.max_by(|(_, a), (_, b)| a.order.cmp(&b.order))
            }
        };
        found.map(|(uid, seen)| (uid.as_str(), &seen.order.1))
    }

    /// The pods that are numbered together with `seen`.
    fn family<'a>(&'a self, seen: &'a Seen) -> impl Iterator<Item = (&'a String, &'a Seen)> {
        self.pods.iter().filter(move |(_, other)| {
            other.workload == seen.workload && (seen.workload.is_some() || other.order.1 == seen.order.1)
        })
    }
}
