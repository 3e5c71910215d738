//! L3: at the end of a run, no mark of ours is left by a Recovery that is over.

use super::orphans;
use crate::check::deed::Named;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;

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
        for (key, object) in marked.into_iter().flat_map(|resource| scene.store.list(resource, "")) {
            for (kind, record) in orphans::of(Some(&**object)) {
                let Some(record) = record else { continue };
                let over = scene.book.records.get(record).is_none_or(|kept| kept.record.is_over());
                found.judge(!over, || format!("{kind} is left on {} by Recovery {record}", Named(key)));
            }
        }
    }
}
