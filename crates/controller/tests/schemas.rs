//! What is sent is what the receivers' documentation asks for, whatever is told: every body against the schema of its channel.
//!
//! Alertmanager's schema is the published one; the others say in our words what the documentation says (`tests/schemas`).
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod letters;

use boon::{Compiler, SchemaIndex, Schemas};
use futures::future::BoxFuture;
use http::StatusCode;
use secrecy::SecretString;
use self_healing_api::keys::Config;
use self_healing_controller::config::Secrets;
use self_healing_controller::notify::{Letter, TIMEOUT};
use self_healing_controller::outside::{Answer as Said, NoAnswer, Outside, Parcel, Post};
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::names::{Channel, Phase};
use self_healing_core::recovery::Recovery;
use self_healing_core::time::Stamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A channel, its schema, and the bytes that its receiver takes.
struct Receiver {
    channel: Channel,
    schema: &'static str,
    most: usize,
}

const RECEIVERS: [Receiver; 5] = [
    Receiver { channel: Channel::SlackMonitoring, schema: include_str!("schemas/slack.json"), most: 64 << 10 },
    Receiver { channel: Channel::PagerDuty, schema: include_str!("schemas/pagerduty.json"), most: 512_000 },
    Receiver { channel: Channel::Webhook, schema: include_str!("schemas/cloudevent.json"), most: 64 << 10 },
    Receiver { channel: Channel::Teams, schema: include_str!("schemas/teams.json"), most: 28_000 },
    Receiver { channel: Channel::Alertmanager, schema: include_str!("schemas/alertmanager.json"), most: 64 << 10 },
];

impl Receiver {
    fn validator(&self) -> Validator {
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource("body.json", serde_json::from_str(self.schema).unwrap()).unwrap();
        let mut schemas = Schemas::new();
        let body = compiler.compile("body.json", &mut schemas).unwrap();
        Validator { schemas, body }
    }
}

/// A schema, ready to be asked.
struct Validator {
    schemas: Schemas,
    body: SchemaIndex,
}

impl Validator {
    /// What is wrong with a body, for people.
    fn wrong(&self, body: &Value) -> Option<String> {
        self.schemas.validate(body, self.body).err().map(|error| format!("{error:#}"))
    }
}

/// Keeps every body.
#[derive(Default)]
struct Taker(Mutex<Vec<Vec<u8>>>);

impl Post for Taker {
    fn post<'a>(&'a self, _: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Said, NoAnswer>> {
        self.0.lock().unwrap().push(parcel.body.clone());
        Box::pin(async { Ok(Said { status: StatusCode::OK, retry_after: None, start: Vec::new() }) })
    }
}

/// What the user has set for all messages.
const NOTHING: [Option<&str>; 2] = [None, None];
const ALL: [Option<&str>; 2] = [Some("{{ description }} {{ runbook }}"), Some("https://wiki.example/a?b=c|d&e")];

/// What one letter is on one channel.
async fn body(channel: Channel, letter: &Letter<'_>, [template, runbook]: [Option<&str>; 2]) -> Vec<u8> {
    let url = || Some(SecretString::from("https://receiver.example/x"));
    let secrets = Secrets {
        slack_webhook_url: url(),
        pagerduty_routing_key: Some(SecretString::from("R".repeat(32))),
        webhook_url: url(),
        teams_webhook_url: url(),
        alertmanager_url: url(),
        notification_template: template.map(SecretString::from),
        runbook_url: runbook.map(SecretString::from),
        ..Secrets::default()
    };
    let config: Config = letters::config();
    let taker = Arc::new(Taker::default());
    let outside = Outside { receiver: Some(taker.clone()), ..Outside::system() };
    let notifier = letters::open(&[channel], (&config, &secrets), TIMEOUT, &outside).unwrap();
    assert_eq!(notifier.tell(channel, letter).await, Outcome::Done(Answer::Nothing));
    taker.0.lock().unwrap().pop().unwrap()
}

/// Markup of every channel, mentions, links, controls and all widths of letters, again and again.
fn hostile_text() -> String {
    "\u{0}\u{7}\u{1b}[31m\u{202e}<!channel> <@U123> @everyone [x](https://evil.example) *b* _i_ `c` ~s~ &amp; </b> \"q\" \\ \t\r\n 漢é😀"
        .repeat(200)
}

fn hostile() -> Recovery {
    let mut about = letters::recovery();
    about.name = "r".repeat(253).into();
    about.spec.cause = None;
    about.spec.action = None;
    about.spec.strategy = None;
    about.spec.target.key.name = "n".repeat(253).into();
    about.spec.target.key.namespace = "s".repeat(63).into();
    about.spec.description = hostile_text();
    about.status.message = hostile_text();
    about.status.evidence = (0..50).map(|n| (format!("signal {n}"), hostile_text())).collect();
    about
}

fn storm() -> Recovery {
    let mut about = letters::recovery();
    about.spec.target.key.namespace = "".into();
    about.status.evidence = vec![("storm".to_owned(), "12 nodes are sick: n1, n2, n3, n4, n5, …".to_owned())];
    about
}

/// Every state in the life of a Recovery that people hear of.
fn life(about: &Recovery) -> Vec<(&'static str, Recovery)> {
    let over = |phase| {
        let mut over = about.clone();
        over.status.phase = Some(phase);
        over.status.recovery_seconds = Some(12);
        over.status.finished_at = Some(Stamp(1_700_000_013_000));
        over
    };
    vec![
        ("opened", about.clone()),
        ("storm", about.clone()),
        ("outcome", over(Phase::Escalated)),
        ("outcome", over(Phase::Succeeded)),
        ("resolved", over(Phase::Failed)),
    ]
}

#[tokio::test]
async fn every_message_is_what_its_receiver_documents() {
    let cluster = hostile_text().chars().filter(|c| !c.is_control()).take(100).collect::<String>();
    let told =
        [("small", letters::recovery(), "prod"), ("storm", storm(), ""), ("hostile", hostile(), cluster.as_str())];
    for receiver in RECEIVERS {
        let validator = receiver.validator();
        for (name, about, cluster) in &told {
            for ((key, about), set) in life(about).iter().flat_map(|one| [(one, NOTHING), (one, ALL)]) {
                let body = body(receiver.channel, &Letter { about, key, cluster }, set).await;
                let what = format!("{} about {key} of the {name} one", receiver.channel);
                assert!(body.len() <= receiver.most, "{what} has {} bytes", body.len());
                let json: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(validator.wrong(&json), None, "{what}");
            }
        }
    }
}

/// Where each body is broken, and with what; nothing is in place of a field that is taken away.
const BROKEN: [(Channel, &str, Option<&str>); 16] = [
    (Channel::SlackMonitoring, "/text", None),
    (Channel::SlackMonitoring, "/colour", Some("\"red\"")),
    (Channel::SlackMonitoring, "/text", Some("\"<!channel>\"")),
    (Channel::SlackMonitoring, "/blocks/1/fields/0/size", Some("1")),
    (Channel::SlackMonitoring, "/blocks/0/text/text", Some("\"\"")),
    (Channel::PagerDuty, "/payload/severity", Some("\"high\"")),
    (Channel::PagerDuty, "/payload/summary", None),
    (Channel::PagerDuty, "/payload/component", Some("null")),
    (Channel::PagerDuty, "/link", Some("\"https://wiki.example\"")),
    (Channel::Webhook, "/specversion", Some("\"0.3\"")),
    (Channel::Webhook, "/time", Some("\"yesterday\"")),
    (Channel::Webhook, "/Recovery_Name", Some("\"x\"")),
    (Channel::Teams, "/attachments/0/content/body/0/size", Some("\"Huge\"")),
    (Channel::Teams, "/text", Some("\"x\"")),
    (Channel::Alertmanager, "/0/endsAt", Some("\"\"")),
    (Channel::Alertmanager, "/0/status", Some("\"firing\"")),
];

#[tokio::test]
async fn a_broken_body_is_refused_by_its_schema() {
    let about = letters::recovery();
    for receiver in RECEIVERS {
        let validator = receiver.validator();
        let good = body(receiver.channel, &Letter { about: &about, key: "opened", cluster: "prod" }, NOTHING).await;
        let good: Value = serde_json::from_slice(&good).unwrap();
        assert_eq!(validator.wrong(&good), None);
        let broken = BROKEN.iter().filter(|(channel, ..)| *channel == receiver.channel);
        let mut tried = 0;
        for (channel, pointer, value) in broken {
            let mut bad = good.clone();
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            let parent = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match value {
                Some(value) => parent.insert(field.to_owned(), serde_json::from_str(value).unwrap()),
                None => parent.remove(field),
            };
            assert!(validator.wrong(&bad).is_some(), "{channel} takes {pointer} = {value:?}");
            tried += 1;
        }
        assert!(tried > 0, "{} was not broken", receiver.channel);
    }
}

#[test]
fn what_is_longer_than_its_receiver_takes_is_refused() {
    let text = |length: usize| json!({ "type": "mrkdwn", "text": "x".repeat(length) });
    let message = |blocks: Value| json!({ "text": "x", "blocks": blocks });
    let section = |length| message(json!([{ "type": "section", "text": text(length) }]));
    let fields = |count: usize, length| message(json!([{ "type": "section", "fields": vec![text(length); count] }]));
    let blocks = |count: usize| message(json!(vec![json!({ "type": "section", "text": text(1) }); count]));
    let slack = RECEIVERS[0].validator();
    for (most, more) in [
        (section(3000), section(3001)),
        (fields(10, 2000), fields(10, 2001)),
        (fields(10, 1), fields(11, 1)),
        (blocks(50), blocks(51)),
    ] {
        assert_eq!(slack.wrong(&most), None);
        assert!(slack.wrong(&more).is_some());
    }
}
