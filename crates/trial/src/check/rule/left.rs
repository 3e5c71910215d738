//! L3: at the end of a run, no mark of ours is left by a Recovery that is over.

use super::orphans;
use crate::check::deed::Named;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use crate::player::machines::REMEDIATIONS;

#[derive(Default)]
pub(crate) struct Left;

impl Rule for Left {
    fn end(&mut self, scene: Scene<'_>, found: &mut Found) {
        // Switched off, nothing is taken back.
        if scene.book.calm_since(scene.now).is_none() {
            return;
        }
        let marked =
            ["nodes", "services", "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"];
        let marked = marked.into_iter().flat_map(|resource| scene.store.list(resource, ""));
        let marked = marked.map(|(key, object)| (key, orphans::of(Some(&**object)).to_vec()));
        let remediations = scene.store.list(REMEDIATIONS, "");
        let remediations = remediations.map(|(key, object)| (key, vec![orphans::of_remediation(Some(&**object))]));
        for (key, marks) in marked.chain(remediations) {
            for (kind, record) in marks {
                let Some(record) = record else { continue };
                let over = scene.book.records.get(record).is_none_or(|kept| kept.record.is_over());
                found.judge(!over, || format!("{kind} is left on {} by Recovery {record}", Named(key)));
            }
        }
    }
}
