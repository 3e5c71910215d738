//! What expressions may name: what the controller exports, what a scrape adds, and the few metrics of others.

use super::promql::{Named, Selector};
use self_healing_controller::metrics::{Format, Metrics};
use std::collections::{BTreeMap, BTreeSet};

/// Labels that a scrape adds to every series.
const OF_TARGETS: [&str; 5] = ["cluster", "namespace", "job", "pod", "instance"];
/// Metrics of others, with the labels that are used of them.
const OF_OTHERS: [(&str, &[&str]); 2] =
    [("up", &[]), ("kube_pod_container_resource_limits", &["container", "resource"])];
/// The metric whose label values are not a closed list.
const OPEN: &str = "self_healing_api_requests_total";

type Labels = BTreeMap<String, BTreeSet<String>>;

/// Metrics with their labels and the values of these.
pub(crate) struct Exported(BTreeMap<String, Labels>);

impl Exported {
    /// What `/metrics` shows, and what recording rules make of it.
    pub(crate) fn with_records<'a>(records: impl Iterator<Item = &'a str>) -> Self {
        let metrics = Metrics::new();
        metrics.api_call("get", "pods", Some(200));
        let mut all: BTreeMap<String, Labels> = BTreeMap::new();
        let text = metrics.expose(Format::Classic).unwrap().body;
        for series in text.lines().filter(|line| !line.starts_with('#')) {
            let series = series.rsplit_once(' ').unwrap().0;
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let known = all.entry(name.to_owned()).or_default();
            for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
                let (label, value) = label.split_once('=').unwrap();
                known.entry(label.to_owned()).or_default().insert(value.trim_matches('"').to_owned());
            }
        }
        for (name, labels) in OF_OTHERS {
            all.insert(name.to_owned(), labels.iter().map(|label| ((*label).to_owned(), BTreeSet::new())).collect());
        }
        all.extend(records.map(|record| (record.to_owned(), Labels::new())));
        Self(all)
    }

    /// What of `expression` there is not; `shown` are the labels that a text about its results names.
    pub(crate) fn unknown(&self, expression: &str, shown: &[&str]) -> Vec<String> {
        let named = Named::read(expression);
        let mut unknown: Vec<String> = named.selectors.iter().flat_map(|selector| self.unknown_of(selector)).collect();
        let metrics = named.selectors.iter().filter_map(|selector| self.0.get(&selector.metric));
        let known: BTreeSet<&str> = metrics.flat_map(Labels::keys).map(String::as_str).chain(OF_TARGETS).collect();
        let used = named.groupings.iter().map(String::as_str).chain(shown.iter().copied());
        unknown.extend(used.filter(|label| !known.contains(label)).map(|label| format!("label {label}")));
        unknown
    }

    fn unknown_of(&self, selector: &Selector) -> Vec<String> {
        let metric = &selector.metric;
        let Some(labels) = self.0.get(metric) else { return vec![format!("metric {metric}")] };
        let of_matcher = |(label, text): &(String, String)| match labels.get(label) {
            None if OF_TARGETS.contains(&label.as_str()) => Vec::new(),
            None => vec![format!("{metric}{{{label}}}")],
            Some(_) if metric == OPEN => Vec::new(),
            Some(values) if values.is_empty() => Vec::new(),
            Some(values) => {
                let strange = text.split('|').filter(|value| !values.contains(*value));
                strange.map(|value| format!("{metric}{{{label}=\"{value}\"}}")).collect()
            }
        };
        selector.matchers.iter().flat_map(of_matcher).collect()
    }
}

#[test]
fn what_there_is_not_is_named() {
    let exported = Exported::with_records(["a:b"].into_iter());
    let unknown = |expression| exported.unknown(expression, &[]);
    let none: [&str; 0] = [];
    assert_eq!(
        unknown("sum by (cluster, type) (self_healing_active_failures{type=~\"node_failure|pod_failure\"}) > a:b"),
        none
    );
    assert_eq!(unknown("self_healing_api_requests_total{code=~\"5..\"}"), none);
    assert_eq!(unknown("self_healing_leaders"), ["metric self_healing_leaders"]);
    assert_eq!(unknown("self_healing_leader{zone=\"a\"}"), ["self_healing_leader{zone}"]);
    assert_eq!(unknown("self_healing_guard_holds{guard=\"breaker\"}"), ["self_healing_guard_holds{guard=\"breaker\"}"]);
    assert_eq!(unknown("sum by (kind) (self_healing_guard_holds)"), ["label kind"]);
    assert_eq!(exported.unknown("self_healing_guard_holds", &["guard", "kind"]), ["label kind"]);
}
