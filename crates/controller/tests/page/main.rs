//! The page in a real browser, against the live demo: what somebody sees who was woken up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails the test")]

mod browser;
mod everybody;
mod ground;
mod large;
mod pictures;
#[path = "../served/mod.rs"]
mod served;

use browser::Browser;
use ground::{Demo, Wire};
use large::{HOSTILE, Large, NODES, RECOVERIES};
use serde_json::{Value, json};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

const WIDE: u32 = 1200;
/// How often everything changes while it is measured.
const STEPS: usize = 20;

/// Those that measure have the machine for themselves.
static MACHINE: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

fn beside() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

const LIVE: &str = "document.getElementById('state').textContent.startsWith('Live')";
const A_RECOVERY: &str = "document.querySelector('section.recoveries tbody a')";

fn assert_no_complaint(browser: &mut Browser) {
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn the_overview_shows_how_everything_is_and_what_happens() {
    let (_one, demo) = (alone(), Demo::start(&[]));
    let mut browser = Browser::start(WIDE);
    browser.go(&demo.url());
    browser.until(LIVE);
    let paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    let paint = browser.until(paint).as_f64().unwrap();
    println!("first paint after {paint:.0} ms");
    assert!(paint < 1000.0, "the first paint came after {paint} ms");
    let state = browser.text("document.getElementById('state').textContent");
    assert!(state.contains("Leader") && state.contains("Mode Enforce"), "{state}");
    let zones =
        browser.value("[...document.querySelectorAll('figure canvas')].map((one) => one.getAttribute('aria-label'))");
    let zones = zones.as_array().unwrap().iter().map(|zone| zone.as_str().unwrap()).collect::<Vec<_>>().join("; ");
    assert!(["Zone a", "Zone b", "Zone c"].iter().all(|zone| zones.contains(zone)), "{zones}");
    assert_eq!(browser.value("document.querySelectorAll('section.watches tbody tr').length"), 13);
    assert_eq!(browser.value("document.querySelectorAll('section.budgets meter').length"), 6);
    browser.until(A_RECOVERY);
    browser.until("document.querySelector('section.happened li')");
    // The demo breaks a node sooner or later, and the grid says so in words.
    browser.until("document.querySelector('figure .named a')");
    browser.until("document.querySelector('section.recoveries tbody .badge.held')");
    assert_no_complaint(&mut browser);
}

#[test]
fn a_recovery_is_a_story_that_goes_on_while_it_is_read() {
    let (_one, demo) = (beside(), Demo::start(&["--speed", "6"]));
    let mut browser = Browser::start(WIDE);
    browser.go(&demo.url());
    browser.value("window.same = true");
    // One that its budget holds for a while is there long enough to be seen from its beginning.
    let held = "[...document.querySelectorAll('section.recoveries tbody tr')].find((row) => row.querySelector('.badge.high') \
                && row.innerText.includes('Budget'))";
    browser.until(&format!(
        "(() => {{ const link = {held}?.querySelector('a'); link?.click(); return link; }})() && true"
    ));
    browser.until("location.hash.startsWith('#/recovery/')");
    browser.until("document.querySelector('.story .head .badge')?.textContent === 'Held'");
    browser.until("document.querySelector('section.guards .hold')?.textContent.includes('workload_backoff')");
    browser.until("document.querySelector('section.steps .line').innerText.includes('recreate begins')");
    browser.until("document.querySelector('.story .head .badge').textContent === 'Succeeded'");
    let said = browser.text("document.querySelector('[role=status].unseen').textContent");
    assert!(said.contains("Succeeded"), "a screen reader hears of it: {said:?}");
    assert_eq!(browser.value("window.same"), true, "the page was not loaded again");
    let story = browser.text("document.querySelector('.story').innerText");
    for words in [
        "What was seen",
        "Why this severity",
        "starts at",
        "What the guards said",
        "✓ ",
        "over: Succeeded",
        "Is it back?",
        "yes",
    ] {
        assert!(story.contains(words), "{words:?} is not in {story}");
    }
    for words in [
        "Nobody: no channel is on",
        "kubectl -n self-healing get recovery",
        "kubectl heal explain recovery/",
        "kubectl describe pod",
    ] {
        assert!(story.contains(words), "{words:?} is not in {story}");
    }
    let link = browser.text("document.querySelector('section.share a').textContent");
    browser.go(&demo.url());
    browser.go(&link);
    browser.until("document.querySelector('h1').textContent.startsWith('Pod shop/')");
    assert_no_complaint(&mut browser);
}

#[test]
fn the_history_is_filtered_and_counted() {
    let (_one, demo) = (beside(), Demo::start(&["--speed", "60"]));
    let mut browser = Browser::start(WIDE);
    browser.go(&format!("{}#/history", demo.url()));
    browser.until("document.querySelectorAll('section.records tbody tr').length > 15 && document.querySelector('section.records tbody').textContent.includes('Node ')");
    let all = "document.querySelectorAll('section.records tbody tr').length";
    let before = browser.value(all).as_u64().unwrap();
    browser.value("{ const by = document.getElementById('by-type'); by.value = 'node_failure'; by.dispatchEvent(new Event('change')); }");
    let after = browser.value(all).as_u64().unwrap();
    assert!(after > 0 && after < before, "{after} of {before}");
    let only = "[...document.querySelectorAll('section.records tbody th')].every((one) => one.textContent.startsWith('Node '))";
    assert_eq!(browser.value(only), true);
    assert_eq!(browser.value("location.hash"), "#/history?type=node_failure");
    browser.value("{ const by = document.getElementById('by-workload'); by.value = 'node-'; by.dispatchEvent(new Event('input')); }");
    assert_eq!(browser.value(only), true);
    browser.value("{ const by = document.getElementById('by-workload'); by.value = 'no such thing'; by.dispatchEvent(new Event('input')); }");
    assert_eq!(browser.value(all), 0);
    browser.go(&format!("{}#/", demo.url()));
    browser.value("location.hash = '#/history?cause=Failed&result=Succeeded'");
    browser.until("document.querySelectorAll('section.records tbody tr').length > 0");
    let causes = "[...document.querySelectorAll('section.records tbody tr')].every((one) => one.children[1].textContent === 'Failed')";
    assert_eq!(browser.value(causes), true);
    assert!(browser.text("document.querySelector('section.times').innerText").contains("Half within"));
    assert!(browser.value("document.querySelectorAll('section.most li').length").as_u64().unwrap() > 0);
    assert_no_complaint(&mut browser);
}

#[test]
fn any_object_is_explained_by_keyboard_beside() {
    let (_one, demo) = (alone(), Demo::start(&[]));
    let mut browser = Browser::start(WIDE);
    browser.go(&demo.url());
    browser.until(LIVE);
    browser.press("Tab");
    assert_eq!(browser.value("document.activeElement.id"), "skip");
    browser.press("Enter");
    assert_eq!(browser.value("document.activeElement.id"), "main");
    tab_to(&mut browser, "document.activeElement.getAttribute('href') === '#/explain'");
    browser.press("Enter");
    browser.until("document.activeElement.tagName === 'H1' && document.activeElement.textContent === 'Explain'");
    tab_to(&mut browser, "document.activeElement.id === 'ask-name'");
    browser.type_in("node/node-a1");
    browser.press("Enter");
    browser.until("document.querySelector('.answer h2')?.textContent.startsWith('Node node-a1')");
    let answer = browser.text("document.querySelector('.answer').innerText");
    for words in ["Next", "What each rule says", "Unreachable", "What each guard says", "Breaker"] {
        assert!(answer.contains(words), "{words:?} is not in {answer}");
    }
    browser.value("location.hash = '#/explain/Node/node-a11'");
    browser.until("document.querySelector('section.meant a')?.textContent === 'Node node-a1'");
    tab_to(&mut browser, "document.activeElement.closest('section.meant') !== null");
    browser.press("Enter");
    browser.until("document.querySelector('.answer h2')?.textContent.startsWith('Node node-a1 ')");
    let complaints = browser.complaints();
    assert!(
        complaints.iter().all(|one| one.contains("404")),
        "an unknown object is answered with 404: {complaints:#?}"
    );
}

fn tab_to(browser: &mut Browser, here: &str) {
    for _ in 0..80 {
        if browser.value(here) == true {
            return;
        }
        browser.press("Tab");
    }
    panic!("Tab never reaches {here}");
}

#[test]
fn a_lost_connection_is_said_and_what_was_missed_is_told_afterwards() {
    let (_one, demo) = (beside(), Demo::start(&["--speed", "1"]));
    let wire = Wire::to(&demo.address);
    let mut browser = Browser::start(WIDE);
    browser.go(&format!("http://{}/", wire.address));
    browser.until(LIVE);
    wire.cut();
    browser.until("document.getElementById('state').textContent.startsWith('Stale since')");
    assert_eq!(browser.value("document.body.classList.contains('stale')"), true);
    demo.configure("mode", "Observe");
    wire.mend();
    browser.until(LIVE);
    browser.until("document.getElementById('alarms').textContent.includes('Mode Observe')");
    let said = wire.said();
    assert!(said.contains("event: rows") && !said.contains("event: whole"), "it goes on where it was cut: {said}");
    demo.configure("mode", "Enforce");
    browser.until("document.getElementById('alarms').textContent === ''");
}

#[test]
fn what_changes_is_seen_soon_and_a_pause_cannot_be_overlooked() {
    let (_one, demo) = (alone(), Demo::start(&["--speed", "1"]));
    let mut browser = Browser::start(WIDE);
    browser.go(&demo.url());
    browser.until(LIVE);
    let mut took = Vec::new();
    for _ in 0..3 {
        for (paused, words) in [("true", "includes('Paused')"), ("false", "trim() === ''")] {
            demo.configure("paused", paused);
            let begin = Instant::now();
            browser.until(&format!("document.getElementById('alarms').textContent.{words}"));
            took.push(begin.elapsed());
        }
    }
    took.sort();
    println!("seen after {took:?}");
    assert!(took[took.len() / 2] <= Duration::from_millis(200), "{took:?}");
    assert_no_complaint(&mut browser);
}

#[test]
fn thousands_stay_smooth_and_no_name_becomes_markup() {
    let (_one, large) = (alone(), Large::start());
    large.tell(0);
    let mut browser = Browser::start(WIDE);
    browser.go(&large.url);
    // What was told before anybody listened is not taken for current.
    large.tell(1);
    browser.until("document.querySelectorAll('section.recoveries tbody tr').length === 100");
    browser.until(&format!("document.querySelector('.sum').textContent.includes('{RECOVERIES} active recoveries')"));
    browser.until(&format!("document.querySelector('.sum').textContent.includes('{NODES} nodes')"));
    let begin = browser.busy();
    for step in 2..2 + STEPS {
        large.tell(step);
        // The loop tells no more often than that.
        std::thread::sleep(Duration::from_millis(100));
    }
    let last = format!("step {} of", STEPS + 1);
    browser.until(&format!("document.querySelector('section.recoveries tbody').textContent.includes('{last}')"));
    let busy = (browser.busy() - begin) / u32::try_from(STEPS).unwrap();
    println!("{} nodes and {} recoveries change at once: {busy:?} of the browser", NODES / 10, RECOVERIES / 10);
    assert!(busy < Duration::from_millis(50), "one update takes {busy:?} of the page's thread");
    assert_eq!(browser.value("typeof window.hacked"), "undefined");
    assert_eq!(
        browser.value("document.querySelectorAll('main script, main img, main [onclick], main [onerror]').length"),
        0
    );
    for name in HOSTILE {
        let shown = format!(
            "[...document.querySelectorAll('section.recoveries bdi')].some((one) => one.textContent === {})",
            json!(format!("Pod shop/{name}"))
        );
        assert_eq!(browser.value(&shown), true, "{name}");
    }
    browser.resize(360, 740);
    assert_eq!(browser.until("document.documentElement.scrollWidth <= 360"), true);
    assert_no_complaint(&mut browser);
}

#[test]
fn hostile_names_stay_text_on_every_page() {
    let (_one, demo) = (beside(), Demo::start(&["--speed", "60"]));
    let mut browser = Browser::start(WIDE);
    browser.go(&format!("{}#/history", demo.url()));
    browser.until("document.querySelector('section.records tbody tr')");
    let path = "/apis/self-healing.dev/v1alpha1/namespaces/self-healing/recoveries";
    let list = demo.ask("GET", path, "application/json", "");
    let list: Value = serde_json::from_str(list.split_once("\r\n\r\n").unwrap().1).unwrap();
    for (number, name) in HOSTILE.iter().map(|name| (*name).to_owned()).chain(["n".repeat(253)]).enumerate() {
        let mut record = list["items"][0].clone();
        record["metadata"] = json!({ "name": format!("hostile-{number}") });
        record["spec"]["target"]["name"] = json!(name);
        record["spec"]["workload"]["name"] = json!(name);
        record["spec"]["description"] = json!(format!("about {name}"));
        record["spec"]["reasons"] = json!([name]);
        let answer = demo.ask("POST", path, "application/json", &record.to_string());
        assert!(answer.contains(" 201 Created"), "{answer}");
        let row = format!(
            "[...document.querySelectorAll('section.records bdi')].find((one) => one.textContent.endsWith({}))",
            json!(name)
        );
        browser.until(&row);
        browser.value(&format!("{row}.closest('a').click()"));
        browser.until(&format!(
            "document.querySelector('section.seen')?.textContent.includes({})",
            json!(format!("about {name}"))
        ));
        browser.resize(360, 740);
        browser.until("document.documentElement.scrollWidth <= 360");
        browser.value(&format!("location.hash = '#/explain/Pod/shop/' + encodeURIComponent({})", json!(name)));
        browser.until(&format!("document.querySelector('.answer h2')?.textContent.includes({})", json!(name)));
        browser.until("document.documentElement.scrollWidth <= 360");
        browser.resize(WIDE, 900);
        browser.value("location.hash = '#/history'");
    }
    assert_eq!(browser.value("typeof window.hacked"), "undefined");
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|one| one.contains("404")), "{complaints:#?}");
}
