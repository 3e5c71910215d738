//! Which configuration is in force, and which ones the controller may believe to be.

use jiff::Timestamp;
use self_healing_api::keys::{self, Config, Given, Source};
use self_healing_core::settings::Share;
use serde_json::Value;

pub(crate) struct Configs {
    fixed: Vec<(String, String)>,
    /// Each with the moment from which it was in force, in order; never empty.
    history: Vec<(Timestamp, Config)>,
}

impl Configs {
    /// The defaults with what is `fixed`.
    pub(super) fn new(fixed: Vec<(String, String)>, now: Timestamp) -> Self {
        let mut configs = Self { fixed, history: Vec::new() };
        configs.commit(None, now);
        configs
    }

    /// Takes the ConfigMap; one with a mistake in it is refused as a whole.
    pub(super) fn commit(&mut self, config_map: Option<&Value>, now: Timestamp) {
        let data = config_map.and_then(|object| object["data"].as_object());
        let given = |source: &Source, key: &str, value: &str| Given {
            source: source.clone(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let stored = data.into_iter().flatten();
        let source = Source::ConfigMap(String::new());
        let mut all: Vec<Given> =
            stored.map(|(key, value)| given(&source, key, value.as_str().unwrap_or_default())).collect();
        all.extend(self.fixed.iter().map(|(key, value)| given(&Source::Environment, key, value)));
        if let Ok(loaded) = keys::read(&all) {
            self.history.push((now, loaded.config));
        }
    }

    pub(crate) fn current(&self) -> &Config {
        // The first one is put in by `new`: the defaults are always good.
        &self.history[self.history.len() - 1].1
    }

    /// When it last changed.
    pub(crate) fn changed(&self) -> Timestamp {
        self.history[self.history.len() - 1].0
    }

    /// Every configuration that was in force at some time from `seen` to `now`: the controller may act by any of them.
    pub(crate) fn possible(&self, seen: Timestamp, now: Timestamp) -> impl Iterator<Item = &Config> {
        let ends = self.history.iter().skip(1).map(|(from, _)| *from).chain([Timestamp::MAX]);
        let spans = self.history.iter().zip(ends);
        spans.filter(move |((from, _), until)| *from <= now && *until > seen.min(now)).map(|((_, config), _)| config)
    }
}

/// How many of `total` a share is, rounded up to whole ones.
pub(crate) fn share(share: Share, total: usize) -> usize {
    match share {
        Share::Count(count) => count as usize,
        Share::Percent(percent) => (total * usize::from(percent)).div_ceil(100),
    }
}
