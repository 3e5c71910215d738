//! Whether everybody can use it: by the rules of axe-core, in light and dark, on a phone, by keyboard.

use super::browser::Browser;
use super::ground::Demo;
use super::{LIVE, WIDE, assert_no_complaint, beside};
use std::io::Read as _;

/// axe-core, see `axe-core/README.md`.
const AXE: &[u8] = include_bytes!("axe-core/axe.min.js.gz");

/// What axe-core says against what is shown.
fn violations(browser: &mut Browser) -> Vec<String> {
    if browser.value("typeof axe") == "undefined" {
        let mut axe = String::new();
        flate2::read::GzDecoder::new(AXE).read_to_string(&mut axe).unwrap();
        browser.value(&format!("{axe}; 1"));
    }
    let found = browser.value(
        "axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations.map((one) => \
         `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`))",
    );
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn everybody_can_use_every_view() {
    let (_one, demo) = (beside(), Demo::start(&["--speed", "10"]));
    let mut browser = Browser::start(WIDE);
    browser.go(&demo.url());
    browser.until(LIVE);
    browser.until("document.querySelector('section.recoveries tbody a')");
    let recovery = browser.text("document.querySelector('section.recoveries tbody a').getAttribute('href')");
    let views = [
        ("#/", "document.querySelector('section.recoveries')"),
        (recovery.as_str(), "document.querySelector('section.steps .line')"),
        ("#/history", "document.querySelector('section.records tbody tr')"),
        ("#/explain/Node/node-a1", "document.querySelector('section.guards')"),
    ];
    for (view, is_there) in views {
        browser.value(&format!("location.hash = '{view}'"));
        browser.until(is_there);
        for scheme in ["light", "dark"] {
            browser.prefer(scheme);
            let found = violations(&mut browser);
            assert!(found.is_empty(), "{view} in {scheme}: {found:#?}");
        }
        browser.resize(360, 740);
        browser.until("document.documentElement.scrollWidth <= 360");
        let found = violations(&mut browser);
        assert!(found.is_empty(), "{view} on a phone: {found:#?}");
        browser.resize(WIDE, 900);
        let landmarks = "['header', 'nav', 'main', 'footer'].every((name) => document.querySelectorAll(name).length === 1) \
                         && document.querySelectorAll('h1').length === 1";
        assert_eq!(browser.value(landmarks), true, "{view}");
    }
    assert_no_complaint(&mut browser);
}
