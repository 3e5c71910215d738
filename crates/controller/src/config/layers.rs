//! The sources one above the other: file or ConfigMap, environment, command line.

use super::{Environment, Error, Problems, read_file};
use self_healing_api::keys::{Config, Given, Loaded, Source, read};
use std::collections::BTreeMap;
use std::path::Path;

/// All sources, and the configuration that they make.
#[derive(Clone, Debug)]
pub struct Layers {
    /// What the file gives; `None` without `--config`, when the ConfigMap has this place.
    file: Option<Vec<Given>>,
    /// What environment and command line give, in this order.
    fixed: Vec<Given>,
    current: Loaded,
}

/// What a new ConfigMap did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The keys whose values changed.
    pub changed: Vec<&'static str>,
    /// What works but was hardly meant, one line each.
    pub warnings: Vec<String>,
}

impl Layers {
    /// The layers without a ConfigMap: `file` of `--config`, `environment`, and `(key, value)` of the command line.
    ///
    /// # Errors
    /// When the file cannot be read, or any value is wrong: all such values, not only the first.
    pub fn new(file: Option<&Path>, environment: &Environment, flags: &[(String, String)]) -> Result<Self, Error> {
        let file = file.map(|path| Ok::<_, Error>(list(&Source::File(path.display().to_string()), &read_file(path)?)));
        let file = file.transpose()?;
        let flags = flags.iter().map(|(key, value)| given(&Source::CommandLine, key, value));
        let fixed: Vec<Given> = environment.given()?.into_iter().chain(flags).collect();
        let all: Vec<Given> = file.iter().flatten().chain(&fixed).cloned().collect();
        let current = read(&all).map_err(Problems)?;
        Ok(Self { file, fixed, current })
    }

    /// The configuration that applies.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.current.config
    }

    /// The same with origins and warnings, for the start-up log.
    #[must_use]
    pub const fn loaded(&self) -> &Loaded {
        &self.current
    }

    /// Whether the ConfigMap has a say; not when a file has its place.
    #[must_use]
    pub const fn follows_config_map(&self) -> bool {
        self.file.is_none()
    }

    /// Takes the data of the ConfigMap `name` (namespace/name) as it now is; an empty one when it was deleted.
    ///
    /// # Errors
    /// Every problem there is. The change is then refused as a whole: the configuration stays as it was.
    pub fn apply_config_map(&mut self, name: &str, data: &BTreeMap<String, String>) -> Result<Applied, Problems> {
        if !self.follows_config_map() {
            return Ok(Applied::default());
        }
        let mut all = list(&Source::ConfigMap(name.to_owned()), data);
        all.extend_from_slice(&self.fixed);
        let loaded = read(&all).map_err(Problems)?;
        let changed = loaded.changed_from(&self.current);
        let warnings = loaded.warnings.clone();
        self.current = loaded;
        Ok(Applied { changed, warnings })
    }
}

fn list(source: &Source, values: &BTreeMap<String, String>) -> Vec<Given> {
    values.iter().map(|(key, value)| given(source, key, value)).collect()
}

fn given(source: &Source, key: &str, value: &str) -> Given {
    Given { source: source.clone(), key: key.to_owned(), value: value.to_owned() }
}
