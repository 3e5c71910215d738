//! `doctor`: what would keep the controller from its work, before it is needed.

mod admission;
mod channels;
mod check;
mod clock;
mod configuration;
mod connection;
mod definitions;
mod identity;
mod installations;
mod leader;
mod resources;
mod rights;
mod tls;
mod token;

use super::explain::json;
use super::{CliError, command, flags, on_runtime, person, say};
use crate::config::{self, Environment, Layers, Secrets};
use check::{Area, Check, State, text};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use connection::Cluster;
use resources::Meter;
use self_healing_core::names::Remedy;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    let about =
        "Checks what the controller needs: API server, rights, definitions, leader, clock, configuration, receivers";
    let notify = Arg::new("notify").long("notify").action(ArgAction::SetTrue);
    let root = Arg::new("root").long("root").value_name("DIR").value_parser(value_parser!(PathBuf));
    let command = Command::new("doctor").about(about).long_about(
        "Checks, with the credentials that the controller would use here: the way to the API server, each right that the controller \
         needs, whether its custom resource definitions are served and current, who leads, this machine's clock, whether another \
         installation acts on the same cluster, the configuration, processor and memory, and whether the receivers of messages can be \
         reached. Run it in the controller's pod: elsewhere it is your rights, clock and environment that are checked, and it says so.\n\n\
         With --notify every channel that is on gets a test message, and what it answers is shown; a page that the test opens is \
         resolved at once. Ends with 0 when nothing fails (warnings are no failure), with 1 when something fails, with 2 when what was \
         given is wrong.",
    );
    let command = command
        .arg(command::without_flag())
        .arg(notify.help("Sends a test message to every channel that is on"))
        .arg(root.help("Where sys/fs/cgroup is looked for, e.g. in a debug container [default: / in a pod]"));
    person::output(command::with_run_flags(command))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    let environment = Environment::of_process();
    let layers = Layers::new(args.get_one::<PathBuf>("config").map(PathBuf::as_path), &environment, &flags(args)?)?;
    let secrets = Secrets::read(&environment).map_err(config::Error::from)?;
    let checks = on_runtime(examine(args, layers, &secrets))?;
    let failed = checks.iter().any(|check| check.state == State::Failed);
    say(&if person::wants_json(args) { json(&checks)? } else { text(&checks) })?;
    if failed { Err(CliError::Unwell) } else { Ok(()) }
}

async fn examine(args: &ArgMatches, mut layers: Layers, secrets: &Secrets) -> Result<Vec<Check>, CliError> {
    let root = args.get_one::<PathBuf>("root").cloned();
    let in_a_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").map(|_| Path::new("/").to_owned());
    let meter = root.or(in_a_pod).map(Meter::begin);
    let mut checks = Vec::new();
    let cluster = Cluster::open(args).await?;
    let found = match &cluster {
        Ok(cluster) => connection::check(cluster).await.map(|answers| (cluster, answers)),
        Err(nowhere) => Err(nowhere.clone()),
    };
    match found {
        Ok((cluster, answers)) => {
            checks.push(answers);
            of_the_cluster(cluster, &mut layers, &command::without(args), &mut checks).await;
        }
        Err(silent) => {
            checks.push(silent);
            checks.extend(Area::OF_THE_CLUSTER.map(|area| {
                Check::new(area, area.title(), State::Unchecked, "not checked, because the API server cannot be asked")
            }));
        }
    }
    let namespace = cluster.as_ref().map_or("self-healing", |cluster| &cluster.namespace);
    checks.extend(channels::checks(&layers, secrets, namespace, args.get_flag("notify")).await);
    match meter {
        Some(meter) => checks.extend(meter.end().await),
        None => checks.extend(resources::of_the_leader(cluster.as_ref().ok()).await),
    }
    Ok(checks)
}

/// What only the API server can tell.
async fn of_the_cluster(cluster: &Cluster, layers: &mut Layers, without: &BTreeSet<Remedy>, checks: &mut Vec<Check>) {
    let account = identity::check(cluster).await;
    let own = account.state == State::Ok;
    checks.push(account);
    let (clock, ahead) = clock::check(cluster).await;
    checks.push(clock);
    checks.extend(configuration::checks(cluster, layers).await);
    checks.extend(rights::checks(cluster, layers, without).await);
    checks.push(admission::check(cluster, own).await);
    checks.extend(definitions::checks(cluster).await);
    checks.push(leader::check(cluster, layers.config(), ahead).await);
    checks.push(installations::check(cluster, layers.config(), ahead).await);
}
