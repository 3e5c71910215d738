//! The kinds of value a key may have: what each accepts, and how that is said to a person.

use super::selector::{is_dns_label, is_field_selector, is_host, is_label_selector, is_mailbox};
use super::words::Word;
use self_healing_core::settings::Share;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// Says in words what a key accepts.
pub trait Expect {
    /// Completes the sentence "expected …".
    fn expected(&self) -> String;

    /// Whether `text` is that.
    fn accepts(&self, text: &str) -> bool;
}

/// Reads one kind of value.
pub trait Read {
    /// What a text is read as.
    type Value;

    /// The value of `text`, which has no white space around it; `None` when it is not what is expected.
    fn read(&self, text: &str) -> Option<Self::Value>;

    /// Completes the sentence "expected …".
    fn words(&self) -> String;
}

impl<R: Read> Expect for R {
    fn expected(&self) -> String {
        self.words()
    }

    fn accepts(&self, text: &str) -> bool {
        self.read(text).is_some()
    }
}

/// Seconds, with fractions down to the millisecond.
#[derive(Clone, Copy, Debug)]
pub struct Seconds {
    min: f64,
    max: f64,
}

impl Seconds {
    pub(super) const fn from(min: f64, max: f64) -> Self {
        Self { min, max }
    }
}

impl Read for Seconds {
    type Value = Duration;

    fn read(&self, text: &str) -> Option<Duration> {
        // Stricter than `f64`, which also takes signs, exponents, "inf" and "NaN".
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let seconds: f64 = (is_digits(whole) && is_digits(fraction)).then(|| text.parse().ok())??;
        if !(self.min..=self.max).contains(&seconds) {
            return None;
        }
        let millis = Duration::try_from_secs_f64(seconds).ok()?.as_micros().div_ceil(1000);
        Some(Duration::from_millis(u64::try_from(millis).ok()?))
    }

    fn words(&self) -> String {
        format!("seconds as a plain number from {} to {}, such as 30 or 0.5, without a unit", self.min, self.max)
    }
}

/// A whole number.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    min: u32,
    max: u32,
}

impl Count {
    pub(super) const fn from(min: u32, max: u32) -> Self {
        Self { min, max }
    }
}

impl Read for Count {
    type Value = u32;

    fn read(&self, text: &str) -> Option<u32> {
        let count = is_digits(text).then(|| text.parse().ok())??;
        (self.min..=self.max).contains(&count).then_some(count)
    }

    fn words(&self) -> String {
        format!("a whole number from {} to {}", self.min, self.max)
    }
}

/// A TCP port.
#[derive(Clone, Copy, Debug)]
pub struct Port;

impl Read for Port {
    type Value = u16;

    fn read(&self, text: &str) -> Option<u16> {
        is_digits(text).then(|| text.parse().ok())?.filter(|port| *port > 0)
    }

    fn words(&self) -> String {
        "a port from 1 to 65535".to_owned()
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug)]
pub struct Switch;

impl Read for Switch {
    type Value = bool;

    fn read(&self, text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    fn words(&self) -> String {
        "true or false".to_owned()
    }
}

/// A number of things, or a share of all of them.
#[derive(Clone, Copy, Debug)]
pub struct Shares;

impl Read for Shares {
    type Value = Share;

    fn read(&self, text: &str) -> Option<Share> {
        let percent = text.strip_suffix('%');
        let number: u32 = is_digits(percent.unwrap_or(text)).then(|| percent.unwrap_or(text).parse().ok())??;
        match percent {
            None => (1..=100_000).contains(&number).then_some(Share::Count(number)),
            Some(_) => u8::try_from(number).ok().filter(|share| (1..=100).contains(share)).map(Share::Percent),
        }
    }

    fn words(&self) -> String {
        "a whole number from 1 to 100000, or a whole share from 1% to 100%".to_owned()
    }
}

/// One of a closed list of words.
#[derive(Clone, Copy, Debug)]
pub struct OneOf<W>(PhantomData<W>);

impl<W> OneOf<W> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<W: Word> Read for OneOf<W> {
    type Value = W;

    fn read(&self, text: &str) -> Option<W> {
        W::ALL.iter().copied().find(|word| word.as_str() == text)
    }

    fn words(&self) -> String {
        let words: Vec<_> = W::ALL.iter().map(|word| word.as_str()).collect();
        format!("one of {}", words.join(", "))
    }
}

/// A line of text.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    min: usize,
    max: usize,
}

impl Text {
    pub(super) const fn from(min: usize, max: usize) -> Self {
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

/// The address of a receiver; see [`super::receiver`] for which ones are allowed.
#[derive(Clone, Copy, Debug)]
pub struct Link;

impl Read for Link {
    type Value = Url;

    fn read(&self, text: &str) -> Option<Url> {
        super::receiver(text, true).ok()
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

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The parts of a comma-separated list; empty parts, as after a trailing comma, do not count.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
