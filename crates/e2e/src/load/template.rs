//! A stored object in which names, uids and a round are replaced by others of the same length, so that its encoding stays what it was.

use super::objects::{APP, NODE, POD_SUFFIX, ROUND};
use std::ops::Range;

/// What is put in.
#[derive(Clone, Copy, Debug)]
enum Hole {
    Node,
    App,
    PodSuffix,
    Round,
    Uid(Kind),
}

/// What has a uid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Node = 1,
    Deployment,
    ReplicaSet,
    Pod,
}

/// Which one of its kind an object is, and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) node: usize,
    pub(super) app: usize,
    pub(super) pod: usize,
}

impl Part {
    pub(super) fn node_name(self) -> String {
        format!("node-{:06}", self.node)
    }

    fn app_name(self) -> String {
        format!("app-{:06}", self.app)
    }

    fn suffix(self) -> String {
        format!("p{:06}", self.pod)
    }

    fn uid(self, kind: Kind) -> String {
        let number = match kind {
            Kind::Node => self.node,
            Kind::Deployment | Kind::ReplicaSet => self.app,
            Kind::Pod => self.pod,
        };
        format!("{number:08x}-{:04x}-4000-8000-{number:012x}", kind as u16)
    }

    pub(super) fn pod_name(self) -> String {
        super::objects::POD.replace(APP, &self.app_name()).replace(POD_SUFFIX, &self.suffix())
    }
}

/// The stored object, and where its holes are.
#[derive(Debug)]
pub(super) struct Template {
    key: String,
    key_holes: Vec<(Range<usize>, Hole)>,
    value: Vec<u8>,
    value_holes: Vec<(Range<usize>, Hole)>,
}

impl Template {
    /// `uids`: its own and its owner's.
    pub(super) fn new(key: String, value: Vec<u8>, uids: &[(Kind, &str)]) -> Self {
        let mut texts = vec![(NODE, Hole::Node), (APP, Hole::App), (POD_SUFFIX, Hole::PodSuffix), (ROUND, Hole::Round)];
        texts.extend(uids.iter().map(|(kind, uid)| (*uid, Hole::Uid(*kind))));
        let holes = |bytes: &[u8]| {
            texts
                .iter()
                .flat_map(|(text, hole)| found(bytes, text).map(|place| (place, *hole)).collect::<Vec<_>>())
                .collect()
        };
        Self { key_holes: holes(key.as_bytes()), value_holes: holes(&value), key, value }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Key and value of another object.
    pub(super) fn with(&self, part: Part) -> (Vec<u8>, Vec<u8>) {
        self.with_round(part, 0)
    }

    pub(super) fn with_round(&self, part: Part, round: usize) -> (Vec<u8>, Vec<u8>) {
        let text = |hole: Hole| match hole {
            Hole::Node => part.node_name(),
            Hole::App => part.app_name(),
            Hole::PodSuffix => part.suffix(),
            Hole::Round => format!("seen in round {round:08}"),
            Hole::Uid(kind) => part.uid(kind),
        };
        let filled = |bytes: &[u8], holes: &[(Range<usize>, Hole)]| {
            let mut bytes = bytes.to_vec();
            for (place, hole) in holes {
                bytes[place.clone()].copy_from_slice(text(*hole).as_bytes());
            }
            bytes
        };
        (filled(self.key.as_bytes(), &self.key_holes), filled(&self.value, &self.value_holes))
    }
}

fn found(bytes: &[u8], text: &str) -> impl Iterator<Item = Range<usize>> {
    let length = text.len();
    let places = bytes.windows(length).enumerate().filter(move |(_, window)| *window == text.as_bytes());
    places.map(move |(at, _)| at..at + length)
}
