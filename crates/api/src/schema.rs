//! Schemas of the closed words that the API server checks, for all kinds of ours.

use schemars::{Schema, SchemaGenerator, json_schema};
use self_healing_core::names::{FailureType, Mode, Severity};

pub(crate) fn failure_types(_: &mut SchemaGenerator) -> Schema {
    one_of(FailureType::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn severities(_: &mut SchemaGenerator) -> Schema {
    one_of(Severity::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn modes(_: &mut SchemaGenerator) -> Schema {
    one_of(Mode::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> Schema {
    json_schema!({ "type": "string", "enum": words.collect::<Vec<_>>() })
}
