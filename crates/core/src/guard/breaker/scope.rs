//! Over which nodes a share is taken.

use crate::healer::World;
use crate::key::Text;
use crate::recovery::Recovery;
use alloc::vec::Vec;
use core::fmt;

/// The whole cluster, or one of its zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Cluster,
    Zone(Text),
}

impl Scope {
    /// Every scope that `recovery` is judged in; zones count only where there are at least two.
    pub(crate) fn all_of(world: &World<'_>, recovery: &Recovery) -> Vec<Self> {
        let zone =
            zone_of(world, recovery).filter(|_| world.fleet.has_zones()).map(|zone| Self::Zone(Text::from(zone)));
        core::iter::once(Self::Cluster).chain(zone).collect()
    }

    /// Whether the node of `recovery` is or was one of these.
    pub(crate) fn has(&self, world: &World<'_>, recovery: &Recovery) -> bool {
        match self {
            Self::Cluster => true,
            Self::Zone(zone) => zone_of(world, recovery) == Some(zone),
        }
    }
}

/// Of a node that is gone, the record knows the zone.
fn zone_of<'a>(world: &'a World<'_>, recovery: &'a Recovery) -> Option<&'a str> {
    let node = world.cluster.node(&recovery.spec.target.key.name).map(|node| &*node.zone);
    node.or_else(|| recovery.evidence("zone")).filter(|zone| !zone.is_empty())
}

/// What follows the word `nodes`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => Ok(()),
            Self::Zone(zone) => write!(f, " of zone {zone}"),
        }
    }
}
