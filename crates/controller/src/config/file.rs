//! Reads `--config FILE`: a YAML map of texts, or a whole ConfigMap manifest.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a file; Kubernetes allows a ConfigMap 1 MiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why the file cannot be used. Its content is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("file {path}: cannot be read: {source}; expected a readable YAML file at --config")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is larger than any ConfigMap.
    #[error("file {path}: is larger than 1 MiB: expected a ConfigMap or a map of keys to values")]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// It says something twice, and so nothing clearly.
    #[error("file {path}: line {line}: {key} is there twice: expected each key once")]
    Twice {
        /// Which file.
        path: PathBuf,
        /// The line of the second one.
        line: u64,
        /// Which key.
        key: String,
    },
    /// It is not YAML, or not of the right shape.
    #[error(
        "file {path}: line {line}: expected a YAML map of keys to texts, numbers or booleans, or a ConfigMap with these under data"
    )]
    Shape {
        /// Which file.
        path: PathBuf,
        /// Where the reader stopped, 0 when nowhere in particular.
        line: u64,
    },
    /// It is a manifest of something else.
    #[error("file {path}: kind: {kind:?}: expected ConfigMap, or a plain map of keys to values")]
    Kind {
        /// Which file.
        path: PathBuf,
        /// What it says it is.
        kind: String,
    },
}

/// Says whether the file is a manifest; ignores everything else in it.
#[derive(Deserialize)]
struct Head {
    kind: Option<String>,
}

/// A ConfigMap's manifest.
#[derive(Deserialize)]
struct Manifest {
    data: Option<Values>,
}

/// A value left empty is the empty text, as `key: ""` is.
type Values = BTreeMap<String, Option<String>>;

/// The keys and values of the file at `path`. Numbers and booleans count as the text that stands there.
///
/// # Errors
/// [`FileError`], which names the file and the line.
pub fn read_file(path: &Path) -> Result<BTreeMap<String, String>, FileError> {
    let text = read_text(path)?;
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let head: Head = parse(path, &text)?;
    let values = match head.kind.as_deref() {
        None => parse::<Values>(path, &text)?,
        Some("ConfigMap") => parse::<Manifest>(path, &text)?.data.unwrap_or_default(),
        Some(kind) => {
            return Err(FileError::Kind { path: path.to_owned(), kind: kind.chars().take(63).collect() });
        }
    };
    Ok(values.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
}

fn read_text(path: &Path) -> Result<String, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES { Err(FileError::TooLarge { path: path.to_owned() }) } else { Ok(text) }
}

fn parse<'de, T: Deserialize<'de>>(path: &Path, text: &'de str) -> Result<T, FileError> {
    serde_saphyr::from_str(text).map_err(|error| {
        // The reader's own words are not passed on: they may quote the file.
        let (path, line) = (path.to_owned(), error.location().map_or(0, |place| place.line()));
        match error.without_snippet() {
            serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
                FileError::Twice { path, line, key: key.chars().take(63).collect() }
            }
            _ => FileError::Shape { path, line },
        }
    })
}
