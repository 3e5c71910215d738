//! The body of an answer: one piece, or lines as they come.

use bytes::Bytes;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// What an answer carries.
pub enum SimBody {
    /// All at once.
    Whole(Option<Bytes>),
    /// Lines of a watch, until the sender is gone.
    Stream(mpsc::UnboundedReceiver<Bytes>),
}

impl Body for SimBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(whole) => Poll::Ready(whole.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(lines) => lines.poll_recv(cx).map(|line| line.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }
}
