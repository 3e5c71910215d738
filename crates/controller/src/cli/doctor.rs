//! `doctor`: what would keep the controller from its work, before it is needed.

use super::explain::json;
use super::{CliError, command, flags, person, say};
use crate::client::{self, Access, Clients, Credentials, OnCall};
use crate::config::{self, Environment, Layers, Secrets, active_channels};
use crate::notify::{Letter, Notifier, Receivers, TIMEOUT, sample};
use crate::outside::{Outside, Wall};
use crate::plain::plain;
use clap::{Arg, ArgAction, ArgMatches, Command};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::ListParams;
use self_healing_core::effect::Outcome;
use self_healing_core::names::Channel;
use self_healing_core::time::Stamp;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was found about one thing.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    /// `ok`, `off` (nothing to check) or `failed`.
    state: &'static str,
    message: String,
}

pub(super) fn command() -> Command {
    let about = "Checks the way to the API server, the configuration and the receivers of messages";
    let notify = Arg::new("notify").long("notify").action(ArgAction::SetTrue);
    let command = Command::new("doctor").about(about).long_about(
        "Checks the way to the API server, the configuration, and whether the receivers of messages can be reached.\n\n\
         With --notify every channel that is on gets a test message, and what it answers is shown; a page that the test opens is \
         resolved at once. Ends with 0 when all is well, with 1 when something fails, with 2 when what was given is wrong.",
    );
    let command = command.arg(notify.help("Sends a test message to every channel that is on"));
    person::output(command::with_run_flags(command))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    let environment = Environment::of_process();
    let mut layers = Layers::new(args.get_one::<PathBuf>("config").map(PathBuf::as_path), &environment, &flags(args)?)?;
    let secrets = Secrets::read(&environment).map_err(config::Error::from)?;
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| CliError::System { what: "the async runtime", source })?;
    let checks = runtime.block_on(async {
        let mut checks = vec![cluster(args, &mut layers).await];
        checks.extend(receivers(&layers, &secrets, args.get_flag("notify")).await);
        checks
    });
    let failed = checks.iter().any(|check| check.state == "failed");
    say(&if person::wants_json(args) { json(&checks)? } else { text(&checks) })?;
    if failed { Err(CliError::Unwell) } else { Ok(()) }
}

fn text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    checks.iter().map(|check| format!("{:<6}  {:<width$}  {}\n", check.state, check.name, check.message)).collect()
}

fn check(name: impl Into<String>, found: Result<String, String>) -> Check {
    let (state, message) = match found {
        Ok(message) => ("ok", message),
        Err(message) => ("failed", message),
    };
    Check { name: name.into(), state, message }
}

/// Reads the ConfigMap, which is part of the configuration.
async fn cluster(args: &ArgMatches, layers: &mut Layers) -> Check {
    check("API server", read_config_map(args, layers).await)
}

async fn read_config_map(args: &ArgMatches, layers: &mut Layers) -> Result<String, String> {
    let access = Access { kubeconfig: args.get_one("kubeconfig").cloned(), context: args.get_one("context").cloned() };
    let credentials = Credentials::find(&access).await.map_err(|error| error.to_string())?;
    let uncounted: OnCall = Arc::new(|_| {});
    let clients = Clients::new(&credentials.into(), 1, &uncounted).map_err(|error| error.to_string())?;
    let version = clients.reads.apiserver_version().await.map_err(|error| client::words(&error))?;
    let env = |key: &str| std::env::var(key).ok();
    let namespace = client::own_namespace(env, Path::new(client::SERVICE_ACCOUNT_NAMESPACE));
    let place = format!("{namespace}/{}", crate::run::CONFIG_MAP);
    if !layers.follows_config_map() {
        return Ok(format!("answers, version {}; the configuration comes from a file", version.git_version));
    }
    let api = Api::<ConfigMap>::namespaced(clients.reads.clone(), &namespace);
    // Listed by name, because that is the right that the controller has.
    let named = ListParams::default().fields(&format!("metadata.name={}", crate::run::CONFIG_MAP));
    let found = api.list(&named).await.map_err(|error| client::words(&error))?;
    let Some(found) = found.items.into_iter().next() else {
        return Ok(format!("answers, version {}; there is no ConfigMap {place}, defaults hold", version.git_version));
    };
    let applied = layers.apply_config_map(&place, &found.data.unwrap_or_default());
    applied.map_err(|problems| problems.to_string())?;
    Ok(format!("answers, version {}; ConfigMap {place} is right", version.git_version))
}

/// One line for each channel, and for what keeps one off that seems wanted.
async fn receivers(layers: &Layers, secrets: &Secrets, notify: bool) -> Vec<Check> {
    let config = layers.config();
    if !config.notification_enabled {
        let message = "notification_enabled is false: nobody is told anything".to_owned();
        return vec![Check { name: "notifications".to_owned(), state: "off", message }];
    }
    let (on, warnings) = active_channels(config, secrets);
    let off = warnings.into_iter().map(|message| Check { name: "notifications".to_owned(), state: "off", message });
    let mut checks: Vec<Check> = off.collect();
    let outside = Outside::system();
    let receivers =
        Receivers { on: &on, config, secrets, namespace: "self-healing", timeout: TIMEOUT, outside: &outside };
    let notifier = match Notifier::new(&receivers) {
        Ok(notifier) => notifier,
        Err(error) => {
            checks.push(check("notifications", Err(error.to_string())));
            return checks;
        }
    };
    for channel in notifier.channels() {
        let found = match notify {
            true => test(&notifier, channel, &config.cluster_name).await,
            false => notifier.reach(channel).await,
        };
        checks.push(check(format!("channel {channel}"), found));
    }
    checks
}

/// Sends a message that says of itself that it is a test; what it opens is resolved.
async fn test(notifier: &Notifier, channel: Channel, cluster: &str) -> Result<String, String> {
    let about = sample(Stamp(Wall::system().now().as_millisecond()));
    let keys: &[&str] = if channel.keeps_incidents() { &["opened", "resolved"] } else { &["opened"] };
    for key in keys {
        let told = notifier.tell(channel, &Letter { about: &about, key, cluster }).await;
        if !matches!(told, Outcome::Done(_)) {
            return Err(plain(told.trouble(), 300));
        }
    }
    Ok("took a test message".to_owned())
}
