//! Every example of `docs/policies` is valid and does what it says.

use crate::ground::{Ground, QUICK};
use self_healing_api::policy::{check, read_yaml};
use self_healing_core::event::Event;
use self_healing_core::fact::{Labels, Marks, NamespaceFact};
use self_healing_core::key::{Key, Kind, Text};
use self_healing_core::names::{Phase, Severity};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every example; each has a test here that plays it.
const EXAMPLES: [&str; 17] = [
    "ask-before-nodes",
    "batch-is-not-urgent",
    "business-hours",
    "control-plane",
    "critical-workloads",
    "drain-in-time",
    "fence-and-replace",
    "gently",
    "gpu-nodes",
    "nodes-at-night",
    "observe-a-namespace",
    "out-of-memory",
    "patience",
    "raise-memory",
    "reboot-then-replace",
    "relieve-pressure",
    "who-is-told",
];
const NODES: &str = "nodes n1 n2 n3";

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A cluster on which that example was applied.
fn with(example: &str, cluster: &str, settings: &str) -> Ground {
    let mut ground = Ground::of(&format!("{NODES}\n{cluster}"), settings);
    for policy in read_yaml(&text(&format!("{example}.yaml"))).unwrap() {
        ground.truth.store_policy(policy);
    }
    ground.run(1.0);
    ground
}

fn labels(key: &str, value: &str) -> Labels {
    Labels::new([(Text::from(key), Text::from(value))])
}

#[test]
fn every_example_is_valid_and_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), EXAMPLES);
    let table = text("README.md");
    for example in EXAMPLES {
        let file = format!("{example}.yaml");
        assert!(table.contains(&format!("[{file}]({file})")), "the table does not name {file}");
        let policies = read_yaml(&text(&file)).unwrap();
        assert_eq!(policies.len(), 1, "{file}");
        check(&policies[0].spec).unwrap_or_else(|bad| panic!("{file}: {bad}"));
    }
}

#[test]
fn fence_and_replace() {
    let mut ground = with("fence-and-replace", "machines medik8s\nstatefulset db 1 on n1", QUICK);
    ground.truth.edit_node("n1", |node| node.labels = labels("pool", "database"));
    ground.does("provider powers-off");
    ground.does("silence n1");
    ground.run(120.0);
    assert!(ground.pod("db.2").ready, "{}", ground.report());
    assert_eq!((ground.count("fence n1"), ground.count("unfence n1")), (1, 0));
}

#[test]
fn reboot_then_replace() {
    let mut ground = with("reboot-then-replace", "machines medik8s\ndeployment web 2 on n1", QUICK);
    ground.truth.edit_node("n1", |node| node.labels = labels("pool", "web"));
    ground.does("provider stalls");
    ground.does("silence n1");
    ground.run(300.0);
    assert_eq!(ground.count("replace n1"), 1, "a reboot has five minutes: {}", ground.report());
    ground.run(60.0);
    assert_eq!((ground.count("end-remediation n1"), ground.count("replace n1")), (1, 2), "{}", ground.report());
}

/// The clock of these tests starts at 23:13 in Berlin.
#[test]
fn who_is_told() {
    let mut ground = with("who-is-told", "deployment payments/pay 2 on n1\ndeployment web 2 on n2", QUICK);
    ground.does("fail payments/pay.1");
    ground.does("fail web.1");
    ground.run(60.0);
    assert_eq!((ground.phase("payments/pay.1"), ground.phase("web.1")), (Phase::Succeeded, Phase::Succeeded));
    assert_eq!(ground.truth.told, ["slack opened ok", "slack outcome ok"], "of web only: {}", ground.report());
    ground.run(8.0 * 3600.0);
    assert_eq!(ground.truth.told[2..], ["slack storm ok", "slack outcome ok"], "in the morning");
}

#[test]
fn observe_a_namespace() {
    let mut ground = with("observe-a-namespace", "deployment payments/pay 2 on n1\ndeployment web 2 on n2", QUICK);
    ground.does("fail payments/pay.1");
    ground.does("fail web.1");
    ground.run(10.0);
    assert_eq!((ground.phase("payments/pay.1"), ground.phase("web.1")), (Phase::Observed, Phase::Succeeded));
}

#[test]
fn ask_before_nodes() {
    let mut ground = with("ask-before-nodes", "deployment web 2 on n1", QUICK);
    ground.does("condition n1 KernelDeadlock True");
    ground.run(10.0);
    assert_eq!((ground.phase("n1"), ground.count("")), (Phase::AwaitingApproval, 0));
    ground.does("approve n1");
    ground.run(5.0);
    assert_eq!(ground.count("cordon n1"), 1);
}

#[test]
fn critical_workloads() {
    let mut ground = with("critical-workloads", "deployment web 2 on n1\ndeployment api 2 on n2", "settle_period 1");
    let web = Key::new("shop", "web");
    ground.truth.edit_workload(&Kind::Deployment, &web, |fact| fact.labels = labels("tier", "critical"));
    ground.does("crash-loop web.1 3");
    ground.does("crash-loop api.1 3");
    ground.run(10.0);
    assert_eq!(ground.recovery("web.1").spec.severity, Severity::High);
    assert_eq!(ground.truth.records.len(), 1, "three restarts are no failure of another workload");
}

#[test]
fn batch_is_not_urgent() {
    let settings = format!("{QUICK}\nworkload_backoff 0");
    let mut ground = with("batch-is-not-urgent", "deployment nightly/sums 1 on n1", &settings);
    let (name, marks) = (Text::from("nightly"), Marks::default());
    ground.tell(Event::Namespace(NamespaceFact { name, marks, labels: labels("purpose", "batch") }));
    for pod in ["nightly/sums.1", "nightly/sums.2", "nightly/sums.3"] {
        ground.does(&format!("fail {pod}"));
        ground.run(10.0);
        assert_eq!(ground.recovery(pod).spec.severity, Severity::Medium, "{pod}");
    }
}

#[test]
fn business_hours() {
    // It is Tuesday, 22:13 in London; eleven hours later it is ten past ten on Wednesday in Berlin.
    let mut ground = with("business-hours", "deployment web 2 on n1\ndeployment api 2 on n2", "settle_period 1");
    ground.does("fail web.1");
    ground.run(10.0);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
    ground.jump = (0, 11 * 3600 * 1000);
    ground.does("fail api.1");
    ground.run(10.0);
    let (guard, reason) = ground.held("api.1");
    assert!(guard == "MaintenanceWindow" && reason.contains("until Wed 18:00 Europe/Berlin"), "{guard}: {reason}");
}

#[test]
fn nodes_at_night() {
    // It is a quarter past five in the afternoon in New York.
    let mut ground = with("nodes-at-night", "deployment web 2 on n1", QUICK);
    ground.does("condition n1 KernelDeadlock True");
    ground.run(10.0);
    let (guard, reason) = ground.held("n1");
    assert!(guard == "MaintenanceWindow" && reason.contains("opens Tue 22:00 America/New_York"), "{guard}: {reason}");
    ground.does("condition n1 KernelDeadlock False");
    ground.run(10.0);
    ground.does("not-ready n2");
    ground.run(10.0);
    assert_eq!(ground.count("cordon n2"), 1, "what is dead does not wait");
}

#[test]
fn gently() {
    let mut ground = with("gently", "deployment legacy/web 1 on n1\ndeployment legacy/api 1 on n2", QUICK);
    ground.truth.unwell = true;
    ground.does("fail legacy/web.1");
    ground.run(5.0);
    ground.does("fail legacy/api.1");
    ground.run(5.0);
    let (guard, reason) = ground.held("legacy/api.1");
    assert!(guard == "Budget" && reason.contains("its maxConcurrent allows 1"), "{guard}: {reason}");
}

#[test]
fn gpu_nodes() {
    let mut ground = with("gpu-nodes", "deployment web 2 on n1", QUICK);
    ground.truth.edit_node("n1", |node| node.labels = labels("accelerator", "nvidia"));
    ground.does("condition n1 GpuUnhealthy True");
    ground.does("condition n2 GpuUnhealthy True");
    ground.run(110.0);
    assert_eq!(ground.truth.records.len(), 0, "it has two minutes");
    ground.run(20.0);
    assert_eq!(
        (ground.count("cordon n1"), ground.truth.records.len()),
        (1, 1),
        "a node without a GPU has no such trouble"
    );
}

#[test]
fn control_plane() {
    let cluster = "node cp1 control-plane\nnode cp2 control-plane\nnode cp3 control-plane\ndeployment web 2 on n1";
    let mut ground = with("control-plane", cluster, QUICK);
    ground.does("not-ready cp1");
    ground.run(10.0);
    assert_eq!(ground.phase("cp1"), Phase::AwaitingApproval);
    ground.does("approve cp1");
    ground.run(10.0);
    assert_eq!(ground.count("cordon cp1"), 1);
}

#[test]
fn out_of_memory() {
    let mut ground = with("out-of-memory", "deployment web 1 on n1\ndeployment api 1 on n2", QUICK);
    ground.does("crash-loop web.1 7");
    ground.change("web.1", |pod| {
        let containers = pod.trouble.iter_mut().flat_map(|trouble| &mut trouble.containers);
        containers.flat_map(|container| &mut container.exit).for_each(|exit| exit.code = 137);
    });
    ground.does("crash-loop api.1 7");
    ground.run(10.0);
    assert_eq!((ground.count("delete web.1"), ground.count("delete api.1")), (0, 1));
    assert_eq!(ground.recovery("web.1").spec.policy, "out-of-memory");
}

#[test]
fn patience() {
    let mut ground = with("patience", "deployment web 2 on n1", QUICK);
    ground.does("waits web.1 ImagePullBackOff");
    ground.run(500.0);
    assert_eq!((ground.phase("web.1"), ground.count("delete")), (Phase::Running, 0), "it is watched");
    ground.run(200.0);
    assert_eq!(ground.count("delete web.1"), 1);
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
}

#[test]
fn drain_in_time_waits_for_a_budget_and_not_for_ever() {
    let cluster = "deployment web 2 on n1\ndeployment scratch 1 on n1\nbudget web 2";
    let mut ground = with("drain-in-time", cluster, QUICK);
    ground.change("scratch.1", |pod| pod.marks = Marks::EMPTY_DIR);
    for _ in 0..2 {
        // A detector that is silent for half an hour loses its weight.
        ground.does("condition n1 KernelDeadlock");
        ground.run(1300.0);
    }
    assert_eq!(ground.writes(), ["cordon n1", "evict scratch.1"]);
    ground.run(200.0);
    assert_eq!(ground.writes(), ["cordon n1", "evict scratch.1", "delete web.1", "delete web.2"]);
}

#[test]
fn relieve_pressure() {
    let mut ground = with("relieve-pressure", "deployment batch 2 on n1 besteffort\ndeployment web 2 on n1", QUICK);
    ground.does("cordon n1");
    ground.does("condition n1 MemoryPressure");
    ground.run(20.0);
    assert_eq!((ground.count("evict batch."), ground.count("evict web.")), (2, 0));
}

#[test]
fn raise_memory() {
    let mut ground = with("raise-memory", "deployment web 1 on n1\nstatefulset db 1 on n2", QUICK);
    for pod in ["web.1", "db.1"] {
        ground.does(&format!("oom {pod}"));
        ground.run(2.0);
        ground.does(&format!("oom {pod}"));
    }
    ground.run(20.0);
    assert_eq!((ground.count("resize web.1"), ground.count("resize db.1")), (1, 0));
    assert_eq!(ground.phase("web.1"), Phase::Succeeded);
}
