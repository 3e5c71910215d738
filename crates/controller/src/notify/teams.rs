//! Microsoft Teams: an adaptive card to a webhook of Workflows.

use super::letter::Letter;
use super::words::Words;
use super::{Error, Form, Line, Receivers};
use crate::outside::Parcel;
use serde_json::{Value, json};
use std::time::Duration;

/// Four requests a second are taken.
const PACE: Duration = Duration::from_millis(250);

struct Teams;

/// With an address.
pub(super) fn open(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let way = receivers.way("TEAMS_WEBHOOK_URL", receivers.secrets.teams_webhook_url.as_ref())?;
    Ok(way.map(|way| way.line(Teams, PACE)))
}

impl Form for Teams {
    fn parcel(&self, _: &Letter<'_>, words: &Words) -> Parcel {
        let notice = &words.notice;
        // A fact shows its value as it is but for Markdown, which a name of a pod cannot turn into a link without brackets.
        let facts = notice.fields.iter().map(|(label, value)| json!({ "title": label, "value": escape(value) }));
        let title =
            json!({ "type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "text": notice.title });
        let body = match &words.own {
            Some(own) => json!({ "type": "TextBlock", "wrap": true, "text": own }),
            None => json!({ "type": "FactSet", "facts": facts.collect::<Vec<Value>>() }),
        };
        let open = |page: &String| json!({ "type": "Action.OpenUrl", "title": "Runbook", "url": page });
        Parcel::json(&json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": [title, body],
                    "actions": words.runbook.iter().map(open).collect::<Vec<Value>>(),
                    "msteams": { "width": "full" },
                },
            }],
        }))
    }
}

/// Takes from Markdown what makes links, emphasis and mentions.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | '*' | '_' | '`' | '<' | '>' | '@') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
