//! The controller as a whole: of the leader, else from the stored Recoveries.

use super::ask::page;
use super::installation::Installation;
use super::text::{moment, table};
use crate::client::{Clients, words};
use jiff::Timestamp;
use kube::api::{Api, ListParams};
use self_healing_api::explanation::RecoveryBrief;
use self_healing_api::overview::{Active, Overview, Watch};
use self_healing_api::recovery::{Recovery, from_resource};
use self_healing_core::event::Event;
use self_healing_core::healer::Healer;
use self_healing_core::time::{Now, Stamp, Tick};
use std::fmt::Write;

/// How the controller is doing.
///
/// # Errors
/// When neither the leader nor the stored Recoveries can be read, with why.
pub async fn overview(clients: &Clients, controller: &Installation, now: Stamp) -> Result<Overview, String> {
    let why = match page(&clients.reads, controller, "/api/v1/status").await {
        Ok(overview) => return Ok(overview),
        Err(why) => why,
    };
    let api = Api::<Recovery>::namespaced(clients.reads.clone(), &controller.namespace);
    let stored = api.list(&ListParams::default()).await.map_err(|error| words(&error))?;
    let config = controller.layers.config();
    let mut healer = Healer::new(config.settings((&controller.namespace, controller.leader())));
    let records = stored.items.iter().filter_map(|record| from_resource(record).ok());
    let now = Now { tick: Tick::default(), stamp: now };
    healer.turn(now, records.map(|record| Event::Recovery(Box::new(record))));
    let mut found = Overview::from(&healer.overview(now));
    // Watches are a running controller's.
    found.watches.clear();
    found.observer.stale_watches.clear();
    found.observer.notes.push(format!("Not asked of the running controller: {why}."));
    found.observer.notes.extend(controller.notes.iter().cloned());
    Ok(found)
}

/// One screen.
#[must_use]
pub fn overview_text(found: &Overview, controller: &Installation) -> String {
    let now: Timestamp = found.at.parse().unwrap_or_default();
    let leader = match (controller.leader(), controller.renewed) {
        ("", _) => "nobody".to_owned(),
        (leader, Some(renewed)) => format!("{leader}, Lease renewed {}", moment(now, &short(renewed))),
        (leader, None) => leader.to_owned(),
    };
    let mut text = format!("Leader   {leader}\nMode     {}\n", found.observer.mode);
    let paused = if found.observer.paused { "YES: nothing is done until it is resumed" } else { "no" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Paused   {paused}");
    if !found.watches.is_empty() {
        let _ = writeln!(text, "Watches  {}", watches(&found.watches));
    }
    let _ = writeln!(text, "\nRecoveries under way or held: {}", found.active.len());
    text += &table(&active(&found.active, now));
    let held: Vec<&Active> = found.active.iter().filter(|active| active.held.is_some()).collect();
    if !held.is_empty() {
        text += "\nHeld\n";
        text += &table(&held.iter().filter_map(|active| reason(active)).collect::<Vec<_>>());
    }
    let _ = writeln!(text, "\nEnded last: {}", found.ended.len());
    text += &table(&found.ended.iter().map(|ended| over(ended, now)).collect::<Vec<_>>());
    text.push('\n');
    for note in &found.observer.notes {
        let _ = writeln!(text, "{note}");
    }
    text.trim_end().to_owned() + "\n"
}

fn short(time: Timestamp) -> String {
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}

fn watches(watches: &[Watch]) -> String {
    let behind = watches.iter().filter(|watch| !watch.current);
    let behind: Vec<String> = behind.map(|watch| format!("{} NOT CURRENT", watch.resource)).collect();
    let objects: usize = watches.iter().map(|watch| watch.objects).sum();
    if behind.is_empty() { format!("all current, {objects} objects") } else { behind.join(", ") }
}

fn target(recovery: &RecoveryBrief) -> String {
    let slash = if recovery.target.namespace.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{}", recovery.target.kind, recovery.target.namespace, recovery.target.name)
}

fn active(all: &[Active], now: Timestamp) -> Vec<[String; 7]> {
    if all.is_empty() {
        return Vec::new();
    }
    let head = ["NAME", "TARGET", "CAUSE", "SEVERITY", "STRATEGY", "PHASE", "DETECTED"].map(str::to_owned);
    let row = |active: &Active| {
        let recovery = &active.recovery;
        let strategy = if active.strategy.is_empty() { "<none>" } else { &active.strategy };
        [
            recovery.name.clone(),
            target(recovery),
            recovery.cause.clone(),
            active.severity.clone(),
            strategy.to_owned(),
            recovery.phase.clone(),
            moment(now, &recovery.detected_at),
        ]
    };
    [head].into_iter().chain(all.iter().map(row)).collect()
}

fn reason(active: &Active) -> Option<[String; 3]> {
    let guard = active.held.as_ref()?;
    Some([active.recovery.name.clone(), guard.name.clone(), guard.reason.clone()])
}

fn over(recovery: &RecoveryBrief, now: Timestamp) -> [String; 5] {
    let at = recovery.finished_at.as_deref().map_or_else(String::new, |at| moment(now, at));
    let last = recovery.attempts.last().map_or_else(|| "-".to_owned(), |attempt| attempt.strategy.clone());
    [recovery.name.clone(), target(recovery), last, recovery.phase.clone(), at]
}
