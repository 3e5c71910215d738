//! What a source gives, and what can be wrong with it.

use std::fmt;

/// Where a value comes from; what comes later wins over what came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The ConfigMap of this name.
    ConfigMap(String),
    /// The file at this path, which takes the ConfigMap's place.
    File(String),
    /// The environment.
    Environment,
    /// The command line.
    CommandLine,
}

impl Source {
    /// `key` as this source spells it.
    #[must_use]
    pub fn spelling(&self, key: &str) -> String {
        match self {
            Self::Environment => key.to_ascii_uppercase(),
            Self::Default | Self::ConfigMap(_) | Self::File(_) | Self::CommandLine => key.to_owned(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::ConfigMap(name) => write!(f, "ConfigMap {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Environment => f.write_str("environment"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// One value from one source.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// Who says so.
    pub source: Source,
    /// The key in lower case, as in a ConfigMap.
    pub key: String,
    /// The text, as it stands there.
    pub value: String,
}

impl fmt::Debug for Given {
    /// Without the value: the key may be a secret's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("source", &self.source).field("key", &self.key).finish_non_exhaustive()
    }
}

/// What is wrong with one value: one line that names source, key, value and what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub source: Source,
    /// Which key, in lower case.
    pub key: String,
    /// What stands there, fit to be shown; `None` when it must not be.
    pub shown: Option<String>,
    /// What to do, e.g. "expected true or false".
    pub advice: String,
}

impl Problem {
    /// A problem with `given` that shows its value.
    pub(super) fn of(given: &Given, advice: String) -> Self {
        Self { shown: Some(shown(&given.value)), ..Self::hiding(given, advice) }
    }

    /// A problem with `given` whose value may be a secret.
    pub(super) fn hiding(given: &Given, advice: String) -> Self {
        Self { source: given.source.clone(), key: given.key.clone(), shown: None, advice }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.source.spelling(&self.key))?;
        if let Some(shown) = &self.shown {
            write!(f, ": {shown}")?;
        }
        write!(f, ": {}", self.advice)
    }
}

/// `value` in quotes on one line, at most 60 characters of it; a link is not shown, because it may hold a token.
fn shown(value: &str) -> String {
    if value.contains("://") {
        return "a link (not shown)".to_owned();
    }
    let cut: String = value.chars().take(60).collect();
    if cut.len() < value.len() { format!("{cut:?}…") } else { format!("{cut:?}") }
}
