//! S4: a pod is deleted or evicted once, and a Recovery marks a node once, whoever leads.

use crate::check::deed::DeedKind;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Once {
    /// Uid, and for marks the record and which mark, with the words about the first time.
    done: BTreeMap<(String, String, Option<DeedKind>), String>,
}

impl Rule for Once {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        for deed in act.deeds {
            // Deletion and eviction are one: either way the pod goes.
            let mark = match deed.kind {
                DeedKind::Delete | DeedKind::Evict => None,
                DeedKind::Cordon | DeedKind::Taint => Some(deed.kind),
                DeedKind::Uncordon => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Cordon)));
                    continue;
                }
                DeedKind::Untaint => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Taint)));
                    continue;
                }
                DeedKind::CreatePod | DeedKind::Unknown => continue,
            };
            let by = format!("commit {} by {}", act.commit.version, act.commit.origin.instance);
            let first = self.done.insert((deed.uid.clone(), deed.record.clone(), mark), by.clone());
            found.judge(first.is_none(), || format!("{deed} twice: {}, {by}", first.unwrap_or_default()));
        }
    }
}
