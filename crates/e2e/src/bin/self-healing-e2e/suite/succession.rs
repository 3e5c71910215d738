//! Two replicas, and a leader that goes in the middle of a drain: killed, asleep past its Lease, or cut off. The other goes on where it
//! stood, nothing is done twice, and the old one, should it come back, writes nothing.

mod drain;
mod first_release;
mod replica;
mod strangers;
mod versions;

pub(crate) use first_release::is_gone_on_with as first_release;
pub(crate) use replica::Replica;
pub(crate) use strangers::at_the_lease;
pub(crate) use versions::side_by_side;

use super::drains::FAST;
use crate::controller::eventually;
use crate::ground::{Ground, SOON};
use crate::trail::Request;
use anyhow::{Result, ensure};
use drain::Drain;
use jiff::Timestamp;
use replica::pair;
use self_healing_e2e::Wire;

pub(crate) async fn killed(ground: &Ground) -> Result<()> {
    let drain = Drain::prepare(ground).await?;
    let [first, second] = pair(ground).await?;
    drain.begin().await?;
    first.controller.process.kill().await?;
    second.controller.leads().await?;
    drain.go_on().await?;
    drain.end().await?;
    second.controller.stop().await
}

/// SIGSTOP, SIGCONT. When it wakes, it still knows itself as the leader of a drain that goes on.
pub(crate) async fn paused(ground: &Ground) -> Result<()> {
    let drain = Drain::prepare(ground).await?;
    let [first, second] = pair(ground).await?;
    drain.begin().await?;
    first.controller.process.pause()?;
    second.controller.leads().await?;

    let woken = Timestamp::now();
    first.controller.process.resume()?;
    first.looks_at_the_lease(&drain.trail, woken).await?;
    drain.go_on().await?;
    drain.end().await?;
    first.looks_at_the_lease(&drain.trail, Timestamp::now()).await?;
    let mut wrote = drain.trail.requests_of(&first.credential, woken)?;
    wrote.retain(Request::writes);
    ensure!(wrote.is_empty(), "the old leader wrote after it had woken: {wrote:?}");
    first.follows().await?;
    first.controller.stop().await?;
    second.controller.stop().await
}

/// The leader's node loses its network, with whatever was on its way; later it is back, and all of that arrives.
pub(crate) async fn cut_off(ground: &Ground) -> Result<()> {
    let drain = Drain::prepare(ground).await?;
    let wire = Wire::start(&ground.cluster).await?;
    let first = Replica::start_behind(&wire, ground, FAST).await?;
    first.controller.leads().await?;
    let second = Replica::start(ground, FAST).await?;
    drain.begin().await?;

    let cut = Timestamp::now();
    wire.cut();
    let stopped = async || Ok((!first.says_that_it_leads().await?).then_some(()));
    eventually("the leader that is cut off to stop", SOON, stopped).await?;
    second.controller.leads().await?;
    drain.go_on().await?;
    drain.end().await?;

    let mended = Timestamp::now();
    wire.mend();
    first.looks_at_the_lease(&drain.trail, mended).await?;
    let mut wrote = drain.trail.requests_of(&first.credential, cut)?;
    // An Event that was on its way is as true as it was.
    wrote.retain(|request| request.writes() && request.granted() && request.resource != "events");
    ensure!(wrote.is_empty(), "of the old leader was taken what it sent after it was cut off: {wrote:?}");
    first.follows().await?;
    first.controller.stop().await?;
    second.controller.stop().await
}
