//! The shortest sequence that still shows a difference.

use super::request::Request;
use super::setup::Real;
use super::trial::{Difference, run};
use anyhow::Result;

/// Leaves out one request after the other, the last first, while the same kind of difference stays.
pub(super) async fn shrink(
    real: &Real,
    mut requests: Vec<Request>,
    mut difference: Difference,
) -> Result<(Vec<Request>, Difference)> {
    let kind = difference.kind();
    requests.truncate(difference.at + 1);
    // The last one shows it.
    for index in (0..difference.at).rev() {
        let mut fewer = requests.clone();
        fewer.remove(index);
        if let Some(found) = run(real, &fewer).await?.difference.filter(|found| found.kind() == kind) {
            fewer.truncate(found.at + 1);
            (requests, difference) = (fewer, found);
        }
    }
    Ok((requests, difference))
}
