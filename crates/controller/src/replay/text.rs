//! The scorecard, and what differs between two.

use super::card::{Card, Play, name};
use crate::explain::{span, table};
use jiff::Timestamp;
use self_healing_core::key::Text;
use self_healing_core::names::Phase;
use self_healing_core::time::Stamp;
use std::collections::BTreeSet;
use std::fmt::Write;

/// One replay.
#[must_use]
pub fn scorecard(card: &Card) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "{}", heading(card));
    let (acted, needless) = (card.acted().count(), card.needless().count());
    let within = span(card.within.as_secs_f64());
    let _ = writeln!(text, "  {} failures found", card.plays.len());
    let _ = writeln!(text, "  {acted} would have been acted on");
    let _ = writeln!(text, "    {needless} of these were over within {within} although nothing was done");
    let _ = writeln!(text, "    {} of these the recorded controller left alone", card.newly().count());
    let held = card.held().count();
    let _ = writeln!(text, "  {held} held back by guards until the end");
    for (guard, count) in card.by_guard() {
        let _ = writeln!(text, "    {count} by {guard}");
    }
    let soon = card.held().filter(|play| card.was_over_soon(play)).count();
    let _ = writeln!(text, "    {soon} of these were over within {within}");
    let _ = writeln!(
        text,
        "  {} missed: the recorded controller acted on them, and this would not have",
        card.missed().len()
    );
    if card.gaps > 0 {
        let _ = writeln!(text, "  the recording has gaps: {} events were left out", card.gaps);
    }
    text.push('\n');
    text += &rows(card);
    text
}

fn heading(card: &Card) -> String {
    let Some((from, to)) = card.span else { return "an empty recording".to_owned() };
    format!("From {} for {}:", moment(from), span(to.since(from).as_secs_f64()))
}

fn rows(card: &Card) -> String {
    let head = ["DETECTED", "TARGET", "CAUSE", "SEVERITY", "REPLAY", "RECORDED", "OUTCOME"].map(str::to_owned);
    let mut plays: Vec<&Play> = card.plays.values().collect();
    plays.sort_by_key(|play| (play.detected, play.name.clone()));
    let mut rows: Vec<[String; 7]> = plays.iter().map(|play| row(card, play)).collect();
    for (_, lived) in card.missed().into_iter().filter(|(name, _)| !card.plays.contains_key(*name)) {
        let acted = lived.acted.map_or("-", |strategy| strategy.as_str()).to_owned();
        let not_found = ["-".to_owned(), name(&lived.target), "-".to_owned(), "-".to_owned()];
        let [a, b, c, d] = not_found;
        rows.push([a, b, c, d, "not found".to_owned(), acted, lived.phase.map_or("-", Phase::as_str).to_owned()]);
    }
    if rows.is_empty() { String::new() } else { table(&[vec![head], rows].concat()) }
}

fn row(card: &Card, play: &Play) -> [String; 7] {
    let lived = card.lived.get(&play.name);
    let recorded = match lived {
        None => "not found".to_owned(),
        Some(lived) => match (lived.acted, lived.held) {
            (Some(strategy), _) => strategy.to_string(),
            (None, Some(guard)) => format!("held by {guard}"),
            (None, None) => "watched".to_owned(),
        },
    };
    let outcome = match (play.over, play.not_verified) {
        (Some(over), _) => format!("over after {}", span(over.since(play.detected).as_secs_f64())),
        (None, true) => "not over in time".to_owned(),
        (None, false) => "not over".to_owned(),
    };
    [
        moment(play.detected),
        name(&play.target),
        play.cause.map_or("?", |cause| cause.as_str()).to_owned(),
        play.severity.to_string(),
        play.doing(),
        recorded,
        outcome,
    ]
}

/// What two replays of one recording decide differently.
#[must_use]
pub fn compared(first: &Card, second: &Card) -> String {
    let counts =
        |card: &Card| (card.acted().count(), card.needless().count(), card.held().count(), card.missed().len());
    let (one, other) = (counts(first), counts(second));
    let mut text = String::from("The second against the first:\n");
    let lines = [
        ("acted on", one.0, other.0),
        ("  over by themselves", one.1, other.1),
        ("held back", one.2, other.2),
        ("missed", one.3, other.3),
    ];
    for (what, one, other) in lines {
        let _ = writeln!(text, "  {what:<22}{one:>5} -> {other:<5}");
    }
    let names: BTreeSet<&Text> = first.plays.keys().chain(second.plays.keys()).collect();
    let words = |play: Option<&Play>| {
        play.map_or_else(
            || "not found".to_owned(),
            |play| {
                let policy = if play.policy.is_empty() { String::new() } else { format!(" by policy {}", play.policy) };
                format!("{}, {}{policy}", play.severity, play.doing())
            },
        )
    };
    let mut rows = Vec::new();
    for (one, other) in names.into_iter().map(|name| (first.plays.get(name), second.plays.get(name))) {
        let (before, after) = (words(one), words(other));
        if let Some(play) = one.or(other).filter(|_| before != after) {
            let cause = play.cause.map_or("?", |cause| cause.as_str());
            rows.push((play.detected, [name(&play.target), cause.to_owned(), before, format!("-> {after}")]));
        }
    }
    rows.sort();
    if rows.is_empty() {
        text += "  every decision is the same\n";
    } else {
        text.push('\n');
        text += &table(&rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>());
    }
    text
}

fn moment(stamp: Stamp) -> String {
    let time = Timestamp::from_millisecond(stamp.0).unwrap_or_default();
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
