//! L8: what is held says so: a guard with its reason in the record, and a Warning Event within T_tell.

use crate::check::deed::is_event;
use crate::check::json::{regarding, text};
use crate::check::limits::{QUIET, TELL};
use crate::check::record::Record;
use crate::check::scene::{Act, Rule, Scene};
use crate::check::violation::Found;
use jiff::Timestamp;
use self_healing_core::names::Mode;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Held {
    /// Records that were held and not told of yet, since when and by which guard.
    untold: BTreeMap<String, (Timestamp, String)>,
    /// When a hold of a record was last told.
    told: BTreeMap<String, Timestamp>,
}

impl Rule for Held {
    fn commit(&mut self, act: &Act<'_>, found: &mut Found) {
        if !act.ours {
            return;
        }
        if is_event(&act.commit.key.resource) {
            let event = &*act.commit.shown;
            let tells = text(event, "/reason") == "RecoveryHeld" && text(event, "/type") == "Warning";
            if tells && regarding(event)["kind"] == "Recovery" {
                self.told.insert(text(regarding(event), "/name").to_owned(), act.scene.now);
            }
        }
        let Some(record) = act.change.and_then(|change| change.after.as_ref()) else { return };
        if record.phase == "Held" {
            let says = record.hold.as_ref().is_some_and(|(guard, reason)| !guard.is_empty() && !reason.is_empty());
            found.judge(says, || {
                format!("commit {}: Recovery {} is Held without a guard that says why", act.commit.version, record.name)
            });
        }
        self.await_telling(act, record);
    }

    fn tick(&mut self, scene: Scene<'_>, found: &mut Found) {
        let due = |since: &Timestamp| scene.now.duration_since(*since) > TELL;
        let names: Vec<String> =
            self.untold.iter().filter(|(_, (since, _))| due(since)).map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some((since, guard)) = self.untold.remove(&name) else { continue };
            // An Event is said once; one that a fault swallowed is not said again.
            let calm = scene.book.calm_since(scene.now).is_some_and(|calm| calm < since);
            if !calm {
                continue;
            }
            // The same words are not repeated for a while.
            let told = self.told.get(&name).is_some_and(|told| since.duration_since(*told) <= QUIET);
            found
                .judge(told, || format!("Recovery {name} has been held by {guard} for {TELL:#}, and no Event says so"));
        }
    }
}

impl Held {
    fn await_telling(&mut self, act: &Act<'_>, record: &Record) {
        let guard = record.hold.as_ref().filter(|_| !record.is_over()).map(|(guard, _)| guard);
        let configured = act.scene.book.possible(act.scene.now).any(|config| config.mode == Mode::Observe);
        // A policy may have said so for this one alone.
        let observes = configured || record.phase == "Observed";
        match guard.filter(|_| !observes) {
            None => drop(self.untold.remove(&record.name)),
            Some(guard) if self.untold.get(&record.name).is_some_and(|(_, by)| by == guard) => {}
            Some(guard) => {
                let before =
                    act.change.and_then(|change| change.before.as_ref()).and_then(|before| before.hold.clone());
                if before.is_none_or(|(before, _)| before != *guard) {
                    self.untold.insert(record.name.clone(), (act.scene.now, guard.clone()));
                }
            }
        }
    }
}
