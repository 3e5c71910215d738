//! What a bench found, as it is printed and as it stands in `docs/performance.md`.

use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");

/// One bench's part of the page.
#[derive(Debug)]
pub(super) struct Section {
    /// The bench's name on the command line.
    pub(super) bench: &'static str,
    pub(super) title: &'static str,
    /// What was measured, and how.
    pub(super) text: String,
    pub(super) tables: Vec<Table>,
}

/// A table; its first row of cells is the head.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.to_vec());
    }

    /// As Markdown, in columns that line up, so that it reads well on a terminal too.
    fn text(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or_default();
        let width =
            |column: usize| self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default().max(3)).collect();
        let mut text = String::new();
        for (number, row) in self.0.iter().enumerate() {
            let cells: Vec<String> = widths
                .iter()
                .enumerate()
                .map(|(at, width)| {
                    let cell = row.get(at).map_or("", String::as_str);
                    if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                })
                .collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if number == 0 {
                let rules: Vec<String> = widths
                    .iter()
                    .enumerate()
                    .map(|(at, width)| if at == 0 { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) })
                    .collect();
                let _ = writeln!(text, "| {} |", rules.join(" | "));
            }
        }
        text
    }
}

impl Section {
    fn markdown(&self) -> String {
        let tables: Vec<String> = self.tables.iter().map(Table::text).collect();
        format!(
            "## {}\n\n{}\n\n{}\nAgain with `cargo xtask bench {}`.\n",
            self.title,
            self.text.trim(),
            tables.join("\n"),
            self.bench
        )
    }

    pub(super) fn print(&self) {
        println!("\n{}", self.markdown());
    }

    /// Puts it into the page in place of what the bench found before.
    pub(super) fn write(&self) -> Result<()> {
        let page = fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
        let text = replaced(&page, self.bench, &self.markdown())
            .with_context(|| format!("{PAGE} has no place for {}", self.bench))?;
        fs::write(PAGE, text).with_context(|| format!("cannot write {PAGE}"))
    }
}

/// The page with `text` between the marks of `bench`.
fn replaced(page: &str, bench: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- bench {bench} -->\n"), format!("<!-- end of {bench} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_old, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{text}{end}{after}"))
}

/// The value that `percent` of them do not exceed (nearest rank).
pub(super) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}
