//! The table at the end.

use super::ledger::Row;
use super::records::{clock, seconds};
use std::fmt::Display;

const HEAD: [&str; 9] =
    ["broken", "target", "cause", "severity", "strategy", "held by", "outcome", "found after", "healed after"];

/// All rows in columns, with a head.
pub(super) fn table(rows: &[Row]) -> String {
    let lines: Vec<[String; 9]> = std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0)).collect();
    let write = |line: &[String; 9]| {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines.iter().map(write).collect()
}

fn cells(row: &Row) -> [String; 9] {
    let held: Vec<String> = row.held_by.iter().map(ToString::to_string).collect();
    [
        or_dash(row.at.map(clock)),
        row.target.key.to_string(),
        or_dash(row.cause),
        or_dash(row.severity),
        or_dash(row.strategy),
        or_dash((!held.is_empty()).then(|| held.join(", "))),
        or_dash(row.outcome),
        or_dash(row.detection.map(seconds)),
        or_dash(row.recovery.map(seconds)),
    ]
}

fn or_dash(cell: Option<impl Display>) -> String {
    cell.map_or_else(|| "-".to_owned(), |cell| cell.to_string())
}
