//! A watch on its way to the process: its lines may come late, be hidden, stay away, and it may end in several ways.

use super::tape::Line;
use super::{Cut, Link};
use crate::check::FaultKind;
use crate::fault::HIDDEN;
use bytes::Bytes;
use futures::stream::unfold;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};
use std::future::pending;
use std::io;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, sleep_until};
use tower::BoxError;

type Body = UnsyncBoxBody<Bytes, BoxError>;

struct Stream {
    link: Link,
    resource: String,
    inner: Body,
    cuts: broadcast::Receiver<Cut>,
    /// Nothing comes any more, not even the end.
    silent: bool,
    over: bool,
    /// Namespace and name of the object of the hidden event, and when that is found out.
    hidden: Option<(String, String, Instant)>,
    /// Nothing comes before.
    until: Option<Instant>,
}

/// What comes next.
enum Next {
    Cut(Cut),
    Line(Bytes),
    FoundOut,
    Broken(BoxError),
    End,
}

pub(super) fn body(link: &Link, resource: &str, inner: Body) -> Body {
    let cuts = link.net().0.cuts.subscribe();
    let stream = Stream {
        link: link.clone(),
        resource: resource.to_owned(),
        inner,
        cuts,
        silent: false,
        over: false,
        hidden: None,
        until: link.old_until(),
    };
    StreamBody::new(unfold(stream, |mut stream| async move {
        let frame = stream.next().await?;
        Some((frame.map(Frame::data), stream))
    }))
    .boxed_unsync()
}

impl Stream {
    /// The next line; `None` at the end.
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        while !self.over {
            let next = self.take().await;
            self.silent |= self.link.net().weather().silent;
            if self.silent {
                // Whoever listens has to find out by himself, also what was hidden.
                self.hidden = None;
                if !matches!(next, Next::Line(_) | Next::FoundOut) {
                    return pending().await;
                }
                continue;
            }
            self.link.gate().await;
            match next {
                Next::Line(line) => {
                    if self.passes(&line).await {
                        return Some(Ok(line));
                    }
                }
                Next::Cut(Cut::Forgotten) | Next::FoundOut => {
                    self.over = true;
                    self.link.unhide(&self.resource);
                    return Some(Ok(gone()));
                }
                Next::Cut(Cut::Broken) => {
                    self.over = true;
                    return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset).into()));
                }
                Next::Broken(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
                Next::Cut(Cut::Closed) | Next::End => self.over = true,
            }
        }
        None
    }

    async fn take(&mut self) -> Next {
        if let Some(until) = self.until.take() {
            sleep_until(until).await;
        }
        let found_out = self.hidden.as_ref().map(|(.., until)| *until);
        let found_out = async {
            match found_out {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            Ok(cut) = self.cuts.recv() => Next::Cut(cut),
            () = found_out => Next::FoundOut,
            frame = self.inner.frame() => match frame {
                None => Next::End,
                Some(Err(error)) => Next::Broken(error),
                Some(Ok(frame)) => Next::Line(frame.into_data().unwrap_or_default()),
            },
        }
    }

    /// Whether a line comes through, after the wait that it has to make.
    async fn passes(&mut self, line: &[u8]) -> bool {
        let Ok(Line { kind, object }) = serde_json::from_slice::<Line<'_>>(line) else { return true };
        if !matches!(&*kind, "ADDED" | "MODIFIED" | "DELETED") {
            return true;
        }
        let head = object.metadata;
        let sight = self.link.net().event(&self.resource, &head);
        if self.hidden.as_ref().is_some_and(|(namespace, name, _)| *namespace == head.namespace && *name == head.name) {
            self.hidden = None;
            self.link.unhide(&self.resource);
        }
        if sight.hide && self.hidden.is_none() {
            self.link.net().fault_for(FaultKind::Views, HIDDEN);
            self.link.hide(&self.resource);
            let until = Instant::now() + HIDDEN;
            self.hidden = Some((head.namespace.into_owned(), head.name.into_owned(), until));
            return false;
        }
        if !sight.delay.is_zero() {
            self.link.net().fault_for(FaultKind::Views, sight.delay);
            sleep(sight.delay).await;
        }
        true
    }
}

/// The line that a server ends a watch with when it cannot go on from where the watch is.
fn gone() -> Bytes {
    let status = expired();
    let mut line = json!({ "type": "ERROR", "object": status }).to_string();
    line.push('\n');
    line.into()
}

/// 410, as a server says it of a version that it has forgotten.
pub(super) fn expired() -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410,
    })
}
