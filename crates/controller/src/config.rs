//! provisional
use secrecy::SecretString;
use self_healing_api::keys::{Config, Given, Loaded, Problem, Source, read};
use self_healing_core::names::Channel;
use std::collections::BTreeMap;
use std::path::Path;
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(Vec<Problem>);
pub struct Layers { rest: Vec<Given>, loaded: Loaded }
impl Layers {
    pub fn new(_: Option<&Path>, env: impl Iterator<Item = (String, String)>, flags: Vec<(String, String)>) -> Result<Self, ConfigErrors> {
        let known = |k: &str| self_healing_api::keys::key(&k.to_lowercase()).is_some();
        let mut rest: Vec<Given> = env.filter(|(k, _)| known(k)).map(|(k, value)| Given { source: Source::Environment, key: k.to_lowercase(), value }).collect();
        rest.extend(flags.into_iter().map(|(key, value)| Given { source: Source::CommandLine, key, value }));
        let loaded = read(&rest).map_err(ConfigErrors)?;
        Ok(Self { rest, loaded })
    }
    pub fn config(&self) -> &Config { &self.loaded.config }
    pub fn warnings(&self) -> Vec<String> { self.loaded.warnings.clone() }
    pub fn watches_config_map(&self) -> bool { true }
    pub fn apply_config_map(&mut self, data: &BTreeMap<String, String>) -> Result<Vec<&'static str>, ConfigErrors> {
        let mut all: Vec<Given> = data.iter().map(|(k, v)| Given { source: Source::ConfigMap("self-healing-config".into()), key: k.clone(), value: v.clone() }).collect();
        all.extend(self.rest.iter().cloned());
        let loaded = read(&all).map_err(ConfigErrors)?;
        let changed = loaded.changed_from(&self.loaded);
        self.loaded = loaded;
        Ok(changed)
    }
}
pub struct Secrets { pub slack_webhook_url: Option<SecretString>, pub slack_incident_webhook_url: Option<SecretString> }
impl Secrets {
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        Ok(Self { slack_webhook_url: env("SLACK_WEBHOOK_URL").map(Into::into), slack_incident_webhook_url: env("SLACK_INCIDENT_WEBHOOK_URL").map(Into::into) })
    }
}
pub fn active_channels(config: &Config, secrets: &Secrets) -> (Vec<Channel>, Vec<String>) {
    if config.notification_enabled && secrets.slack_webhook_url.is_some() { (Channel::ALL.to_vec(), vec![]) } else { (vec![], vec![]) }
}
