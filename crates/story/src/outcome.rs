//! The normalised end of a story: what every ground must give alike, whatever uids, random names and milliseconds it has.

use crate::deed::Verb;
use crate::error::Error;
use crate::words::nearest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One Recovery.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecoveryLine {
    /// The target in the story's names.
    pub target: String,
    /// `spec.cause`.
    pub cause: String,
    /// `spec.severity`.
    pub severity: String,
    /// The strategy of each attempt, in order; empty when nothing was tried.
    pub strategies: Vec<String>,
    /// `status.phase`.
    pub phase: String,
    /// [`crate::Story::reason`]: a guard's name, or a word for why it ended so; may be empty.
    pub reason: String,
    /// `spec.policy`; may be empty.
    pub policy: String,
}

/// How a story ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Every Recovery that is stored, sorted.
    pub recoveries: Vec<RecoveryLine>,
    /// How often the API server accepted each of the controller's writes, per object in the story's names. Only those of [`COUNTED`] are
    /// counted; a pod that is created goes by its plain name.
    pub writes: BTreeMap<(Verb, String), u32>,
    /// Ready and wanted pods of each Deployment, StatefulSet and bare pod.
    pub ready: BTreeMap<String, (u32, u32)>,
    /// Nodes that are unschedulable, whoever did it.
    pub cordoned: BTreeSet<String>,
    /// Services whose selector is not that of the beginning, whoever did it, with the one that they have.
    pub switched: BTreeMap<String, String>,
    /// Marks of the controller that are left: the node, workload or Service, and `owner` (the annotation), `suspect` (the taint),
    /// `out-of-service` (that taint) or `remediation` (the object).
    pub marks: BTreeSet<(String, String)>,
    /// Per channel and key of message: of how many Recoveries the receiver was told. A message that came twice counts once.
    pub told: BTreeMap<(String, String), u32>,
}

/// The first words of an outcome's lines.
const WORDS: [&str; 15] = [
    "recovery",
    "create",
    "delete",
    "evict",
    "restart",
    "scale",
    "roll-back",
    "switch",
    "resize",
    "replace",
    "ready",
    "cordoned",
    "switched",
    "mark",
    "told",
];

/// The writes that are counted: those by which pods and machines come and go, and those that change what serves or what a pod may use.
pub const COUNTED: [Verb; 9] = [
    Verb::Create,
    Verb::Delete,
    Verb::Evict,
    Verb::Restart,
    Verb::Scale,
    Verb::RollBack,
    Verb::Switch,
    Verb::Resize,
    Verb::Replace,
];

impl Outcome {
    /// Counts one accepted write.
    pub fn wrote(&mut self, verb: Verb, object: impl Into<String>) {
        *self.writes.entry((verb, object.into())).or_default() += 1;
    }

    /// Counts one Recovery of which a channel was told `key`.
    pub fn tell(&mut self, channel: impl Into<String>, key: impl Into<String>) {
        *self.told.entry((channel.into(), key.into())).or_default() += 1;
    }

    /// Adds a Recovery, in its place.
    pub fn recovery(&mut self, line: RecoveryLine) {
        let at = self.recoveries.partition_point(|known| *known <= line);
        self.recoveries.insert(at, line);
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// [`Error::Word`] for a line of another form; `file` and the number of the first line go into it.
    pub fn parse(file: &str, first: usize, lines: &[&str]) -> Result<Self, Error> {
        let mut outcome = Self::default();
        for (number, line) in lines.iter().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if outcome.take(&words).is_none() {
                let word = words.first().copied().unwrap_or_default();
                return Err(Error::Word {
                    file: file.to_owned(),
                    line: first + number,
                    word: (*line).trim().to_owned(),
                    expected: format!("a line of an outcome ({})", WORDS.join(", ")),
                    nearest: nearest(word, WORDS).filter(|near| near != word),
                });
            }
        }
        Ok(outcome)
    }

    fn take(&mut self, words: &[&str]) -> Option<()> {
        let owned = |text: &str| text.to_owned();
        match words {
            ["recovery", target, cause, severity, strategies, phase, rest @ ..] if rest.len() < 3 => {
                let is_policy = |word: &str| word.starts_with(POLICY);
                let policy = rest.last().filter(|word| is_policy(word));
                let reason = rest.first().filter(|word| !is_policy(word));
                if rest.len() != usize::from(policy.is_some()) + usize::from(reason.is_some()) {
                    return None;
                }
                let tried = strategies.split(',').filter(|word| *word != NONE);
                self.recovery(RecoveryLine {
                    target: owned(target),
                    cause: owned(cause),
                    severity: owned(severity),
                    strategies: tried.map(owned).collect(),
                    phase: owned(phase),
                    reason: reason.copied().map(owned).unwrap_or_default(),
                    policy: policy.and_then(|word| word.strip_prefix(POLICY)).map(owned).unwrap_or_default(),
                });
            }
            ["ready", object, ready, "of", wanted] => {
                self.ready.insert(owned(object), (ready.parse().ok()?, wanted.parse().ok()?));
            }
            ["cordoned", node] => drop(self.cordoned.insert(owned(node))),
            ["switched", service, selector] => drop(self.switched.insert(owned(service), owned(selector))),
            ["mark", node, mark] => drop(self.marks.insert((owned(node), owned(mark)))),
            ["told", channel, key, count] => {
                self.told.insert((owned(channel), owned(key)), count.parse().ok()?);
            }
            [verb, object, count] => {
                let verb = Verb::parse(verb).filter(|verb| COUNTED.contains(verb))?;
                self.writes.insert((verb, owned(object)), count.parse().ok()?);
            }
            _ => return None,
        }
        Some(())
    }

    /// A readable difference; `None` when both are equal.
    #[must_use]
    pub fn diff(&self, actual: &Self) -> Option<String> {
        crate::diff::lines(&self.lines(), &actual.lines())
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.recoveries.iter().map(ToString::to_string).collect();
        lines.extend(self.writes.iter().map(|((verb, object), count)| format!("{verb} {object} {count}")));
        lines.extend(self.ready.iter().map(|(object, (ready, wanted))| format!("ready {object} {ready} of {wanted}")));
        lines.extend(self.cordoned.iter().map(|node| format!("cordoned {node}")));
        lines.extend(self.switched.iter().map(|(service, selector)| format!("switched {service} {selector}")));
        lines.extend(self.marks.iter().map(|(node, mark)| format!("mark {node} {mark}")));
        lines.extend(self.told.iter().map(|((channel, key), count)| format!("told {channel} {key} {count}")));
        lines
    }
}

/// Stands for no strategy at all.
const NONE: &str = "-";
/// Begins the word that names the policy.
const POLICY: &str = "policy:";

impl fmt::Display for RecoveryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried = if self.strategies.is_empty() { NONE.to_owned() } else { self.strategies.join(",") };
        write!(f, "recovery {} {} {} {tried} {}", self.target, self.cause, self.severity, self.phase)?;
        let said = |begin: &str, word: &str| if word.is_empty() { String::new() } else { format!(" {begin}{word}") };
        write!(f, "{}{}", said("", &self.reason), said(POLICY, &self.policy))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
