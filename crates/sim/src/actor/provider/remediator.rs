//! An operator as medik8s has them: it works on each remediation object, and says how far it is by conditions.

use super::{Ordered, PLACE, UNTOUCHED, WORK, carry_out};
use crate::actor::desk::{Actor, Desk, later};
use crate::actor::levers::Levers;
use crate::actor::object::{condition, conditions, going, set_condition, stamp, text};
use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::{Value, json};

const REMEDIATIONS: &str = "fenceagentsremediations.fence-agents-remediation.medik8s.io";

pub(in crate::actor) struct Remediator {
    levers: Levers,
}

impl Remediator {
    pub(in crate::actor) fn new(levers: Levers) -> Self {
        Self { levers }
    }
}

/// Its templates.
pub(super) fn install(hand: &Hand) -> Result<(), Failure> {
    for (name, action) in [("fence", "reboot"), ("reset", "off")] {
        let spec = json!({ "agent": "fence_ipmilan", "retrycount": 5, "sharedparameters": { "--action": action } });
        let template = json!({ "metadata": { "name": name }, "spec": { "template": { "spec": spec } } });
        hand.create("fenceagentsremediationtemplates.fence-agents-remediation.medik8s.io", PLACE, &template)?;
    }
    Ok(())
}

impl Actor for Remediator {
    type Task = Key;
    const WATCHES: &'static [&'static str] = &[REMEDIATIONS];

    fn see(&mut self, key: &Key, _: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Key>) {
        let touched = |object: &&Value| object["metadata"]["annotations"][UNTOUCHED].is_null();
        if new.filter(touched).is_some() {
            desk.put(key.clone());
        }
    }

    fn work(&mut self, key: &Key, desk: &mut Desk<Key>) -> Result<(), Failure> {
        let object = desk.hand.get(&key.resource, &key.namespace, &key.name)?;
        if going(&object) || condition(&object, "Succeeded").is_some_and(|found| found["status"] != "Unknown") {
            return Ok(());
        }
        let Some(begun) = condition(&object, "Processing") else {
            let begun = [("Processing", "True"), ("Succeeded", "Unknown")];
            return tell(&desk.hand, key, &object, &begun, false);
        };
        let begun = text(begun, "/lastTransitionTime").parse::<Timestamp>().unwrap_or(Timestamp::MIN);
        let due = later(begun, WORK);
        if due > desk.hand.now() {
            desk.put_at(due, key.clone());
            return Ok(());
        }
        let how = self.levers.ordered().unwrap_or(Ordered::Reboots);
        if how == Ordered::Stalls {
            return Ok(());
        }
        carry_out(&self.levers, &desk.hand, &key.name, how)?;
        let succeeded = if how == Ordered::Fails { "False" } else { "True" };
        let ended = [("Processing", "False"), ("Succeeded", succeeded)];
        tell(&desk.hand, key, &object, &ended, how == Ordered::Assumes)
    }
}

fn tell(hand: &Hand, key: &Key, object: &Value, said: &[(&str, &str)], assumed: bool) -> Result<(), Failure> {
    let mut told = conditions(object);
    for (kind, status) in said {
        set_condition(
            &mut told,
            json!({ "type": kind, "status": status, "reason": "AsTold", "message": "" }),
            hand.now(),
        );
    }
    let mut status = json!({ "conditions": told });
    if assumed {
        status["timeAssumedRebooted"] = stamp(hand.now());
    }
    hand.patch_status(&key.resource, &key.namespace, &key.name, &json!({ "status": status })).map(drop)
}
