//! A notice as a mail: plain text, one thread per Recovery.

use super::letter::Letter;
use super::smtp::{Smtp, certificates};
use super::words::Words;
use super::{Error, Form, Line, Receivers, Way};
use crate::outside::{Parcel, Post};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, SinglePart};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Characters of a subject, so that it stands in one line of a list of mails.
const SUBJECT_LIMIT: usize = 150;

struct Email {
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// With a server, a login and somebody to send to.
pub(super) fn open(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let (config, secrets) = (receivers.config, receivers.secrets);
    let login = secrets.email_username.clone().zip(secrets.email_password.clone());
    let (Some(login), Some(host)) = (login, config.email_smtp_server.clone()) else { return Ok(None) };
    let to = config.email_recipients.iter().map(|to| mailbox("email_recipients", to));
    let to: Vec<Mailbox> = to.collect::<Result<_, _>>()?;
    // Most servers take mail only from whoever has logged in.
    let from = mailbox("email_from", config.email_from.as_deref().unwrap_or(login.0.expose_secret()))?;
    let addresses = to.iter().map(|to| to.email.clone()).collect();
    let Ok(envelope) = Envelope::new(Some(from.email.clone()), addresses) else { return Ok(None) };
    let url = SecretString::from(format!("smtp://{host}:{}", config.email_smtp_port));
    let barred = receivers.barred("email_smtp_server", &host);
    let smtp = || -> Result<Arc<dyn Post>, Error> {
        Ok(Arc::new(Smtp {
            host,
            port: config.email_smtp_port,
            tls: config.email_use_tls,
            insecure: config.notification_insecure,
            roots: certificates(receivers.roots())?,
            login,
            envelope,
        }))
    };
    let post = receivers.outside.receiver.clone().map_or_else(smtp, Ok)?;
    let way = Way { post, url, timeout: receivers.timeout, barred };
    Ok(Some(way.line(Email { from, to }, Duration::ZERO)))
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, Error> {
    let address = text.parse::<Address>().map_err(|_| Error::Mailbox { key })?;
    Ok(Mailbox::new(None, address))
}

impl Form for Email {
    fn parcel(&self, letter: &Letter<'_>, words: &Words) -> Parcel {
        let subject = format!("Self-Healing Alert: {}", letter.summary());
        let domain = self.from.email.domain();
        let id = |key: &str| format!("<{}-{key}@{domain}>", letter.about.uid);
        let mut mail = Message::builder()
            .from(self.from.clone())
            .subject(crate::plain::plain(&subject, SUBJECT_LIMIT))
            .message_id(Some(id(letter.key)))
            .date(moment(letter));
        if letter.key != "opened" {
            mail = mail.in_reply_to(id("opened")).references(id("opened"));
        }
        let mail = self.to.iter().fold(mail, |mail, to| mail.to(to.clone()));
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(words.text());
        let body = mail.singlepart(text).map(|mut mail| {
            // RFC 3834: nothing answers by itself.
            let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
            mail.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
            mail.formatted()
        });
        // It has a sender and a receiver, so it can be built.
        Parcel { headers: Vec::new(), body: body.unwrap_or_default() }
    }
}

/// When what it tells of happened, so that the same mail is the same text.
fn moment(letter: &Letter<'_>) -> SystemTime {
    let status = &letter.about.status;
    let stamp = status.finished_at.filter(|_| letter.key != "opened").unwrap_or(letter.about.spec.detected_at);
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(stamp.0).unwrap_or_default())
}
