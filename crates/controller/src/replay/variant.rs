//! What a recording is replayed under: its own configuration or another, and policies.

use crate::config::{FileError, Problems, read_file};
use self_healing_api::keys::{Given, Source, read};
use self_healing_api::policy::{BadYaml, from_resource, read_yaml};
use self_healing_core::event::{Event, WatchState};
use self_healing_core::key::Text;
use self_healing_core::names::WatchKind;
use self_healing_core::policy::{Content, StoredPolicy};
use self_healing_core::settings::Settings;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Why something cannot be replayed under what was given.
#[derive(Debug, thiserror::Error)]
pub enum BadVariant {
    /// The file of `--config`.
    #[error(transparent)]
    File(#[from] FileError),
    /// Values that are not what their keys accept.
    #[error(transparent)]
    Values(#[from] Problems),
    /// A file of policies cannot be read.
    #[error("{}: {source}", path.display())]
    Policies {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A file of policies is no such thing.
    #[error("{}: {source}", path.display())]
    Yaml {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: Box<BadYaml>,
    },
    /// A policy is not valid.
    #[error("{}: HealingPolicy {name}: {why}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which policy.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// One configuration with its policies.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// Keys and values in place of the recorded configuration; `None` for that.
    file: Option<Vec<Given>>,
    /// Keys and values that win over either.
    flags: Vec<Given>,
    /// Policies in place of the recorded ones; `None` for those.
    pub policies: Option<Vec<StoredPolicy>>,
}

impl Variant {
    /// A configuration file or the recorded configuration, single keys, and files or folders of policies; without any of those,
    /// the recorded ones.
    ///
    /// # Errors
    /// When a file cannot be read, or something in one is wrong.
    pub fn new(config: Option<&Path>, keys: &[(String, String)], policies: &[PathBuf]) -> Result<Self, BadVariant> {
        let given = |source: &Source, key: &str, value: &str| Given {
            source: source.clone(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let file = match config {
            Some(path) => {
                let source = Source::File(path.display().to_string());
                Some(read_file(path)?.iter().map(|(key, value)| given(&source, key, value)).collect::<Vec<_>>())
            }
            None => None,
        };
        let flags: Vec<Given> = keys.iter().map(|(key, value)| given(&Source::CommandLine, key, value)).collect();
        let all: Vec<Given> = file.iter().flatten().chain(&flags).cloned().collect();
        read(&all).map_err(Problems)?;
        let given = !policies.is_empty();
        let files = policies.iter().map(|path| files(path)).collect::<Result<Vec<_>, _>>()?.concat();
        let policies = files.iter().map(|path| stored(path)).collect::<Result<Vec<_>, _>>()?.concat();
        let policies = given.then_some(policies);
        Ok(Self { file, flags, policies })
    }

    /// The settings where the recording says `recorded`.
    ///
    /// # Errors
    /// When values do not go together.
    pub fn settings(&self, recorded: &BTreeMap<String, String>, own: (&str, &str)) -> Result<Settings, BadVariant> {
        let source = Source::File("the recording".to_owned());
        let known = |key: &str| self_healing_api::keys::key(key).is_some();
        // What another version called a key says nothing to this one.
        let recorded = recorded.iter().filter(|(key, _)| known(key));
        let recorded =
            recorded.map(|(key, value)| Given { source: source.clone(), key: key.clone(), value: value.clone() });
        let base: Vec<Given> = self.file.clone().unwrap_or_else(|| recorded.collect());
        let all: Vec<Given> = base.into_iter().chain(self.flags.iter().cloned()).collect();
        Ok(read(&all).map_err(Problems)?.config.settings(own))
    }

    /// The policies as a watch would bring them.
    pub(super) fn events(&self) -> impl Iterator<Item = Event> + '_ {
        let state = |state| Event::Watch(WatchKind::Policy, state);
        let policies = self.policies.iter().flatten().map(|policy| Event::Policy(Box::new(policy.clone())));
        [state(WatchState::ListStarted)].into_iter().chain(policies).chain([state(WatchState::Synced)])
    }
}

/// The files of `path`: itself, or those in it that end as YAML or JSON does, in order of name.
fn files(path: &Path) -> Result<Vec<PathBuf>, BadVariant> {
    let failed = |source| BadVariant::Policies { path: path.to_owned(), source };
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(failed)?;
    let mut files =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    files.retain(|file| file.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known)));
    files.sort();
    if files.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "no file in it ends in .yaml, .yml or .json")));
    }
    Ok(files)
}

/// The policies of a file, numbered as the API server would.
fn stored(path: &Path) -> Result<Vec<StoredPolicy>, BadVariant> {
    let text =
        std::fs::read_to_string(path).map_err(|source| BadVariant::Policies { path: path.to_owned(), source })?;
    let resources =
        read_yaml(&text).map_err(|source| BadVariant::Yaml { path: path.to_owned(), source: Box::new(source) })?;
    let one = |resource: &self_healing_api::policy::HealingPolicy| {
        let mut policy = from_resource(resource);
        if policy.uid.is_empty() {
            policy.uid = Text::from(format!("file-{}", policy.name));
        }
        match &policy.content {
            Content::Valid(_) => Ok(policy),
            Content::Invalid(why) => {
                Err(BadVariant::Invalid { path: path.to_owned(), name: policy.name.to_string(), why: why.clone() })
            }
        }
    };
    resources.iter().map(one).collect()
}
