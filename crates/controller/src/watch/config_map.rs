//! The controller's own configuration: the data of one ConfigMap, whenever it changes.

use super::follow::Follower;
use super::outlet::Reader;
use super::request::Source;
use super::{OnSkip, Timing, Watches};
use crate::objects::ObjectError;
use self_healing_core::event::WatchState;
use self_healing_core::key::Key;
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// Keys and values of the ConfigMap; empty when there is none.
pub type Data = BTreeMap<String, String>;

/// Watches ConfigMap `name` in `namespace`, until dropped. Its data is sent when it was first read, and on each change.
#[must_use]
pub fn start(
    client: &kube::Client,
    (namespace, name): (&str, &str),
    timing: &Timing,
    data: &Sender<Data>,
    on_skip: &OnSkip,
) -> Watches {
    let mut source = Source::new("/api/v1", "configmaps", &[namespace.to_owned()]);
    // RBAC that names the object allows list and watch with exactly this selector.
    source.field_selector = format!("metadata.name={name}");
    let mut tasks = JoinSet::new();
    let reader = ConfigMap { seen: false };
    tasks.spawn(Follower::new(client.clone(), source, timing.clone(), reader, data.clone(), on_skip.clone()).run());
    Watches(tasks)
}

/// Reads the one object, and says when there is none.
struct ConfigMap {
    seen: bool,
}

#[derive(Deserialize)]
struct Slim<'a> {
    #[serde(borrow, default)]
    metadata: crate::objects::Metadata<'a>,
    #[serde(default)]
    data: Option<Data>,
}

impl Reader for ConfigMap {
    type Out = Data;

    fn present(&mut self, json: &[u8]) -> Result<(Data, Option<String>), ObjectError> {
        self.seen = true;
        let slim: Slim<'_> = serde_json::from_slice(json)?;
        let version = slim.metadata.version();
        Ok((slim.data.unwrap_or_default(), version))
    }

    fn gone(&mut self, _: Key) -> Data {
        Data::new()
    }

    fn state(&mut self, state: WatchState) -> Option<Data> {
        match state {
            WatchState::ListStarted => {
                self.seen = false;
                None
            }
            WatchState::Synced => (!self.seen).then(Data::new),
            WatchState::Alive | WatchState::Broken => None,
        }
    }
}
