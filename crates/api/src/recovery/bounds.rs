//! How long the parts of a record may become, and how what is longer is cut.
//!
//! The schema states the same numbers, so that the API server can bound the cost of its validation rules, and so that
//! a record stays far below the 1.5 MiB that etcd takes in one request.

/// Characters of a word, as of a Kubernetes label value.
pub const WORD: u32 = 63;
/// Characters of an object's name, as of a DNS subdomain.
pub const NAME: u32 = 253;
/// Characters of a uid; Kubernetes' own have 36, or 32 for a static pod.
pub const UID: u32 = 128;
/// Characters of a sentence for people, as of an Event's note.
pub const SENTENCE: u32 = 1024;
/// Characters of a bare pod's saved manifest. It is never cut, because half a manifest is none: the API server refuses
/// a longer one, and so the pod is not deleted.
pub const MANIFEST: u32 = 1_000_000;
/// Reasons of one Recovery.
pub const MAX_REASONS: u32 = 16;
/// Attempts kept; the oldest go first.
pub const MAX_ATTEMPTS: u32 = 16;
/// Guards kept; there are fewer.
pub const MAX_GUARDS: u32 = 32;
/// Attributed failures kept; a last line counts the rest.
pub const MAX_IMPACT: u32 = 500;
/// Messages kept; the oldest go first.
pub const MAX_NOTIFICATIONS: u32 = 64;
/// Evidence items kept; the oldest go first.
pub const MAX_EVIDENCE: u32 = 128;
/// Bytes of names and values of all evidence together.
pub const MAX_EVIDENCE_BYTES: usize = 16 * 1024;
/// Bytes of one evidence value, so that one long log cannot push out everything else.
const MAX_EVIDENCE_VALUE_BYTES: usize = 4 * 1024;
/// Name of the evidence item that says what was left out.
pub(super) const OMITTED: &str = "omitted";

/// `text` with at most `max` characters; a cut one ends in `…`.
pub(super) fn cut(text: &str, max: u32) -> String {
    let max = max as usize;
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The newest `max` of `items`.
pub(super) fn newest<T>(items: &[T], max: u32) -> &[T] {
    &items[items.len().saturating_sub(max as usize)..]
}

/// The first `max` lines; when there are more, the last one kept says how many others.
pub(super) fn listed(lines: &[String], max: u32) -> Vec<String> {
    let max = max as usize;
    if lines.len() <= max {
        return lines.iter().map(|line| cut(line, SENTENCE)).collect();
    }
    let kept = max.saturating_sub(1);
    let rest = format!("and {} more", lines.len() - kept);
    lines.iter().take(kept).map(|line| cut(line, SENTENCE)).chain([rest]).collect()
}

/// Evidence within [`MAX_EVIDENCE_BYTES`]: first long values are cut, then the oldest items go, and an item
/// [`OMITTED`] says how many.
pub(super) fn evidence(items: &[(String, String)]) -> Vec<(String, String)> {
    let cut: Vec<(String, String)> = items.iter().map(|(name, value)| (cut(name, WORD), cut_bytes(value))).collect();
    if fits(&cut, 0) {
        return cut;
    }
    let dropped = (1..cut.len()).find(|dropped| fits(&cut[*dropped..], 1)).unwrap_or(cut.len());
    let note = format!("{dropped} older items, to stay within {MAX_EVIDENCE_BYTES} bytes");
    [(OMITTED.to_owned(), note)].into_iter().chain(cut.into_iter().skip(dropped)).collect()
}

fn fits(items: &[(String, String)], notes: usize) -> bool {
    // A note needs about 60 bytes.
    let bytes: usize = items.iter().map(|(name, value)| name.len() + value.len()).sum();
    bytes + notes * 128 <= MAX_EVIDENCE_BYTES && items.len() + notes <= MAX_EVIDENCE as usize
}

fn cut_bytes(value: &str) -> String {
    if value.len() <= MAX_EVIDENCE_VALUE_BYTES {
        return value.to_owned();
    }
    let end = value.floor_char_boundary(MAX_EVIDENCE_VALUE_BYTES - '…'.len_utf8());
    format!("{}…", &value[..end])
}
