//! What the running controller is configured to be: the checked configuration, turned into what each part wants.

use crate::act::Identity;
use crate::client::{ClientError, Clients, Embedded, OnCall, Way};
use crate::config::{Environment, Layers, Problems, Secrets, active_channels};
use crate::http::{self, Desk};
use crate::log::{Format, Levels};
use crate::metrics::Metrics;
use crate::notify::{self, Notifier, Receivers};
use crate::outside::Outside;
use crate::record::Recorder;
use crate::watch::{Scope, Timing, config_map};
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::board::{self, Head, Rows};
use self_healing_api::explanation::Observer;
use self_healing_api::keys::{Config, LogFormat};
use self_healing_core::board::Board;
use self_healing_core::effect::Effect;
use self_healing_core::event::Event;
use self_healing_core::healer::Healer;
use self_healing_core::key::Text;
use self_healing_core::names::Remedy;
use self_healing_core::settings::Settings;
use self_healing_core::time::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The ConfigMap that is watched, in the controller's namespace.
pub const CONFIG_MAP: &str = "self-healing-config";

/// Keys that reach into connections, watches, the address or the election: a change of one makes them anew.
const STRUCTURAL: &[&str] = &[
    "watch_namespaces",
    "pod_label_selector",
    "pod_field_selector",
    "node_label_selector",
    "api_max_in_flight",
    "listen_address",
    "leader_election",
    "retry_interval",
];

/// Everything that a start needs.
pub struct Launch {
    /// The configuration's sources.
    pub layers: Layers,
    /// The secrets.
    pub secrets: Secrets,
    /// Where the secrets are read from again; `None` when they stay as they are.
    pub environment: Option<Environment>,
    /// The way to the API server.
    pub way: Way,
    /// The controller's own namespace.
    pub namespace: String,
    /// The controller's own pod name.
    pub name: String,
    /// Clocks, chance, kubelets and receivers of messages.
    pub outside: Outside,
    /// Where questions to the decision loop are put.
    pub desk: Desk,
    /// Notes what enters the loop, if that is wanted.
    pub recorder: Option<Recorder>,
}

impl Launch {
    /// A start on an API server in this process. Without secrets, so no channel is on; set [`Launch::secrets`] for that.
    #[must_use]
    pub fn embedded(service: Embedded, layers: Layers, namespace: &str, name: &str, outside: Outside) -> Self {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let (secrets, desk) = (Secrets::default(), Desk::default());
        Self { layers, secrets, environment: None, way: service.into(), namespace, name, outside, desk, recorder: None }
    }

    /// How lines are written.
    #[must_use]
    pub fn log_format(&self) -> Format {
        match self.layers.config().log_format {
            LogFormat::Auto => Format::automatic(),
            LogFormat::Json => Format::Json,
            LogFormat::Text => Format::Text,
        }
    }

    /// How much is logged.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels { debug: self.layers.config().debug_mode, verbose: self.layers.config().verbose_logging }
    }
}

/// Why the controller cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The connections cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// A receiver of messages cannot be used.
    #[error(transparent)]
    Notify(#[from] notify::Error),
    /// The ConfigMap as it was found at start is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
}

/// What a change of the configuration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    Settings,
    Rebuild,
}

/// The configuration in force.
pub(super) struct Live {
    launch: Launch,
    settings: Settings,
    recreate_bare_pods: bool,
    disabled: BTreeSet<Remedy>,
    /// Whether the ConfigMap was read once.
    configured: bool,
    /// What was warned of, so that each is said once.
    warned: BTreeSet<String>,
}

impl Live {
    pub(super) fn new(launch: Launch) -> Self {
        let configured = !launch.layers.follows_config_map();
        let settings = Settings::default();
        let (disabled, warned) = (BTreeSet::new(), BTreeSet::new());
        let mut live = Self { launch, settings, recreate_bare_pods: false, disabled, configured, warned };
        live.refresh();
        if configured {
            live.warn();
        }
        live
    }

    /// Whether every source was read.
    pub(super) fn is_configured(&self) -> bool {
        self.configured
    }

    fn config(&self) -> &Config {
        self.launch.layers.config()
    }

    /// Derives the settings from the configuration.
    fn refresh(&mut self) {
        let launch = &self.launch;
        let mut settings = launch.layers.config().settings((&launch.namespace, &launch.name));
        let (channels, _) = active_channels(launch.layers.config(), &launch.secrets);
        settings.channels = channels;
        settings.recreate_bare_pods = self.recreate_bare_pods;
        settings.disabled.clone_from(&self.disabled);
        self.settings = settings;
    }

    /// Says what works but was hardly meant.
    fn warn(&mut self) {
        let loaded = self.launch.layers.loaded();
        let (_, silent) = active_channels(&loaded.config, &self.launch.secrets);
        for warning in loaded.warnings.iter().cloned().chain(loaded.shadowed()).chain(silent) {
            if self.warned.insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
    }

    /// Takes the ConfigMap's data, or refuses all of it.
    pub(super) fn apply(&mut self, data: &config_map::Data) -> Result<Change, Problems> {
        let name = format!("{}/{CONFIG_MAP}", self.namespace());
        let applied = self.launch.layers.apply_config_map(&name, data)?;
        let first = !std::mem::replace(&mut self.configured, true);
        self.refresh();
        self.warn();
        if applied.changed.is_empty() {
            return Ok(Change::Nothing);
        }
        let keys = applied.changed.join(", ");
        tracing::info!(keys, "{}", if first { "configuration read" } else { "configuration changed" });
        let structural = applied.changed.iter().any(|key| STRUCTURAL.contains(key));
        Ok(if structural { Change::Rebuild } else { Change::Settings })
    }

    /// Takes secrets that have changed.
    pub(super) fn set_secrets(&mut self, secrets: Secrets) -> Change {
        let node = |secrets: &Secrets| secrets.node_webhook_secret.as_ref().map(|key| key.expose_secret().to_owned());
        let signs_anew = node(&secrets) != node(&self.launch.secrets);
        self.launch.secrets = secrets;
        self.refresh();
        self.warn();
        tracing::info!("secrets changed");
        if signs_anew { Change::Rebuild } else { Change::Settings }
    }

    /// Where the secrets are read from again, and as they are now.
    pub(super) fn secrets(&self) -> Option<(Environment, Secrets)> {
        Some((self.launch.environment.clone()?, self.launch.secrets.clone()))
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn set_recreate_bare_pods(&mut self, may: bool) {
        self.recreate_bare_pods = may;
        self.refresh();
    }

    pub(super) fn set_disabled(&mut self, remedies: BTreeSet<Remedy>) {
        self.disabled = remedies;
        self.refresh();
    }

    pub(super) fn namespace(&self) -> &str {
        &self.launch.namespace
    }

    pub(super) fn name(&self) -> &str {
        &self.launch.name
    }

    /// Notes what is about to enter the loop, and before it what was known, where a file begins.
    pub(super) fn record(&mut self, now: Now, events: &[Event], healer: &Healer) {
        let Some(mut recorder) = self.launch.recorder.take() else { return };
        if recorder.wants_whole() {
            let own = (self.namespace(), self.name());
            recorder.whole(now, own, self.recreate_bare_pods, self.texts(), &healer.facts());
        } else if events.iter().any(|event| matches!(event, Event::Settings(_))) {
            recorder.config(now, self.texts());
        }
        recorder.events(now, events);
        self.launch.recorder = Some(recorder);
    }

    /// Notes what the loop sends, as far as its outcome will be noted.
    pub(super) fn record_effect(&mut self, effect: &Effect) {
        if let Some(recorder) = &mut self.launch.recorder {
            recorder.effect(effect);
        }
    }

    /// The configuration as text; no key is a secret.
    fn texts(&self) -> BTreeMap<String, String> {
        let effective = self.launch.layers.loaded().effective.iter();
        effective.map(|value| (value.key.to_owned(), value.value.clone())).collect()
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.launch.desk
    }

    pub(super) fn outside(&self) -> &Outside {
        &self.launch.outside
    }

    /// What signs the calls of node providers' webhooks.
    pub(super) fn node_webhook_secret(&self) -> Option<SecretString> {
        self.launch.secrets.node_webhook_secret.clone()
    }

    pub(super) fn identity(&self) -> Identity {
        Identity { namespace: Text::from(self.namespace()), instance: Text::from(self.name()) }
    }

    pub(super) fn levels(&self) -> Levels {
        self.launch.levels()
    }

    pub(super) fn cluster_name(&self) -> &str {
        &self.config().cluster_name
    }

    /// The board as the page gets it.
    pub(super) fn rows(&self, board: &Board) -> Rows {
        board::rows(board, |observer| Head {
            observer: Observer { name: self.name().to_owned(), ..observer },
            cluster: self.cluster_name().to_owned(),
            namespace: self.namespace().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    pub(super) fn listen_address(&self) -> String {
        self.config().listen_address.to_string()
    }

    pub(super) fn leader_election(&self) -> bool {
        self.config().leader_election
    }

    /// The ConfigMap to watch; none when a file takes its place.
    pub(super) fn config_map_name(&self) -> Option<&'static str> {
        self.launch.layers.follows_config_map().then_some(CONFIG_MAP)
    }

    pub(super) fn clients(&self, metrics: &Arc<Metrics>) -> Result<Clients, ClientError> {
        let metrics = metrics.clone();
        let on_call: OnCall = Arc::new(move |call| metrics.api_call(call.verb, &call.resource, call.code));
        Clients::new(&self.launch.way, self.max_in_flight(), &on_call)
    }

    pub(super) fn max_in_flight(&self) -> usize {
        self.config().api_max_in_flight as usize
    }

    pub(super) fn scope(&self) -> Scope {
        let config = self.config();
        Scope {
            namespaces: config.watch_namespaces.iter().cloned().collect(),
            pod_label_selector: config.pod_label_selector.clone(),
            pod_field_selector: config.pod_field_selector.clone(),
            node_label_selector: config.node_label_selector.clone(),
            own_namespace: self.namespace().to_owned(),
        }
    }

    pub(super) fn watch_timing(&self) -> Timing {
        Timing::new(self.config().retry_interval, self.launch.outside.chance.clone())
    }

    /// Receivers as configured now.
    pub(super) fn notifier(&self) -> Result<Notifier, notify::Error> {
        Notifier::new(&Receivers {
            on: &self.settings.channels,
            config: self.config(),
            secrets: &self.launch.secrets,
            namespace: self.namespace(),
            timeout: notify::TIMEOUT,
            outside: &self.launch.outside,
        })
    }
}
