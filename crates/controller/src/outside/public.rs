//! Names that may lead to the public internet only.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use self_healing_api::keys::is_public;
use std::net::{IpAddr, SocketAddr};

/// A receiver's name leads to an address that is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the receiver's name leads to {0}, a private or loopback address; {1} allows it")]
pub struct PrivateAddress(IpAddr, &'static str);

/// The system's resolver, that gives the receiver of this name no private address, and says what would allow one. Another name is that
/// of a proxy, and passes.
#[derive(Debug)]
pub struct PublicOnly {
    /// The receiver's name.
    pub name: String,
    /// What allows private addresses.
    pub allowed_by: &'static str,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let (is_receiver, allowed_by) = (name.as_str() == self.name, self.allowed_by);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            match found.iter().find(|address| !is_public(address.ip())) {
                Some(address) if is_receiver => Err(PrivateAddress(address.ip(), allowed_by).into()),
                Some(_) | None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}
