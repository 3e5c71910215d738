//! What happened when, in whole seconds since the story began.

use crate::error::Error;
use std::fmt;
use std::time::Duration;

/// Lines `+12 s  what`, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    lines: Vec<(u64, String)>,
}

impl Timeline {
    /// Adds that `what` happened at `at`; seconds are rounded down.
    pub fn note(&mut self, at: Duration, what: impl Into<String>) {
        self.lines.push((at.as_secs(), what.into()));
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// [`Error::Word`] for a line of another form; `file` and the number of the first line go into it.
    pub fn parse(file: &str, first: usize, lines: &[&str]) -> Result<Self, Error> {
        let mut timeline = Self::default();
        for (number, line) in lines.iter().enumerate() {
            let wrong = || Error::Word {
                file: file.to_owned(),
                line: first + number,
                word: (*line).to_owned(),
                expected: "`+SECONDS s  WHAT`".into(),
                nearest: None,
            };
            let (seconds, what) =
                line.trim().strip_prefix('+').and_then(|rest| rest.split_once(" s  ")).ok_or_else(wrong)?;
            timeline.lines.push((seconds.parse().map_err(|_| wrong())?, what.to_owned()));
        }
        Ok(timeline)
    }

    /// A readable difference; `None` when both are equal.
    #[must_use]
    pub fn diff(&self, actual: &Self) -> Option<String> {
        crate::diff::lines(&self.texts(), &actual.texts())
    }

    fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|(seconds, what)| format!("+{seconds} s  {what}")).collect()
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts().iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
