//! A tower layer that asks for answers in gzip and unpacks them, of as many members as there are.
//!
//! API servers write each burst of a list that comes as a stream as a gzip member of its own, and the usual layer reads only the first. Such a
//! list, and the watch that goes on from it, are a sixth of their size then; a watch that only resumes is not packed by them.

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures::TryStreamExt;
use http::{HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::io::{ReaderStream, StreamReader};
use tower::{BoxError, Layer, Service};

/// Bytes that are unpacked at once.
const UNPACKED: usize = 16 << 10;

/// What comes out: unpacked, or as it was.
pub(super) type Answer = UnsyncBoxBody<Bytes, BoxError>;

#[derive(Clone, Copy)]
pub(super) struct GzipLayer;

#[derive(Clone)]
pub(super) struct Gzip<S>(S);

impl<S> Layer<S> for GzipLayer {
    type Service = Gzip<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gzip(inner)
    }
}

impl<S, A, B> Service<Request<A>> for Gzip<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let answer = self.0.call(request);
        Box::pin(async move { Ok(unpacked(answer.await?)) })
    }
}

fn unpacked<B>(answer: Response<B>) -> Response<Answer>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut head, body) = answer.into_parts();
    let body = body.map_err(Into::into);
    if head.headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding != "gzip") {
        return Response::from_parts(head, body.boxed_unsync());
    }
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.remove(header::CONTENT_LENGTH);
    let mut decoder = GzipDecoder::new(StreamReader::new(body.into_data_stream().map_err(io::Error::other)));
    decoder.multiple_members(true);
    let frames = ReaderStream::with_capacity(decoder, UNPACKED).map_ok(Frame::data).map_err(BoxError::from);
    Response::from_parts(head, StreamBody::new(frames).boxed_unsync())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures::{FutureExt, SinkExt, StreamExt};
    use std::io::Write;

    fn member(text: &str) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap().into()
    }

    fn answer(frames: impl futures::Stream<Item = Bytes> + Send + 'static) -> Response<Answer> {
        let frames = frames.map(|bytes| Ok::<_, io::Error>(Frame::data(bytes)));
        let answer = Response::builder().header(header::CONTENT_ENCODING, "gzip").body(StreamBody::new(frames));
        unpacked(answer.unwrap())
    }

    #[tokio::test]
    async fn every_member_is_read() {
        let packed = [member("one\n"), member("two\n"), member("three\n")].concat();
        // However they are cut.
        let frames: Vec<Bytes> = packed.chunks(7).map(Bytes::copy_from_slice).collect();
        let text = answer(futures::stream::iter(frames)).into_body().collect().await.unwrap().to_bytes();
        assert_eq!(text, "one\ntwo\nthree\n");
    }

    #[tokio::test]
    async fn a_member_is_there_before_the_next_one() {
        let (mut sender, frames) = futures::channel::mpsc::channel(1);
        let mut body = answer(frames).into_body().into_data_stream();
        for text in ["one\n", "two\n"] {
            sender.send(member(text)).await.unwrap();
            assert_eq!(body.next().now_or_never().unwrap().unwrap().unwrap(), text);
        }
        assert!(body.next().now_or_never().is_none(), "the stream is open");
    }

    #[tokio::test]
    async fn a_member_that_is_cut_off_is_an_error() {
        let packed = member("one\n");
        let cut = packed.slice(..packed.len() - 3);
        let read = answer(futures::stream::iter([cut])).into_body().collect().await;
        assert!(read.is_err());
    }

    #[tokio::test]
    async fn what_is_not_packed_stays_as_it_is() {
        let answer = Response::new(http_body_util::Full::new(Bytes::from("plain")));
        let text = unpacked(answer).into_body().collect().await.unwrap().to_bytes();
        assert_eq!(text, "plain");
    }
}
