//! A POST over HTTPS to one receiver, that follows no redirect and goes to no address that is not allowed.

use super::Error;
use crate::outside::{Answer, NoAnswer, Parcel, Post, PrivateAddress, PublicOnly};
use crate::plain::plain;
use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use std::error::Error as StdError;
use std::sync::Arc;

/// Characters of an error in a Recovery's status.
const MESSAGE_LIMIT: usize = 300;

/// A client for one checked address.
pub(super) struct Https(Client);

impl Https {
    /// Opens no connection yet. Authorities in `roots` (PEM) are trusted beside those of the system.
    pub(super) fn new(url: &Url, insecure: bool, roots: &[u8]) -> Result<Self, Error> {
        let roots = Certificate::from_pem_bundle(roots).map_err(|_| Error::CaPem)?;
        let client = Client::builder()
            .user_agent(concat!("self-healing-controller/", env!("CARGO_PKG_VERSION")))
            .tls_certs_merge(roots)
            .redirect(Policy::none());
        let guarded =
            |host: &str| Arc::new(PublicOnly { name: host.to_owned(), allowed_by: "notification_insecure=true" });
        let client = match url.host_str() {
            Some(host) if !insecure => client.https_only(true).dns_resolver(guarded(host)),
            Some(_) | None => client,
        };
        client.build().map(Self).map_err(Error::Client)
    }
}

impl Post for Https {
    fn post<'a>(&'a self, url: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(async move {
            let request = self.0.post(url).body(parcel.body.clone());
            let request = parcel.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
            let mut response = request.send().await.map_err(no_answer)?;
            let (status, retry_after) = (response.status(), retry_after(response.headers()));
            // Its words are a help, no more: the status tells what became of the message.
            let start = response.chunk().await.ok().flatten().unwrap_or_default().to_vec();
            Ok(Answer { status, retry_after, start })
        })
    }
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    headers.get(RETRY_AFTER)?.to_str().ok().map(str::to_owned)
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    let error = error.without_url();
    if let Some(private) = causes(&error).find_map(|cause| cause.downcast_ref::<PrivateAddress>()) {
        return NoAnswer::Forbidden(private.to_string());
    }
    let words: Vec<String> = causes(&error).map(ToString::to_string).collect();
    NoAnswer::Broken(plain(&words.join(": "), MESSAGE_LIMIT))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
