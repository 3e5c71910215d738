//! Differences that are meant, each with why the controller does not care; `docs/conformance.md` tells the same.

use serde_json::Value;

/// The place in an answer, words of the real server's text that it is about, and why it may differ.
struct Tolerated {
    at: &'static str,
    words: &'static [&'static str],
    #[allow(dead_code, reason = "for people, and for the test that there is one")]
    why: &'static str,
}

const TOLERATED: &[Tolerated] = &[Tolerated {
    at: "body/message",
    words: &[
        "couldn't get version/kind; json parse error",
        "Object 'Kind' is missing",
        "cannot be handled as a",
        "error decoding patch",
        "invalid continue token",
    ],
    why: "the texts about a body that cannot be decoded quote Go's decoder and its types; code and reason are compared",
}];

/// Whether this difference is one of them.
pub(super) fn is(path: &str, sim: &Value, real: &Value) -> bool {
    let (Some(_), Some(real)) = (sim.as_str(), real.as_str()) else { return false };
    TOLERATED.iter().any(|known| known.at == path && known.words.iter().any(|words| real.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_listed_may_differ_and_never_a_code() {
        let decoder = json!("error decoding patch: json: cannot unmarshal array");
        assert!(is("body/message", &json!("error decoding patch: it is no object"), &decoder));
        assert!(!is("body/message", &Value::Null, &decoder));
        assert!(!is("body/message", &json!("pods not found"), &json!("pods \"a\" not found")));
        assert!(!is("body/code", &json!(400), &json!(422)));
        assert!(TOLERATED.iter().all(|known| !known.why.is_empty()));
    }
}
