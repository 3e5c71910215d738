//! The pictures of the documentation: `cargo xtask pictures` takes them anew.

use super::browser::Browser;
use super::ground::Demo;
use super::{LIVE, alone};
use base64::Engine as _;
use std::path::Path;

fn take(browser: &mut Browser, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let picture = base64::engine::general_purpose::STANDARD.decode(browser.picture()).unwrap();
    std::fs::write(folder.join(name), picture).unwrap();
}

#[test]
#[ignore = "writes the pictures of the documentation; run by `cargo xtask pictures`"]
fn pictures() {
    let (_one, demo) = (alone(), Demo::start(&[]));
    let mut browser = Browser::start(1200);
    browser.prefer("light");
    browser.go(&demo.url());
    browser.until(LIVE);
    browser.until("document.querySelectorAll('section.recoveries tbody .badge.held').length > 1");
    browser.resize(1200, 1000);
    take(&mut browser, "overview.png");
    browser.value("document.querySelector('section.recoveries tbody a').click()");
    browser.until("document.querySelector('section.guards .hold')");
    browser.resize(1200, 1200);
    take(&mut browser, "recovery.png");
    browser.prefer("dark");
    browser.value("location.hash = '#/history'");
    browser.until("document.querySelectorAll('section.records tbody tr').length > 8");
    browser.resize(1200, 1000);
    take(&mut browser, "history.png");
    browser.resize(390, 844);
    browser.value("location.hash = '#/'");
    browser.until("document.querySelector('figure canvas')");
    take(&mut browser, "phone.png");
}
