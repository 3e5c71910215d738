//! Signatures of what webhooks are told, as Standard Webhooks says.

use crate::outside::Wall;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// What a key begins with that is written in Base64.
const ENCODED: &str = "whsec_";

/// The headers that name a message by `id` and, where there is a key, sign `body`.
pub(crate) fn headers(key: Option<&SecretString>, id: &str, body: &str, wall: &Wall) -> Vec<(&'static str, String)> {
    let time = wall.now().as_second().to_string();
    let signature = key.map(|key| ("webhook-signature", format!("v1,{}", sign(key, &format!("{id}.{time}.{body}")))));
    let named = [("webhook-id", id.to_owned()), ("webhook-timestamp", time), ("idempotency-key", id.to_owned())];
    named.into_iter().chain(signature).collect()
}

fn sign(key: &SecretString, text: &str) -> String {
    let said = key.expose_secret();
    let decoded = said.strip_prefix(ENCODED).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &decoded.unwrap_or_else(|| said.as_bytes().to_vec()));
    BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}
