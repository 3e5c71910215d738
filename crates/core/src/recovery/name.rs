//! The name of a Recovery, which keeps two controllers from acting on one trouble.

use crate::finding::Finding;
use crate::key::Text;
use crate::names::Cause;
use alloc::format;

/// The deterministic name: two controllers that see the same trouble collide on it instead of acting twice.
#[must_use]
pub fn name_of(finding: &Finding) -> Text {
    let mut hash = Fnv::default();
    hash.eat(finding.target.uid.as_bytes());
    hash.eat(finding.cause.as_str().as_bytes());
    hash.eat(&finding.onset.0.to_be_bytes());
    let kind = finding.target.kind.as_str().to_ascii_lowercase();
    Text::from(format!("{kind}-{}-{:016x}", finding.cause.as_str().to_ascii_lowercase(), hash.0))
}

/// The other name that the same trouble may have been recorded under: whether a silent node's kubelet is down or nothing answers may
/// look different to the next leader.
#[must_use]
pub(crate) fn other_name_of(finding: &Finding) -> Option<Text> {
    let cause = match finding.cause {
        Cause::Unreachable => Cause::KubeletDown,
        Cause::KubeletDown => Cause::Unreachable,
        _ => return None,
    };
    Some(name_of(&Finding { cause, ..finding.clone() }))
}

/// FNV-1a, 64 bit: stable over versions and machines, which the standard hashers do not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
