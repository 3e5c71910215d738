//! A drain of a node with 100 pods: how long it lasts beside `kubectl drain`, how soon it ends after its last pod, and what it asks of the
//! API server.

use super::verdict;
use crate::ground::{Ground, SOON};
use crate::objects::is_cordoned;
use crate::suite::drains::FAST;
use crate::trail::{Request, Trail};
use anyhow::{Result, ensure};
use kube::api::ListParams;
use self_healing_e2e::wait::wait_for_all;
use self_healing_e2e::{NodeSpec, Options};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const DEPLOYMENTS: usize = 10;
const REPLICAS: i32 = 10;
const PODS: usize = 100;
/// Issue 7: seconds from the last pod's end to the end of the drain.
const TARGET_END: f64 = 1.0;
/// Issue 7: requests per pod.
const TARGET_REQUESTS: f64 = 3.0;

pub(super) async fn run(binary: &Path) -> Result<()> {
    let ground = Ground::start(binary, Options::default()).await?;
    let by_kubectl = kubectl(&ground).await?;
    ground.clear().await?;
    let ours = controller(&ground).await?;
    print(by_kubectl, &ours);
    Ok(())
}

/// What the controller needed.
struct Drain {
    from_cordon_to_last_pod: Duration,
    from_last_pod_to_end: Duration,
    /// How often each kind of request was sent.
    requests: BTreeMap<String, usize>,
}

/// All pods on n1; n2 and n3 have room for them.
async fn load(ground: &Ground) -> Result<String> {
    ground.nodes(1).await?;
    let namespace = ground.namespace().await?;
    for number in 0..DEPLOYMENTS {
        ground.deployment(&namespace, &format!("web-{number}"), REPLICAS).await?;
    }
    for name in ["n2", "n3"] {
        ground.cluster.add_node(NodeSpec::named(name)).await?;
    }
    Ok(namespace)
}

async fn kubectl(ground: &Ground) -> Result<Duration> {
    load(ground).await?;
    let start = Instant::now();
    ground.cluster.kubectl(&["drain", "n1", "--ignore-daemonsets"]).await?;
    Ok(start.elapsed())
}

async fn controller(ground: &Ground) -> Result<Drain> {
    let namespace = load(ground).await?;
    let controller = ground.controller(FAST).await?;
    let trail = Trail::begin(ground)?;
    ground.sicken("n1").await?;
    let cordoned = async {
        ground.node("n1", "to be cordoned", SOON, is_cordoned).await?;
        anyhow::Ok(Instant::now())
    };
    let emptied = async {
        let there = ListParams::default().fields("spec.nodeName=n1");
        let pods = ground.cluster.pod_api(&namespace);
        wait_for_all(&pods, &there, "n1 to have no pods", SOON * 2, |pods| pods.is_empty()).await?;
        anyhow::Ok(Instant::now())
    };
    let ended = async {
        ground.recovery_is("n1", "Succeeded", SOON * 2).await?;
        anyhow::Ok(Instant::now())
    };
    let (cordoned, emptied, ended) = tokio::try_join!(cordoned, emptied, ended)?;
    let mut requests = BTreeMap::new();
    for request in trail.requests()?.into_iter().filter(is_of_the_drain) {
        *requests.entry(format!("{} {}", request.verb, request.resource)).or_default() += 1;
    }
    controller.stop().await?;
    ensure!(requests.get("create pods/eviction") == Some(&PODS), "not one eviction per pod: {requests:?}");
    Ok(Drain {
        from_cordon_to_last_pod: emptied.duration_since(cordoned),
        from_last_pod_to_end: ended.saturating_duration_since(emptied),
        requests,
    })
}

/// The controller's own Lease is renewed and its watches go on whether it drains or not.
fn is_of_the_drain(request: &Request) -> bool {
    request.verb != "watch" && !(request.resource == "leases" && request.namespace == crate::ground::OWN)
}

fn print(by_kubectl: Duration, ours: &Drain) {
    let end = ours.from_last_pod_to_end.as_secs_f64();
    let all: usize = ours.requests.values().sum();
    let per_pod = all as f64 / PODS as f64;
    println!("drain of a node with {PODS} pods of {DEPLOYMENTS} Deployments, without disruption budgets");
    println!("kubectl drain                        {:>7.2} s", by_kubectl.as_secs_f64());
    println!("controller, cordon to last pod gone  {:>7.2} s", ours.from_cordon_to_last_pod.as_secs_f64());
    println!("controller, last pod gone to its end {end:>7.2} s   target {TARGET_END} s: {}", verdict(end, TARGET_END));
    println!(
        "requests per pod                     {per_pod:>7.2}     target {TARGET_REQUESTS}: {}",
        verdict(per_pod, TARGET_REQUESTS)
    );
    ours.requests.iter().for_each(|(what, count)| println!("  {count:>5} {what}"));
}
