//! Where messages may be sent: by default only to https addresses that are not inside this network.
//!
//! Whoever can set an address would otherwise make the controller knock at the metadata service of a cloud or at any
//! service of the cluster. Errors never repeat the address, because it may hold a token.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Why a receiver's address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReceiver {
    /// No URL at all.
    #[error("expected a URL such as https://host/path")]
    NotAUrl,
    /// Neither https nor http.
    #[error("expected a URL that starts with https://")]
    Scheme,
    /// Plain http.
    #[error("expected https, because plain http is allowed only with notification_insecure=true")]
    PlainHttp,
    /// A private or loopback address.
    #[error(
        "expected a public host, because private and loopback ones are allowed only with notification_insecure=true"
    )]
    PrivateHost,
    /// `user:password@`.
    #[error("expected a URL without user name and password")]
    Credentials,
}

/// The address of a receiver, checked as far as that is possible without asking a name server; ask [`is_public`] of the
/// addresses that a name resolves to.
///
/// # Errors
/// [`BadReceiver`], without the address.
pub fn receiver(text: &str, insecure: bool) -> Result<Url, BadReceiver> {
    let url = Url::parse(text.trim()).map_err(|_| BadReceiver::NotAUrl)?;
    match url.scheme() {
        "https" => {}
        "http" if insecure => {}
        "http" => return Err(BadReceiver::PlainHttp),
        _ => return Err(BadReceiver::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadReceiver::Credentials);
    }
    match url.host() {
        None => Err(BadReceiver::NotAUrl),
        Some(host) if !insecure && is_inside(&host) => Err(BadReceiver::PrivateHost),
        Some(_) => Ok(url),
    }
}

fn is_inside(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => !is_public(IpAddr::V4(*address)),
        Host::Ipv6(address) => !is_public(IpAddr::V6(*address)),
        Host::Domain(name) => is_inside_name(name.trim_end_matches('.')),
    }
}

/// A name without a dot is one of this namespace; the endings are those of RFC 6761 and 6762, of clusters and of clouds.
fn is_inside_name(name: &str) -> bool {
    const ENDINGS: &[&str] = &["localhost", "local", "internal", "svc", "home.arpa"];
    let ends = |ending: &&str| name.strip_suffix(ending).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || ENDINGS.iter().any(|ending| ends(ending))
}

/// Whether `address` is outside every network that is private, local or reserved (IANA special-purpose registries).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (18..20).contains(&b);
    !(a == 0
        || a >= 240
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || protocol
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // The IPv4 address inside ::ffff:a.b.c.d, ::a.b.c.d and the well-known NAT64 prefix 64:ff9b::/96.
    let nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let embedded = address.to_ipv4().or_else(|| nat64.then(|| Ipv4Addr::from_octets(last_octets(address))));
    if let Some(inner) = embedded {
        return is_public_v4(inner);
    }
    let documentation = segments[0] == 0x2001 && segments[1] == 0xdb8;
    // Global unicast is 2000::/3; what is assigned inside to no one in particular is left to routing.
    segments[0] & 0xe000 == 0x2000 && !documentation
}

fn last_octets(address: Ipv6Addr) -> [u8; 4] {
    let [.., a, b, c, d] = address.octets();
    [a, b, c, d]
}
