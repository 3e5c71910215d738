//! What a story is expected to end with, kept beside it as `NAME.expected`.

use crate::error::{self, Error};
use crate::outcome::Outcome;
use crate::story::{Ground, Story};
use crate::timeline::Timeline;
use std::fmt;
use std::path::{Path, PathBuf};

/// The environment variable that refreshes the files: set it to `1`.
pub const UPDATE: &str = "UPDATE_STORIES";

/// The two sections of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Of all grounds alike.
    pub outcome: Outcome,
    /// Of the simulation; `None` until that has played the story.
    pub timeline: Option<Timeline>,
}

impl Expected {
    /// Reads the file's text; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Word`] for a line that does not belong there.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let file = path.display().to_string();
        let mut expected = Self::default();
        let lines: Vec<&str> = text.lines().collect();
        let heads = || lines.iter().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with(' '));
        for (at, head) in heads() {
            let body: Vec<&str> = lines[at + 1..].iter().take_while(|line| line.starts_with(' ')).copied().collect();
            match *head {
                "outcome" => expected.outcome = Outcome::parse(&file, at + 2, &body)?,
                "timeline" => expected.timeline = Some(Timeline::parse(&file, at + 2, &body)?),
                other => {
                    let (word, wanted) = (other.to_owned(), "`outcome` or `timeline`".to_owned());
                    return Err(Error::Word { file, line: at + 1, word, expected: wanted, nearest: None });
                }
            }
        }
        Ok(expected)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "outcome\n{}", self.outcome)?;
        self.timeline.iter().try_for_each(|timeline| write!(f, "\ntimeline\n{timeline}"))
    }
}

impl Story {
    /// The file of what is expected.
    #[must_use]
    pub fn expected_path(&self) -> PathBuf {
        self.path.with_extension("expected")
    }

    /// Compares what a ground saw with the file. A ground without a timeline of its own gives `None`.
    ///
    /// With [`UPDATE`] set, the file is written instead: the outcome by the first ground that plays the story, which all others then have
    /// to agree with; the timeline by the simulation.
    ///
    /// # Errors
    /// [`Error::Differs`] with the difference, or why the file cannot be read or written.
    pub fn check(&self, ground: Ground, outcome: &Outcome, timeline: Option<&Timeline>) -> Result<(), Error> {
        let path = self.expected_path();
        if std::env::var(UPDATE).is_ok_and(|value| value == "1") {
            self.refresh(&path, ground, outcome, timeline)?;
        }
        let expected = Expected::parse(&path, &error::read(&path)?)?;
        let untold = Timeline::default();
        let told = timeline.and_then(|actual| expected.timeline.as_ref().unwrap_or(&untold).diff(actual));
        match expected.outcome.diff(outcome).or(told) {
            None => Ok(()),
            Some(diff) => Err(Error::Differs { file: path.display().to_string(), ground, diff }),
        }
    }

    fn refresh(
        &self,
        path: &Path,
        ground: Ground,
        outcome: &Outcome,
        timeline: Option<&Timeline>,
    ) -> Result<(), Error> {
        let old = if path.exists() { Expected::parse(path, &error::read(path)?)? } else { Expected::default() };
        let mut new = old.clone();
        if Ground::ALL.into_iter().find(|ground| self.excuse(*ground).is_none()) == Some(ground) {
            new.outcome = outcome.clone();
        }
        if ground == Ground::Sim && timeline.is_some() {
            new.timeline = timeline.cloned();
        }
        if new == old && path.exists() {
            return Ok(());
        }
        let unwritable = |source| Error::File { file: path.display().to_string(), source };
        std::fs::write(path, new.to_string()).map_err(unwritable)
    }
}
