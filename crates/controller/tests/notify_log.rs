//! No secret gets into the log, whatever level is asked for.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod letters;

use secrecy::SecretString;
use self_healing_api::keys::Config;
use self_healing_controller::config::Secrets;
use self_healing_controller::log::{Format, Levels, subscriber};
use self_healing_controller::notify::{Letter, TIMEOUT};
use self_healing_controller::outside::Outside;
use self_healing_core::names::Channel;
use std::io;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_webhooks_address_is_not_logged_even_at_trace() {
    let page = Page::default();
    let writer = page.clone();
    let (subscriber, _log) =
        subscriber(Format::Json, Levels::default(), Some("trace"), move || writer.clone()).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(|| async { (axum::http::StatusCode::NOT_FOUND, "no_service") });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url = SecretString::from(format!("http://{address}/canary2?q=canary3"));
    let secrets = Secrets { slack_webhook_url: Some(url), ..Secrets::default() };
    let config = Config { notification_insecure: true, ..letters::config() };
    let notifier = letters::open(&[Channel::SlackMonitoring], (&config, &secrets), TIMEOUT, &Outside::system());
    let about = letters::recovery();
    let letter = Letter { about: &about, key: "opened", cluster: "" };
    let outcome = notifier.unwrap().tell(Channel::SlackMonitoring, &letter).await;
    tracing::info!(?outcome, "told");

    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("no_service"), "the log works: {text}");
    assert!(text.contains("hyper"), "libraries are logged too: {text}");
    assert!(!text.contains("canary"), "{text}");
}
