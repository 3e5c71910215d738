//! Which addresses a message may go to: https, and by default only to the public internet.
//!
//! Whoever can write the webhook's Secret shall not make the controller call services inside the cluster or the
//! cloud's metadata address.

use super::Error;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::keys::is_public;
use std::net::IpAddr;

/// The checked address, without the line break that a file of a Secret often ends with. `key` names it in errors.
pub(super) fn check(key: &'static str, url: &SecretString, insecure: bool) -> Result<Url, Error> {
    let url = Url::parse(url.expose_secret().trim())
        .map_err(|problem| Error::NotUrl { key, problem: problem.to_string() })?;
    match url.scheme() {
        "https" => {}
        "http" if insecure => {}
        _ => return Err(Error::NotHttps { key }),
    }
    let Some(host) = url.host_str() else {
        return Err(Error::NotUrl { key, problem: "it names no host".to_owned() });
    };
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    if !insecure && (host == "localhost" || literal.is_some_and(|ip| !is_public(ip))) {
        return Err(Error::Private { key });
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
