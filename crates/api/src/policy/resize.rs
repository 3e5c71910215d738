//! How a memory limit is raised in place.

use super::{BadPolicy, HealingPolicySpec};
use schemars::JsonSchema;
use self_healing_core::names::{FailureType, Strategy};
use self_healing_core::settings::Resize;
use serde::{Deserialize, Serialize};

/// How a memory limit is raised.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[schemars(!default)]
pub struct ResizeSpec {
    /// By what the limit is multiplied, above 1 and at most 10.
    #[schemars(range(min = 1.0, max = 10.0))]
    pub factor: f64,
    /// The most that it may become, as 2Gi.
    #[schemars(length(min = 1, max = 32), regex(pattern = "^[0-9]+([.][0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$"))]
    pub max: String,
}

/// The units of `max`, and how many bytes each is.
const UNITS: [(&str, f64); 9] = [
    ("", 1.0),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
];

/// What is said of it; the strategy `resize` needs it.
pub(super) fn read(spec: &HealingPolicySpec) -> Result<Option<Resize>, BadPolicy> {
    let wanted = Strategy::Resize.as_str();
    let cells = spec.strategies.get(FailureType::Resource.as_str()).into_iter().flat_map(|row| row.values());
    let ladder = spec.escalation.iter().flat_map(|escalation| &escalation.ladder);
    let Some(said) = &spec.resize else {
        let chosen = cells.chain(ladder).any(|strategy| strategy == wanted);
        let expected = "factor and max, because the policy chooses the strategy resize";
        return if chosen { Err(BadPolicy::new("spec.resize", "nothing", expected)) } else { Ok(None) };
    };
    if !(said.factor > 1.0 && said.factor <= 10.0) {
        return Err(BadPolicy::new("spec.resize.factor", said.factor, "a number above 1 and at most 10"));
    }
    let wrong = || BadPolicy::new("spec.resize.max", format!("{:?}", said.max), "an amount of memory, as 2Gi");
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1001 and 10000")]
    let thousandths = (said.factor * 1000.0).round().max(1001.0) as u32;
    Ok(Some(Resize { thousandths, max: bytes(&said.max).ok_or_else(wrong)? }))
}

/// A positive amount of memory, in bytes.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, times) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let bytes = number.parse::<f64>().ok()? * times;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and a cast saturates")]
    let whole = bytes as u64;
    (whole > 0).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn amounts_are_read_in_their_units() {
        for (text, expected) in [
            ("2Gi", Some(2 << 30)),
            ("1.5Gi", Some(1_610_612_736)),
            ("500M", Some(500_000_000)),
            ("1024", Some(1024)),
            ("0", None),
            ("", None),
            ("2GB", None),
            ("Gi", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
