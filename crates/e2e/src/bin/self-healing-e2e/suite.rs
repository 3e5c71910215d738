//! The table of scenarios; each is a function in one of the files below, named as a user would say it.

mod admission;
mod adoption;
mod bare;
mod channels;
mod config;
mod disabled;
mod doctor;
pub(crate) mod drains;
mod evidence;
mod faults;
mod hands;
mod kills;
mod lifecycle;
mod marks;
mod nodes;
mod notices;
mod packages;
pub(crate) mod permissions;
mod pods;
mod reading;
mod succession;
mod switches;

use crate::ground::Ground;
use anyhow::Result;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A healing that needs no waiting time of its own.
const QUICK: Duration = Duration::from_secs(20);
/// Thresholds that count in checks are short.
const EVERY_SECOND: &[(&str, &str)] = &[("HEALTH_CHECK_INTERVAL", "1"), ("DEPLOYMENT_CHECK_INTERVAL", "60")];

/// Without an election a successor need not wait until the Lease of a killed one has expired.
const ALONE: (&str, &str) = ("LEADER_ELECTION", "false");

type Run = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// What a scenario needs of its cluster that only one of our own has; without any it runs on an adopted one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nodes that fall ill or silent.
    Nodes,
    /// The API server's audit log.
    Audit,
    /// A control plane that starts, ends or starts again.
    Processes,
    /// A cluster in which nobody minds what becomes of the rest.
    Cluster,
}

impl Needs {
    /// For the list of what was not run.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nodes => "fake nodes, whose kubelets only kwok on a cluster of our own plays",
            Self::Audit => "the API server's audit log",
            Self::Processes => "to start or kill a control plane",
            Self::Cluster => "to touch what is not its own",
        }
    }
}

/// One scenario.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [Needs],
    pub(crate) run: Run,
}

macro_rules! scenarios {
    ($($name:literal => $run:path $(, needs $($needs:ident)+)?;)+) => {
        &[$(Scenario { name: $name, needs: &[$($(Needs::$needs),+)?], run: |ground| Box::pin($run(ground)) },)+]
    };
}

/// Long ones first, so that the others run beside them.
pub(crate) const SCENARIOS: &[Scenario] = scenarios! {
    "kill -9 at twenty random moments of a drain" => kills::during_drains, needs Nodes Audit;
    "node silent, stock timings" => nodes::silent_with_stock_timings, needs Nodes;
    "node whose kubelet still answers is left alone" => nodes::kubelet_answers, needs Nodes;
    "node silent, health_check_interval=10" => nodes::silent_with_short_checks, needs Nodes;
    "kubelet down is told from a dead node" => nodes::kubelet_down, needs Nodes;
    "API server killed and restarted during a recovery" => faults::api_server_restarted, needs Processes Audit;
    "drain of a node that reports Ready=False" => drains::not_ready, needs Nodes Audit;
    "node that comes back in the middle of a drain is uncordoned" => drains::node_comes_back, needs Nodes;
    "cordon of somebody else is left" => drains::foreign_cordon, needs Nodes;
    "budget blocks a drain, and it says which" => drains::budget_blocks, needs Nodes;
    "a volume that only one node reaches keeps it from being drained" => drains::volume_keeps, needs Nodes;
    "drain cancelled by annotation gives the cordon back" => drains::cancelled, needs Nodes;
    "told to stop during a rollout and on its way back, the other version goes on" => succession::side_by_side, needs Nodes Audit;
    "leader killed during a drain, the other replica goes on" => succession::killed, needs Nodes Audit;
    "leader asleep past its Lease during a drain writes nothing when it wakes" => succession::paused, needs Nodes Audit;
    "leader cut off during a drain writes nothing when it is back" => succession::cut_off, needs Nodes Audit Processes;
    "a stranger deletes and edits the Lease, never two lead" => succession::at_the_lease, needs Nodes Audit;
    "Recoveries, marks and Lease of the first release are gone on with" => succession::first_release, needs Cluster Nodes Audit;
    "a leader hands over before its own node is drained" => lifecycle::own_node, needs Cluster Nodes Audit;
    "an existing cluster is adopted, and what is not ours there is left" => adoption::foreign_cluster, needs Processes;
    "pod failed" => pods::failed;
    "crash loop below and at the threshold" => pods::crash_loop;
    "image pull" => pods::image_pull;
    "crash loop of a StatefulSet's pod is understood when the pod is gone" => evidence::of_a_stateful_set;
    "pod not ready" => pods::not_ready;
    "failed pod of a Job is left alone" => pods::of_a_job;
    "stuck terminating pod is reported, not deleted" => pods::stuck_terminating, needs Audit;
    "bare pod restarted" => bare::restarted;
    "bare pod, kill -9 between delete and create" => bare::crash_between_delete_and_create, needs Audit;
    "excluded pod" => marks::excluded_pod, needs Audit;
    "excluded workload" => marks::excluded_workload, needs Audit;
    "excluded namespace" => marks::excluded_namespace, needs Audit;
    "protected namespace" => marks::protected_namespace, needs Cluster Audit;
    "what is behind a Service without ready endpoints is restarted" => hands::restarted_behind_services, needs Nodes;
    "a Service is switched to its standby and back" => hands::switched_to_its_standby;
    "one pod more is ready before a sick one is deleted" => hands::one_more_first, needs Cluster;
    "a memory limit is raised in place" => hands::more_memory, needs Cluster;
    "paused and resumed" => switches::paused_and_resumed;
    "Observe writes nothing but Recoveries" => switches::observe, needs Nodes Audit;
    "Approve waits for the annotation" => switches::approve;
    "cancelled by annotation" => switches::cancelled;
    "pod of the same name with a new uid is not touched" => faults::recreated_pod, needs Audit;
    "node of the same name with a new uid is not touched" => faults::recreated_node, needs Nodes Audit;
    "two controllers without election heal each pod once" => faults::two_leaders, needs Audit;
    "finished Recoveries are cleared away after recovery_ttl" => lifecycle::history_expires;
    "wrong configuration is refused at the start" => config::wrong_start;
    "wrong live ConfigMap is refused as a whole" => config::wrong_live_change;
    "health, readiness and metrics" => lifecycle::endpoints;
    "Slack is told, and told again after 429" => notices::slack;
    "pending messages survive a crash" => notices::survives_a_crash;
    "everybody hears of a critical failure once" => channels::everybody, needs Nodes;
    "doctor --notify says who can be told" => channels::doctor;
    "everybody hears after kill -9 what was owed, once" => channels::after_a_crash, needs Nodes;
    "kubectl get and describe read well" => reading::kubectl, needs Nodes;
    "a HealingPolicy says whether it is Ready" => reading::policies, needs Cluster;
    "doctor on a good cluster, and on one that nobody leads" => doctor::leader, needs Cluster;
    "doctor names each right that is missing" => doctor::rights, needs Cluster;
    "doctor on broken clusters" => doctor::broken::everything, needs Cluster Nodes;
    "without the right to evict nodes are left alone, and pods healed" => disabled::drains, needs Cluster Nodes Audit;
    "without the right to switch Services their workloads are restarted" => disabled::services, needs Cluster Nodes;
    "the API server refuses what the controller never does" => admission::refusals, needs Cluster Nodes;
    "shipped manifests pass the restricted level" => permissions::manifests, needs Cluster;
    "kubectl auth can-i answers as the roles say" => permissions::can_i;
    "chart and overlays are taken by the API server" => packages::accepted, needs Cluster;
    "the rights of the overlay observe-only are enough to observe" => packages::observe_only, needs Cluster Nodes Audit;
    "the rights of the overlay namespaced are enough to heal there" => packages::namespaced, needs Cluster Nodes Audit;
};
