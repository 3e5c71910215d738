//! The table of scenarios; each is a function in one of the files below, named as a user would say it.

mod bare;
mod config;
mod drains;
mod faults;
mod kills;
mod lifecycle;
mod marks;
mod nodes;
mod notices;
pub(crate) mod permissions;
mod pods;
mod reading;
mod switches;

use crate::ground::Ground;
use anyhow::Result;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A healing that needs no waiting time of its own.
const QUICK: Duration = Duration::from_secs(20);
/// Thresholds that count in checks are short.
const EVERY_SECOND: &[(&str, &str)] = &[("HEALTH_CHECK_INTERVAL", "1")];

/// Without an election a successor need not wait until the Lease of a killed one has expired.
const ALONE: (&str, &str) = ("LEADER_ELECTION", "false");

type Run = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One scenario.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

macro_rules! scenarios {
    ($($name:literal => $run:path,)+) => {
        &[$(Scenario { name: $name, run: |ground| Box::pin($run(ground)) },)+]
    };
}

/// Long ones first, so that the others run beside them.
pub(crate) const SCENARIOS: &[Scenario] = scenarios! {
    "kill -9 at twenty random moments of a drain" => kills::during_drains,
    "node silent, stock timings" => nodes::silent_with_stock_timings,
    "node whose kubelet still answers is left alone" => nodes::kubelet_answers,
    "node silent, health_check_interval=10" => nodes::silent_with_short_checks,
    "kubelet down is told from a dead node" => nodes::kubelet_down,
    "API server killed and restarted during a recovery" => faults::api_server_restarted,
    "drain of a node that reports Ready=False" => drains::not_ready,
    "node that comes back in the middle of a drain is uncordoned" => drains::node_comes_back,
    "cordon of somebody else is left" => drains::foreign_cordon,
    "budget blocks a drain, and it says which" => drains::budget_blocks,
    "drain cancelled by annotation gives the cordon back" => drains::cancelled,
    "SIGTERM during a drain, a second replica finishes it" => lifecycle::handover,
    "pod failed" => pods::failed,
    "crash loop below and at the threshold" => pods::crash_loop,
    "image pull" => pods::image_pull,
    "pod not ready" => pods::not_ready,
    "failed pod of a Job is left alone" => pods::of_a_job,
    "stuck terminating pod is reported, not deleted" => pods::stuck_terminating,
    "bare pod restarted" => bare::restarted,
    "bare pod, kill -9 between delete and create" => bare::crash_between_delete_and_create,
    "excluded pod" => marks::excluded_pod,
    "excluded workload" => marks::excluded_workload,
    "excluded namespace" => marks::excluded_namespace,
    "protected namespace" => marks::protected_namespace,
    "paused and resumed" => switches::paused_and_resumed,
    "Observe writes nothing but Recoveries" => switches::observe,
    "Approve waits for the annotation" => switches::approve,
    "cancelled by annotation" => switches::cancelled,
    "pod of the same name with a new uid is not touched" => faults::recreated_pod,
    "node of the same name with a new uid is not touched" => faults::recreated_node,
    "two controllers without election heal each pod once" => faults::two_leaders,
    "finished Recoveries are cleared away after recovery_ttl" => lifecycle::history_expires,
    "wrong configuration is refused at the start" => config::wrong_start,
    "wrong live ConfigMap is refused as a whole" => config::wrong_live_change,
    "health, readiness and metrics" => lifecycle::endpoints,
    "Slack is told, and told again after 429" => notices::slack,
    "pending messages survive a crash" => notices::survives_a_crash,
    "kubectl get and describe read well" => reading::kubectl,
    "shipped manifests pass the restricted level" => permissions::manifests,
    "kubectl auth can-i answers as the roles say" => permissions::can_i,
};
