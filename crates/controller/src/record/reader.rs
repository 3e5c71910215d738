//! Reading a recording back, its older files first.

use super::line::{Line, VERSION, What};
use super::writer::older;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// A longer line is none of ours.
const LINE: usize = 16 << 20;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is no recording of `run --record`: {why}", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// All lines of a recording.
pub struct Recording {
    files: Vec<PathBuf>,
    /// Lines that this version does not understand, and so left out.
    pub not_understood: u64,
    /// Whether a file ends in the middle, as after a crash.
    pub cut_off: bool,
}

impl Recording {
    /// The recording at `path`, with the older files beside it.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        File::open(path).map_err(|source| ReadError::File { path: path.to_owned(), source })?;
        let mut files: Vec<PathBuf> =
            (1..).map(|number| older(path, number)).take_while(|file| file.exists()).collect();
        files.reverse();
        files.push(path.to_owned());
        Ok(Self { files, not_understood: 0, cut_off: false })
    }

    /// Gives every line to `take`, in order.
    ///
    /// # Errors
    /// When a file cannot be read, or is no recording.
    pub fn read(&mut self, mut take: impl FnMut(Line)) -> Result<(), ReadError> {
        for path in self.files.clone() {
            self.file(&path, &mut take)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, take: &mut impl FnMut(Line)) -> Result<(), ReadError> {
        let failed = |source| ReadError::File { path: path.to_owned(), source };
        let foreign = |why: String| ReadError::Foreign { path: path.to_owned(), why };
        let mut lines = BufReader::new(MultiGzDecoder::new(File::open(path).map_err(failed)?));
        let (mut line, mut first) = (Vec::new(), true);
        loop {
            line.clear();
            match io::Read::take(&mut lines, LINE as u64).read_until(b'\n', &mut line) {
                Ok(0) if first => return Err(foreign("it is empty".to_owned())),
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // The process ended before it could finish the file.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof && !first => {
                    self.cut_off = true;
                    return Ok(());
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                    ) =>
                {
                    return Err(foreign(error.to_string()));
                }
                Err(error) => return Err(failed(error)),
            }
            match serde_json::from_slice::<Line>(&line) {
                Ok(Line { what: What::Begin { version, .. }, .. }) if version > VERSION => {
                    return Err(foreign(format!("its version is {version}, and this program reads up to {VERSION}")));
                }
                Ok(line) if first && !matches!(line.what, What::Begin { .. }) => {
                    return Err(foreign("it does not begin as one".to_owned()));
                }
                Ok(line) => take(line),
                Err(error) if first => return Err(foreign(error.to_string())),
                Err(_) => self.not_understood += 1,
            }
            first = false;
        }
    }
}
