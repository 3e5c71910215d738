//! How long nobody heals when the leader goes at the moment when a pod fails: it is told to stop, killed, put to sleep, or its node loses
//! its network. Beside it the leader election of client-go with controller-runtime's timings, in the reference that deletes failed pods.

mod candidate;

use super::contestants::References;
use super::latency::workloads;
use super::report::{Section, Table, percentile};
use super::sightings::Sightings;
use crate::ground::{Ground, SOON};
use anyhow::{Context, Result};
use candidate::{End, Who};
use futures::future::try_join_all;
use kube::ResourceExt;
use self_healing_e2e::Options;
use std::path::Path;
use std::time::Instant;

const REPEATS: usize = 20;
/// A node has room for 110 pods.
const NODES: usize = 2;

/// Times of one row, in seconds.
struct Row {
    who: &'static str,
    end: End,
    seconds: Vec<f64>,
}

pub(super) async fn run(binary: &Path, alone: bool) -> Result<Section> {
    let reference = if alone { None } else { Some(References::go_program()?) };
    // Each on a control plane of its own, side by side: nearly all of it is waiting for a Lease to run out.
    let mut lanes =
        vec![(Who::Ours, vec![End::Told, End::Killed]), (Who::Ours, vec![End::Asleep]), (Who::Ours, vec![End::CutOff])];
    if let Some(program) = reference {
        lanes.push((Who::Reference(program.clone()), vec![End::Told]));
        lanes.push((Who::Reference(program), vec![End::Killed]));
    }
    let rows = try_join_all(lanes.iter().map(|(who, ends)| lane(binary, who, ends))).await?;
    Ok(section(rows.into_iter().flatten().collect()))
}

/// One control plane with two candidates.
async fn lane(binary: &Path, who: &Who, ends: &[End]) -> Result<Vec<Row>> {
    let ground = Ground::start(binary, Options::default()).await?;
    ground.nodes(NODES).await?;
    let namespace = workloads(&ground, ends.len() * REPEATS).await?;
    let leader = who.start(&ground).await?;
    leader.leads().await?;
    let mut follower = who.start(&ground).await?;
    let (mut rows, mut leader, mut next) = (Vec::new(), leader, 0);
    for end in ends {
        let mut seconds = Vec::with_capacity(REPEATS);
        for _ in 0..REPEATS {
            follower.follows().await?;
            let pod = ground.pod(&namespace, &format!("web-{next}")).await?.name_any();
            next += 1;
            // Anew each time: the API server ends a watch after some minutes.
            let mut deletions = Sightings::of_deletions(&ground.cluster.pod_api(&namespace)).await?;
            let began = Instant::now();
            let (ended, failed) = tokio::join!(leader.ends(*end), ground.cluster.fail(&namespace, &pod));
            ended.and(failed)?;
            let seen = deletions.of_one(&pod).await.with_context(|| format!("{} {}", who.words(), end.words()))?;
            seconds.push(seen.saturating_duration_since(began).as_secs_f64());
            if matches!(who, Who::Ours) {
                ground.recovery_is(&pod, "Succeeded", SOON).await?;
            }
            leader.is_gone().await?;
            // Who followed leads by now: it has deleted the pod.
            leader = std::mem::replace(&mut follower, who.start(&ground).await?);
        }
        seconds.sort_by(f64::total_cmp);
        rows.push(Row { who: who.words(), end: *end, seconds });
    }
    leader.is_gone().await?;
    follower.is_gone().await?;
    Ok(rows)
}

fn section(rows: Vec<Row>) -> Section {
    let mut table = Table::new(["the leader", "who", "p50 s", "max s", "target max s"]);
    for row in rows {
        let [p50, max] = [50, 100].map(|percent| format!("{:.2}", percentile(&row.seconds, percent)));
        let target = if row.who == Who::Ours.words() { row.end.target().to_string() } else { String::new() };
        table.row([row.end.words().to_owned(), row.who.to_owned(), p50, max, target]);
    }
    let text = format!(
        "Two replicas, {REPEATS} times each: a pod fails while the leader goes; the time until it is deleted. The Lease lasts 15 s everywhere; \
         controller-runtime is told to release it at its end (`LeaderElectionReleaseOnCancel`)."
    );
    Section { bench: "failover", title: "Take-over", text, tables: vec![table] }
}
