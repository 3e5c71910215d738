//! The command line: subcommands, flags, one line for what is wrong.

mod cleanup;
mod command;
mod doctor;
mod explain;
mod orders;
mod person;
mod record;
mod replay;
mod status;
mod switch;

use crate::client::{self, Access, Credentials};
use crate::config::{self, Environment, Layers, Secrets};
use crate::demo;
use crate::http::Desk;
use crate::log;
use crate::manifests;
use crate::outside::Outside;
use crate::run::{self, Launch, RunError};
use clap::ArgMatches;
use command::is_asked_for;
pub use command::of as commands;
use self_healing_api::keys::KEYS;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// Why the program ends without having done what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line is wrong.
    #[error("command line: {0}; see --help")]
    Usage(String),
    /// The configuration is wrong: one line per problem.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// There is no way to an API server.
    #[error(transparent)]
    Client(#[from] client::ClientError),
    /// The log cannot be written as asked.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// The controller could not start.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The demo went wrong, or could not start.
    #[error(transparent)]
    Demo(#[from] demo::Error),
    /// The manifests cannot be written.
    #[error(transparent)]
    Manifests(#[from] manifests::ManifestError),
    /// The API server does not answer.
    #[error("the API server cannot be asked: {0}")]
    Unreachable(String),
    /// A recording cannot be read, or not be replayed so.
    #[error("{0}")]
    Replay(String),
    /// A recording cannot be written.
    #[error("--record {path}: {source}")]
    Record {
        /// Where.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// What a person wanted is not possible, or not allowed.
    #[error("{0}")]
    Refused(String),
    /// The answer is that the object is not known; it was printed.
    #[error("not known")]
    Unknown,
    /// Something would keep the controller from its work; it was printed.
    #[error("something fails, see above")]
    Unwell,
    /// The system refuses something basic.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
}

impl CliError {
    /// 2 when what was given is wrong, 1 when the world is.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::Client(_)
            | Self::Log(_)
            | Self::Run(_)
            | Self::Replay(_)
            | Self::Record { .. } => 2,
            Self::Demo(error) => error.exit_code(),
            Self::Manifests(_)
            | Self::System { .. }
            | Self::Unreachable(_)
            | Self::Refused(_)
            | Self::Unknown
            | Self::Unwell => 1,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// With one line for people.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Result<(), CliError> {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = match commands(args.first()).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) if is_asked_for(error.kind()) => {
            return say(&error.to_string());
        }
        Err(error) => return Err(CliError::Usage(first_line(&error))),
    };
    match matches.subcommand() {
        Some(("manifests", args)) => {
            let recreate_bare_pods = !args.get_flag("without-bare-pod-recreation");
            let options = manifests::Options { recreate_bare_pods, without: command::without(args) };
            say(&manifests::all(options)?)
        }
        Some(("demo", args)) => Ok(demo::run(&demo::Options::of(args))?),
        Some(("explain", args)) => explain::run(args),
        Some(("doctor", args)) => doctor::run(args),
        Some(("cleanup", args)) => cleanup::run(args),
        Some(("replay", args)) => replay::run(args),
        Some(("status", args)) => status::run(args),
        Some(("approve", args)) => orders::run(args, orders::APPROVAL),
        Some(("cancel", args)) => orders::run(args, orders::VETO),
        Some(("pause", args)) => switch::run(args, true),
        Some(("resume", args)) => switch::run(args, false),
        Some(("version", _)) => say(&format!("{}\n", version())),
        Some((_, args)) => controller(args),
        None => controller(&matches),
    }
}

fn say(text: &str) -> Result<(), CliError> {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        // Who reads only the head of it closes the pipe.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::System { what: "standard output", source: error })
        }
        _ => Ok(()),
    }
}

/// Version, git commit and API versions.
#[must_use]
pub fn version() -> String {
    format!(
        "self-healing-controller {} (commit {}), API self-healing.dev/v1alpha1",
        env!("CARGO_PKG_VERSION"),
        env!("GIT_COMMIT")
    )
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Keys and values of the command line, in its order of precedence: flags of a key's own name after `--set`.
fn flags(args: &ArgMatches) -> Result<Vec<(String, String)>, CliError> {
    let mut flags = Vec::new();
    for pair in args.get_many::<String>("set").into_iter().flatten() {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(CliError::Usage(format!("--set {pair:?} is not KEY=VALUE, e.g. --set paused=true")));
        };
        flags.push((key.trim().to_owned(), value.to_owned()));
    }
    for key in KEYS {
        if let Some(value) = args.get_one::<String>(key.name) {
            flags.push((key.name.to_owned(), value.clone()));
        }
    }
    Ok(flags)
}

/// Whose credentials were asked for.
fn access(args: &ArgMatches) -> Access {
    Access { kubeconfig: args.get_one("kubeconfig").cloned(), context: args.get_one("context").cloned() }
}

/// Does `work` on a runtime of its own.
fn on_runtime<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    // The process needs one TLS provider; it can only be installed once, so an earlier one is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| CliError::System { what: "the async runtime", source })?;
    runtime.block_on(work)
}

fn controller(args: &ArgMatches) -> Result<(), CliError> {
    let env = |key: &str| std::env::var(key).ok();
    let environment = Environment::of_process();
    let layers = Layers::new(args.get_one::<PathBuf>("config").map(PathBuf::as_path), &environment, &flags(args)?)?;
    let secrets = Secrets::read(&environment).map_err(config::Error::from)?;
    on_runtime(async {
        let credentials = Credentials::find(&access(args)).await?;
        let launch = Launch {
            layers,
            secrets,
            environment: Some(environment),
            way: credentials.into(),
            namespace: client::own_namespace(env, Path::new(client::SERVICE_ACCOUNT_NAMESPACE)),
            name: client::own_name(env, client::host_name()),
            outside: Outside::system(),
            desk: Desk::default(),
            recorder: None,
        };
        let launch = Launch { recorder: record::recorder(args, &launch.namespace)?, ..launch };
        let log = log::start(launch.log_format(), launch.levels())?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            commit = env!("GIT_COMMIT"),
            namespace = launch.namespace,
            "starting"
        );
        let (mut term, mut interrupt) = (stop_signal(SignalKind::terminate())?, stop_signal(SignalKind::interrupt())?);
        let stop = async move {
            tokio::select! {
                biased;
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        };
        run::run(launch, &log, stop).await?;
        tracing::info!("stopped");
        Ok(())
    })
}

fn stop_signal(kind: SignalKind) -> Result<tokio::signal::unix::Signal, CliError> {
    signal(kind).map_err(|source| CliError::System { what: "signal handlers", source })
}
