//! What pods need of a node, and what nodes offer.

use crate::key::Text;
use alloc::vec::Vec;

/// CPU and memory, in units coarse enough for four bytes each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Amount {
    /// Thousandths of a CPU.
    pub cpu: u32,
    /// MiB: of what is offered rounded down, of what is asked for rounded up.
    pub memory: u32,
}

impl Amount {
    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_add(other.cpu), memory: self.memory.saturating_add(other.memory) }
    }

    /// What is left of it without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(other.cpu), memory: self.memory.saturating_sub(other.memory) }
    }

    /// The greater of both, each by itself.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        let cpu = if self.cpu > other.cpu { self.cpu } else { other.cpu };
        let memory = if self.memory > other.memory { self.memory } else { other.memory };
        Self { cpu, memory }
    }

    /// Whether `other` fits into it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.cpu >= other.cpu && self.memory >= other.memory
    }
}

/// What a node offers to pods: `status.allocatable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Capacity {
    /// CPU and memory.
    pub amount: Amount,
    /// Pods.
    pub pods: u32,
}

/// What a label has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Test {
    /// One of these.
    In(Vec<Text>),
    /// Absent, or none of these.
    NotIn(Vec<Text>),
    /// There.
    Exists,
    /// Absent.
    Absent,
    /// A number above this.
    Above(i64),
    /// A number below this.
    Below(i64),
}

/// One condition on a node's labels; the key `metadata.name` stands for its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Requirement {
    /// The label's key.
    pub key: Text,
    /// What it has to be.
    pub test: Test,
}

/// One of these lists has to hold as a whole.
pub type AnyOf = Vec<Vec<Requirement>>;

/// A taint that a pod does not mind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Toleration {
    /// The taint's key; `None` for every key.
    pub key: Option<Text>,
    /// Its value; `None` for every value.
    pub value: Option<Text>,
    /// Its effect; `None` for every effect.
    pub effect: Option<Text>,
}

/// Where a pod may run: its node selector, its required node affinity and where its volumes are, each of which has to hold, and the
/// taints that it tolerates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Needs {
    /// All of these.
    pub places: Vec<AnyOf>,
    /// Taints that do not keep it away.
    pub tolerations: Vec<Toleration>,
}

impl Requirement {
    /// Whether a label of this value, or none, meets it.
    #[must_use]
    pub fn is_met(&self, label: Option<&str>) -> bool {
        let among = |values: &[Text]| label.is_some_and(|label| values.iter().any(|value| **value == *label));
        let number = || label.and_then(|label| label.parse::<i64>().ok());
        match &self.test {
            Test::In(values) => among(values),
            Test::NotIn(values) => !among(values),
            Test::Exists => label.is_some(),
            Test::Absent => label.is_none(),
            Test::Above(limit) => number().is_some_and(|number| number > *limit),
            Test::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}
