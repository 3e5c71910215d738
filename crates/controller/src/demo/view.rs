//! The live view: nodes, workloads, open Recoveries and why they stand where they stand, and what happened last.

use super::news::{Line, Voice};
use super::records::{clock, records};
use super::screen::{Colour, Styled};
use super::stage::{Stage, holds};
use super::town::{DEPLOYMENTS, SHOP, ZONES};
use self_healing_api::marks::ZONE;
use self_healing_core::names::{Cause, Phase, Strategy};
use self_healing_core::recovery::Recovery;
use serde_json::Value;
use std::time::Duration;

/// Workloads in a row, and the width of each.
const WORKLOADS: (usize, usize) = (4, 18);
/// The width of a node.
const NODE: usize = 20;
/// Happenings at most; fewer where there is no room.
const HAPPENINGS: usize = 14;
/// Open Recoveries at most.
const OPEN: usize = 6;

/// Everything, for a terminal of so many rows; `title` is about the demo itself.
pub(super) fn frame(stage: &Stage, title: &str, rows: usize) -> Vec<Styled> {
    let all = records(&stage.hand);
    let open: Vec<&Recovery> = all.iter().filter(|recovery| recovery.is_active()).collect();
    let healed = all.iter().filter(|recovery| recovery.status.finished_at.is_some()).count();
    let head = |text: String| Styled::default().put(Colour::Bold, text);
    let mut lines = vec![
        head(format!("Self-healing demo {}", clock(stage.elapsed()))).put(Colour::Dim, format!("   {title}")),
        Styled::default(),
        head("Nodes by zone".to_owned()),
    ];
    lines.extend(zones(&stage.hand.list("nodes", "")));
    lines.push(head("Workloads".to_owned()));
    lines.extend(workloads(&stage.hand.list(DEPLOYMENTS, SHOP)));
    lines.push(head(format!("Recoveries: {} open, {healed} over", open.len())));
    for recovery in open.iter().take(OPEN) {
        lines.extend(recovery_lines(recovery, stage.now().since(recovery.spec.detected_at)));
    }
    lines.push(head("Happenings".to_owned()));
    let room = rows.saturating_sub(lines.len() + 1).min(HAPPENINGS);
    lines.extend(stage.news.borrow().last(room).map(happening));
    lines
}

/// One happening in one line.
pub(super) fn happening(line: &Line) -> Styled {
    let colour = match line.voice {
        Voice::Script | Voice::Lost => Colour::Red,
        Voice::Person => Colour::Blue,
        Voice::Found | Voice::Held => Colour::Yellow,
        Voice::Acts => Colour::Cyan,
        Voice::Healed => Colour::Green,
    };
    let word = format!("{:<width$}", line.voice.word(), width = Voice::WIDTH);
    let start = Styled::default().put(Colour::Dim, format!("{}  ", clock(line.at)));
    start.put(colour, word).put(Colour::Plain, format!("  {}", line.text))
}

fn zones<T: AsRef<Value>>(nodes: &[T]) -> Vec<Styled> {
    let line = |zone: &&str| {
        let inside = nodes.iter().map(AsRef::as_ref).filter(|node| node["metadata"]["labels"][ZONE] == **zone);
        inside.fold(Styled::default().put(Colour::Dim, format!("  {zone} ")), |line, node| {
            let (state, colour) = match (holds(node, "Ready"), node["spec"]["unschedulable"] == true) {
                (true, false) => ("ready", Colour::Green),
                (true, true) => ("cordoned", Colour::Yellow),
                (false, false) => ("SICK", Colour::Red),
                (false, true) => ("SICK+cordon", Colour::Red),
            };
            line.put(colour, format!("{:<NODE$}", format!("{} {state}", name(node))))
        })
    };
    ZONES.iter().map(line).collect()
}

fn workloads<T: AsRef<Value>>(deployments: &[T]) -> Vec<Styled> {
    let (columns, width) = WORKLOADS;
    let entry = |line: Styled, deployment: &T| {
        let deployment = deployment.as_ref();
        let ready = deployment["status"]["readyReplicas"].as_i64().unwrap_or(0);
        let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(0);
        let colour = if ready >= wanted { Colour::Green } else { Colour::Red };
        line.put(colour, format!("{:<width$}", format!("{} {ready}/{wanted}", name(deployment))))
    };
    deployments.chunks(columns).map(|row| row.iter().fold(Styled::default().put(Colour::Plain, "  "), entry)).collect()
}

fn recovery_lines(recovery: &Recovery, open_for: Duration) -> [Styled; 2] {
    let spec = &recovery.spec;
    let phase = recovery.status.phase.map_or("Unknown", Phase::as_str);
    let cause = spec.cause.map_or("unknown", Cause::as_str);
    let strategy = recovery.attempt().map(|attempt| attempt.strategy).or(spec.strategy);
    let strategy = strategy.map_or("nothing", Strategy::as_str);
    let held = recovery.held_by();
    let colour = if held.is_some() { Colour::Yellow } else { Colour::Cyan };
    let first = Styled::default()
        .put(colour, format!("  {phase:<10}"))
        .put(Colour::Plain, format!("{}  ", spec.target))
        .put(Colour::Dim, format!("{cause}, {}: {strategy}, for {} s", spec.severity, open_for.as_secs()));
    let why = held.map_or_else(|| recovery.status.message.clone(), |guard| format!("{}: {}", guard.name, guard.reason));
    [first, Styled::default().put(Colour::Plain, format!("            {why}"))]
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}
