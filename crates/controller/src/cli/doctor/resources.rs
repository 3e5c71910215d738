//! Processor and memory against their limits: of the container where `doctor` runs in it, else as the leader tells of itself.

mod cgroup;

use super::check::{Area, Check, State};
use super::connection::Cluster;
use crate::explain::{Installation, usage};
use crate::rights::{may, wish};
use cgroup::Sample;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Of a limit, in percent: above it a rollout of the cluster or an incident has too little room.
const MUCH: f64 = 80.0;
/// Shorter spans give no useful share of a processor.
const SPAN: Duration = Duration::from_secs(1);
const MEMORY: &str =
    "raise resources.limits.memory of the Deployment, or watch less: watch_namespaces, pod_label_selector";
const CPU: &str = "raise resources.limits.cpu of the Deployment: a controller that is kept waiting loses its Lease";

/// Measures what the container uses while the other checks run.
pub(super) struct Meter {
    root: PathBuf,
    began: Instant,
    first: Sample,
}

impl Meter {
    /// Begins, with the container's file system at `root`.
    pub(super) fn begin(root: PathBuf) -> Self {
        Self { first: Sample::read(&root), began: Instant::now(), root }
    }

    /// Ends, after a second at least.
    pub(super) async fn end(self) -> [Check; 2] {
        sleep(SPAN.saturating_sub(self.began.elapsed())).await;
        let last = Sample::read(&self.root);
        [
            judged("memory", last.memory_percent(), "resources.limits.memory", MEMORY),
            judged("processor", last.processor_percent(&self.first, self.began.elapsed()), "resources.limits.cpu", CPU),
        ]
    }
}

/// From outside of the pod the leader is asked, which knows itself.
pub(super) async fn of_the_leader(cluster: Option<&Cluster>) -> [Check; 2] {
    let used = match cluster {
        Some(cluster) => asked(cluster).await,
        None => Err("the API server cannot be asked".to_owned()),
    };
    let of = |name, key: &str, todo| match &used {
        Ok(used) => judged(name, used[key].as_f64().ok_or("the leader does not say"), "a limit", todo),
        Err(why) => Check::new(Area::Resources, name, State::Unchecked, format!("not checked: {why}")),
    };
    [of("memory", "memory_usage", MEMORY), of("processor", "cpu_usage", CPU)]
}

async fn asked(cluster: &Cluster) -> Result<serde_json::Value, String> {
    let client = &cluster.clients.reads;
    if !may(client, &wish("get", "", "pods/proxy", Some(&cluster.namespace), None)).await? {
        return Err("this account may not ask the leader (get pods/proxy); run it in the controller's pod".to_owned());
    }
    let installation = Installation::find(&cluster.clients, &cluster.namespace).await;
    usage(client, &installation.map_err(|error| error.to_string())?).await
}

fn judged(name: &'static str, percent: Result<f64, &str>, limit: &str, todo: &str) -> Check {
    let of = |state, message| Check::new(Area::Resources, name, state, message);
    match percent {
        Ok(percent) if percent > MUCH => {
            of(State::Warning, format!("{percent:.0} % of {limit} is used, more than {MUCH:.0} %")).todo(todo)
        }
        Ok(percent) => of(State::Ok, format!("{percent:.0} % of {limit} is used")),
        Err(why) => of(State::Unchecked, why.to_owned()),
    }
}
