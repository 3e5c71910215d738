//! What answers at a fake kubelet's address: the second signal by which a dead machine is told from a dead kubelet.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::ports;

/// How a connection to the kubelet's port ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is accepted: the kubelet runs.
    Accepts,
    /// It is refused at once: the machine runs, its kubelet does not.
    Refuses,
    /// Nothing comes back: the machine is off, or cut off.
    Nothing,
}

/// More connections than a queue of one can hold on any kernel.
const FILLERS: usize = 16;
/// On loopback an accepted connection is made in microseconds; what takes longer is not answered.
const UNANSWERED: Duration = Duration::from_millis(300);

/// A port of 127.0.0.1 that behaves as told. It is freed on drop.
#[derive(Debug)]
pub struct FakeKubelet {
    port: u16,
    answer: Answer,
    socket: Socket,
}

/// What holds the port, kept only for what its drop does.
#[derive(Debug)]
enum Socket {
    Accepting(JoinHandle<()>),
    /// Bound and not listening: the kernel refuses, and nobody else gets the port.
    Bound {
        _socket: TcpSocket,
    },
    /// Listening with a queue that our own connections have filled: the kernel drops further requests.
    Full {
        _listener: TcpListener,
        _fillers: Vec<TcpStream>,
    },
    Closed,
}

impl FakeKubelet {
    /// A kubelet on a free port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(answer: Answer) -> Result<Self> {
        let port = ports::free()?;
        Ok(Self { port, answer, socket: open(port, answer).await? })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it answers now.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// Changes what the same port answers.
    ///
    /// # Errors
    /// When the port cannot be opened again.
    pub async fn set(&mut self, answer: Answer) -> Result<()> {
        let old = std::mem::replace(&mut self.socket, Socket::Closed);
        old.close().await;
        self.socket = open(self.port, answer).await?;
        self.answer = answer;
        Ok(())
    }
}

impl Drop for FakeKubelet {
    fn drop(&mut self) {
        if let Socket::Accepting(task) = &self.socket {
            task.abort();
        }
    }
}

impl Socket {
    /// Returns when the port is free.
    async fn close(self) {
        if let Self::Accepting(task) = self {
            task.abort();
            // The listener goes with the task, and the task ends at its next turn.
            let _ = task.await;
        }
    }
}

async fn open(port: u16, answer: Answer) -> Result<Socket> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let socket = TcpSocket::new_v4()?;
    // Connections of the port's former life may still be in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot bind {address} for a fake kubelet"))?;
    match answer {
        Answer::Refuses => Ok(Socket::Bound { _socket: socket }),
        Answer::Accepts => {
            let listener = socket.listen(128)?;
            let accept = async move { while listener.accept().await.is_ok() {} };
            Ok(Socket::Accepting(tokio::spawn(accept)))
        }
        Answer::Nothing => {
            let listener = socket.listen(1)?;
            Ok(Socket::Full { _listener: listener, _fillers: fill(address).await? })
        }
    }
}

async fn fill(address: SocketAddr) -> Result<Vec<TcpStream>> {
    let mut fillers = Vec::new();
    for _ in 0..FILLERS {
        match timeout(UNANSWERED, TcpStream::connect(address)).await {
            Ok(connected) => fillers.push(connected.with_context(|| format!("cannot fill the queue of {address}"))?),
            Err(_unanswered) => return Ok(fillers),
        }
    }
    bail!(
        "{address} still answers after {FILLERS} connections that nobody accepts; this kernel cannot play a dead machine"
    )
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    async fn connect(kubelet: &FakeKubelet) -> Option<std::io::Result<TcpStream>> {
        timeout(Duration::from_secs(2), TcpStream::connect(("127.0.0.1", kubelet.port()))).await.ok()
    }

    #[tokio::test]
    async fn one_port_plays_all_three_and_comes_back() {
        let mut kubelet = FakeKubelet::start(Answer::Accepts).await.unwrap();
        assert!(connect(&kubelet).await.unwrap().is_ok());
        kubelet.set(Answer::Refuses).await.unwrap();
        assert_eq!(connect(&kubelet).await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionRefused);
        kubelet.set(Answer::Nothing).await.unwrap();
        assert!(connect(&kubelet).await.is_none());
        kubelet.set(Answer::Accepts).await.unwrap();
        assert!(connect(&kubelet).await.unwrap().is_ok());
    }
}
