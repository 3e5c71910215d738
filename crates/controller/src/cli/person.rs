//! What every command for people has in common: whose credentials, which cluster, which output.

use super::{CliError, access, on_runtime};
use crate::client::{Clients, Credentials, OnCall, SERVICE_ACCOUNT_NAMESPACE, Way, own_namespace};
use crate::explain::Installation;
use crate::outside::Wall;
use clap::{Arg, ArgMatches, Command, value_parser};
use self_healing_core::time::Stamp;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes that one command has under way at once.
const IN_FLIGHT: usize = 4;

/// Adds the flags that `kubectl` has too, and where the controller is.
pub(super) fn flags(command: Command) -> Command {
    let path = Arg::new("kubeconfig").long("kubeconfig").value_name("FILE").value_parser(value_parser!(PathBuf));
    command
        .arg(path.help("Credentials; wins over the in-cluster ones and KUBECONFIG"))
        .arg(Arg::new("context").long("context").value_name("NAME").help("Context of the kubeconfig"))
        .arg(
            Arg::new("controller-namespace")
                .long("controller-namespace")
                .value_name("NAMESPACE")
                .help("Where the controller runs [default: POD_NAMESPACE, else self-healing]"),
        )
}

/// Adds `-o`.
pub(super) fn output(command: Command) -> Command {
    command.arg(
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORMAT")
            .value_parser(["text", "json"])
            .default_value("text"),
    )
}

pub(super) fn wants_json(args: &ArgMatches) -> bool {
    args.get_one::<String>("output").is_some_and(|format| format == "json")
}

/// What is said after a change that was only tried.
pub(super) const fn dry_run(dry: bool) -> &'static str {
    if dry { " (server dry run)" } else { "" }
}

/// A person at a terminal, connected.
pub(super) struct Person {
    pub(super) clients: Clients,
    /// The namespace of the kubeconfig's context.
    pub(super) namespace: String,
    pub(super) controller: Installation,
}

impl Person {
    async fn connect(args: &ArgMatches) -> Result<Self, CliError> {
        let credentials = Credentials::find(&access(args)).await?;
        let namespace = credentials.config.default_namespace.clone();
        let way: Way = credentials.into();
        let uncounted: OnCall = Arc::new(|_| {});
        let clients = Clients::new(&way, IN_FLIGHT, &uncounted)?;
        let given = args.get_one::<String>("controller-namespace").cloned();
        let env = |key: &str| std::env::var(key).ok();
        let place = given.unwrap_or_else(|| own_namespace(env, Path::new(SERVICE_ACCOUNT_NAMESPACE)));
        let version = clients.reads.apiserver_version().await;
        version.map_err(|error| CliError::Unreachable(crate::client::words(&error)))?;
        let controller = Installation::find(&clients, &place).await?;
        Ok(Self { clients, namespace, controller })
    }

    pub(super) fn now() -> Stamp {
        Stamp(Wall::system().now().as_millisecond())
    }
}

/// Connects and does `work`.
pub(super) fn run<F: Future<Output = Result<(), CliError>>>(
    args: &ArgMatches,
    work: impl FnOnce(Person) -> F,
) -> Result<(), CliError> {
    on_runtime(async { work(Person::connect(args).await?).await })
}
