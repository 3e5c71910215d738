//! What the core alone keeps of up to a million pods, more than this machine's etcd holds.

use super::report::Section;
use anyhow::{Context, Result, ensure};
use std::process::Command;

pub(super) fn run() -> Result<Section> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let bench = ["run", "--release", "--quiet", "--package", "self-healing-bench", "--", "growth"];
    let output = Command::new(cargo).args(bench).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "something grew:\n{}", String::from_utf8_lossy(&output.stdout));
    let found = String::from_utf8(output.stdout)?;
    let text = format!(
        "The core alone, fed with facts: bytes that it has in use, counted, each pod's share of what it has in common with others included.\n\n{found}"
    );
    Ok(Section { bench: "growth", title: "Growth", text, tables: Vec::new() })
}
