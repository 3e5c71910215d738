//! A TCP look at a kubelet: whether something answers at its address, without saying a word to it.

use super::outcome;
use self_healing_core::effect::{Answer, KubeletLook, Outcome};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connects to `address`, an IP address, and closes again.
pub(super) async fn look(address: &str, port: u16) -> Result<Answer, Outcome> {
    // A name would have to be resolved, and a failure of that would look like a dead host.
    let Ok(ip) = address.parse::<IpAddr>() else {
        return Err(outcome::refused(&format!("kubelet address {address:?} is no IP address")));
    };
    let Ok(connected) = timeout(PATIENCE, TcpStream::connect(SocketAddr::new(ip, port))).await else {
        return Ok(Answer::Kubelet(KubeletLook::Silent));
    };
    let look = match connected.map_err(|error| (error.kind(), error)) {
        Ok(_) => KubeletLook::Answers,
        // Somebody on that host said no.
        Err((ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset, _)) => KubeletLook::Refused,
        Err((ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable, _)) => {
            KubeletLook::Silent
        }
        // Our own trouble, such as too many open files, says nothing about the host.
        Err((_, error)) => return Err(Outcome::Unknown { message: format!("cannot look at {ip}:{port}: {error}") }),
    };
    Ok(Answer::Kubelet(look))
}
