//! What can be wrong with a story, in one line that says where.

use crate::story::Ground;
use std::fmt;
use std::path::Path;

/// What is wrong.
#[derive(Debug)]
pub enum Error {
    /// A word does not fit where it stands.
    Word {
        /// The file.
        file: String,
        /// The line, from 1; 0 for the file as a whole.
        line: usize,
        /// The word; empty where one is missing.
        word: String,
        /// What is expected there.
        expected: String,
        /// The known word that is nearest to it.
        nearest: Option<String>,
    },
    /// A file or folder cannot be read or written.
    File {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A ground cannot do a deed, and the story does not say that it is not for that ground.
    Cannot {
        /// The story's file.
        file: String,
        /// The deed's line.
        line: usize,
        /// Which ground.
        ground: Ground,
        /// The deed.
        deed: String,
    },
    /// A story ended otherwise than its file of expectations says.
    Differs {
        /// The file of expectations.
        file: String,
        /// Which ground played it.
        ground: Ground,
        /// Lines with `-` were expected, lines with `+` came.
        diff: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { file, line, word, expected, nearest } => {
                write!(f, "{file}:{line}: ")?;
                if word.is_empty() {
                    write!(f, "expected {expected}")?;
                } else {
                    write!(f, "`{word}`: expected {expected}")?;
                }
                nearest.iter().try_for_each(|nearest| write!(f, "; perhaps `{nearest}`?"))
            }
            Self::File { file, source } => write!(f, "{file}: {source}"),
            Self::Differs { file, ground, diff } => {
                write!(f, "{file}: the ground `{ground}` ends otherwise (- expected, + came):\n{diff}")
            }
            Self::Cannot { file, line, ground, deed } => {
                write!(f, "{file}:{line}: the ground `{ground}` cannot do `{deed}`; say `not on {ground}: REASON`")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Word { .. } | Self::Cannot { .. } | Self::Differs { .. } => None,
        }
    }
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File { file: path.display().to_string(), source })
}
