//! The page itself: files that are part of the program, and the headers that keep it to them.

use super::pages::error;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// What a browser may load and do: the page's own files, and questions to where it came from.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const INDEX: &str = include_str!("page/index.html");

/// Every file below `/assets`, with its type.
const ASSETS: &[(&str, &str, &str)] = &[
    ("page.css", CSS, include_str!("page/page.css")),
    ("icon.svg", SVG, include_str!("page/icon.svg")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("feed.js", SCRIPT, include_str!("page/feed.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("words.js", SCRIPT, include_str!("page/words.js")),
    ("nodes.js", SCRIPT, include_str!("page/nodes.js")),
    ("overview.js", SCRIPT, include_str!("page/overview.js")),
    ("recovery.js", SCRIPT, include_str!("page/recovery.js")),
    ("history.js", SCRIPT, include_str!("page/history.js")),
    ("explain.js", SCRIPT, include_str!("page/explain.js")),
];

pub(super) async fn index() -> Response {
    ([(CONTENT_TYPE, HTML)], INDEX).into_response()
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(CONTENT_TYPE, *kind)], *text).into_response(),
        None => error(StatusCode::NOT_FOUND, &format!("no page /assets/{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_and_loads_nothing_from_elsewhere() {
        let size = INDEX.len() + ASSETS.iter().map(|(.., text)| text.len()).sum::<usize>();
        assert!(size <= 150 * 1024, "{size} bytes");
        for (name, _, text) in ASSETS.iter().chain(&[("index.html", HTML, INDEX)]) {
            let foreign = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("://"), "{name} names another server");
            assert!(!text.contains("innerHTML") && !text.contains("insertAdjacentHTML"), "{name} makes markup of text");
        }
        assert!(
            !INDEX.contains("style=") && !INDEX.contains("<style") && !INDEX.contains(" on"),
            "inline code or style"
        );
        for reference in INDEX.split(['"', '\'']).filter_map(|word| word.strip_prefix("assets/")) {
            assert!(ASSETS.iter().any(|(name, ..)| *name == reference), "{reference} is not there");
        }
    }
}
