//! The API over HTTP/1.1, for kubectl. It listens in a thread of its own with an ordinary clock, and hands each request
//! to the runtime of the cluster, whose clock may be another.

use crate::service::{ApiService, ServiceError};
use bytes::Bytes;
use futures::stream::unfold;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use tower_service::Service;

/// Events that wait for a slow reader.
const WAITING: usize = 64;

/// What travels between the two runtimes: a request, and where its answer goes.
type Job = (Request<Bytes>, oneshot::Sender<Result<Response<Pieces>, ServiceError>>);
/// The body of an answer, piece by piece.
type Pieces = mpsc::Receiver<Result<Frame<Bytes>, ServiceError>>;

/// The API at an address, until it is dropped.
pub struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the API as `service` has it. Must be called within the runtime of the cluster; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened at, or the thread cannot be started.
    pub fn start(service: ApiService, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (jobs, todo) = mpsc::unbounded_channel();
        tokio::spawn(work(service, todo));
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = accept(listener, jobs) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("http".to_owned()).spawn(serve)?;
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, e.g. `http://127.0.0.1:8001`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

/// A kubeconfig for everything at `url`, as JSON, which kubectl reads like YAML.
#[must_use]
pub fn kubeconfig(url: &str) -> String {
    let named = |field: &str, value| json!([{ "name": "sim", field: value }]);
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "sim",
        "clusters": named("cluster", json!({ "server": url })),
        "users": named("user", json!({})),
        "contexts": named("context", json!({ "cluster": "sim", "user": "sim", "namespace": "default" })),
    })
    .to_string()
}

async fn accept(listener: TcpListener, jobs: mpsc::UnboundedSender<Job>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // A small answer must not wait for the next one.
        let _ = stream.set_nodelay(true);
        let jobs = jobs.clone();
        let serve = service_fn(move |request| hand_over(jobs.clone(), request));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
    }
}

/// On the side of the network: gives a request away and waits for the answer.
async fn hand_over(
    jobs: mpsc::UnboundedSender<Job>,
    request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error = ServiceError>>, ServiceError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| ServiceError::NotSent)?.to_bytes();
    let (answer, answered) = oneshot::channel();
    // When the cluster is gone, nobody takes the job or answers it.
    jobs.send((Request::from_parts(parts, body), answer)).map_err(|_| ServiceError::NotSent)?;
    let (parts, pieces) = answered.await.map_err(|_| ServiceError::Broken)??.into_parts();
    let pieces = unfold(pieces, |mut pieces: Pieces| async { pieces.recv().await.map(|piece| (piece, pieces)) });
    Ok(Response::from_parts(parts, StreamBody::new(pieces)))
}

/// On the side of the cluster: takes requests and answers them.
async fn work(service: ApiService, mut todo: mpsc::UnboundedReceiver<Job>) {
    while let Some((request, answer)) = todo.recv().await {
        let mut service = service.clone();
        tokio::spawn(async move {
            let (parts, mut body) = match service.call(request.map(Full::new)).await {
                Ok(response) => response.into_parts(),
                Err(error) => return drop(answer.send(Err(error))),
            };
            let (sender, pieces) = mpsc::channel(WAITING);
            if answer.send(Ok(Response::from_parts(parts, pieces))).is_err() {
                return;
            }
            loop {
                let piece = tokio::select! {
                    biased;
                    piece = body.frame() => piece,
                    () = sender.closed() => return,
                };
                let Some(piece) = piece else { return };
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        });
    }
}
