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
    let (_one, demo) = (alone(), Demo::start(&["--speed", "12"]));
    let mut browser = Browser::start(1200);
    browser.prefer("light");
    browser.go(&demo.url());
    browser.until(LIVE);
    // One that a budget holds first, told to its end.
    let held = "document.querySelector('section.recoveries tbody .badge.held')";
    browser.until(held);
    browser.value(&format!("{held}.closest('tr').querySelector('a').click()"));
    browser.until("document.querySelector('.story .head .badge')?.textContent === 'Succeeded'");
    browser.resize(1200, 1500);
    take(&mut browser, "recovery.png");
    browser.prefer("dark");
    browser.value("location.hash = '#/history'");
    browser.until("document.querySelectorAll('section.records tbody tr').length > 9");
    browser.resize(1200, 1000);
    take(&mut browser, "history.png");
    browser.value("location.hash = '#/'");
    browser.prefer("light");
    let guards = "[...document.querySelectorAll('section.recoveries tbody .badge')].map((one) => one.textContent)";
    browser.until("document.querySelector('figure .named a')");
    browser.until(&format!("{guards}.filter((one) => one === 'Breaker').length > 3"));
    browser.resize(1200, 1150);
    take(&mut browser, "overview.png");
    browser.resize(390, 844);
    browser.prefer("dark");
    take(&mut browser, "phone.png");
}
