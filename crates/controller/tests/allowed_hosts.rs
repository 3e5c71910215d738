//! Where hosts are listed, nothing goes to any other, whatever the channel; and people are told which entry to change.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod letters;

use futures::future::BoxFuture;
use http::StatusCode;
use secrecy::SecretString;
use self_healing_api::keys::{AllowedHosts, Config};
use self_healing_controller::config::Secrets;
use self_healing_controller::log::{Format, Levels, subscriber};
use self_healing_controller::notify::{Letter, Notifier, TIMEOUT};
use self_healing_controller::outside::{Answer as Said, NoAnswer, Outside, Parcel, Post};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::names::Channel;
use std::io;
use std::sync::{Arc, Mutex};

/// Each channel, the entry that says where it leads, and the host there.
const CHANNELS: [(Channel, &str, &str); 7] = [
    (Channel::SlackMonitoring, "SLACK_WEBHOOK_URL", "monitoring.example"),
    (Channel::SlackIncident, "SLACK_INCIDENT_WEBHOOK_URL", "incident.example"),
    (Channel::Email, "email_smtp_server", "mail.example"),
    (Channel::PagerDuty, "pagerduty_url", "events.pagerduty.com"),
    (Channel::Webhook, "WEBHOOK_URL", "webhook.example"),
    (Channel::Teams, "TEAMS_WEBHOOK_URL", "teams.example"),
    (Channel::Alertmanager, "ALERTMANAGER_URL", "alerts.example"),
];

/// Takes everything, and notes where it went.
#[derive(Default)]
struct Taker(Mutex<Vec<String>>);

impl Post for Taker {
    fn post<'a>(&'a self, url: &'a str, _: &'a Parcel) -> BoxFuture<'a, Result<Said, NoAnswer>> {
        self.0.lock().unwrap().push(url.to_owned());
        Box::pin(async { Ok(Said { status: StatusCode::OK, retry_after: None, start: Vec::new() }) })
    }
}

/// All channels, where only these hosts are allowed.
fn notifier(allowed: &str, taker: &Arc<Taker>) -> Notifier {
    let secret = |text: &str| Some(SecretString::from(text));
    let url = |host: &str| secret(&format!("https://{host}/canary"));
    let secrets = Secrets {
        slack_webhook_url: url("monitoring.example"),
        slack_incident_webhook_url: url("incident.example"),
        email_username: secret("healing@example.com"),
        email_password: secret("canary"),
        pagerduty_routing_key: secret("canary"),
        webhook_url: url("webhook.example"),
        teams_webhook_url: url("teams.example"),
        alertmanager_url: url("alerts.example"),
        allowed_hosts: AllowedHosts::read(allowed).unwrap(),
        ..Secrets::default()
    };
    let email_recipients = vec!["team@example.com".to_owned()];
    let config = Config { email_recipients, email_smtp_server: Some("mail.example".to_owned()), ..letters::config() };
    let outside = Outside { receiver: Some(taker.clone()), ..Outside::system() };
    letters::open(&CHANNELS.map(|(channel, ..)| channel), (&config, &secrets), TIMEOUT, &outside).unwrap()
}

async fn tell(notifier: &Notifier, channel: Channel) -> Outcome {
    let about = letters::recovery();
    notifier.tell(channel, &Letter { about: &about, key: "opened", cluster: "prod" }).await
}

#[tokio::test]
async fn a_host_that_is_not_listed_gets_nothing_and_is_not_even_connected_to() {
    let taker = Arc::new(Taker::default());
    let notifier = notifier("elsewhere.example, *.monitoring.example", &taker);
    for (channel, key, host) in CHANNELS {
        let expected =
            format!("{host}, the host of {key}, is not in NOTIFICATION_ALLOWED_HOSTS; add it there, or change {key}");
        assert_eq!(tell(&notifier, channel).await, Outcome::Refused { message: expected.clone() });
        assert_eq!(notifier.reach(channel).await, Err(expected), "as `doctor` asks");
    }
    assert_eq!(*taker.0.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_host_that_is_listed_gets_its_message() {
    let taker = Arc::new(Taker::default());
    let notifier = notifier("*.example, events.pagerduty.com", &taker);
    for (channel, ..) in CHANNELS {
        assert_eq!(tell(&notifier, channel).await, Outcome::Done(Answer::Nothing), "{channel}");
    }
    assert_eq!(taker.0.lock().unwrap().len(), CHANNELS.len());
}

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

#[test]
fn the_log_says_at_once_which_channel_is_barred_and_shows_no_secret() {
    let page = Page::default();
    let writer = page.clone();
    let (subscriber, _log) = subscriber(Format::Text, Levels::default(), None, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || notifier("*.example", &Arc::default()));
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("channel pagerduty") && text.contains("pagerduty_url"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
