//! From what the sources give to the configuration, with the origin of every value.

use super::cross::cross_checks;
use super::given::{Given, Problem, Source};
use super::secrets::secret_named;
use super::{Config, KEYS, Key, key};

/// A checked configuration, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The values, typed.
    pub config: Config,
    /// The values as text, with their origins, in the order of [`KEYS`].
    pub effective: Vec<Effective>,
    /// What works but was hardly meant, one line each.
    pub warnings: Vec<String>,
}

/// One value as it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Which key.
    pub key: &'static str,
    /// Its value as text.
    pub value: String,
    /// Who gave it.
    pub source: Source,
    /// The ConfigMap or file that gives it too, and has no say because environment or command line win.
    pub shadows: Option<Source>,
}

impl Loaded {
    /// Every ConfigMap or file key that the environment or the command line shadows, one line each.
    #[must_use]
    pub fn shadowed(&self) -> Vec<String> {
        let line = |value: &Effective| {
            let hidden = value.shadows.as_ref()?;
            let spelling = value.source.spelling(value.key);
            Some(format!("{hidden}: {}: has no effect while {} {spelling} is set", value.key, value.source))
        };
        self.effective.iter().filter_map(line).collect()
    }

    /// The keys whose values differ from those of `other`.
    #[must_use]
    pub fn changed_from(&self, other: &Self) -> Vec<&'static str> {
        let pairs = self.effective.iter().zip(&other.effective);
        pairs.filter(|(new, old)| new.value != old.value).map(|(new, _)| new.key).collect()
    }
}

/// Reads the configuration from what the sources give; of two values of one key the later wins.
///
/// Values that are overruled are checked too.
///
/// # Errors
/// Every problem of every source.
pub fn read(given: &[Given]) -> Result<Loaded, Vec<Problem>> {
    let mut warnings = Vec::new();
    let problems: Vec<Problem> = given.iter().filter_map(|given| check(given, &mut warnings)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let texts = Texts(given);
    // Every text was just checked, and the defaults are by a test.
    let Some(config) = Config::parse(&texts) else { return Err(problems) };
    let effective: Vec<Effective> = KEYS.iter().map(|key| texts.effective(key)).collect();
    let problems = cross_checks(&config, &effective, &mut warnings);
    if problems.is_empty() { Ok(Loaded { config, effective, warnings }) } else { Err(problems) }
}

/// The known key nearest to `wrong` by edit distance, when it is near enough to be meant.
#[must_use]
pub fn nearest_key(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_ascii_lowercase().replace(['-', '.'], "_");
    let distance = |key: &&'static str| strsim::damerau_levenshtein(&wrong, key);
    let nearest = KEYS.iter().map(|key| key.name).min_by_key(distance)?;
    (distance(&nearest) <= nearest.len() / 3).then_some(nearest)
}

fn check(given: &Given, warnings: &mut Vec<String>) -> Option<Problem> {
    if let Some(secret) = secret_named(&given.key) {
        let variable = secret.variable;
        let advice = format!(
            "is a secret and does not belong here: set the environment variable {variable} from a Secret, or {variable}_FILE"
        );
        return Some(Problem::hiding(given, advice));
    }
    let Some(key) = key(&given.key) else { return unknown(given, warnings) };
    let text = given.value.trim();
    if !key.kind.accepts(text) {
        let advice = format!("expected {}", key.kind.expected());
        return Some(Problem::of(given, advice));
    }
    None
}

/// An unknown key is a mistake of whoever just typed a command; in a ConfigMap it may be another version's.
fn unknown(given: &Given, warnings: &mut Vec<String>) -> Option<Problem> {
    let hint = nearest_key(&given.key).map_or_else(
        || "see docs/configuration.md for the known keys".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    let advice = format!("is no known key: {hint}");
    let problem = Problem::hiding(given, advice);
    match given.source {
        Source::ConfigMap(_) | Source::File(_) => {
            warnings.push(problem.to_string());
            None
        }
        Source::Default | Source::Environment | Source::CommandLine => Some(problem),
    }
}

/// The texts that apply.
pub(super) struct Texts<'a>(&'a [Given]);

impl Texts<'_> {
    /// The text of the key named `name`, without white space around it.
    pub(super) fn of(&self, name: &str) -> &str {
        if let Some(given) = self.0.iter().rev().find(|given| given.key == name) {
            return given.value.trim();
        }
        let Some(key) = key(name) else { return "" };
        key.falls_back_to.map_or(key.default, |other| self.of(other))
    }

    fn effective(&self, key: &Key) -> Effective {
        let mut sources = self.0.iter().rev().filter(|given| given.key == key.name).map(|given| &given.source);
        let source = sources.next().cloned().unwrap_or(Source::Default);
        let stored = |source: &&Source| matches!(source, Source::ConfigMap(_) | Source::File(_));
        let overruled = !stored(&&source);
        let shadows = sources.find(stored).filter(|_| overruled).cloned();
        Effective { key: key.name, value: self.of(key.name).to_owned(), source, shadows }
    }
}
