//! A wire between a client and the API server: a relay on loopback that hands on what it gets, encrypted as it is. It counts what the
//! client receives, and its connections, and it can be cut.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cluster::Cluster;

const BUFFER: usize = 64 << 10;

/// Relays until it is dropped.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    counts: Arc<Counts>,
    plug: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Bytes.
    received: AtomicU64,
    /// Connections, and the most that there were at once.
    open: AtomicUsize,
    most: AtomicUsize,
}

/// Whether the wire is whole.
type Plugged = watch::Receiver<bool>;

impl Wire {
    /// One to the API server of a cluster that was started here.
    ///
    /// # Errors
    /// When the cluster was not started here, or nothing can listen on loopback.
    pub async fn start(cluster: &Cluster) -> Result<Self> {
        let upstream: SocketAddr = ([127, 0, 0, 1], cluster.apiserver_port()?).into();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, counts): (_, Arc<Counts>) = (listener.local_addr()?, Arc::default());
        let (plug, plugged) = watch::channel(true);
        let counted = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, upstream, Arc::clone(&counted), plugged.clone()));
            }
        });
        Ok(Self { address, counts, plug, task })
    }

    /// The credentials of `kubeconfig`, leading here.
    ///
    /// # Errors
    /// When the file cannot be read or another not be written beside it.
    pub fn kubeconfig(&self, cluster: &Cluster, kubeconfig: &Path) -> Result<PathBuf> {
        cluster.kubeconfig_through(kubeconfig, self.address)
    }

    /// Where it listens on loopback.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Bytes so far, as they were sent.
    pub fn received(&self) -> u64 {
        self.counts.received.load(Ordering::Relaxed)
    }

    /// The most connections that there were at once.
    pub fn connections(&self) -> usize {
        self.counts.most.load(Ordering::Relaxed)
    }

    /// Cuts it: nothing arrives any more in either direction, and nobody is told, as when a switch loses its power.
    pub fn cut(&self) {
        self.plug.send_replace(false);
    }

    /// Mends it; what was on its way arrives now.
    pub fn mend(&self) {
        self.plug.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, upstream: SocketAddr, counts: Arc<Counts>, plugged: Plugged) {
    let open = counts.open.fetch_add(1, Ordering::Relaxed) + 1;
    counts.most.fetch_max(open, Ordering::Relaxed);
    hand_on(client, upstream, &counts.received, plugged).await;
    counts.open.fetch_sub(1, Ordering::Relaxed);
}

/// Until one side has ended; whoever is behind the other hears of it by the end of its connection.
async fn hand_on(client: TcpStream, upstream: SocketAddr, received: &AtomicU64, mut plugged: Plugged) {
    if plugged.wait_for(|plugged| *plugged).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        biased;
        _ = pump(from_server, to_client, plugged.clone(), Some(received)) => {}
        _ = pump(from_client, to_server, plugged, None) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut plugged: Plugged,
    count: Option<&AtomicU64>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if plugged.wait_for(|plugged| *plugged).await.is_err() {
            return Ok(());
        }
        if read == 0 {
            return to.shutdown().await;
        }
        count.map(|count| count.fetch_add(read as u64, Ordering::Relaxed));
        to.write_all(&buffer[..read]).await?;
    }
}
