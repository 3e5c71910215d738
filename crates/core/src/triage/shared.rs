//! Shared causes: what fails alike is one trouble, be it the pods of one workload or one registry for many workloads.

use super::{Part, active};
use crate::cluster::{Pod, Subject};
use crate::fact::PodFact;
use crate::finding::Finding;
use crate::healer::World;
use crate::key::{Target, Text};
use crate::names::{Cause, FailureType};
use crate::recovery::Recovery;
use alloc::collections::BTreeSet;

/// So many pods of one workload that fail alike are one trouble, although each could have its own reason.
const MANY_PODS: usize = 3;
/// So many workloads that cannot pull from one place have that place in common (contract section 3).
pub(crate) const MANY_WORKLOADS: usize = 3;

/// What a pod's finding has in common with a trouble that has a Recovery.
pub(super) fn part(world: &World<'_>, finding: &Finding) -> Option<Part> {
    let alike = |other: &&Recovery| {
        let same = other.spec.failure == finding.failure && other.spec.cause == Some(finding.cause);
        same && other.spec.workload.uid == finding.workload.uid && !other.is_verified()
    };
    let parent = active(world).find(alike).filter(|parent| fail_alike(world, parent, finding));
    let parent = parent.or_else(|| of_one_source(world, finding)).or_else(|| healed_already(world, finding));
    parent.map(|parent| Part::Of(parent.name.clone()))
}

/// What runs out is only watched, so it is told with what is being done for the workload anyway.
fn healed_already<'a>(world: &'a World<'_>, finding: &Finding) -> Option<&'a Recovery> {
    let same = |other: &&Recovery| {
        other.spec.failure == FailureType::Pod
            && other.spec.workload.uid == finding.workload.uid
            && !other.is_verified()
    };
    active(world).find(same).filter(|_| finding.failure == FailureType::Resource)
}

/// Whether two pods of one workload that fail for one cause fail because of what they have in common.
fn fail_alike(world: &World<'_>, parent: &Recovery, finding: &Finding) -> bool {
    // It may have been lost with the process that saw it.
    let same = |name: &str| parent.evidence(name).is_none_or(|known| finding.evidence(name) == Some(known));
    match finding.cause {
        Cause::CrashLoop => same("container") && same("exitCode") || are_many(world, finding),
        Cause::ImagePull | Cause::ConfigError => same("container") || are_many(world, finding),
        _ => finding.failure == FailureType::Resource || are_many(world, finding),
    }
}

fn are_many(world: &World<'_>, finding: &Finding) -> bool {
    let fails = |pod: &Pod<'_>| world.is_found(&Subject::Pod(pod.key.clone()), finding.cause);
    world.cluster.each_pod_of(&finding.workload).filter(fails).take(MANY_PODS).count() == MANY_PODS
}

/// The Recovery of another workload that cannot pull from the same place, when many cannot.
fn of_one_source<'a>(world: &'a World<'_>, finding: &Finding) -> Option<&'a Recovery> {
    let pod = world.cluster.exact_pod(&finding.target).filter(|_| finding.cause == Cause::ImagePull)?;
    let source = Source::of(&pod)?;
    if failing_workloads(world, &source).len() < MANY_WORKLOADS {
        return None;
    }
    let pulls = |other: &&Recovery| {
        let pod = world.cluster.exact_pod(&other.spec.target);
        other.spec.cause == Some(Cause::ImagePull) && pod.and_then(|pod| Source::of(&pod)).as_ref() == Some(&source)
    };
    active(world).find(pulls)
}

/// Where an image comes from: the host of its registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source(Text);

impl Source {
    /// Where the image comes from that this pod cannot pull.
    pub(crate) fn of(pod: &PodFact) -> Option<Self> {
        let containers = pod.trouble.iter().flat_map(|trouble| &trouble.containers);
        let image = containers.into_iter().find(|c| !c.waiting.is_empty() && !c.image.is_empty())?;
        Some(Self(Text::from(registry(&image.image))))
    }

    /// As people write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first part of an image's name is a host if it could be none of a repository; else it is the default registry's.
fn registry(image: &str) -> &str {
    let host = image.split_once('/').map(|(first, _)| first);
    host.filter(|host| host.contains(['.', ':']) || *host == "localhost").unwrap_or("docker.io")
}

/// The workloads with a pod that cannot pull from `source` at this moment.
pub(crate) fn failing_workloads(world: &World<'_>, source: &Source) -> BTreeSet<Target> {
    let pods = world.pods_with(Cause::ImagePull).filter(|pod| Source::of(pod).as_ref() == Some(source));
    pods.map(|pod| world.cluster.workload_of(&pod)).collect()
}

#[cfg(test)]
mod tests {
    use super::registry;

    #[test]
    fn an_image_without_a_host_comes_from_the_default_registry() {
        for (image, host) in [
            ("nginx:1", "docker.io"),
            ("team/app@sha256:0", "docker.io"),
            ("registry.example.com/team/app:1", "registry.example.com"),
            ("localhost/app", "localhost"),
            ("mirror:5000/app", "mirror:5000"),
        ] {
            assert_eq!(registry(image), host, "{image}");
        }
    }
}
