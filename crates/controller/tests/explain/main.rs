//! Answers to "why" as a person reads them at night: one file per situation, which is judged by reading it.
//! `UPDATE_SNAPSHOTS=1` writes the files anew.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

mod board;
mod evidence;
mod proxy;
mod town;

use self_healing_sim::actor::{Behaviour, Look};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;
use town::{SHOP, Town, name};

async fn after(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// The answer with its generated names as a, b and so on: chance gives others whenever something else asks it first.
fn plain(answer: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut text = String::new();
    for word in answer.split_inclusive(|c| !part(c)) {
        let end = word.len() - word.chars().last().filter(|c| !part(*c)).map_or(0, char::len_utf8);
        let (name, rest) = word.split_at(end);
        text.push_str(&name.rsplit_once('-').filter(|(_, last)| is_generated(last)).map_or_else(
            || name.to_owned(),
            |(stem, last)| {
                let at = known.iter().position(|other| other == last).unwrap_or_else(|| {
                    known.push(last.to_owned());
                    known.len() - 1
                });
                format!("{stem}-{}", char::from(b'a' + u8::try_from(at).unwrap()))
            },
        ));
        text.push_str(rest);
    }
    text
}

/// The end of a pod's name or of a Recovery's.
fn is_generated(word: &str) -> bool {
    let consonants = word.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c));
    (word.len() == 5 && consonants) || (word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Compares an answer with its file.
fn judge(situation: &str, answer: &str) {
    let answer = plain(answer);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/explain/{situation}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &answer).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == answer, "{} differs; UPDATE_SNAPSHOTS=1 writes it. Now:\n{answer}", path.display());
}

fn fails() -> Behaviour {
    Behaviour::Fails { exit: 137, reason: "Evicted".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_healthy_pod() {
    let town = Town::with(&[]).await;
    judge("healthy-pod", &town.text("pod", &town.pod("web")).await);
}

#[tokio::test(start_paused = true)]
async fn an_excluded_pod_that_fails_and_one_that_does_not() {
    let town = Town::with(&[]).await;
    let mark = json!({ "metadata": { "annotations": { "self-healing.dev/exclude": "true" } } });
    town.hand.patch("deployments.apps", SHOP, "web", &mark).unwrap();
    let failing = town.pod("web");
    town.levers().pod(SHOP, &failing, fails()).unwrap();
    after(20).await;
    judge("excluded-failing-pod", &town.text("po", &failing).await);
    let healthy = town.pods("web").iter().map(|pod| name(pod)).find(|name| *name != failing).unwrap();
    judge("excluded-healthy-pod", &town.text("po", &healthy).await);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_the_breaker_holds() {
    let town = Town::with(&[]).await;
    for node in ["node-1", "node-2", "node-3"] {
        town.levers().silence(node, Look::Silent);
    }
    after(150).await;
    judge("node-held-by-breaker", &town.text("node", "node-2").await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_whose_score_counts_down() {
    let town = Town::with(&[]).await;
    let pod = town.pod("web");
    town.levers().workload(SHOP, "web", Behaviour::Waits { reason: "ErrImagePull".to_owned() });
    town.hand.delete("pods", SHOP, &pod, &Default::default()).unwrap();
    after(35).await;
    let waiting = town.pods("web").into_iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap();
    judge("suspected-pod", &town.text("pod", &name(&waiting)).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_waits_for_approval() {
    let town = Town::with(&[("mode", "Approve")]).await;
    let pod = town.pod("web");
    town.levers().pod(SHOP, &pod, fails()).unwrap();
    after(600).await;
    judge("awaiting-approval", &town.text("pod", &pod).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_waits_for_its_turn() {
    let town = Town::with(&[("recoveries_per_minute", "1")]).await;
    let (first, second) = (town.pod("cart"), town.pod("web"));
    town.levers().pod(SHOP, &first, fails()).unwrap();
    after(5).await;
    town.levers().pod(SHOP, &second, fails()).unwrap();
    after(5).await;
    judge("rate-limited", &town.text("pod", &second).await);
}

#[tokio::test(start_paused = true)]
async fn a_pod_on_a_sick_node_and_its_node() {
    let town = Town::with(&[("node_failure_threshold", "10")]).await;
    let pod = town.pods("web")[0].clone();
    let node = pod["spec"]["nodeName"].as_str().unwrap();
    town.levers().power_off(node);
    after(120).await;
    judge("pod-on-sick-node", &town.text("pod", &name(&pod)).await);
    judge("suspected-node", &town.text("no", node).await);
}

#[tokio::test(start_paused = true)]
async fn a_workload_that_was_handed_to_a_person() {
    let town = Town::with(&[("recovery_timeout", "60")]).await;
    town.levers().workload(SHOP, "web", Behaviour::Waits { reason: "ErrImagePull".to_owned() });
    town.hand.delete("pods", SHOP, &town.pod("web"), &Default::default()).unwrap();
    after(600).await;
    let waiting = town.pods("web").into_iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap();
    judge("escalated-pod", &town.text("pod", &name(&waiting)).await);
    judge("escalated-workload", &town.text("deploy", "web").await);
}

#[tokio::test(start_paused = true)]
async fn objects_that_are_not_known() {
    let town = Town::with(&[]).await;
    judge("unknown-name", &town.text("deployment", "wbe").await);
    judge("unknown-kind", &town.text("configmap", "web").await);
    judge("unknown-recovery", &town.text("recovery", "pod-failed-0").await);
}

#[tokio::test(start_paused = true)]
async fn a_recovery_that_ended_a_moment_ago() {
    let town = Town::with(&[]).await;
    let before: Vec<String> = town.pods("web").iter().map(|pod| name(pod)).collect();
    town.levers().pod(SHOP, &before[0], fails()).unwrap();
    after(60).await;
    let new = town.pods("web").iter().map(|pod| name(pod)).find(|name| !before.contains(name)).unwrap();
    judge("ended-recently", &town.text("pod", &new).await);
    judge("gone-since", &town.text("pod", &before[0]).await);
}

/// Without the running controller the same comes out, as far as the API shows it.
#[tokio::test(start_paused = true)]
async fn somebody_else_comes_to_the_same_answer() {
    let town = Town::with(&[]).await;
    let pod = town.pod("web");
    town.levers().workload(SHOP, "web", Behaviour::Waits { reason: "ErrImagePull".to_owned() });
    town.hand.delete("pods", SHOP, &pod, &Default::default()).unwrap();
    for node in ["node-1", "node-2", "node-3"] {
        town.levers().silence(node, Look::Silent);
    }
    after(50).await;
    let waiting = town.pods("web").into_iter().find(|pod| pod["status"]["phase"] == "Pending").map(|pod| name(&pod));
    let objects = [("pod", waiting.unwrap()), ("node", "node-1".to_owned()), ("node", "node-4".to_owned())];
    for seconds in [0, 50, 100] {
        after(seconds).await;
        for (kind, name) in &objects {
            let (leader, own) = (town.leader(kind, name).await, town.own(kind, name).await);
            assert_eq!(own.standing, leader.standing, "{seconds}: {}\n{}", own.summary, leader.summary);
            let fired = |of: &self_healing_api::explanation::Explanation| {
                let signals = of.signals.iter().filter(|signal| signal.bad);
                signals.map(|signal| (signal.cause.clone(), signal.fired)).collect::<Vec<_>>()
            };
            assert_eq!(fired(&own), fired(&leader), "{seconds}: {kind}/{name}");
        }
    }
}
