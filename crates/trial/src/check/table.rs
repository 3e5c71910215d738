//! Every invariant of the project: what it says, and which rule asserts it, or what else does, or why nothing does yet.

use super::rule as by;
use super::scene::Rule;

/// One invariant.
pub struct Invariant {
    /// E.g. `S4`.
    pub id: &'static str,
    /// In two or three words.
    pub name: &'static str,
    /// In a sentence or two.
    pub says: &'static str,
    pub(crate) how: How,
    /// What asserts it beside the checker, on other ground.
    pub(crate) beside: &'static str,
}

/// How it is asserted.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// By a rule of the checker; with the path of its type, and what it leaves out, if it leaves something out.
    Rule(fn() -> Box<dyn Rule>, fn() -> &'static str, &'static str),
    /// By something else, and by what.
    Elsewhere(&'static str),
    /// Not yet, and why.
    NotYet(&'static str),
}

impl Invariant {
    /// Whether a rule of the checker asserts it.
    #[must_use]
    pub fn has_rule(&self) -> bool {
        matches!(self.how, How::Rule(..))
    }
}

const fn rule<R: Rule + Default + 'static>(leaves_out: &'static str) -> How {
    How::Rule(|| Box::new(R::default()), std::any::type_name::<R>, leaves_out)
}

const fn line(id: &'static str, name: &'static str, how: How, says: &'static str) -> Invariant {
    Invariant { id, name, says, how, beside: "" }
}

impl Invariant {
    const fn beside(self, beside: &'static str) -> Self {
        Self { beside, ..self }
    }
}

/// Lives at random on the bare core.
const RANDOM: &str = "random lives of the core (`crates/core/tests/bare/random.rs`)";

/// All of them, in order.
#[rustfmt::skip] // a table
pub const INVARIANTS: &[Invariant] = &[
    line("S1", "target identity", rule::<by::identity::Identity>(""),
        "What is deleted, evicted or cordoned has the uid that its record names, and the request insists on that uid."),
    line("S2", "fresh evidence", rule::<by::fresh::Fresh>("What a drain's plan reads is not asserted here; the stories of budgets and room are."),
        "In the 5 s before each destructive write, the same process has read the target with a quorum read, and the node that a pod is moved off; deletes and patches insist on the version that was read. The selector that a Service is switched to chooses a pod that is ready, or was within those 5 s."),
    line("S3", "epochs", rule::<by::epochs::Epochs>(""),
        "Who has not led, or has not renewed within renewDeadline, sends no write. After a later leader wrote a record, none of an earlier one is accepted; what an earlier one had on its way to other objects lands within leaseDuration − renewDeadline."),
    line("S4", "at most once", rule::<by::once::Once>(""),
        "A pod is deleted or evicted at most once in all, and a Recovery sets a mark or switches its Service at most once, whoever leads.").beside(RANDOM),
    line("S5", "write-ahead", rule::<by::ahead::Ahead>(""),
        "Before a write to an object, a stored record names it and has the attempt and the evidence (decision 15). A bare pod's manifest is stored before the pod is deleted, the selector of a Service before it is switched."),
    line("S6", "no orphan marks", rule::<by::orphans::Orphans>(""),
        "Every owner annotation and suspect taint names a Recovery that is not over, or has been for less than 120 s in which nothing was in the way."),
    line("S7", "concurrency", rule::<by::concurrency::Concurrency>("Where more nodes of a zone are sick than that share of it, S8 and the breaker's stories say the rest."),
        "No more nodes than `node_concurrency` are in recovery at once, from the first attempt until verified or over."),
    line("S8", "blast radius", rule::<by::blast::Blast>("A node that is gone after a recovery that succeeded counts as a node for `history_window`."),
        "When an attempt on a node begins, sick nodes and nodes in recovery together are within `max_unhealthy_nodes`, in the cluster and, where there are several, in the node's zone; not all nodes of its zone are sick, unless it has one only."),
    line("S9", "freeze", rule::<by::freeze::Freeze>("Zones: S8."),
        "No attempt on a node begins within `settle_period` of a start or a new leadership, nor while no other node is Ready; nothing is taken away while all watches have been silent for longer than 65 s."),
    line("S10", "rate", rule::<by::rate::Rate>("Irreversible writes, which are orders to providers of machines, are not counted on their own: S4 lets each Recovery give one, or one of each template."),
        "In no minute do more attempts begin than `recoveries_per_minute`, over restarts and leaders."),
    line("S11", "budgets", rule::<by::budgets::Budgets>("The second signal of a dead node is no part of the API, so only the first, the heartbeat, is asserted."),
        "Pods leave a node whose heartbeat has not stopped by eviction only, until a policy's deadline. No other delete of ours takes a disruption budget below its desired count."),
    line("S12", "fencing", rule::<by::fencing::Fencing>(""),
        "No removal with a grace of 0, asked for or by the pod's own spec, no deletion of a node, no taint of effect NoExecute; but the out-of-service taint on a node whose remediation has succeeded since its last heartbeat."),
    line("S13", "exclusions", rule::<by::exclusions::Exclusions>("Locks of other tools come with the guard Busy (issue 5)."),
        "No destructive write on mirror pods, on DaemonSet pods for their node's sake, in protected namespaces that no policy names, on what is marked as opted out (object, workload, namespace), on control-plane nodes whose label no policy requires, on the controller's own pod or node.").beside(RANDOM),
    line("S14", "foreign state", rule::<by::foreign::Foreign>(""),
        "Labels, annotations, taints, cordons and all else of others on nodes and Services are after our write as before it; a selector that somebody else has set meanwhile stays."),
    line("S15", "human wins", rule::<by::human::Human>("Edits of workloads are not among it."),
        "After a person has taken our cordon back, changed the selector or the mark of a Service that we had switched, or vetoed the Recovery, it takes nothing more away."),
    line("S16", "field ownership", rule::<by::fields::Fields>("Who applied a field is told by `managedFields`, which the embedded API does not keep: a test of the controller says so."),
        "Nothing is applied by force. A Service that carries the mark of a GitOps tool is not switched."),
    line("S17", "one send", rule::<by::sends::Sends>(""),
        "A destructive decision leaves as one request; the same again needs a quorum read of its target in between."),
    line("S18", "monotone records", rule::<by::phases::Phases>(""),
        "Records change by compare-and-swap along the declared graph, attempts climb their ladder and are never rewritten, what is over stays, an unknown phase is not touched, nothing is deleted before `recovery_ttl`."),
    line("S19", "unknown means no", rule::<by::doubt::Doubt>("A plan of a drain that cannot be read is refused as well: a test of the core says so."),
        "After a read of the target that failed, nothing is taken away until one succeeds."),
    line("S20", "off means off", rule::<by::off::Off>(""),
        "Paused, only our own Lease, Recoveries and Events are written; in Observe only the Lease and Recoveries; in Approve nothing is taken away that nobody approved.").beside(RANDOM),
    line("S21", "bounds", rule::<by::bounds::Bounds>("Queues, caches and series are inside the controller; benches look at them (issue 9)."),
        "Records stay within their schema's lengths and 1.5 MiB, an Event is not repeated within 300 s, a message arrives once unless a fault doubled it."),
    line("S22", "no leak", rule::<by::leaks::Leaks>(""),
        "Canaries come out in no object that we write, no message and no line; those of a bare pod's manifest are in `savedManifest` and the pod made from it alone."),
    line("L1", "healed", rule::<by::healed::Healed>(""),
        "At the end, what is still broken has a Recovery that works on it or says why not, or a person has it."),
    line("L2", "ended", rule::<by::ended::Ended>(""),
        "At the end, every record is over, or held with a reason, or has time left.").beside(RANDOM),
    line("L3", "no mark left", rule::<by::left::Left>(""),
        "At the end, no mark is left by a Recovery that is over.").beside(RANDOM),
    line("L4", "thaw", rule::<by::thaw::Thaw>(""),
        "At the end, nothing is held by Settling or StaleWatch when all has been calm for long enough."),
    line("L5", "succession", rule::<by::succession::Succession>(""),
        "While a process lives and nothing is in its way, one leads within leaseDuration + retryPeriod of the last."),
    line("L6", "no starvation", How::Elsewhere("A run is finite, so a target that waits for ever is one that L1 and L2 find waiting at its end."),
        "No target waits for ever."),
    line("L7", "differential", How::Elsewhere("`check::Summary`, which the exhaustive plans compare with the run without faults."),
        "The end state of a run with faults equals that of the run without, and so do creates, deletes and evictions per object."),
    line("L8", "visible holds", rule::<by::held::Held>(""),
        "What is held has a guard with its reason in the record, and a Warning Event within 30 s in which nothing was in the way."),
    line("L9", "caches catch up", How::NotYet("The views are inside the controller; what a stale one would lead to, S2, S9 and L1 find. A figure to assert comes with issue 9."),
        "After a fault of a watch, the controller's view is the store's again."),
    line("L10", "owed is delivered", rule::<by::owed::Owed>("What a resolved alert was about, its receiver is not told; S21 and the stories count those."),
        "At the end, each message that a record calls sent has arrived, each that arrived was owed by its record, and none is pending when all has been calm, and every receiver well, for 180 s.").beside(RANDOM),
    line("M1", "same seed, same trace", How::Elsewhere("`crates/trial/tests/same.rs`, by the hash of all commits and requests of two runs; and random lives of the core."),
        "The same seed and commit give the same trace."),
    line("M2", "faults fire", How::Elsewhere("The runner: a planned fault that hit nothing fails its run (`crates/trial/tests/faults.rs`)."),
        "Each injected fault has hit something."),
    line("M3", "every guard counts", How::Elsewhere("`cargo xtask mutants`."),
        "With any guard or precondition removed, some run fails."),
    line("M4", "honest cluster", How::Elsewhere("`cargo xtask conformance`, against the real API server."),
        "The embedded API answers as the real one does."),
    line("M5", "on in production", How::NotYet("Counters that freeze the controller come with issue 10."),
        "The invariants stay on in production."),
];
