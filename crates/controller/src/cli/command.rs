//! What commands and flags there are, for the program and for the kubectl plugin.

use super::{cleanup, doctor, explain, orders, record, replay, status, switch};
use crate::demo;
use clap::builder::Str;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use self_healing_api::keys::KEYS;
use self_healing_core::names::Remedy;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whether this "error" is what was asked for.
pub(super) const fn is_asked_for(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// The commands of whoever was called by this name: those of the kubectl plugin for `kubectl-heal`, else those of the program.
pub fn of(name: Option<&OsString>) -> Command {
    if is_plugin(name) { plugin() } else { command() }
}

fn command() -> Command {
    let run = Command::new("run").about("Runs the controller (also without a subcommand)");
    let manifests =
        Command::new("manifests").about("Prints CRDs, RBAC and Deployment as YAML").arg(without_flag()).arg(
            Arg::new("without-bare-pod-recreation")
                .long("without-bare-pod-recreation")
                .action(ArgAction::SetTrue)
                .help("Leaves out the right to create pods; pods without a controller are then not restarted"),
        );
    with_run_flags(Command::new("self-healing-controller"))
        .about("Heals nodes, pods, workloads and services of a Kubernetes cluster, and says why")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand(with_run_flags(run))
        .subcommands(for_people())
        .subcommand(doctor::command())
        .subcommand(cleanup::command())
        .subcommand(replay::command())
        .subcommand(demo::command())
        .subcommand(manifests)
        .subcommand(version_command())
}

/// Remedies whose rights an installation leaves out.
pub(super) fn without_flag() -> Arg {
    let words = Remedy::ALL.iter().map(|remedy| remedy.as_str()).collect::<Vec<_>>();
    Arg::new("without")
        .long("without")
        .value_name("REMEDY")
        .value_parser(words)
        .action(ArgAction::Append)
        .help("Leaves out the rights of a remedy; strategies that need it are then not begun")
}

pub(super) fn without(args: &ArgMatches) -> BTreeSet<Remedy> {
    args.get_many::<String>("without").into_iter().flatten().filter_map(|word| Remedy::parse(word)).collect()
}

fn version_command() -> Command {
    Command::new("version").about("Prints version, git commit and API versions")
}

/// Commands of people with their own credentials, which the plugin has too.
fn for_people() -> [Command; 6] {
    [
        explain::command(),
        status::command(),
        orders::command(orders::APPROVAL),
        orders::command(orders::VETO),
        switch::command(true),
        switch::command(false),
    ]
}

/// Whether the program was called as `kubectl-heal`, as kubectl calls its plugins.
fn is_plugin(name: Option<&OsString>) -> bool {
    name.and_then(|name| Path::new(name).file_stem()).is_some_and(|name| name == "kubectl-heal")
}

fn plugin() -> Command {
    Command::new("kubectl-heal")
        .bin_name("kubectl heal")
        .about("Asks and steers the self-healing controller")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(for_people())
        .subcommand(version_command())
}

pub(super) fn with_run_flags(command: Command) -> Command {
    let path = |name: &'static str| Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf));
    let set = Arg::new("set").long("set").value_name("KEY=VALUE").action(ArgAction::Append);
    let command = command
        .arg(path("kubeconfig").help("Credentials; wins over the in-cluster ones and KUBECONFIG"))
        .arg(Arg::new("context").long("context").value_name("NAME").help("Context of the kubeconfig"))
        .arg(path("config").help("Reads keys from this file instead of the ConfigMap"))
        .arg(set.help("Sets any configuration key"));
    let command = record::flags(command);
    KEYS.iter().fold(command, |command, key| {
        let arg = Arg::new(key.name)
            .long(Str::from(key.name.replace('_', "-")))
            .value_name("VALUE")
            .allow_hyphen_values(true);
        command.arg(arg.help(key.meaning).help_heading("Configuration"))
    })
}
