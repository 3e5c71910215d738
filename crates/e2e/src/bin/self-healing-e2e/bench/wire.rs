//! Counts what a client receives, and its connections: a relay on loopback that hands on what it gets, encrypted as it is.

use anyhow::Result;
use self_healing_e2e::Cluster;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const BUFFER: usize = 64 << 10;

/// Relays until it is dropped.
pub(super) struct Wire {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    /// Bytes.
    received: AtomicU64,
    /// Connections, and the most that there were at once.
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Wire {
    pub(super) async fn start(cluster: &Cluster) -> Result<Self> {
        let upstream: SocketAddr = ([127, 0, 0, 1], cluster.apiserver_port()?).into();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, counts): (_, Arc<Counts>) = (listener.local_addr()?, Arc::default());
        let counted = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, upstream, Arc::clone(&counted)));
            }
        });
        Ok(Self { address, counts, task })
    }

    /// The credentials of `kubeconfig`, leading here.
    pub(super) fn kubeconfig(&self, cluster: &Cluster, kubeconfig: &Path) -> Result<PathBuf> {
        cluster.kubeconfig_through(kubeconfig, self.address)
    }

    /// Bytes so far, as they were sent.
    pub(super) fn received(&self) -> u64 {
        self.counts.received.load(Ordering::Relaxed)
    }

    /// The most connections that there were at once.
    pub(super) fn connections(&self) -> usize {
        self.counts.most.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, upstream: SocketAddr, counts: Arc<Counts>) {
    let open = counts.open.fetch_add(1, Ordering::Relaxed) + 1;
    counts.most.fetch_max(open, Ordering::Relaxed);
    hand_on(client, upstream, &counts.received).await;
    counts.open.fetch_sub(1, Ordering::Relaxed);
}

/// Until one side has ended; whoever is behind the other hears of it by the end of its connection.
async fn hand_on(client: TcpStream, upstream: SocketAddr, received: &AtomicU64) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        biased;
        _ = pump(from_server, to_client, Some(received)) => {}
        _ = pump(from_client, to_server, None) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, count: Option<&AtomicU64>) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        count.map(|count| count.fetch_add(read as u64, Ordering::Relaxed));
        to.write_all(&buffer[..read]).await?;
    }
}
