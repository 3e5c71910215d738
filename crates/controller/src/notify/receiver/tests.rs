use super::*;
use crate::notify::https::Https;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;

fn receiver(url: &Url, insecure: bool) -> Receiver {
    let post = Arc::new(Https::new(url, insecure, &[]).unwrap());
    let (url, timeout) = (SecretString::from(url.as_str()), Duration::from_secs(10));
    Receiver::new(Way { post, url, timeout, barred: None }, Duration::ZERO)
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_at_the_connection() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The check of an address knows this name, but not every name that somebody's DNS points inside.
    let url = Url::parse("https://localhost:1/canary").unwrap();
    let outcome = receiver(&url, false).send(&Parcel::json(&json!({}))).await;
    assert!(
        matches!(&outcome, Outcome::Refused { message } if message.contains("notification_insecure")),
        "{outcome:?}"
    );
    assert!(!format!("{outcome:?}").contains("canary"));

    let outcome = receiver(&url, true).send(&Parcel::json(&json!({}))).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "nobody listens on port 1");
}
