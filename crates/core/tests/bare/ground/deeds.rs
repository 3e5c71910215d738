//! How this ground plays a story, and what a story's deeds do to its controller and its API server.

use super::{CALL, Ground, LAG, LIST, Mail, REIGN};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::names::WatchKind;
use self_healing_core::recovery::Recovery;
use self_healing_story::{Deed, Error, Ground as Place, Moment, Object, Story, Verb as Wrote, Write};
use std::time::Duration;

impl Ground {
    /// Plays a whole story, and `more` seconds after its end.
    pub(crate) fn play(story: &Story, prepare: impl FnOnce(&mut Self), more: f64) -> Result<Self, Error> {
        let mut ground = Self::new(story);
        prepare(&mut ground);
        for moment in &story.moments {
            ground.run_to(ground.zero + ms(moment.at));
            match moment.after {
                Some(_) => ground.armed.push(moment.clone()),
                None => ground.befall(&moment.deed).ok_or_else(|| Place::Bare.cannot(story, moment))?,
            }
        }
        ground.run_to(ground.zero + ms(story.end) + (more * 1000.0) as u64);
        Ok(ground)
    }

    /// Does a deed in the words of stories.
    pub(crate) fn does(&mut self, text: &str) {
        let deed = self.story.deed(text).unwrap_or_else(|error| panic!("{error}"));
        self.befall(&deed).unwrap_or_else(|| panic!("cannot: {deed}"));
    }

    /// Does a deed right after the next such write, as `after VERB OBJECT` of a story.
    pub(crate) fn does_after(&mut self, text: &str, verb: Wrote, object: &str) {
        let deed = self.story.deed(text).unwrap_or_else(|error| panic!("{error}"));
        let after = Some(Write { verb, object: self.story.object(object).unwrap() });
        self.armed.push(Moment { line: 0, at: Duration::ZERO, after, deed });
    }

    /// A budget that is so tight from the moment on when `node` is cordoned: what a drain that had a good plan runs into.
    pub(crate) fn tightens(mut self, budget: &str, node: &str) -> Self {
        self.does_after(&format!("budget {budget}"), Wrote::Cordon, node);
        self
    }

    /// Does the deeds that wait for the write that was just made, if one was; true when the process ended over one.
    pub(super) fn react(&mut self, writes_before: usize) -> bool {
        let Some((_, verb, of)) = self.truth.writes.get(writes_before) else { return false };
        let made = (*verb, self.written(of));
        let is_due =
            |moment: &Moment| moment.after.as_ref().is_some_and(|after| (after.verb, after.object.to_string()) == made);
        let (due, armed) = std::mem::take(&mut self.armed).into_iter().partition(is_due);
        self.armed = armed;
        let due: Vec<Moment> = due;
        for moment in &due {
            self.publish();
            self.befall(&moment.deed).unwrap_or_else(|| panic!("cannot: {}", moment.deed));
        }
        due.iter().any(|moment| matches!(moment.deed, Deed::KillController | Deed::StopController))
    }

    pub(crate) fn befall(&mut self, deed: &Deed) -> Option<()> {
        let outside = matches!(
            deed,
            Deed::Silence(..)
                | Deed::Receiver(..)
                | Deed::KillController
                | Deed::FreezeController(_)
                | Deed::StartApiserver
        );
        if self.truth.down && !outside {
            return None;
        }
        match deed {
            Deed::Set(key, value) => self.set(key, value),
            Deed::Apply(name, version) => {
                let policy = self.story.policy(name, *version)?.clone();
                self.truth.apply_policy(&policy);
            }
            Deed::Withdraw(name) => self.truth.withdraw_policy(name),
            Deed::Approve(object) => self.order(object, |record| record.orders.approved_by = Some("ann".into())),
            Deed::Cancel(object) => self.order(object, |record| record.orders.cancelled_by = Some("ann".into())),
            Deed::KillController => self.restart(),
            Deed::StopController => self.hand_over(),
            Deed::FreezeController(span) => {
                let until = self.now() + ms(*span);
                self.frozen = Some(until);
                if ms(*span) > REIGN {
                    self.put(ms(*span), Mail::Event(Event::Leading(false)));
                    self.put(ms(*span) + 2000, Mail::Lead);
                }
            }
            Deed::StopApiserver => {
                self.truth.down = true;
                self.mail.retain(|_, mail| !matches!(mail, Mail::Lists));
                for kind in WatchKind::ALL {
                    self.put(LAG, Mail::Event(Event::Watch(*kind, WatchState::Broken)));
                }
                self.put(REIGN, Mail::Event(Event::Leading(false)));
            }
            Deed::StartApiserver => self.start_apiserver(),
            other => return self.truth.befall(other),
        }
        Some(())
    }

    fn start_apiserver(&mut self) {
        self.truth.down = false;
        self.truth.news.clear();
        let lost = !self.mail.values().any(|mail| matches!(mail, Mail::Event(Event::Leading(false))));
        self.mail.retain(|_, mail| !matches!(mail, Mail::Event(Event::Leading(false))));
        // Every kubelet that waited for it beats at once.
        for node in self.truth.nodes.keys().cloned().collect::<Vec<_>>() {
            self.truth.beat(node, false);
        }
        self.truth.news.clear();
        self.put(LIST, Mail::Lists);
        if lost {
            self.put(LIST + CALL, Mail::Lead);
        }
    }

    /// A person writes on the active Recovery of `object`.
    fn order(&mut self, object: &Object, write: impl Fn(&mut Recovery)) {
        let Some(target) = self.truth.target(object) else { return };
        let records = self.truth.records.values().filter(|record| record.is_active() && record.spec.target == target);
        for mut record in records.cloned().collect::<Vec<_>>() {
            write(&mut record);
            self.truth.put_record(record);
        }
    }
}

fn ms(span: Duration) -> u64 {
    span.as_millis() as u64
}
