//! The configuration: one table that says of every key what it is called, what it defaults to, and what it accepts.
//!
//! Nothing here reads a file or the environment: callers hand in what their sources [give](Given), in the order of
//! precedence, and [`read`] gives back the [`Config`] or every [`Problem`] there is.

mod cross;
mod given;
mod hosts;
mod kinds;
mod markdown;
mod read;
mod receiver;
mod secrets;
mod selector;
mod settings;
mod words;

pub use given::{Given, Problem, Source};
pub use hosts::{AllowedHosts, BadHost};
pub use kinds::{
    Address, Count, Emails, Expect, FieldSelector, Host, LabelSelector, Link, Mailbox, Namespaces, OneOf, Port, Read,
    Seconds, Shares, Switch, Text,
};
pub use markdown::configuration_markdown;
pub use read::{Effective, Loaded, nearest_key, read};
pub use receiver::{BadReceiver, is_public, receiver};
pub use secrets::{SECRETS, Secret};
pub(crate) use selector::{is_dns_label, is_label_key, is_label_value};
pub use words::{LogFormat, Word};

use read::Texts;
use self_healing_core::names::{Mode, ProviderKind};

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Key {
    /// In a ConfigMap or file so spelled, in the environment in upper case.
    pub name: &'static str,
    /// The value when no source gives one, as a source would write it.
    pub default: &'static str,
    /// The key whose value is the default, where there is one.
    pub falls_back_to: Option<&'static str>,
    /// What it accepts.
    pub kind: &'static (dyn Expect + Sync),
    /// What it decides, in one line.
    pub meaning: &'static str,
    /// Whether this version reads the value at all; one that is not read yet is still checked.
    pub has_effect: bool,
}

impl Key {
    /// The environment variable of this key.
    #[must_use]
    pub fn variable(&self) -> String {
        self.name.to_ascii_uppercase()
    }
}

/// The row of `name`.
#[must_use]
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

macro_rules! keys {
    (@default $text:literal) => { ($text, None) };
    (@default $other:ident) => { ("", Some(stringify!($other))) };
    (@effect) => { true };
    (@effect planned) => { false };
    ($($(#[doc = $meaning:literal])+ $name:ident: $kind:ty = $default:tt, $spec:expr $(, $planned:ident)?;)+) => {
        /// The whole configuration, checked and typed.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config { $($(#[doc = $meaning])+ pub $name: <$kind as Read>::Value,)+ }

        /// Every key, in the order of the documentation.
        pub const KEYS: &[Key] = &[$({
            const DEFAULT: (&str, Option<&str>) = keys!(@default $default);
            const SPEC: &$kind = &$spec;
            Key {
                name: stringify!($name),
                default: DEFAULT.0,
                falls_back_to: DEFAULT.1,
                kind: SPEC,
                meaning: concat!($($meaning),+),
                has_effect: keys!(@effect $($planned)?),
            }
        },)+];

        impl Config {
            /// `None` when a value is not what its key accepts.
            fn parse(texts: &Texts<'_>) -> Option<Self> {
                Some(Self { $($name: Read::read(&$spec, texts.of(stringify!($name)))?,)+ })
            }
        }
    };
}

keys! {
    /// Length of one health check: the unit in which thresholds count, and the period of the sweep that judges everything again. Detection itself is by watch, at once.
    health_check_interval: Seconds = "30", Seconds::from(0.05, 3600.0);
    /// Length of one health check of a node.
    node_check_interval: Seconds = health_check_interval, Seconds::from(0.05, 3600.0);
    /// Length of one health check of a pod.
    pod_check_interval: Seconds = health_check_interval, Seconds::from(0.05, 3600.0);
    /// Length of one health check of a service.
    service_check_interval: Seconds = health_check_interval, Seconds::from(0.05, 3600.0);
    /// Length of one health check of a deployment.
    deployment_check_interval: Seconds = health_check_interval, Seconds::from(0.05, 3600.0);
    /// Failed checks in a row that make a node failed.
    node_failure_threshold: Count = "3", Count::from(1, 1000);
    /// Time after a node's creation in which never having been Ready is no failure.
    node_startup_grace: Seconds = "600", Seconds::from(0.0, 86_400.0);
    /// Container restarts that make a crash-looping pod failed.
    pod_restart_threshold: Count = "5", Count::from(1, 1000);
    /// Time that a recovery attempt has until it must be verified; then it failed and the next strategy follows.
    recovery_timeout: Seconds = "300", Seconds::from(0.1, 86_400.0);
    /// Longest wait between retries after an API error; the waits start at 1 s and double.
    retry_interval: Seconds = "30", Seconds::from(0.1, 3600.0);
    /// Whether messages are sent at all.
    notification_enabled: Switch = "true", Switch;
    /// Slack channel for low and medium severity.
    slack_channel: Text = "#monitoring", Text::from(1, 80);
    /// Slack channel for high and critical severity.
    slack_incident_channel: Text = "#incidents", Text::from(1, 80);
    /// Who gets mail about high and critical severity.
    email_recipients: Emails = "", Emails;
    /// The sender of mails; the user name at the mail server when empty.
    email_from: Mailbox = "", Mailbox;
    /// The mail server.
    email_smtp_server: Host = "", Host;
    /// The mail server's port; on 465 the connection is encrypted from its first byte, in place of STARTTLS.
    email_smtp_port: Port = "587", Port;
    /// Whether the connection to the mail server must be upgraded by STARTTLS.
    email_use_tls: Switch = "true", Switch;
    /// Whether critical severity goes to PagerDuty.
    pagerduty_enabled: Switch = "false", Switch;
    /// Allows plain http and private or loopback addresses for receivers, for tests and in-cluster relays.
    notification_insecure: Switch = "false", Switch;
    /// Where PagerDuty takes events; change it for the EU host or a relay.
    pagerduty_url: Link = "https://events.pagerduty.com/v2/enqueue", Link;
    /// `Enforce` acts, `Approve` waits for a person first, `Observe` decides and records but writes nothing else.
    mode: OneOf<Mode> = "Enforce", OneOf::new();
    /// Kill switch: nothing new starts, and running attempts stop before their next write.
    paused: Switch = "false", Switch;
    /// Namespaces that are observed but never acted on, unless a HealingPolicy names them.
    protected_namespaces: Namespaces = "kube-system,kube-public,kube-node-lease", Namespaces;
    /// Time in which failures count as similar.
    history_window: Seconds = "3600", Seconds::from(1.0, 604_800.0);
    /// Sick nodes above which no node is touched, because so many must have one shared cause.
    max_unhealthy_nodes: Shares = "40%", Shares;
    /// Nodes in recovery at once, at least 1.
    node_concurrency: Shares = "10%", Shares;
    /// Recoveries started in a minute, over everything.
    recoveries_per_minute: Count = "30", Count::from(1, 1_000_000);
    /// Wait before the second recovery of one workload within the window; doubles each time, up to 1800 s.
    workload_backoff: Seconds = "10", Seconds::from(0.0, 1800.0);
    /// Time after start, new leadership or a watch gap before node failures may be acted on.
    settle_period: Seconds = "30", Seconds::from(0.0, 3600.0);
    /// Time that a finished Recovery is kept.
    recovery_ttl: Seconds = "86400", Seconds::from(1.0, 31_536_000.0);
    /// Time that a Recovery waits for approval; then it is Cancelled.
    approval_timeout: Seconds = "3600", Seconds::from(1.0, 604_800.0);
    /// Who reboots and replaces nodes; `remediation-template` and `webhook` need a HealingPolicy that says which.
    node_replacement: OneOf<ProviderKind> = "none", OneOf::new();
    /// Name of this cluster, for messages and for the keys by which receivers recognise them.
    cluster_name: Text = "", Text::from(0, 100);
    /// Namespaces to which pods, services and workloads are limited, so that a Role in each is enough for them; empty for all.
    watch_namespaces: Namespaces = "", Namespaces;
    /// Only these pods are asked for, e.g. `app=critical-app`.
    pod_label_selector: LabelSelector = "", LabelSelector;
    /// Only these pods are asked for, e.g. `status.phase=Failed`.
    pod_field_selector: FieldSelector = "", FieldSelector;
    /// Only these nodes are asked for.
    node_label_selector: LabelSelector = "", LabelSelector;
    /// Time that an owner or namespace is remembered.
    cache_ttl: Seconds = "300", Seconds::from(1.0, 86_400.0), planned;
    /// Owners and namespaces that are remembered; the least recently used one goes first.
    cache_size: Count = "4096", Count::from(1, 1_000_000), planned;
    /// Requests to the API server at once, and connections kept to it.
    api_max_in_flight: Count = "20", Count::from(1, 1000);
    /// Where health, readiness, metrics and the dashboard are served.
    listen_address: Address = "0.0.0.0:8080", Address;
    /// Whether to act only while holding the Lease `self-healing-controller` in the controller's namespace.
    leader_election: Switch = "true", Switch;
    /// Whether to log what only developers need.
    debug_mode: Switch = "false", Switch;
    /// Whether to log one line per decision, with its full record.
    verbose_logging: Switch = "false", Switch;
    /// How logs are written: `auto` is `text` on a terminal, else `json`.
    log_format: OneOf<LogFormat> = "auto", OneOf::new();
}
