//! A drain of a node with 100 pods: how long it lasts beside `kubectl drain`, how soon it ends after its last pod, and what it asks of the
//! API server.

use super::report::{Section, Table};
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

pub(super) async fn run(binary: &Path) -> Result<Section> {
    let ground = Ground::start(binary, Options::default()).await?;
    let by_kubectl = kubectl(&ground).await?;
    ground.clear().await?;
    let ours = controller(&ground).await?;
    Ok(section(by_kubectl, &ours))
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
    let requests = trail.kinds(Request::is_of_a_failure)?;
    controller.stop().await?;
    ensure!(requests.get("create pods/eviction") == Some(&PODS), "not one eviction per pod: {requests:?}");
    Ok(Drain {
        from_cordon_to_last_pod: emptied.duration_since(cordoned),
        from_last_pod_to_end: ended.saturating_duration_since(emptied),
        requests,
    })
}

fn section(by_kubectl: Duration, ours: &Drain) -> Section {
    let end = ours.from_last_pod_to_end.as_secs_f64();
    let all: usize = ours.requests.values().sum();
    let mut table = Table::new(["what", "measured", "target"]);
    for (what, measured, target) in [
        ("`kubectl drain`, s", by_kubectl.as_secs_f64(), None),
        ("controller, cordon to last pod gone, s", ours.from_cordon_to_last_pod.as_secs_f64(), None),
        ("controller, last pod gone to its end, s", end, Some(TARGET_END)),
        ("controller, requests per pod", all as f64 / PODS as f64, Some(TARGET_REQUESTS)),
    ] {
        table.row([
            what.to_owned(),
            format!("{measured:.2}"),
            target.map(|target| target.to_string()).unwrap_or_default(),
        ]);
    }
    let mut requests = Table::new(["requests of", "count"]);
    ours.requests.iter().for_each(|(what, count)| requests.row([what.clone(), count.to_string()]));
    let text = format!("A node with {PODS} pods of {DEPLOYMENTS} Deployments, without disruption budgets.");
    Section { bench: "drain", title: "Drain", text, tables: vec![table, requests] }
}
