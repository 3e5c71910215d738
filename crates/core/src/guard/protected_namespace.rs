//! `ProtectedNamespace`: observed, never acted on.

use super::Wait;
use crate::healer::World;
use crate::recovery::Recovery;
use alloc::format;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let namespace = &recovery.spec.target.key.namespace;
    if !world.settings.protected_namespaces.contains(namespace) {
        return None;
    }
    Wait::because(format!("namespace {namespace} is protected (configuration key protected_namespaces)"))
}
