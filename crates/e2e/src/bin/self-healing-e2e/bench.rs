//! Benches: how fast the controller acts beside the fastest possible client, and how much memory it needs.

mod floor;
mod latency;
mod memory;

use anyhow::{Result, bail};
use std::path::Path;

/// Runs the bench of that name.
pub(crate) async fn run(binary: &Path, names: &[&str]) -> Result<()> {
    match names {
        ["latency"] => latency::run(binary).await,
        ["memory"] => memory::run(binary).await,
        _ => bail!("no bench {names:?}; there are: bench latency, bench memory"),
    }
}
