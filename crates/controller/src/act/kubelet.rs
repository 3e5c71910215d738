//! A look at a kubelet's port, and what it means.

use super::outcome;
use crate::outside::Kubelets;
use self_healing_core::effect::{Answer, KubeletLook, Outcome};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connects to `address`, an IP address, and closes again.
pub(super) async fn look(kubelets: &dyn Kubelets, address: &str, port: u16) -> Result<Answer, Outcome> {
    // A name would have to be resolved, and a failure of that would look like a dead host.
    let Ok(ip) = address.parse::<IpAddr>() else {
        return Err(outcome::refused(&format!("kubelet address {address:?} is no IP address")));
    };
    match timeout(PATIENCE, kubelets.look(SocketAddr::new(ip, port))).await {
        Err(_) => Ok(Answer::Kubelet(KubeletLook::Silent)),
        Ok(Ok(look)) => Ok(Answer::Kubelet(look)),
        Ok(Err(error)) => Err(Outcome::Unknown { message: format!("cannot look at {ip}:{port}: {error}") }),
    }
}
