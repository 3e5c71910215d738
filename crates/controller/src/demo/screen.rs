//! The terminal: lines with colours, drawn over the ones before.

use std::io::{self, Write};

/// What a terminal is taken for when it does not tell: columns and rows.
const USUAL: (usize, usize) = (80, 24);

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Cyan,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Blue => "34",
            Self::Cyan => "36",
        }
    }
}

/// One line of a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Styled(Vec<(Colour, String)>);

impl Styled {
    /// Adds text.
    #[must_use]
    pub(super) fn put(mut self, colour: Colour, text: impl Into<String>) -> Self {
        self.0.push((colour, text.into()));
        self
    }

    /// The line as a terminal wants it, cut off at `width` columns.
    pub(super) fn render(&self, width: usize, colours: bool) -> String {
        let (mut text, mut left) = (String::new(), width);
        for (colour, part) in &self.0 {
            // Sentences of the API server and of containers may hold anything.
            let part: String = part.chars().filter(|one| !one.is_control()).take(left).collect();
            left -= part.chars().count();
            if colours && *colour != Colour::Plain && !part.is_empty() {
                text.push_str(&format!("\x1b[{}m{part}\x1b[0m", colour.code()));
            } else {
                text.push_str(&part);
            }
        }
        text
    }
}

/// A terminal without a cursor, which comes back when this is dropped.
pub(super) struct Screen {
    colours: bool,
    /// Lines of the last frame.
    drawn: usize,
}

impl Screen {
    /// Takes the terminal that standard output is.
    pub(super) fn start() -> Self {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let _told = write_out("\x1b[?25l");
        Self { colours, drawn: 0 }
    }

    /// Columns and rows.
    pub(super) fn size() -> (usize, usize) {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        size.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL)
    }

    /// Draws a frame over the one before.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self, frame: &[Styled]) -> io::Result<()> {
        let (columns, rows) = Self::size();
        let frame = &frame[..frame.len().min(rows.saturating_sub(1))];
        let mut text = String::new();
        if self.drawn > 0 {
            text.push_str(&format!("\x1b[{}A", self.drawn.min(rows.saturating_sub(1))));
        }
        for line in frame {
            text.push_str(&format!("\r{}\x1b[K\n", line.render(columns, self.colours)));
        }
        text.push_str("\x1b[J");
        self.drawn = frame.len();
        write_out(&text)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _told = write_out("\x1b[?25h");
    }
}

/// Writes to standard output at once.
///
/// # Errors
/// As the system says, e.g. when nobody reads it any more.
pub(super) fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_by_what_is_seen_of_it() {
        let line = Styled::default().put(Colour::Red, "held").put(Colour::Plain, " by\x1b[2J Plan");
        assert_eq!(line.render(80, false), "held by[2J Plan");
        assert_eq!(line.render(6, true), "\x1b[31mheld\x1b[0m b");
        assert_eq!(line.render(3, false), "hel");
    }
}
