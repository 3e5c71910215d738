//! Recordings of the demo and of a small town, replayed, as somebody at a shell sees it.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "explain/town.rs"]
#[allow(dead_code, reason = "the town has more to show than is recorded here")]
mod town;

use self_healing_controller::manifests::NAMESPACE;
use self_healing_controller::record::{Limits, Pace, Recorder};
use self_healing_sim::actor::Behaviour;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::time::sleep;
use town::{SHOP, Town};

struct Recording(PathBuf);

impl Drop for Recording {
    fn drop(&mut self) {
        // It is one of many in the temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn program(words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"));
    let output = command.args(words).env_remove("RUST_LOG").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

impl Recording {
    fn of_the_demo(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("recording-{name}-{}", std::process::id()));
        let recording = Self(path);
        let (code, out, err) =
            program(&["demo", "--once", "--seed", "7", "--speed", "max", "--record", recording.path()]);
        assert_eq!(code, Some(0), "{out}{err}");
        recording
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn replay(&self, words: &[&str]) -> String {
        let (code, out, err) = program(&[&["replay", self.path()], words].concat());
        assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
        out
    }
}

/// The number on the first line that has these words.
fn number(card: &str, words: &str) -> usize {
    let line = card.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words:?} is not in\n{card}"));
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn the_demo_is_decided_again_in_the_same_way_and_differently_when_asked_to() {
    let recording = Recording::of_the_demo("demo");
    let same = recording.replay(&[]);
    assert_eq!(number(&same, "failures found"), 16, "{same}");
    assert_eq!(number(&same, "missed"), 0, "{same}");
    assert_eq!(number(&same, "the recorded controller left alone"), 0, "{same}");
    assert_eq!(number(&same, "by Breaker"), 4, "a zone that was cut off: {same}");
    assert_eq!(number(&same, "by Plan"), 1, "a node whose drain a budget held until it was well: {same}");
    assert_eq!(recording.replay(&[]), same, "the same recording gives the same card");

    let watched = recording.replay(&["--set", "mode=Observe"]);
    assert_eq!(number(&watched, "would have been acted on"), 0, "{watched}");
    assert!(number(&watched, "by Mode") > 0 && number(&watched, "missed") > 0, "{watched}");

    let compared = recording.replay(&["--against-set", "pod_restart_threshold=50"]);
    assert!(compared.contains("The second against the first"), "{compared}");
    assert!(compared.contains("-> not found"), "a crash loop that is none yet: {compared}");
}

#[test]
fn what_is_no_recording_is_said_in_one_line() {
    let (code, _, err) = program(&["replay", "/nonexistent"]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    let foreign = Recording(std::env::temp_dir().join(format!("recording-foreign-{}", std::process::id())));
    std::fs::write(&foreign.0, "hello\n").unwrap();
    let (code, _, err) = program(&["replay", foreign.path()]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.contains("is no recording"), "{err}");
    let (code, _, err) = program(&["replay", foreign.path(), "--set", "mode=Fast"]);
    assert_eq!((code, err.contains("mode")), (Some(2), true), "{err}");
}

/// A policy as a file of it has it.
fn observes(namespace: &str) -> serde_json::Value {
    json!({"apiVersion": "self-healing.dev/v1alpha1", "kind": "HealingPolicy", "metadata": {"name": "look-only"},
        "spec": {"mode": "Observe", "match": {"namespaces": [namespace]}}})
}

/// A pod fails under a policy of mode Observe, which then goes away; another one fails when the policy has come back.
async fn a_policy_comes_and_goes() -> Recording {
    let recording = Recording(std::env::temp_dir().join(format!("recording-policies-{}", std::process::id())));
    let limits = Limits { bytes: 1 << 30, files: 1 };
    let recorder = Recorder::start(&recording.0, limits, Pace::Wait, NAMESPACE).unwrap();
    let town = Town::recorded(&[("workload_backoff", "1")], Some(recorder)).await;
    let policies = "healingpolicies.self-healing.dev";
    let fails = async |app: &str| {
        town.levers().pod(SHOP, &town.pod(app), Behaviour::Fails { exit: 3, reason: String::new() }).unwrap();
        sleep(Duration::from_secs(60)).await;
    };
    let comes = async || {
        town.hand.create(policies, "", &observes(SHOP)).unwrap();
        sleep(Duration::from_secs(5)).await;
    };
    comes().await;
    fails("cart").await;
    town.hand.delete(policies, "", "look-only", &Default::default()).unwrap();
    sleep(Duration::from_secs(60)).await;
    comes().await;
    fails("web").await;
    town.ends().await;
    recording
}

#[tokio::test(start_paused = true)]
async fn each_moment_is_judged_with_the_policies_that_were_live() {
    let recording = a_policy_comes_and_goes().await;
    let folder = std::env::temp_dir().join(format!("policies-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let live = recording.replay(&[]);
    assert_eq!(number(&live, "failures found"), 2, "{live}");
    assert_eq!(number(&live, "would have been acted on"), 1, "when the policy had gone: {live}");
    assert_eq!(number(&live, "by Mode"), 1, "{live}");

    let none = file("none.yaml", "");
    let without = recording.replay(&["--policies", &none]);
    assert_eq!((number(&without, "would have been acted on"), number(&without, "held back")), (2, 0), "{without}");

    // As `kubectl get hp -o yaml` prints it, in a folder with something else in it.
    file("README.md", "not a policy");
    file("all.yaml", &json!({"apiVersion": "v1", "kind": "List", "items": [observes(SHOP)]}).to_string());
    let all = recording.replay(&["--policies", folder.to_str().unwrap()]);
    assert_eq!(number(&all, "would have been acted on"), 0, "the given ones are there all the time: {all}");

    let compared = recording.replay(&["--against", folder.to_str().unwrap()]);
    assert!(compared.starts_with(live.trim_end()), "the first replay is as recorded:\n{compared}");
    assert!(compared.contains("The second against the first") && !compared.contains("every decision"), "{compared}");
    let again = recording.replay(&["--policies", &none, "--against", &none]);
    assert!(
        again.starts_with(without.trim_end()) && again.contains("every decision is the same"),
        "nothing differs from itself:\n{again}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_without_policies_is_said_in_one_line() {
    let folder = std::env::temp_dir().join(format!("no-policies-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (code, _, err) = program(&["replay", "/nonexistent", "--policies", folder.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.contains("no file in it ends in .yaml, .yml or .json"), "{err}");
}
