//! The three shapes of `/metrics`: classic Prometheus text, OpenMetrics, and a short JSON.

use super::{Counters, Metrics};
use prometheus_client::encoding::text::encode;
use self_healing_core::names::{FailureType, Phase, Severity, Strategy};
use serde::Serialize;
use std::collections::BTreeSet;

/// A shape of `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Classic,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Five numbers for people and scripts.
    Json,
}

impl Format {
    /// The shape that an `Accept` header prefers; of equal ones the first, and the classic one when it names none.
    #[must_use]
    pub fn preferred(accept: &str) -> Self {
        let mut best = (Self::Classic, 0.0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/openmetrics-text" => Self::OpenMetrics,
                "application/json" => Self::Json,
                "text/plain" | "text/*" | "*/*" => Self::Classic,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }

    /// Its media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// The metrics in one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposition {
    /// Media type.
    pub content_type: &'static str,
    /// Text.
    pub body: String,
}

/// The short form. Shares are percent of the container's limits, of the machine where there is no limit; `null` where unknown.
#[derive(Debug, Serialize)]
struct Short {
    failures_detected: u64,
    recoveries_successful: u64,
    recoveries_failed: u64,
    cpu_usage: Option<f64>,
    memory_usage: Option<f64>,
}

impl Metrics {
    /// All metrics as they are now.
    ///
    /// # Errors
    /// None that can be met: writing to a text does not fail.
    pub fn expose(&self, format: Format) -> Result<Exposition, std::fmt::Error> {
        let mut body = String::new();
        match format {
            Format::OpenMetrics => encode(&mut body, &self.registry)?,
            Format::Classic => {
                encode(&mut body, &self.registry)?;
                body = classic(&body);
            }
            Format::Json => body = serde_json::to_string(&self.short()).map_err(|_| std::fmt::Error)?,
        }
        Ok(Exposition { content_type: format.content_type(), body })
    }

    fn short(&self) -> Short {
        Short {
            failures_detected: sum(
                &self.failures_detected,
                FailureType::ALL.iter().flat_map(|failure| {
                    let failure = ("type", failure.as_str());
                    Severity::ALL.iter().map(move |severity| [failure, ("severity", severity.as_str())])
                }),
            ),
            recoveries_successful: self.ended_as(&[Phase::Succeeded]),
            recoveries_failed: self.ended_as(&[Phase::Failed, Phase::Escalated]),
            cpu_usage: self.process.cpu_percent(),
            memory_usage: self.process.memory_percent(),
        }
    }

    fn ended_as(&self, results: &[Phase]) -> u64 {
        sum(
            &self.recoveries,
            FailureType::ALL.iter().flat_map(|failure| {
                Strategy::ALL.iter().flat_map(move |strategy| {
                    results.iter().map(move |result| {
                        [("type", failure.as_str()), ("strategy", strategy.as_str()), ("result", result.as_str())]
                    })
                })
            }),
        )
    }
}

fn sum<const N: usize>(counters: &Counters<N>, labels: impl Iterator<Item = super::Labels<N>>) -> u64 {
    labels.filter_map(|labels| counters.get(&labels).map(|counter| counter.get())).sum()
}

/// OpenMetrics text as a parser of the classic format reads it: there a counter's family is named as its series,
/// with `_total`, and no line ends the text.
fn classic(open: &str) -> String {
    let counters: BTreeSet<&str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(open.len() + 256);
    for line in open.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described = ["# HELP ", "# TYPE "].iter().find_map(|word| Some((word, line.strip_prefix(word)?)));
        match described.and_then(|(word, rest)| Some((word, rest.split_once(' ')?))) {
            Some((word, (name, rest))) if counters.contains(name) => {
                text.extend([word, name, "_total ", rest, "\n"]);
            }
            _ => text.extend([line, "\n"]),
        }
    }
    text
}
