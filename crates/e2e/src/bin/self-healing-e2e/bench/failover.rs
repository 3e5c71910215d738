//! How long nobody heals when the leader goes: it is told to stop, or killed, at the moment when a pod fails.

use super::contestants::FREE;
use super::latency::workloads;
use super::report::{Section, Table, percentile};
use super::sightings::Sightings;
use crate::controller::{Controller, eventually};
use crate::ground::{Ground, SOON};
use anyhow::{Context, Result};
use kube::ResourceExt;
use self_healing_e2e::Options;
use std::path::Path;
use std::time::{Duration, Instant};

const REPEATS: usize = 10;
const NODES: usize = 5;
/// Seconds at most: a Lease that is given back is taken at the next look, one that is not runs out after 15 s.
const TARGETS: [f64; 2] = [3.0, 20.0];

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Told,
    Killed,
}

pub(super) async fn run(binary: &Path) -> Result<Section> {
    let ground = Ground::start(binary, Options::default()).await?;
    ground.nodes(NODES).await?;
    let mut table = Table::new(["the leader", "p50 s", "max s", "target max s"]);
    let mut next = 0;
    let namespace = workloads(&ground, 2 * REPEATS).await?;
    let mut deletions = Sightings::of_deletions(&ground.cluster.pod_api(&namespace)).await?;
    let mut replicas = vec![ground.controller(FREE).await?, ground.replica(FREE).await?];
    for (end, target) in [End::Told, End::Killed].into_iter().zip(TARGETS) {
        let mut seconds = Vec::new();
        for _ in 0..REPEATS {
            let leader = replicas.remove(leader(&replicas).await?);
            let pod = ground.pod(&namespace, &format!("web-{next}")).await?.name_any();
            next += 1;
            let began = Instant::now();
            let gone = async {
                match end {
                    End::Told => leader.stop().await,
                    End::Killed => leader.process.kill().await,
                }
            };
            let (ended, failed) = tokio::join!(gone, ground.cluster.fail(&namespace, &pod));
            ended.and(failed)?;
            let seen = deletions.of_one(&pod).await?;
            seconds.push(seen.saturating_duration_since(began).as_secs_f64());
            ground.recovery_is(&pod, "Succeeded", SOON).await?;
            replicas.push(ground.replica(FREE).await?);
        }
        seconds.sort_by(f64::total_cmp);
        let word = if end == End::Told { "is told to stop (SIGTERM)" } else { "is killed (SIGKILL)" };
        let [p50, max] = [50, 100].map(|percent| format!("{:.2}", percentile(&seconds, percent)));
        table.row([word.to_owned(), p50, max, target.to_string()]);
    }
    let text =
        format!("Two replicas, {REPEATS} times each: a pod fails while the leader goes; the time until it is deleted.");
    Ok(Section { bench: "failover", title: "Take-over", text, tables: vec![table] })
}

/// Which of them leads.
async fn leader(replicas: &[Controller]) -> Result<usize> {
    let look = async || {
        for (number, replica) in replicas.iter().enumerate() {
            if replica.get("/ready").await.is_ok_and(|(_, body)| body["leader"] == true) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    };
    eventually("a replica to lead", Duration::from_secs(40), look).await.context("take-over")
}
