//! The kinds of value that are texts of some grammar.

use super::Read;
use crate::keys::receiver;
use crate::keys::selector::{is_dns_label, is_field_selector, is_host, is_label_selector, is_mailbox};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use url::Url;

/// A line of text.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    min: usize,
    max: usize,
}

impl Text {
    pub(in crate::keys) const fn from(min: usize, max: usize) -> Self {
        Self { min, max }
    }
}

impl Read for Text {
    type Value = String;

    fn read(&self, text: &str) -> Option<String> {
        let length = text.chars().count();
        // A link in such a place is a secret at the wrong key.
        let plain = !text.chars().any(char::is_control) && !text.contains("://");
        (plain && (self.min..=self.max).contains(&length)).then(|| text.to_owned())
    }

    fn words(&self) -> String {
        format!("{} to {} characters on one line, and no link", self.min, self.max)
    }
}

/// A mail address, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Mailbox;

impl Read for Mailbox {
    type Value = Option<String>;

    fn read(&self, text: &str) -> Option<Option<String>> {
        if text.is_empty() { Some(None) } else { is_mailbox(text).then(|| Some(text.to_owned())) }
    }

    fn words(&self) -> String {
        "a mail address such as healing@example.com, or nothing".to_owned()
    }
}

/// Mail addresses.
#[derive(Clone, Copy, Debug)]
pub struct Emails;

impl Read for Emails {
    type Value = Vec<String>;

    fn read(&self, text: &str) -> Option<Vec<String>> {
        items(text).all(is_mailbox).then(|| items(text).map(str::to_owned).collect())
    }

    fn words(&self) -> String {
        "mail addresses such as team@example.com, comma-separated, or nothing".to_owned()
    }
}

/// A host, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Read for Host {
    type Value = Option<String>;

    fn read(&self, text: &str) -> Option<Option<String>> {
        if text.is_empty() { Some(None) } else { is_host(text).then(|| Some(text.to_owned())) }
    }

    fn words(&self) -> String {
        "a host name or IP address without port, such as smtp.example.com, or nothing".to_owned()
    }
}

/// The address of a receiver; see [`receiver`] for which ones are allowed.
#[derive(Clone, Copy, Debug)]
pub struct Link;

impl Read for Link {
    type Value = Url;

    fn read(&self, text: &str) -> Option<Url> {
        receiver(text, true).ok()
    }

    fn words(&self) -> String {
        "a URL such as https://host/path, without user name or password".to_owned()
    }
}

/// Namespaces.
#[derive(Clone, Copy, Debug)]
pub struct Namespaces;

impl Read for Namespaces {
    type Value = BTreeSet<String>;

    fn read(&self, text: &str) -> Option<BTreeSet<String>> {
        items(text).all(is_dns_label).then(|| items(text).map(str::to_owned).collect())
    }

    fn words(&self) -> String {
        "namespace names, comma-separated, or nothing".to_owned()
    }
}

/// A label selector as `kubectl -l` takes it, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct LabelSelector;

impl Read for LabelSelector {
    type Value = String;

    fn read(&self, text: &str) -> Option<String> {
        is_label_selector(text).then(|| text.to_owned())
    }

    fn words(&self) -> String {
        "a label selector such as app=web,tier!=test or zone in (a,b), or nothing".to_owned()
    }
}

/// A field selector as `kubectl --field-selector` takes it, or nothing.
#[derive(Clone, Copy, Debug)]
pub struct FieldSelector;

impl Read for FieldSelector {
    type Value = String;

    fn read(&self, text: &str) -> Option<String> {
        is_field_selector(text).then(|| text.to_owned())
    }

    fn words(&self) -> String {
        "a field selector such as status.phase=Failed,spec.nodeName!=n1, or nothing".to_owned()
    }
}

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub struct Address;

impl Read for Address {
    type Value = SocketAddr;

    fn read(&self, text: &str) -> Option<SocketAddr> {
        text.parse().ok()
    }

    fn words(&self) -> String {
        "an IP address and a port, such as 0.0.0.0:8080 or [::]:8080".to_owned()
    }
}

/// The parts of a comma-separated list; empty parts, as after a trailing comma, do not count.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
