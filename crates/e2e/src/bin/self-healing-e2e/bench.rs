//! Benches: how fast the controller acts beside the fastest possible client, how long a drain and a mass failure last beside what Kubernetes
//! has, what receivers of messages that hang cost, and how much memory it needs.

mod drain;
mod floor;
mod latency;
mod mass_failure;
mod memory;
mod notices;

use anyhow::{Result, bail};
use std::path::Path;

/// Runs the bench of that name.
pub(crate) async fn run(binary: &Path, names: &[&str]) -> Result<()> {
    match names {
        ["drain"] => drain::run(binary).await,
        ["latency"] => latency::run(binary).await,
        ["mass-failure"] => mass_failure::run(binary).await,
        ["memory"] => memory::run(binary).await,
        ["notices"] => notices::run(binary).await,
        _ => bail!(
            "no bench {names:?}; there are: bench drain, bench latency, bench mass-failure, bench memory, bench notices"
        ),
    }
}

/// Whether a measured value is within its target.
fn verdict(value: f64, target: f64) -> &'static str {
    if value <= target { "pass" } else { "miss" }
}
