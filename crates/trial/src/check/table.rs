//! Every invariant of the project: what it says, and which rule asserts it, or why none does yet.

use super::rule;
use super::scene::Rule;

/// One invariant.
pub struct Invariant {
    /// E.g. `S4`.
    pub id: &'static str,
    /// In two or three words.
    pub name: &'static str,
    /// In a sentence or two.
    pub says: &'static str,
    pub(crate) how: How,
}

/// How it is asserted.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// By a rule of the checker; with what it leaves out, if it leaves something out.
    Rule(fn() -> Box<dyn Rule>, &'static str),
    /// By something else, and by what.
    Elsewhere(&'static str),
    /// Not yet, and why.
    NotYet(&'static str),
}

impl Invariant {
    /// Whether a rule of the checker asserts it.
    #[must_use]
    pub fn has_rule(&self) -> bool {
        matches!(self.how, How::Rule(..))
    }
}

const fn rule<R: Rule + Default + 'static>() -> fn() -> Box<dyn Rule> {
    || Box::new(R::default())
}

/// All of them, in order.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "S1",
        name: "target identity",
        says: "What is deleted, evicted or cordoned has the uid that its record names, and the request carries that uid.",
        how: How::Rule(rule::<rule::identity::Identity>(), ""),
    },
    Invariant {
        id: "S4",
        name: "at most once",
        says: "A pod is deleted or evicted at most once in all, and a record marks a node at most once, whoever leads.",
        how: How::Rule(rule::<rule::once::Once>(), ""),
    },
    Invariant {
        id: "S5",
        name: "write-ahead",
        says: "Before a write to an object, a stored record names it and the attempt; of a pod's first attempt the record's creation is enough.",
        how: How::Rule(rule::<rule::ahead::Ahead>(), ""),
    },
];
