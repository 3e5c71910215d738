//! What can be seen at a glance, as the page gets it: rows of JSON by key, so that what changes is sent row by row.
//!
//! A row is always sent whole. Its key begins with what it is: `head`, `node/NAME`, `trouble/KIND/NAMESPACE/NAME`, `recovery/NAME`,
//! `gauge/KEY/ZONE`, `watch/RESOURCE`, `total`.

use crate::explanation::{Object, Observer, time};
use self_healing_core::board as core;
use self_healing_core::names::{Cause, Phase, Strategy};
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows by key; each value is JSON.
pub type Rows = BTreeMap<String, String>;

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The state of the process.
    #[serde(flatten)]
    pub observer: Observer,
    /// The cluster's name, as configured.
    pub cluster: String,
    /// The controller's namespace.
    pub namespace: String,
    /// The controller's version.
    pub version: String,
}

/// One node.
#[derive(Debug, Serialize)]
struct Spot<'a> {
    zone: &'a str,
    light: &'a str,
}

/// Something in trouble, other than a node.
#[derive(Debug, Serialize)]
struct Trouble<'a> {
    workload: Object,
    causes: Vec<&'a str>,
    objects: usize,
    found: bool,
    recovery: &'a str,
}

/// A Recovery that is not over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Card<'a> {
    #[serde(rename = "type")]
    failure: &'a str,
    cause: &'a str,
    severity: &'a str,
    target: Object,
    workload: Object,
    phase: &'a str,
    message: &'a str,
    strategy: &'a str,
    detected_at: String,
    started_at: Option<String>,
    deadline: Option<String>,
    steps: usize,
    held: Option<Hold<'a>>,
    next: &'a str,
}

/// The guard that holds it.
#[derive(Debug, Serialize)]
struct Hold<'a> {
    guard: &'a str,
    reason: &'a str,
    since: String,
    until: Option<String>,
}

/// How much of a budget is used.
#[derive(Debug, Serialize)]
struct Gauge<'a> {
    key: &'a str,
    zone: &'a str,
    what: &'a str,
    used: usize,
    limit: usize,
}

/// How one watch is doing; the time of its last sign of life to the second, so that the row changes no more often.
#[derive(Debug, Serialize)]
struct Watch {
    objects: usize,
    current: bool,
    heard: Option<String>,
}

/// How many there are, shown or not.
#[derive(Debug, Serialize)]
struct Total {
    troubles: usize,
    recoveries: usize,
}

/// Every row of the board; `head` completes who answers.
#[must_use]
pub fn rows(board: &core::Board, head: impl FnOnce(Observer) -> Head) -> Rows {
    let mut rows = Rows::new();
    let (troubles, recoveries) = board.total;
    put(&mut rows, "head".to_owned(), &head(Observer::from(&board.observer)));
    put(&mut rows, "total".to_owned(), &Total { troubles, recoveries });
    for spot in &board.nodes {
        put(&mut rows, format!("node/{}", spot.name), &Spot { zone: &spot.zone, light: spot.light.as_str() });
    }
    for trouble in &board.troubles {
        let (kind, key) = (trouble.workload.kind.as_str(), &trouble.workload.key);
        put(&mut rows, format!("trouble/{kind}/{}/{}", key.namespace, key.name), &Trouble::from(trouble));
    }
    for card in &board.recoveries {
        put(&mut rows, format!("recovery/{}", card.name), &Card::from(card));
    }
    for gauge in &board.gauges {
        let core::Gauge { key, zone, what, used, limit } = gauge;
        put(&mut rows, format!("gauge/{key}/{zone}"), &Gauge { key, zone, what, used: *used, limit: *limit });
    }
    for watch in &board.watches {
        let heard = watch.lag.map(|lag| time(back(board.at, lag)));
        let row = Watch { objects: watch.objects, current: watch.current, heard };
        put(&mut rows, format!("watch/{}", watch.kind), &row);
    }
    rows
}

/// Texts, numbers and lists of them: writing them cannot fail, and a row that could not be written is not shown.
fn put(rows: &mut Rows, key: String, row: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(row) {
        rows.insert(key, text);
    }
}

fn back(at: self_healing_core::time::Stamp, lag: std::time::Duration) -> self_healing_core::time::Stamp {
    let lag = i64::try_from(lag.as_millis()).unwrap_or(i64::MAX);
    self_healing_core::time::Stamp(at.0.saturating_sub(lag))
}

impl<'a> From<&'a core::Trouble> for Trouble<'a> {
    fn from(trouble: &'a core::Trouble) -> Self {
        Self {
            workload: Object::from(&trouble.workload),
            causes: trouble.causes.iter().map(|cause| cause.as_str()).collect(),
            objects: trouble.objects,
            found: trouble.found,
            recovery: &trouble.recovery,
        }
    }
}

impl<'a> From<&'a core::Card> for Card<'a> {
    fn from(card: &'a core::Card) -> Self {
        Self {
            failure: card.failure.as_str(),
            cause: card.cause.map_or("", Cause::as_str),
            severity: card.severity.as_str(),
            target: Object::from(&card.target),
            workload: Object::from(&card.workload),
            phase: card.phase.map_or("", Phase::as_str),
            message: &card.message,
            strategy: card.strategy.map_or("", Strategy::as_str),
            detected_at: time(card.detected_at),
            started_at: card.started_at.map(time),
            deadline: card.deadline.map(time),
            steps: card.steps,
            held: card.held.as_ref().map(|hold| Hold {
                guard: hold.guard.as_str(),
                reason: &hold.reason,
                since: time(hold.since),
                until: hold.until.map(time),
            }),
            next: &card.next,
        }
    }
}
