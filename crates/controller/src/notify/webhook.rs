//! The user's own receiver: a CloudEvent with the Recovery as data, signed as Standard Webhooks says.

use super::letter::Letter;
use super::words::Words;
use super::{Error, Form, Line, Receivers};
use crate::notice::Notice;
use crate::outside::{Parcel, Wall};
use crate::signature;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use self_healing_api::recovery::to_resource;
use serde_json::{Value, json};
use std::time::Duration;

/// What is no name of a cluster in a URI reference, which `source` has to be.
const NOT_IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

struct Webhook {
    /// Without it nothing is signed.
    secret: Option<SecretString>,
    /// The controller's, where the Recovery is.
    namespace: String,
    wall: Wall,
}

/// With an address.
pub(super) fn open(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let way = receivers.way("WEBHOOK_URL", receivers.secrets.webhook_url.as_ref())?;
    let (secret, wall) = (receivers.secrets.webhook_secret.clone(), receivers.outside.wall.clone());
    let form = Webhook { secret, namespace: receivers.namespace.to_owned(), wall };
    Ok(way.map(|way| way.line(form, Duration::ZERO)))
}

impl Form for Webhook {
    fn parcel(&self, letter: &Letter<'_>, words: &Words) -> Parcel {
        let (id, body) = (letter.id(), self.event(letter, &words.notice).to_string());
        let mut headers = vec![("content-type", "application/cloudevents+json".to_owned())];
        headers.extend(signature::headers(self.secret.as_ref(), &id, &body, &self.wall));
        Parcel { headers, body: body.into_bytes() }
    }
}

impl Webhook {
    fn event(&self, letter: &Letter<'_>, notice: &Notice) -> Value {
        let source = if letter.cluster.is_empty() { "kubernetes" } else { letter.cluster };
        json!({
            "specversion": "1.0",
            "id": letter.id(),
            "source": format!("/self-healing/{}", utf8_percent_encode(source, NOT_IN_NAMES)),
            "type": format!("dev.self-healing.recovery.{}", letter.stands().as_str()),
            "subject": letter.incident(),
            "time": notice.value("Timestamp"),
            "datacontenttype": "application/json",
            "data": self.recovery(letter),
        })
    }

    /// The record as `kubectl get -o json` shows it, but for a saved manifest, which may hold what nobody should read.
    fn recovery(&self, letter: &Letter<'_>) -> Value {
        let mut about = letter.about.clone();
        about.status.saved_manifest = None;
        serde_json::to_value(to_resource(&about, &self.namespace)).unwrap_or_default()
    }
}
