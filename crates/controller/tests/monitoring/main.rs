//! Alerts, runbooks and dashboard agree with each other and with the metrics. What the alerts fire on, promtool tests
//! (`rules_test.yaml`).
#![allow(clippy::unwrap_used, clippy::panic)]

mod exported;
mod promql;

use exported::Exported;
use promql::Named;
use self_healing_core::names::GuardName;
use self_healing_core::settings::Settings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A file of `kubernetes/monitoring`; JSON is YAML too.
fn monitoring(file: &str) -> Value {
    serde_saphyr::from_str(&read(&format!("kubernetes/monitoring/{file}"))).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn all_rules() -> Vec<Value> {
    list(&monitoring("rules.yaml"), "groups").iter().flat_map(|group| list(group, "rules").to_vec()).collect()
}

fn alerts() -> Vec<Value> {
    let alerts: Vec<Value> = all_rules().into_iter().filter(|rule| rule.get("alert").is_some()).collect();
    assert!(!alerts.is_empty(), "rules.yaml holds no alert");
    alerts
}

fn exported() -> Exported {
    Exported::with_records(all_rules().iter().filter_map(|rule| rule["record"].as_str()))
}

/// The words between `open` and the next character that no label has.
fn labels_after<'a>(text: &'a str, open: &str) -> Vec<&'a str> {
    let parts = text.split(open).skip(1);
    parts.map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()).collect()
}

#[test]
fn rules_name_only_what_is_exported() {
    let exported = exported();
    for rule in all_rules() {
        let shown = rule["annotations"].to_string();
        let unknown = exported.unknown(text(&rule, "expr"), &labels_after(&shown, "$labels."));
        assert!(unknown.is_empty(), "{}{} names {unknown:?}", rule["alert"], rule["record"]);
    }
}

#[test]
fn panels_name_only_what_is_exported_and_say_what_they_show() {
    let (exported, dashboard) = (Exported::with_records([].into_iter()), monitoring("dashboard.json"));
    let is_row = |panel: &&Value| text(panel, "type") == "row";
    let panels: Vec<&Value> = list(&dashboard, "panels").iter().filter(|panel| !is_row(panel)).collect();
    assert!(!panels.is_empty(), "dashboard.json holds no panel");
    for panel in panels {
        let title = text(panel, "title");
        assert!(!text(panel, "description").is_empty(), "{title} has no description");
        assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(!list(panel, "targets").is_empty(), "{title} asks for nothing");
        for target in list(panel, "targets") {
            let unknown = exported.unknown(text(target, "expr"), &labels_after(text(target, "legendFormat"), "{{"));
            assert!(unknown.is_empty(), "{title} names {unknown:?}");
        }
    }
    for variable in list(&dashboard["templating"], "list").iter().filter(|variable| text(variable, "type") == "query") {
        let query = text(variable, "definition").trim_start_matches("label_values(").trim_end_matches(')');
        let (series, label) = query.rsplit_once(", ").unwrap();
        let unknown = exported.unknown(series, &[label]);
        assert!(unknown.is_empty(), "{} names {unknown:?}", variable["name"]);
    }
}

#[test]
fn every_alert_says_what_a_person_needs() {
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for alert in alerts() {
        let name = text(&alert, "alert");
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        assert!(name.starts_with("SelfHealing"), "{name}");
        assert!(!text(&alert, "for").is_empty(), "{name}");
        assert!(["critical", "warning", "info"].contains(&text(&alert["labels"], "severity")), "{name}");
        for annotation in ["summary", "description"] {
            assert!(text(&alert["annotations"], annotation).ends_with('.'), "{annotation} of {name} is no sentence");
        }
        let page = text(&alert["annotations"], "runbook_url");
        let place = page.strip_suffix(&format!("/docs/runbooks/{name}.md"));
        places.insert(place.unwrap_or_else(|| panic!("{name} links to {page}")).to_owned());
    }
    assert_eq!(places.len(), 1, "one address is to be replaced: {places:?}");
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let alerts: BTreeSet<String> = alerts().iter().map(|alert| text(alert, "alert").to_owned()).collect();
    let pages = fs::read_dir(root().join("docs/runbooks")).unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    let pages = pages.map(|page| page.trim_end_matches(".md").to_owned());
    // Those of causes and guards are named as these are.
    let pages: BTreeSet<String> = pages.filter(|page| page.starts_with("SelfHealing")).collect();
    assert_eq!(alerts, pages);
    for page in &pages {
        let text = read(&format!("docs/runbooks/{page}.md"));
        let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            heads,
            [format!("# {page}").as_str(), "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"],
            "{page}"
        );
    }
}

#[test]
fn every_alert_is_tested_to_fire_and_to_be_silent() {
    let tests = monitoring("rules_test.yaml");
    let (mut firing, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for test in list(&tests, "tests").iter().flat_map(|test| list(test, "alert_rule_test")) {
        let set = if list(test, "exp_alerts").is_empty() { &mut silent } else { &mut firing };
        set.insert(text(test, "alertname").to_owned());
    }
    let alerts: BTreeSet<String> = alerts().iter().map(|alert| text(alert, "alert").to_owned()).collect();
    assert_eq!(alerts, firing, "alerts, and those with a test that they fire");
    assert_eq!(alerts, silent, "alerts, and those with a test that they do not");
}

#[test]
fn every_guard_is_watched_unless_people_decided() {
    let decided = ["Mode", "Excluded", "ProtectedNamespace", "MaintenanceWindow"].map(str::to_owned);
    let watched = alerts().into_iter().flat_map(|alert| Named::read(text(&alert, "expr")).selectors);
    let guards = watched.flat_map(|selector| selector.matchers).filter(|(label, _)| label == "guard");
    let named = guards.flat_map(|(_, text)| text.split('|').map(str::to_owned).collect::<Vec<_>>());
    let named: BTreeSet<String> = named.chain(decided).collect();
    let all: BTreeSet<String> = GuardName::ALL.iter().map(|guard| guard.as_str().to_owned()).collect();
    assert_eq!(named, all);
}

#[test]
fn a_watch_is_stale_for_alerts_when_it_is_for_the_controller() {
    let alerts = alerts();
    let of_lag = |alert: &&Value| text(alert, "expr").contains("self_healing_watch_lag_seconds");
    let stale = format!("> {}", Settings::default().watch_patience.as_secs());
    let found: Vec<&Value> = alerts.iter().filter(of_lag).collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|alert| text(alert, "expr").ends_with(&stale)), "{found:?}");
}

#[test]
fn the_folder_is_applied_as_a_whole() {
    let kustomization = monitoring("kustomization.yaml");
    let dashboard = &list(&kustomization, "configMapGenerator")[0];
    assert_eq!(dashboard["options"]["labels"]["grafana_dashboard"], "1");
    let named = list(&kustomization, "resources").iter().chain(list(dashboard, "files"));
    let named: BTreeSet<&str> = named.map(|file| file.as_str().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(["podmonitor.yaml", "prometheusrule.yaml", "dashboard.json"]));
}
