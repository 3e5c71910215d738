use super::*;
use serde_json::json;

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_at_the_connection() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `check` knows this name, but not every name that somebody's DNS points inside.
    let url = Url::parse("https://localhost:1/canary").unwrap();
    let receiver = Receiver::new(url.clone(), false, Duration::from_secs(10)).unwrap();
    let outcome = receiver.send(&json!({})).await;
    assert!(
        matches!(&outcome, Outcome::Refused { message } if message.contains("notification_insecure")),
        "{outcome:?}"
    );
    assert!(!format!("{outcome:?}").contains("canary"));

    let insecure = Receiver::new(url, true, Duration::from_secs(10)).unwrap();
    assert!(matches!(insecure.send(&json!({})).await, Outcome::TryLater { .. }), "nobody listens on port 1");
}
