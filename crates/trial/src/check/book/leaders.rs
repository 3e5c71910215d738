//! Who led when, as the leader's Lease shows it.

use crate::check::json::text;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One leadership of one process.
#[derive(Clone, Debug)]
pub(crate) struct Reign {
    pub(crate) instance: Arc<str>,
    /// Counts reigns; `leaseTransitions` starts again when somebody deletes the Lease.
    pub(crate) epoch: u64,
    pub(crate) since: Timestamp,
    /// When it last wrote the Lease.
    pub(crate) renewed: Timestamp,
}

#[derive(Default)]
pub(crate) struct Leaders {
    holder: String,
    identities: BTreeMap<String, Arc<str>>,
    current: Option<Reign>,
    last: BTreeMap<Arc<str>, Reign>,
    epochs: u64,
}

impl Leaders {
    /// Takes a commit of the Lease by one of our processes, or by somebody else.
    pub(super) fn commit(&mut self, by: Option<&Arc<str>>, lease: Option<&Value>, now: Timestamp) {
        let holder = lease.map_or("", |lease| text(lease, "/spec/holderIdentity"));
        if let Some(instance) = by.filter(|_| !holder.is_empty()) {
            self.identities.insert(holder.to_owned(), instance.clone());
        }
        if holder == self.holder && self.current.is_some() {
            // Only the holder's own writes renew.
            if let Some(reign) = self.current.as_mut().filter(|reign| by == Some(&reign.instance)) {
                reign.renewed = now;
                self.last.insert(reign.instance.clone(), reign.clone());
            }
            return;
        }
        self.holder = holder.to_owned();
        self.current = self.identities.get(holder).map(|instance| {
            self.epochs += 1;
            Reign { instance: instance.clone(), epoch: self.epochs, since: now, renewed: now }
        });
        if let Some(reign) = &self.current {
            self.last.insert(reign.instance.clone(), reign.clone());
        }
    }

    pub(crate) fn current(&self) -> Option<&Reign> {
        self.current.as_ref()
    }

    /// The last reign of `instance`.
    pub(crate) fn of(&self, instance: &str) -> Option<&Reign> {
        self.last.get(instance)
    }

    /// When anybody last led.
    pub(crate) fn last_renewed(&self) -> Option<Timestamp> {
        self.last.values().map(|reign| reign.renewed).max()
    }
}
