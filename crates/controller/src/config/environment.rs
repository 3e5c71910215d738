//! The environment as the configuration sees it.

use super::Problems;
use self_healing_api::keys::{Given, KEYS, Problem, SECRETS, Source};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// The variables that are keys or secrets; no others are kept.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of `variable`.
    #[must_use]
    pub fn get(&self, variable: &str) -> Option<&OsStr> {
        self.0.get(variable).map(OsString::as_os_str)
    }

    /// The values of all keys that are set.
    ///
    /// # Errors
    /// When one is not UTF-8.
    pub(super) fn given(&self) -> Result<Vec<Given>, Problems> {
        let set = |key: &self_healing_api::keys::Key| Some((key.name, self.get(&key.variable())?));
        let (mut given, mut problems) = (Vec::new(), Vec::new());
        for (key, value) in KEYS.iter().filter_map(set) {
            let (source, key) = (Source::Environment, key.to_owned());
            match value.to_str() {
                Some(value) => given.push(Given { source, key, value: value.to_owned() }),
                None => problems.push(Problem { source, key, shown: None, advice: "expected UTF-8 text".to_owned() }),
            }
        }
        if problems.is_empty() { Ok(given) } else { Err(Problems(problems)) }
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        let ours = |name: &str| {
            let secret = name.strip_suffix("_FILE").unwrap_or(name);
            KEYS.iter().any(|key| key.variable() == name) || SECRETS.iter().any(|known| known.variable == secret)
        };
        let known =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok().filter(|name| ours(name))?, value));
        Self(variables.into_iter().filter_map(known).collect())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        variables.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }
}

impl fmt::Debug for Environment {
    /// The names only: secrets are among the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
