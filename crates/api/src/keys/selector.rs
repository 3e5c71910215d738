//! The grammars of Kubernetes that values follow: names, hosts, label and field selectors.
//!
//! kube can build and match selectors, but does not read them from text.

use std::net::IpAddr;

/// RFC 1123 label, as a namespace's name: at most 63 of `a-z`, `0-9`, `-`, not starting or ending with `-`.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    is_framed(text, 63) && text.bytes().all(inner)
}

/// A host name or an IP address, without port.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| is_dns_label(&label.to_ascii_lowercase());
    text.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}

/// Enough of RFC 5321 to catch what is no address; whether it exists only the mail server knows.
pub(super) fn is_mailbox(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    !local.is_empty() && local.len() <= 64 && !local.contains(odd) && is_host(host)
}

/// As `kubectl -l`: requirements `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (…)`, `k notin (…)`, comma-separated; or empty.
pub(super) fn is_label_selector(text: &str) -> bool {
    text.is_empty() || outer_commas(text).into_iter().all(|part| is_requirement(part.trim()))
}

/// As `kubectl --field-selector`: `path=value`, `path==value`, `path!=value`, comma-separated; or empty.
pub(super) fn is_field_selector(text: &str) -> bool {
    let part = |part: &str| {
        let Some((path, value)) = split_operator(part) else { return false };
        is_path(path.trim()) && !value.contains(['=', '!', ' '])
    };
    text.is_empty() || text.split(',').all(|text| part(text.trim()))
}

fn is_requirement(text: &str) -> bool {
    if let Some(key) = text.strip_prefix('!') {
        return is_label_key(key.trim());
    }
    if let Some((key, value)) = split_operator(text) {
        return is_label_key(key.trim()) && is_label_value(value.trim());
    }
    match text.split_once(char::is_whitespace) {
        None => is_label_key(text),
        Some((key, rest)) => is_label_key(key) && is_set(rest.trim()),
    }
}

/// `in (a,b)` or `notin (a,b)`.
fn is_set(text: &str) -> bool {
    let set = text.strip_prefix("notin").or_else(|| text.strip_prefix("in")).map(str::trim_start);
    let inner = set.and_then(|set| set.strip_prefix('(')?.strip_suffix(')'));
    inner.is_some_and(|inner| inner.split(',').all(|value| is_label_value(value.trim())))
}

fn split_operator(text: &str) -> Option<(&str, &str)> {
    ["!=", "==", "="].into_iter().find_map(|operator| text.split_once(operator))
}

/// The parts between the commas that are not inside parentheses.
fn outer_commas(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let outside = |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    text.split(outside).collect()
}

pub(crate) fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        None => is_label_name(text),
        Some((prefix, name)) => prefix.len() <= 253 && prefix.split('.').all(is_dns_label) && is_label_name(name),
    }
}

fn is_label_name(text: &str) -> bool {
    is_framed(text, 63) && is_label_value(text)
}

pub(crate) fn is_label_value(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.is_empty() || (is_framed(text, 63) && text.bytes().all(inner))
}

fn is_path(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/[]'".contains(&byte);
    text.len() <= 253 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(inner)
}

/// At most `max` bytes, starting and ending with a letter or a digit.
fn is_framed(text: &str, max: usize) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= max && edge(text.bytes().next()) && edge(text.bytes().last())
}
