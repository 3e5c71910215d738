//! `SharedCause`: what many workloads suffer from alike is not healed by acting on one of them.

use super::Wait;
use crate::healer::World;
use crate::names::Cause;
use crate::recovery::Recovery;
use crate::triage::{MANY_WORKLOADS, Source, failing_workloads};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.spec.cause != Some(Cause::ImagePull) {
        return None;
    }
    let source = world.cluster.exact_pod(recovery.subject()).and_then(|pod| Source::of(&pod))?;
    let workloads = failing_workloads(world, &source);
    if workloads.len() < MANY_WORKLOADS {
        return None;
    }
    let some: Vec<_> = workloads.iter().take(MANY_WORKLOADS).map(ToString::to_string).collect();
    Wait::because(format!(
        "images from {} cannot be pulled for {} workloads ({}, …): its registry, or the way to it, is the cause",
        source.as_str(),
        workloads.len(),
        some.join(", ")
    ))
}
