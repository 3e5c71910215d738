//! What promtool says of the alerts and of the dashboard's queries in `kubernetes/monitoring`.

use anyhow::{Context, Result, ensure};
use self_healing_e2e::Binaries;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Checks and tests the rules, then whether each query of the dashboard can be read.
pub(crate) fn run() -> Result<()> {
    let promtool = Binaries::promtool()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kubernetes/monitoring");
    ask(&promtool, &folder, &["check", "rules", "--lint-fatal", "rules.yaml"], "")?;
    ask(&promtool, &folder, &["test", "rules", "rules_test.yaml"], "")?;
    let dashboard =
        fs::read_to_string(folder.join("dashboard.json")).context("kubernetes/monitoring/dashboard.json")?;
    ask(&promtool, &folder, &["check", "rules", "--lint-fatal"], &as_rules(&serde_json::from_str(&dashboard)?))
}

/// The queries of all panels as rules, because promtool reads no dashboards; what Grafana fills in is filled in.
fn as_rules(dashboard: &Value) -> String {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let queries =
        targets.filter_map(|target| target["expr"].as_str()).map(|query| query.replace("$__rate_interval", "2m"));
    let rules =
        queries.enumerate().map(|(number, query)| json!({ "record": format!("query_{number}"), "expr": query }));
    json!({ "groups": [{ "name": "dashboard", "rules": rules.collect::<Vec<_>>() }] }).to_string()
}

fn ask(promtool: &Path, folder: &Path, words: &[&str], input: &str) -> Result<()> {
    let line = format!("promtool {}", words.join(" "));
    let mut command = Command::new(promtool);
    let started = command.current_dir(folder).args(words).stdin(Stdio::piped()).spawn();
    let mut child = started.with_context(|| format!("cannot start {}", promtool.display()))?;
    child.stdin.take().context("standard input is piped")?.write_all(input.as_bytes())?;
    let status = child.wait()?;
    ensure!(status.success(), "`{line}` in {} ended with {status}; what it says is above", folder.display());
    Ok(())
}
