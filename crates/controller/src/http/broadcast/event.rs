//! How events are written: <https://html.spec.whatwg.org/multipage/server-sent-events.html>, with JSON on one line as data.

use bytes::Bytes;
use jiff::Timestamp;
use self_healing_api::explanation::Object;
use self_healing_core::happening::Happening;
use self_healing_core::time::Stamp;
use serde::Serialize;

/// Rows that are set, and keys of rows that are gone.
pub(super) struct Part {
    at: Stamp,
    set: String,
    gone: String,
}

impl Part {
    pub(super) fn new(at: Stamp) -> Self {
        Self { at, set: String::new(), gone: String::new() }
    }

    /// `row` is JSON.
    pub(super) fn set(&mut self, key: &str, row: &str) {
        if !self.set.is_empty() {
            self.set.push(',');
        }
        self.set += &quoted(key);
        self.set.push(':');
        self.set += row;
    }

    pub(super) fn gone(&mut self, key: &str) {
        if !self.gone.is_empty() {
            self.gone.push(',');
        }
        self.gone += &quoted(key);
    }

    pub(super) fn len(&self) -> usize {
        self.set.len() + self.gone.len()
    }

    pub(super) fn event(&self, name: &str, id: Option<&str>) -> Bytes {
        let Self { at, set, gone } = self;
        let at = quoted(&moment(*at));
        write(name, id, &format!("{{\"at\":{at},\"set\":{{{set}}},\"gone\":[{gone}]}}"))
    }
}

/// One transition worth telling.
#[derive(Serialize)]
struct Told<'a> {
    at: String,
    what: &'a str,
    warning: bool,
    recovery: &'a str,
    target: Object,
    severity: &'a str,
    note: &'a str,
}

pub(super) fn happened(at: Stamp, happening: &Happening, id: &str) -> Bytes {
    let told = Told {
        at: moment(at),
        what: happening.what.as_str(),
        warning: happening.what.is_warning(),
        recovery: &happening.recovery,
        target: Object::from(&happening.target),
        severity: happening.severity.as_str(),
        note: &happening.note,
    };
    // Texts only: writing them cannot fail.
    write("happening", Some(id), &serde_json::to_string(&told).unwrap_or_default())
}

fn write(name: &str, id: Option<&str>, data: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("event: {name}\n{id}data: {data}\n\n"))
}

/// To the millisecond, which the page's clock goes by.
fn moment(stamp: Stamp) -> String {
    Timestamp::from_millisecond(stamp.0).unwrap_or_default().to_string()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
