//! L3: at the end of a run, no mark of ours is left by a Recovery that is over.

use super::orphans;
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
        for (key, node) in scene.store.list("nodes", "") {
            for (kind, record) in orphans::of(Some(&**node)) {
                let Some(record) = record else { continue };
                let over = scene.book.records.get(record).is_none_or(|kept| kept.record.is_over());
                found.judge(!over, || format!("{kind} is left on node {} by Recovery {record}", key.name));
            }
        }
    }
}
