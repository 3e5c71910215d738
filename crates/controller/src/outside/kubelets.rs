//! Kubelets' ports: whether something answers there, without saying a word to it.

use futures::future::BoxFuture;
use self_healing_core::effect::KubeletLook;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// The network between the controller and the nodes.
pub trait Kubelets: Send + Sync {
    /// Connects to a kubelet and closes again. It may wait for ever: who asks has a limit, and takes that for silence.
    ///
    /// # Errors
    /// Our own trouble, such as too many open files, which says nothing about the node.
    fn look(&self, kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>>;
}

/// The real network.
#[derive(Clone, Copy, Debug)]
pub struct Tcp;

impl Kubelets for Tcp {
    fn look(&self, kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>> {
        Box::pin(async move {
            match TcpStream::connect(kubelet).await.map_err(|error| (error.kind(), error)) {
                Ok(_) => Ok(KubeletLook::Answers),
                // Somebody on that host said no.
                Err((ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset, _)) => Ok(KubeletLook::Refused),
                Err((ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable, _)) => {
                    Ok(KubeletLook::Silent)
                }
                Err((_, error)) => Err(error),
            }
        })
    }
}
