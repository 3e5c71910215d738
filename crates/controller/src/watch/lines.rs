//! Lines of a stream that must not stay silent.

use futures::io::{AsyncBufRead, AsyncBufReadExt};
use std::time::Duration;

/// Bytes of one line; etcd holds objects of 1.5 MiB by default.
const LONGEST: usize = 32 << 20;
/// Bytes of buffer that are kept between lines.
const KEPT: usize = 32 << 10;

/// Why there is no next line.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// The other side may be gone without having said so.
    #[error("no byte for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// No object is that large.
    #[error("a line of more than {LONGEST} bytes")]
    TooLong,
    /// The connection broke.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Lines, one after the other, from one buffer.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    silence: Duration,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of `reader`, which may be without a byte for `silence`.
    pub(super) fn new(reader: R, silence: Duration) -> Self {
        Self { reader, line: Vec::new(), silence }
    }

    /// The next line that is not blank; `None` at the end. A last line without its end was cut off, and is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, LineError> {
        self.line.clear();
        self.line.shrink_to(KEPT);
        loop {
            let read = tokio::time::timeout(self.silence, self.reader.fill_buf()).await;
            let chunk = read.map_err(|_| LineError::Silent(self.silence))??;
            if chunk.is_empty() {
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', chunk);
            self.line.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.reader.consume_unpin(used);
            if self.line.len() > LONGEST {
                return Err(LineError::TooLong);
            }
            if end.is_some() && !self.line.is_empty() {
                return Ok(Some(&self.line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::io::Cursor;

    #[tokio::test]
    async fn lines_come_whole_and_blank_or_cut_ones_do_not_come() {
        let mut lines = Lines::new(Cursor::new(b"one\n\ntwo\ncut of"), Duration::from_secs(1));
        assert_eq!(lines.next().await.unwrap(), Some(&b"one"[..]));
        assert_eq!(lines.next().await.unwrap(), Some(&b"two"[..]));
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_buffer_of_a_huge_line_is_given_back() {
        let mut text = vec![b'x'; 4 << 20];
        text.extend_from_slice(b"\nsmall\n");
        let mut lines = Lines::new(Cursor::new(text), Duration::from_secs(1));
        assert_eq!(lines.next().await.unwrap().map(<[u8]>::len), Some(4 << 20));
        assert_eq!(lines.next().await.unwrap(), Some(&b"small"[..]));
        assert!(lines.line.capacity() <= KEPT);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_the_stream() {
        let (reader, _writer) = tokio::io::duplex(8);
        let reader = futures::io::BufReader::new(Quiet(reader));
        let error = Lines::new(reader, Duration::from_secs(55)).next().await.unwrap_err();
        assert_eq!(error.to_string(), "no byte for 55 s");
    }

    /// A connection that stays open and says nothing.
    struct Quiet(tokio::io::DuplexStream);

    impl futures::io::AsyncRead for Quiet {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buffer: &mut [u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let mut buffer = tokio::io::ReadBuf::new(buffer);
            let read = tokio::io::AsyncRead::poll_read(std::pin::Pin::new(&mut self.0), cx, &mut buffer);
            read.map_ok(|()| buffer.filled().len())
        }
    }
}
