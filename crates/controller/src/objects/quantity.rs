//! Quantities as Kubernetes writes them: `100m`, `0.5`, `128Mi`, `1e3`.

use super::text::Str;
use self_healing_core::fact::Amount;
use serde::Deserialize;

/// MiB in thousandths of a byte.
const MIB: u128 = 1024 * 1024 * 1000;

/// CPU and memory of a list of resources.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Resources<'a> {
    cpu: Option<Str<'a>>,
    memory: Option<Str<'a>>,
    pods: Option<Str<'a>>,
}

impl Resources<'_> {
    /// What a pod asks for, rounded up; what cannot be read is more than any node has.
    #[must_use]
    pub fn asked(&self) -> Amount {
        let read = |text: &Option<Str<'_>>, unit: u128| {
            text.as_deref().map_or(0, |text| milli(text).map_or(u32::MAX, |milli| clamp(milli.div_ceil(unit))))
        };
        Amount { cpu: read(&self.cpu, 1), memory: read(&self.memory, MIB) }
    }

    /// What a node offers, rounded down; what cannot be read is nothing.
    #[must_use]
    pub fn offered(&self) -> Amount {
        let read = |text: &Option<Str<'_>>, unit: u128| clamp(text.as_deref().and_then(milli).unwrap_or(0) / unit);
        Amount { cpu: read(&self.cpu, 1), memory: read(&self.memory, MIB) }
    }

    /// How many pods a node takes.
    #[must_use]
    pub fn pods(&self) -> u32 {
        clamp(self.pods.as_deref().and_then(milli).unwrap_or(0) / 1000)
    }
}

/// The bytes of a quantity, rounded up; `None` when it cannot be read.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    milli(text).and_then(|milli| u64::try_from(milli.div_ceil(1000)).ok())
}

fn clamp(number: u128) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Thousandths of the unit, rounded up; `None` for a negative quantity and for anything else.
fn milli(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 18 {
        return None;
    }
    let mut digits = whole.chars().chain(fraction.chars()).map(|digit| digit.to_digit(10));
    let digits = digits.try_fold(0_u128, |all, digit| all.checked_mul(10)?.checked_add(digit?.into()))?;
    let (times, over) = scale(suffix)?;
    let over = over.checked_mul(10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?)?;
    Some(digits.checked_mul(times)?.checked_mul(1000)?.div_ceil(over))
}

/// The factor of a suffix as a fraction.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    let binary = |power: u32| Some((1024_u128.pow(power), 1));
    let decimal = |power: u32| Some((1000_u128.pow(power), 1));
    match suffix {
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "" => Some((1, 1)),
        "k" => decimal(1),
        "M" => decimal(2),
        "G" => decimal(3),
        "T" => decimal(4),
        "P" => decimal(5),
        "E" => decimal(6),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
            Some(if exponent < 0 { (1, power) } else { (power, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_all_their_forms() {
        let cases = [
            ("100m", Some(100)),
            ("0.5", Some(500)),
            ("2", Some(2000)),
            ("1e3", Some(1_000_000)),
            ("1E-3", Some(1)),
            ("1500u", Some(2)),
            ("128Mi", Some(128 * 1024 * 1024 * 1000)),
            ("1.5Gi", Some(1536 * 1024 * 1024 * 1000)),
            ("1G", Some(1_000_000_000_000)),
            ("-1", None),
            ("", None),
            (".", None),
            ("1x", None),
            ("99999999999999999999999999999999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(milli(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_asked_is_rounded_up_and_what_is_offered_down() {
        let resources: Resources<'_> =
            serde_json::from_str(r#"{"cpu": "1500u", "memory": "1500Ki", "pods": "110"}"#).unwrap();
        assert_eq!(resources.asked(), Amount { cpu: 2, memory: 2 });
        assert_eq!((resources.offered(), resources.pods()), (Amount { cpu: 2, memory: 1 }, 110));
        let odd: Resources<'_> = serde_json::from_str(r#"{"cpu": "much"}"#).unwrap();
        assert_eq!((odd.asked().cpu, odd.offered().cpu), (u32::MAX, 0));
    }
}
