//! The log: one line per event on standard error, as JSON for machines or as text for people.

mod json;

use self_healing_core::effect::{Effect, Verb};
use self_healing_core::happening::Happening;
use self_healing_core::recovery::{Recovery, Status};
use std::io::{self, IsTerminal as _};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

use crate::plain::plain;

/// Characters of a sentence in a line; API servers and containers can say more than anybody reads.
const NOTE_LIMIT: usize = 1024;

/// The target of decision lines, for `RUST_LOG`.
pub const DECISIONS: &str = "self_healing::decision";

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object: `ts`, `level`, `msg`, `target`, then the fields.
    Json,
    /// For a person's eyes.
    Text,
}

impl Format {
    /// Text on a terminal, else JSON.
    #[must_use]
    pub fn automatic() -> Self {
        if io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// How much is logged; `RUST_LOG` wins over both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// `debug_mode`: the controller's debug lines.
    pub debug: bool,
    /// `verbose_logging`: one line per decision with its full record.
    pub verbose: bool,
}

impl Levels {
    fn directives(self) -> String {
        let ours = if self.debug { "debug" } else { "info" };
        let decisions = if self.verbose { "debug" } else { "off" };
        format!("info,self_healing_controller={ours},{DECISIONS}={decisions}")
    }
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `RUST_LOG` does not parse.
    #[error(
        "environment variable RUST_LOG is {value:?} ({source}); expected is LEVEL or TARGET=LEVEL, separated by commas"
    )]
    Filter {
        /// As found.
        value: String,
        /// What the parser says.
        source: tracing_subscriber::filter::ParseError,
    },
    /// There is one already.
    #[error("the log was started twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The running log, to change its levels.
#[derive(Debug)]
pub struct Log {
    /// `None` when somebody else decides, such as `RUST_LOG`.
    levels: Option<reload::Handle<EnvFilter, Registry>>,
}

impl Log {
    /// A log that was not started here: lines go wherever the process's subscriber takes them, if there is one.
    #[must_use]
    pub fn silent() -> Self {
        Self { levels: None }
    }

    /// Applies new levels at once. Without effect while `RUST_LOG` decides.
    pub fn set(&self, levels: Levels) {
        let Some(handle) = &self.levels else { return };
        if let Err(error) = handle.reload(EnvFilter::new(levels.directives())) {
            tracing::warn!(%error, "log levels could not be changed");
        }
    }
}

/// Starts the process's log on standard error.
///
/// # Errors
/// When `RUST_LOG` does not parse, or there is a log already.
pub fn start(format: Format, levels: Levels) -> Result<Log, Error> {
    let rust_log = std::env::var("RUST_LOG").ok();
    let (subscriber, log) = subscriber(format, levels, rust_log.as_deref(), io::stderr)?;
    subscriber.try_init()?;
    Ok(log)
}

/// The log as a subscriber that writes to `writer`, as [`start`] installs it for the process.
///
/// # Errors
/// When `rust_log` does not parse.
pub fn subscriber<W>(
    format: Format,
    levels: Levels,
    rust_log: Option<&str>,
    writer: W,
) -> Result<(impl Subscriber + Send + Sync, Log), Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let rust_log = rust_log.map(str::trim).filter(|value| !value.is_empty());
    let filter = match rust_log {
        Some(value) => EnvFilter::try_new(value).map_err(|source| Error::Filter { value: value.to_owned(), source })?,
        None => EnvFilter::new(levels.directives()),
    };
    let (filter, handle) = reload::Layer::new(filter);
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = match format {
        Format::Json => fmt::layer().with_writer(writer).event_format(json::Lines).boxed(),
        Format::Text => fmt::layer().with_writer(writer).with_ansi(colours).boxed(),
    };
    let levels = rust_log.is_none().then_some(handle);
    Ok((Registry::default().with(filter).with(lines), Log { levels }))
}

/// Writes the line of one transition.
pub fn happening(happening: &Happening) {
    let Happening { what, recovery, recovery_uid: _, target, failure, severity, note, publish: _ } = happening;
    let (kind, key, reason) = (target.kind.as_str(), &target.key, what.as_str());
    let note = plain(note, NOTE_LIMIT);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                %recovery, "type" = %failure, %severity, kind, namespace = %key.namespace, name = %key.name, reason, note,
                "{reason}"
            )
        };
    }
    if what.is_warning() { line!(warn) } else { line!(info) }
}

/// Writes the line of one decision, with the record that it stores or tells about but for a saved manifest.
pub fn decision(effect: &Effect) {
    if !tracing::enabled!(target: DECISIONS, tracing::Level::DEBUG) {
        return;
    }
    let record = match &effect.verb {
        Verb::CreateRecovery(recovery) | Verb::Tell { about: recovery, .. } => {
            format!("{:?}", Recovery { status: without_manifest(&recovery.status), ..(**recovery).clone() })
        }
        Verb::SaveStatus { status, .. } => format!("{:?}", without_manifest(status)),
        _ => String::new(),
    };
    let Effect { id, recovery, verb } = effect;
    tracing::debug!(target: DECISIONS, effect = id.0, %recovery, record, "{verb}");
}

/// A pod's manifest may hold what its owner put into environment variables.
fn without_manifest(status: &Status) -> Status {
    Status { saved_manifest: None, ..status.clone() }
}

#[cfg(test)]
mod tests;
