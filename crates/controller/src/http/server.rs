//! The socket: bound once, with a bound on connections and on the time that a header may take.

use super::pages::router;
use super::state::Pages;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

type Service = TowerToHyperService<Router>;

/// Connections at once; probes, a few scrapers and a few people need far less. More wait in the kernel's queue.
const CONNECTIONS: usize = 256;

/// Bytes that wait to be sent to a client that reads slowly, and the longest head of a request.
const BUFFER: usize = 64 * 1024;

/// A client that has not sent a whole header after this long is cut off; also the life of an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// After the signal to stop, answers under way have this long.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Accepting fails when descriptors run out, which passes; as long as axum waits.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process listens there.
    #[error("listen_address {address:?} is in use by another process; set a free address, e.g. \"0.0.0.0:8081\"")]
    InUse {
        /// As configured.
        address: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Anything else, e.g. not an address of this machine.
    #[error(
        "listen_address {address:?} cannot be listened on ({source}); expected is ADDRESS:PORT, e.g. \"0.0.0.0:8080\""
    )]
    Bind {
        /// As configured.
        address: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// Takes `listen_address`; port 0 takes any free one.
///
/// # Errors
/// When the address is in use, is no address, or is not one of this machine.
pub async fn bind(listen_address: &str) -> Result<TcpListener, Error> {
    let address = listen_address.to_owned();
    TcpListener::bind(listen_address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::InUse { address, source },
        _ => Error::Bind { address, source },
    })
}

/// Answers until `stop` ends, then finishes what is under way (2 s at most) and returns.
pub async fn serve(listener: TcpListener, pages: Pages, stop: impl Future<Output = ()>) {
    let broadcast = pages.broadcast.clone();
    let service = TowerToHyperService::new(router(pages));
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let connection = graceful.watch(connection(stream, service.clone()));
        while open.try_join_next().is_some() {}
        open.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an HTTP connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    broadcast.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::debug!("HTTP connections were cut off at shutdown");
    }
}

fn connection<IO>(stream: IO, service: Service) -> http1::Connection<TokioIo<IO>, Service>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
}

/// The next connection, when there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit to wait for.
    let slot = slots.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
