//! A notice as a message to a Slack incoming webhook.
//!
//! The limits are those of Slack's Block Kit reference; the total is undocumented, and messages of about 13,200
//! characters were refused (`msg_blocks_too_long`, slackapi/bolt-js#2509).

use crate::notice::Notice;
use serde_json::{Value, json};

/// Channels by name. Today's app webhooks ignore the name: their URL says where to.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) monitoring: String,
    pub(super) incident: String,
}

const FALLBACK_LIMIT: usize = 4000;
const HEADER_LIMIT: usize = 150;
const FIELD_LIMIT: usize = 2000;
const FIELDS_PER_SECTION: usize = 10;
const TOTAL_LIMIT: usize = 10_000;

/// The webhook's JSON.
pub(super) fn message(channel: &str, notice: &Notice) -> Value {
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
    json!({
        "channel": channel,
        "username": "Self-Healing Bot",
        "icon_emoji": ":robot_face:",
        "text": escape(&notice.to_string(), FALLBACK_LIMIT),
        "blocks": blocks,
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
