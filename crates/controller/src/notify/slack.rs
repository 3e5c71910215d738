//! A notice as a message to a Slack incoming webhook.
//!
//! The limits are those of Slack's Block Kit reference; the total is undocumented, and messages of about 13,200
//! characters were refused (`msg_blocks_too_long`, slackapi/bolt-js#2509).

use super::letter::Letter;
use super::words::Words;
use super::{Error, Form, Line, Receivers};
use crate::outside::Parcel;
use serde_json::{Value, json};
use std::time::Duration;

/// Slack takes one message a second per channel.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// A channel by name. Today's app webhooks ignore the name: their URL says where to.
pub(super) struct Slack {
    pub(super) channel: String,
}

/// For low and medium severity.
pub(super) fn monitoring(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let way = receivers.way("SLACK_WEBHOOK_URL", receivers.secrets.slack_webhook_url.as_ref())?;
    let channel = receivers.config.slack_channel.clone();
    Ok(way.map(|way| way.line(Slack { channel }, PACE)))
}

/// For high and critical severity.
pub(super) fn incident(receivers: &Receivers<'_>) -> Result<Option<Line>, Error> {
    let secrets = receivers.secrets;
    let way = match &secrets.slack_incident_webhook_url {
        Some(own) => receivers.way("SLACK_INCIDENT_WEBHOOK_URL", Some(own)),
        None => receivers.way("SLACK_WEBHOOK_URL", secrets.slack_webhook_url.as_ref()),
    }?;
    let channel = receivers.config.slack_incident_channel.clone();
    Ok(way.map(|way| way.line(Slack { channel }, PACE)))
}

impl Form for Slack {
    fn parcel(&self, _: &Letter<'_>, words: &Words) -> Parcel {
        Parcel::json(&message(&self.channel, words))
    }
}

const FALLBACK_LIMIT: usize = 4000;
const HEADER_LIMIT: usize = 150;
const SECTION_LIMIT: usize = 3000;
const FIELD_LIMIT: usize = 2000;
const FIELDS_PER_SECTION: usize = 10;
const TOTAL_LIMIT: usize = 10_000;

/// The webhook's JSON.
fn message(channel: &str, words: &Words) -> Value {
    json!({
        "channel": channel,
        "username": "Self-Healing Bot",
        "icon_emoji": ":robot_face:",
        "text": escape(&words.text(), FALLBACK_LIMIT),
        "blocks": words.own.as_ref().map_or_else(|| blocks(words), |own| one_block(own)),
    })
}

/// The user's own words as one block, in which their marks for bold and the like work.
fn one_block(text: &str) -> Vec<Value> {
    vec![json!({
        "type": "section",
        "text": { "type": "mrkdwn", "verbatim": true, "text": escape(text, SECTION_LIMIT) },
    })]
}

fn blocks(words: &Words) -> Vec<Value> {
    let notice = &words.notice;
    let mut left = TOTAL_LIMIT;
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": take(&mut left, notice.title, HEADER_LIMIT) },
    })];
    // Several lines need the whole width; single values stand in two columns.
    let (wide, narrow): (Vec<_>, Vec<_>) = notice.fields.iter().partition(|(_, value)| value.contains('\n'));
    for fields in narrow.chunks(FIELDS_PER_SECTION) {
        let fields: Vec<Value> = fields.iter().filter_map(|field| labelled(&mut left, field)).collect();
        if !fields.is_empty() {
            blocks.push(json!({ "type": "section", "fields": fields }));
        }
    }
    let sections = wide.into_iter().filter_map(|field| labelled(&mut left, field));
    blocks.extend(sections.map(|text| json!({ "type": "section", "text": text })));
    blocks.extend(words.runbook.as_ref().map(|page| link(page)));
    blocks
}

/// A link to a page of the user's.
fn link(page: &str) -> Value {
    let page = escape(page, SECTION_LIMIT - "<|Runbook>".len());
    json!({
        "type": "section",
        "text": { "type": "mrkdwn", "verbatim": true, "text": format!("<{page}|Runbook>") },
    })
}

/// A bold label over its value, as long as the whole message has room. `verbatim`, so that no name, channel or address
/// in the value becomes a link.
fn labelled(left: &mut usize, (label, value): &(&'static str, String)) -> Option<Value> {
    let label = format!("*{label}*\n");
    let limit = FIELD_LIMIT.saturating_sub(label.len());
    *left = left.checked_sub(label.len())?;
    Some(json!({ "type": "mrkdwn", "verbatim": true, "text": label + &take(left, value, limit) }))
}

/// The escaped text, within `limit` and within what is left of the whole message.
fn take(left: &mut usize, text: &str, limit: usize) -> String {
    let text = escape(text, limit.min(*left));
    *left = left.saturating_sub(text.chars().count());
    text
}

/// Escapes `&`, `<` and `>`, and no other character; the text is cut so that the result has at most `limit` characters
/// and no half entity.
fn escape(text: &str, limit: usize) -> String {
    let whole: usize = text.chars().map(|c| entity(c).map_or(1, str::len)).sum();
    let room = if whole > limit { limit.saturating_sub(1) } else { limit };
    let mut escaped = String::with_capacity(text.len());
    let mut used = 0;
    for c in text.chars() {
        let entity = entity(c);
        used += entity.map_or(1, str::len);
        if used > room {
            break;
        }
        match entity {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(c),
        }
    }
    if whole > limit && limit > 0 {
        escaped.push('…');
    }
    escaped
}

const fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
