//! A thousand failures within a minute while every receiver hangs, beside the same with notifications off; and what is delivered when the
//! receivers are back.

use super::latency::workloads;
use super::report::{Section, Table, percentile};
use super::sightings::Sightings;
use crate::controller::{Controller, eventually};
use crate::ground::Ground;
use crate::receiver::{Receiver, Reply};
use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use kube::ResourceExt;
use kube::api::ListParams;
use self_healing_e2e::Options;
use self_healing_e2e::usage::Usage;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const FAILURES: usize = 1000;
/// Between two failures: a thousand take less than a minute.
const PACE: Duration = Duration::from_millis(50);
/// Failures whose status is being written at once.
const BATCH: usize = 8;
/// A node has room for 110 pods, and both rounds leave theirs.
const NODES: usize = 20;
/// Until everything that is owed is delivered: each receiver that hangs holds one message for 10 s.
const DELIVERY: Duration = Duration::from_secs(300);
/// Where each receiver's address is given.
const CHANNELS: [&str; 4] = ["SLACK_WEBHOOK_URL", "PAGERDUTY_URL", "WEBHOOK_URL", "TEAMS_WEBHOOK_URL"];
/// How much slower the median may be.
const TARGET: f64 = 1.1;

pub(super) async fn run(binary: &Path) -> Result<Section> {
    let ground = Ground::start(binary, Options::default()).await?;
    ground.nodes(NODES).await?;
    let everybody = json!(["slack", "slack-incident", "pagerduty", "webhook", "teams"]);
    let spec = json!({ "match": { "types": ["pod_failure"] }, "notify": { "routes": { "medium": everybody } } });
    let (version, metadata) = ("self-healing.dev/v1alpha1", json!({ "name": "loud" }));
    ground.apply(json!({ "apiVersion": version, "kind": "HealingPolicy", "metadata": metadata, "spec": spec })).await?;

    let quiet = round(&ground, &[("NOTIFICATION_ENABLED", "false")]).await.context("with notifications off")?;
    quiet.controller.stop().await?;
    ground.recoveries().delete_collection(&Default::default(), &ListParams::default()).await?;

    let mut receivers = Vec::new();
    for _ in CHANNELS {
        receivers.push(Receiver::start(Reply::Hangs).await?);
    }
    let urls: Vec<String> = receivers.iter().map(Receiver::url).collect();
    let addresses = CHANNELS.into_iter().zip(urls.iter().map(String::as_str));
    let hanging: Vec<(&str, &str)> =
        addresses.chain([("NOTIFICATION_INSECURE", "true"), ("PAGERDUTY_ROUTING_KEY", "k")]).collect();
    let loud = round(&ground, &hanging).await.context("with receivers that hang")?;
    ensure!(receivers.iter().all(|one| !one.messages().is_empty()), "a receiver was not asked, so it did not hang");

    receivers.iter().for_each(|receiver| receiver.answer(Reply::Ok));
    let back = Instant::now();
    let owed = async || {
        let states = states(&ground).await?;
        Ok((states.get("Pending").copied().unwrap_or(0) == 0).then_some(states))
    };
    let states = eventually("everything that was owed to be told", DELIVERY, owed).await?;
    ensure!(!states.contains_key("Failed"), "something was given up: {states:?}");
    let all = receivers.iter().flat_map(Receiver::messages);
    let taken = all.filter(|message| message.reply == Reply::Ok).count();
    let delivered = format!(
        "When the receivers are back, all that was owed is told within {:.1} s by {taken} requests: {states:?}.",
        back.elapsed().as_secs_f64()
    );
    loud.controller.stop().await?;
    Ok(section(&quiet, &loud, &delivered))
}

/// A thousand failures healed by one controller.
struct Round {
    controller: Controller,
    /// From the acknowledged failure to the deletion, in milliseconds, sorted.
    latency: Vec<f64>,
    resident: f64,
}

async fn round(ground: &Ground, environment: &[(&str, &str)]) -> Result<Round> {
    let namespace = workloads(ground, FAILURES).await?;
    let own = [
        ("RECOVERIES_PER_MINUTE", "6000"),
        ("LEADER_ELECTION", "false"),
        ("WATCH_NAMESPACES", namespace.as_str()),
        // That a Deployment of one pod misses it for a moment is another failure, and not what is counted here.
        ("DEPLOYMENT_CHECK_INTERVAL", "60"),
    ];
    let controller = ground.controller(&[&own, environment].concat()).await?;
    let api = ground.cluster.pod_api(&namespace);
    let pods: Vec<String> =
        api.list_metadata(&ListParams::default()).await?.iter().map(ResourceExt::name_any).collect();
    let mut deletions = Sightings::of_deletions(&api).await?;
    let begin = tokio::time::Instant::now();
    let (namespace, count) = (&namespace, FAILURES);
    let failures = futures::stream::iter(pods.iter().take(count).enumerate()).map(|(number, pod)| async move {
        tokio::time::sleep_until(begin + PACE * u32::try_from(number)?).await;
        ground.cluster.fail(namespace, pod).await?;
        Ok::<_, anyhow::Error>((pod.clone(), Instant::now()))
    });
    let failed: BTreeMap<String, Instant> = failures.buffer_unordered(BATCH).try_collect().await?;
    let mut latency = Vec::with_capacity(FAILURES);
    for (pod, seen) in deletions.all(FAILURES).await? {
        let acknowledged = failed.get(&pod).context("a pod that did not fail was deleted")?;
        latency.push(seen.saturating_duration_since(*acknowledged).as_secs_f64() * 1000.0);
    }
    latency.sort_by(f64::total_cmp);
    let resident = Usage::of(controller.process.pid())?.resident;
    Ok(Round { controller, latency, resident })
}

/// Of how many messages each state is.
async fn states(ground: &Ground) -> Result<BTreeMap<String, usize>> {
    let mut states = BTreeMap::new();
    for record in ground.recoveries().list(&ListParams::default()).await? {
        for told in record.data["status"]["notifications"].as_array().into_iter().flatten() {
            *states.entry(told["state"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(states)
}

fn section(quiet: &Round, loud: &Round, delivered: &str) -> Section {
    let mut table = Table::new(["receivers", "p50 ms", "p99 ms", "resident MiB"]);
    for (name, round) in [("none", quiet), ("every one hangs", loud)] {
        let [p50, p99] = [50, 99].map(|percent| format!("{:.2}", percentile(&round.latency, percent)));
        table.row([name.to_owned(), p50, p99, format!("{:.1}", round.resident)]);
    }
    let ratio = percentile(&loud.latency, 50) / percentile(&quiet.latency, 50);
    table.row(["ratio".to_owned(), format!("{ratio:.2}"), String::new(), String::new()]);
    let text = format!(
        "{FAILURES} failed pods, {} ms apart, from failure to deletion; the ratio of the medians has to be {TARGET} at most. {delivered}",
        PACE.as_millis()
    );
    Section { bench: "notices", title: "Receivers that hang", text, tables: vec![table] }
}
