//! S4: a pod is deleted or evicted once, and a Recovery marks a node, switches a Service, resizes a pod, scales or rolls back a workload
//! once, and restarts one once per attempt, whoever leads.

use crate::check::deed::DeedKind;
use crate::check::json::text;
use crate::check::scene::{Act, Rule};
use crate::check::violation::Found;
use std::collections::BTreeMap;

const RESTARTED: &str = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";

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
                DeedKind::Cordon | DeedKind::Taint | DeedKind::Scale | DeedKind::RollBack => Some(deed.kind),
                DeedKind::Switch | DeedKind::Resize => Some(deed.kind),
                DeedKind::Fence => Some(deed.kind),
                // A later attempt restarts the pods anew, which the moment tells; each template of a list is ordered by once.
                DeedKind::Restart | DeedKind::Replace => {
                    let shown = &act.commit.shown;
                    let what = match deed.kind {
                        DeedKind::Restart => text(shown, RESTARTED).to_owned(),
                        _ => shown["spec"].to_string(),
                    };
                    let key = (deed.uid.clone(), format!("{} {what}", deed.record), Some(deed.kind));
                    let by = format!("commit {} by {}", act.commit.version, act.commit.origin.instance);
                    let first = self.done.insert(key, by.clone());
                    found.judge(first.is_none(), || format!("{deed} twice: {}, {by}", first.unwrap_or_default()));
                    continue;
                }
                DeedKind::Unscale => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Scale)));
                    continue;
                }
                DeedKind::Unfence => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Fence)));
                    continue;
                }
                DeedKind::Uncordon => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Cordon)));
                    continue;
                }
                DeedKind::Untaint => {
                    self.done.remove(&(deed.uid.clone(), deed.record.clone(), Some(DeedKind::Taint)));
                    continue;
                }
                // A Recovery switches its Service once; what it took back it does not switch again.
                DeedKind::SwitchBack | DeedKind::CreatePod | DeedKind::EndRemediation | DeedKind::Unknown => continue,
            };
            let by = format!("commit {} by {}", act.commit.version, act.commit.origin.instance);
            let first = self.done.insert((deed.uid.clone(), deed.record.clone(), mark), by.clone());
            found.judge(first.is_none(), || format!("{deed} twice: {}, {by}", first.unwrap_or_default()));
        }
    }
}
