//! Slack as seen from the other side: an in-process server that records what it gets and answers as told.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod letters;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::future::BoxFuture;
use secrecy::SecretString;
use self_healing_api::keys::Config;
use self_healing_controller::config::Secrets;
use self_healing_controller::notify::{Error, Letter, Notifier, TIMEOUT};
use self_healing_controller::outside::{Answer as Said, NoAnswer, Outside, Parcel, Post};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::names::Channel;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CANARY: &str = "T0CANARY/B0CANARY/secretcanary";

/// One request as it arrived.
#[derive(Clone, Debug)]
struct Got {
    at: Instant,
    path: String,
    content_type: String,
    body: Value,
}

/// Status, Retry-After or Location, and body.
type Reply = (u16, &'static str, &'static str);

#[derive(Clone, Default)]
struct Slack {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<Vec<Reply>>>,
    silent: bool,
}

impl Slack {
    /// Gives these answers one after the other, then 200.
    fn answering(answers: &[Reply]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.iter().rev().copied().collect())), ..Self::default() }
    }

    async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn receive(State(slack): State<Slack>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    slack.got.lock().unwrap().push(Got {
        at: Instant::now(),
        path: uri.path().to_owned(),
        content_type: headers["content-type"].to_str().unwrap().to_owned(),
        body: serde_json::from_slice(&body).unwrap(),
    });
    if slack.silent {
        std::future::pending::<()>().await;
    }
    let (status, header, body) = slack.answers.lock().unwrap().pop().unwrap_or((200, "", "ok"));
    let name = if (300..400).contains(&status) { "location" } else { "retry-after" };
    let status = StatusCode::from_u16(status).unwrap();
    if header.is_empty() { (status, body).into_response() } else { (status, [(name, header)], body).into_response() }
}

/// Where the two channels of Slack lead, and what takes the place of HTTPS.
struct Slacks {
    config: Config,
    secrets: Secrets,
    timeout: Duration,
    outside: Outside,
}

impl Slacks {
    fn new(monitoring: Option<String>, incident: Option<String>) -> Self {
        let secrets = Secrets {
            slack_webhook_url: monitoring.map(SecretString::from),
            slack_incident_webhook_url: incident.map(SecretString::from),
            ..Secrets::default()
        };
        let config = Config { notification_insecure: true, ..letters::config() };
        Self { config, secrets, timeout: TIMEOUT, outside: Outside::system() }
    }

    fn open(&self) -> Result<Notifier, Error> {
        let both = [Channel::SlackMonitoring, Channel::SlackIncident];
        letters::open(&both, (&self.config, &self.secrets), self.timeout, &self.outside)
    }
}

fn notifier(monitoring: Option<String>, incident: Option<String>) -> Notifier {
    Slacks::new(monitoring, incident).open().unwrap()
}

fn url(address: SocketAddr) -> Option<String> {
    Some(format!("http://{address}/services/{CANARY}"))
}

async fn tell(notifier: &Notifier, channel: Channel) -> Outcome {
    let about = letters::recovery();
    notifier.tell(channel, &Letter { about: &about, key: "opened", cluster: "prod" }).await
}

async fn told(slack: &Slack) -> Outcome {
    let address = slack.listen().await;
    let outcome = tell(&notifier(url(address), None), Channel::SlackMonitoring).await;
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    outcome
}

fn message(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::TryLater { message, .. } | Outcome::Refused { message } => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_has_slacks_form() {
    let slack = Slack::default();
    assert_eq!(told(&slack).await, Outcome::Done(Answer::Nothing));
    let got = slack.got();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].path, format!("/services/{CANARY}"));
    assert_eq!(got[0].content_type, "application/json");
    let text = "Self-Healing Alert\nFailure Type: pod_failure (CrashLoop)\nResource: Pod/web-1\nNamespace: shop\nSeverity: critical\n\
        Description: &lt;!channel&gt; &amp; more\nRecovery Action: pod_recovery: recreate\nResult: In progress\n\
        Timestamp: 2023-11-14T22:13:21Z\nCluster: prod\nRecovery: pod-crashloop-1";
    let field = |text: &str| serde_json::json!({"type": "mrkdwn", "verbatim": true, "text": text});
    let expected = serde_json::json!({
        "channel": "#monitoring",
        "username": "Self-Healing Bot",
        "icon_emoji": ":robot_face:",
        "text": text,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Self-Healing Alert"}},
            {"type": "section", "fields": [
                field("*Failure Type*\npod_failure (CrashLoop)"),
                field("*Resource*\nPod/web-1"),
                field("*Namespace*\nshop"),
                field("*Severity*\ncritical"),
                field("*Description*\n&lt;!channel&gt; &amp; more"),
                field("*Recovery Action*\npod_recovery: recreate"),
                field("*Result*\nIn progress"),
                field("*Timestamp*\n2023-11-14T22:13:21Z"),
                field("*Cluster*\nprod"),
                field("*Recovery*\npod-crashloop-1"),
            ]},
        ],
    });
    assert_eq!(got[0].body, expected);
}

#[tokio::test]
async fn incidents_go_to_their_own_address_where_there_is_one() {
    let (monitoring, incident) = (Slack::default(), Slack::default());
    let (first, second) = (monitoring.listen().await, incident.listen().await);
    let both = notifier(url(first), url(second));
    assert_eq!(tell(&both, Channel::SlackIncident).await, Outcome::Done(Answer::Nothing));
    assert_eq!((monitoring.got().len(), incident.got().len()), (0, 1));
    assert_eq!(incident.got()[0].body["channel"], "#incidents");

    let one = notifier(url(first), None);
    assert_eq!(one.channels(), [Channel::SlackMonitoring, Channel::SlackIncident]);
    tell(&one, Channel::SlackIncident).await;
    assert_eq!(monitoring.got()[0].body["channel"], "#incidents");
}

#[tokio::test]
async fn a_channel_without_an_address_is_off() {
    let none = notifier(None, None);
    assert_eq!(none.channels(), []);
    let outcome = tell(&none, Channel::SlackMonitoring).await;
    assert!(matches!(&outcome, Outcome::Refused { message } if message == "channel slack is off"), "{outcome:?}");
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_asked_and_nothing_is_sent_meanwhile() {
    let slack = Slack::answering(&[(429, "30", "rate_limited")]);
    let notifier = notifier(url(slack.listen().await), None);
    let outcome = tell(&notifier, Channel::SlackMonitoring).await;
    let Outcome::TryLater { after, budget: false, message } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(*after, Some(Duration::from_secs(30)));
    assert_eq!(message, "the receiver answered 429 Too Many Requests: rate_limited");

    let Outcome::TryLater { after: Some(after), .. } = tell(&notifier, Channel::SlackIncident).await else {
        panic!("the same address is to be left alone");
    };
    assert!(after > Duration::from_secs(20) && after <= Duration::from_secs(30), "{after:?}");
    assert_eq!(slack.got().len(), 1);
}

#[tokio::test]
async fn absurd_pauses_are_cut() {
    for (asked, after) in [("18446744073709551615", Some(Duration::from_secs(3600))), ("soon", None), ("-1", None)] {
        let outcome = told(&Slack::answering(&[(429, asked, "")])).await;
        assert!(matches!(&outcome, Outcome::TryLater { after: got, .. } if *got == after), "{asked}: {outcome:?}");
    }
}

#[tokio::test]
async fn answers_are_classed_by_whether_trying_again_helps() {
    for status in [408, 500, 502, 503, 504] {
        let outcome = told(&Slack::answering(&[(status, "", "rollup_error")])).await;
        assert!(matches!(outcome, Outcome::TryLater { .. }), "{status}: {outcome:?}");
        assert!(message(&outcome).contains(&status.to_string()));
    }
    for status in [400, 401, 403, 404, 410, 413] {
        let outcome = told(&Slack::answering(&[(status, "", "no_service")])).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{status}: {outcome:?}");
        assert!(message(&outcome).ends_with(": no_service"));
    }
}

#[tokio::test]
async fn an_answer_that_repeats_the_address_is_not_repeated() {
    for body in ["/services/T0CANARY/B0CANARY/secretcanary not found", "secretcanary", "<html>oops</html>"] {
        let outcome = told(&Slack::answering(&[(404, "", body)])).await;
        assert_eq!(message(&outcome), "the receiver answered 404 Not Found", "{body}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let slack = Slack::answering(&[(302, "/elsewhere", ""), (307, "/elsewhere", "")]);
    let outcome = told(&slack).await;
    assert!(matches!(&outcome, Outcome::Refused { message } if message.contains("redirect")), "{outcome:?}");
    assert_eq!(slack.got().len(), 1);
}

#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    let slack = Slack { silent: true, ..Slack::default() };
    let timeout = Duration::from_millis(200);
    let slacks = Slacks { timeout, ..Slacks::new(url(slack.listen().await), None) };
    let outcome = tell(&slacks.open().unwrap(), Channel::SlackMonitoring).await;
    assert_eq!(message(&outcome), "the receiver gave no answer in time");
    assert!(matches!(outcome, Outcome::TryLater { .. }));
}

#[tokio::test]
async fn a_closed_port_is_for_later_and_its_error_holds_no_secret() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = tell(&notifier(url(address), None), Channel::SlackMonitoring).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    assert!(message(&outcome).contains("refused"), "{outcome:?}");
    assert!(!format!("{outcome:?}").to_lowercase().contains("canary"), "{outcome:?}");
}

#[tokio::test]
async fn messages_to_one_address_keep_a_second_apart_and_others_do_not_wait() {
    let (monitoring, incident) = (Slack::default(), Slack::default());
    let (first, second) = (url(monitoring.listen().await), url(incident.listen().await));
    let notifier = notifier(first, second);
    tokio::join!(
        tell(&notifier, Channel::SlackMonitoring),
        tell(&notifier, Channel::SlackMonitoring),
        tell(&notifier, Channel::SlackIncident),
    );
    let (got, other) = (monitoring.got(), incident.got());
    assert!(got[1].at.duration_since(got[0].at) >= Duration::from_millis(950), "{got:?}");
    assert!(other[0].at < got[1].at);
}

#[tokio::test]
async fn a_storm_does_not_queue_without_end() {
    let slack = Slack { silent: true, ..Slack::default() };
    let notifier = Arc::new(notifier(url(slack.listen().await), None));
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..40 {
        let (notifier, send) = (notifier.clone(), send.clone());
        tokio::spawn(async move { send.send(tell(&notifier, Channel::SlackMonitoring).await) });
    }
    for _ in 0..8 {
        let outcome = tokio::time::timeout(Duration::from_secs(5), receive.recv()).await.unwrap().unwrap();
        let Outcome::TryLater { after: Some(_), message, .. } = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("waiting"), "{message}");
    }
    assert!(receive.try_recv().is_err(), "the others wait for their turn");
}

/// A receiver in this process: busy once, then silent.
#[derive(Default)]
struct Moody(Mutex<Vec<String>>);

impl Post for Moody {
    fn post<'a>(&'a self, url: &'a str, _: &'a Parcel) -> BoxFuture<'a, Result<Said, NoAnswer>> {
        let mut asked = self.0.lock().unwrap();
        asked.push(url.to_owned());
        let busy = Said { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some("30".into()), start: Vec::new() };
        if asked.len() == 1 { Box::pin(async { Ok(busy) }) } else { Box::pin(std::future::pending()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_in_the_process_has_the_same_queue_pace_and_table() {
    let moody = Arc::new(Moody::default());
    let public = format!("https://hooks.example/{CANARY}");
    let mut slacks = Slacks::new(Some(public.clone()), None);
    slacks.config.notification_insecure = false;
    slacks.outside.receiver = Some(moody.clone());
    let notifier = slacks.open().unwrap();
    for _ in 0..2 {
        let outcome = tell(&notifier, Channel::SlackMonitoring).await;
        assert!(matches!(outcome, Outcome::TryLater { after: Some(_), .. }), "{outcome:?}");
    }
    assert_eq!(moody.0.lock().unwrap().len(), 1, "left alone while it asks for it");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let start = tokio::time::Instant::now();
    let outcome = tell(&notifier, Channel::SlackMonitoring).await;
    assert_eq!(message(&outcome), "the receiver gave no answer in time");
    assert_eq!(start.elapsed(), TIMEOUT);
    assert_eq!(*moody.0.lock().unwrap(), [public.clone(), public]);
}

#[tokio::test]
async fn plain_http_and_private_addresses_need_the_switch() {
    let slack = Slack::default();
    let address = slack.listen().await;
    for url in [url(address).unwrap(), format!("https://{address}/{CANARY}"), format!("https://localhost/{CANARY}")] {
        let mut secure = Slacks::new(Some(url), None);
        secure.config.notification_insecure = false;
        let error = secure.open().unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("SLACK_WEBHOOK_URL") && text.contains("notification_insecure"), "{text}");
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
    assert_eq!(slack.got().len(), 0);
}

#[tokio::test]
async fn addresses_are_not_printed() {
    let notifier = notifier(Some(format!("http://127.0.0.1:1/{CANARY}")), None);
    assert!(!format!("{notifier:?}").to_lowercase().contains("canary"));
}
