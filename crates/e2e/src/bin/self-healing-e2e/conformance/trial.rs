//! One sequence on both sides, up to the first difference.

use super::compare;
use super::request::Request;
use super::setup::Real;
use anyhow::Result;
use serde_json::Value;

/// What a sequence showed.
pub(super) struct Outcome {
    /// What the real server answered to each request that was sent.
    pub(super) answers: Vec<Answered>,
    pub(super) difference: Option<Difference>,
}

/// One answer of the real server.
pub(super) struct Answered {
    /// What the request was.
    pub(super) label: &'static str,
    /// Its verb.
    pub(super) verb: &'static str,
    /// In a word or two: `404 NotFound`.
    pub(super) word: String,
    /// As it was compared.
    pub(super) told: Value,
}

/// Where the two sides differ.
pub(super) struct Difference {
    /// Place of the request in the sequence.
    pub(super) at: usize,
    pub(super) label: &'static str,
    pub(super) lines: Vec<String>,
}

impl Difference {
    /// What it is about, so that two of one cause are told once: the request and the first field.
    pub(super) fn kind(&self) -> String {
        let place = self.lines.first().and_then(|line| line.split_once(": embedded")).map_or("", |(place, _)| place);
        format!("{}: {place}", self.label)
    }
}

/// Runs the sequence in a namespace of its own on the real server, and in an embedded cluster of its own; up to the first
/// difference.
pub(super) async fn run(real: &Real, requests: &[Request]) -> Result<Outcome> {
    let namespace = real.namespace();
    let (mut real, mut sim) = (real.side(&namespace).await?, real.other_side(&namespace).await?);
    let mut outcome = Outcome { answers: Vec::new(), difference: None };
    for (at, request) in requests.iter().enumerate() {
        let (left, right) = (sim.ask(request).await?, real.ask(request).await?);
        let lines = compare::differences(&left, &right);
        outcome.answers.push(Answered { label: request.label, verb: request.verb(), word: word(&right), told: right });
        if !lines.is_empty() {
            outcome.difference = Some(Difference { at, label: request.label, lines });
            break;
        }
    }
    Ok(outcome)
}

/// An answer in a word or two.
fn word(answer: &Value) -> String {
    let line = answer["lines"].as_array().into_iter().flatten().find(|line| line["type"] == "ERROR");
    let status = line.map_or(&answer["body"], |line| &line["object"]);
    let code = status["code"].as_u64().or(answer["code"].as_u64()).unwrap_or_default();
    let reason =
        if status["status"] == "Failure" { status["reason"].as_str().unwrap_or("without a reason") } else { "" };
    format!("{code} {reason}").trim_end().to_owned()
}
