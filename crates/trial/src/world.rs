//! One world of its own: the embedded cluster with its actors, the shipped manifests, and the unmodified controller on
//! it, all in one runtime of one thread whose clock is paused. The same seed gives the same history.

mod clock;
mod conduct;
mod install;
mod keeper;
mod outside;
mod policy;
mod record;
mod reign;
mod trace;
mod webhook;

pub(crate) use policy::POLICIES;
pub use record::Wrote;

use crate::check::{Canary, Checker, Note, Setup, Violation};
use crate::fault::{Fault, Fired};
use crate::net::{Link, Net, Tape};
use anyhow::Result;
use keeper::{FLAGS, Ground, Pod};
use outside::{ADDRESSES, KEYS};
use record::{RECOVERIES, Record};
use reign::Reign;
use self_healing_controller::manifests::{NAMESPACE, SERVICE_ACCOUNT};
use self_healing_sim::actor::{Actors, Levers, Options};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::store::Key;
use self_healing_story::{Machines, Name, Outcome, PodName, Story, Timeline};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use trace::Trace;
use webhook::Service;

/// When the cluster's clock starts.
const BEGIN: &str = "2026-01-01T00:00:00Z";

/// What a world is made from.
#[derive(Clone, Debug, Default)]
pub struct Make {
    /// Decides about everything that is left to chance.
    pub seed: u64,
    /// Keys of the ConfigMap that differ from what is shipped.
    pub settings: Vec<(String, String)>,
    /// Whether the controller has receivers for its messages.
    pub messages: bool,
    /// What goes wrong.
    pub plan: Vec<Fault>,
}

/// The world of one run.
pub struct World {
    ground: Ground,
    admin: Hand,
    checker: Checker,
    record: Shared<Record>,
    reign: Shared<Reign>,
    trace: Shared<Trace>,
    pods: Vec<Pod>,
    tasks: JoinSet<()>,
    trouble: (mpsc::UnboundedSender<String>, mpsc::UnboundedReceiver<String>),
    start: Instant,
    began: Option<Instant>,
    /// Last, so that whatever uses the cluster ends before its actors do.
    _actors: Actors,
}

/// A secret in the manifest of each pod without a controller.
pub(crate) const PASSWORD: &str = "canary-in-a-manifest";

type Shared<T> = Arc<Mutex<T>>;

/// What is left of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What happened when.
    pub timeline: Timeline,
    /// Stands for every commit and everything sent: two runs with the same value were the same.
    pub hash: u64,
    /// Broken invariants.
    pub violations: Vec<Violation>,
    /// How a process of the controller ended by itself.
    pub trouble: Vec<String>,
    /// How many commits were checked.
    pub commits: u64,
    /// How often each rule had something to judge.
    pub judged: std::collections::BTreeMap<&'static str, u64>,
    /// The plan, and how often each fault hit.
    pub fired: Vec<Fired>,
    /// What passed through the network.
    pub tape: Tape,
    /// How long it took by the cluster's clock.
    pub lasted: Duration,
}

impl Report {
    /// What is wrong with the run in itself: a broken invariant, a process that ended by itself, a fault that hit nothing.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        let violations = self.violations.iter().map(ToString::to_string);
        let missed = self.fired.iter().filter(|fired| fired.hits == 0);
        let missed = missed.map(|fired| format!("unfired: the fault `{}` hit nothing", fired.fault));
        violations.chain(self.trouble.iter().map(|why| format!("process: {why}"))).chain(missed).collect()
    }
}

impl World {
    /// A cluster without nodes, with the manifests applied and no process of the controller yet.
    ///
    /// # Errors
    /// When a manifest is refused.
    pub fn new(make: &Make) -> Result<Self> {
        let cluster = Cluster::new(BEGIN.parse()?);
        let user = User::service_account(NAMESPACE, SERVICE_ACCOUNT, "").name;
        let fixed = FLAGS.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let checker = Checker::new(Setup { fixed, canaries: canaries(), ..Setup::default() }, cluster.clock());
        let record: Shared<Record> = Arc::new(Mutex::new(Record::new(&user)));
        let (reign, trace) = (Shared::<Reign>::default(), Shared::<Trace>::default());
        cluster.add_witness(checker.witness());
        let (of_record, of_reign, of_trace) = (record.clone(), reign.clone(), trace.clone());
        cluster.add_witness(Box::new(move |commit, store| {
            lock(&of_record).commit(commit, store);
            lock(&of_reign).commit(commit);
            lock(&of_trace).commit(commit);
        }));
        let ear = ear(&cluster, &checker, &record, &trace);
        let net = Net::new(&cluster, NAMESPACE, &make.plan, ear);
        let actors = Actors::start(&cluster, &Options::default());
        let admin = Hand::new(&cluster, User::admin("kubernetes-admin"));
        install::install(&cluster, &admin, &make.settings)?;
        let levers = actors.levers().clone();
        let webhook = Service::new(admin.clone(), levers.clone(), record.clone());
        let ground = Ground { cluster, levers, net, seed: make.seed, messages: make.messages, webhook };
        Ok(Self {
            ground,
            admin,
            checker,
            record,
            reign,
            trace,
            pods: Vec::new(),
            tasks: JoinSet::new(),
            trouble: mpsc::unbounded_channel(),
            start: Instant::now(),
            began: None,
            _actors: actors,
        })
    }

    /// Installs who provides the machines of the nodes that are there.
    pub(crate) fn install_provider(&self, machines: Machines) -> Result<()> {
        install::provider(&self.ground.cluster, &self.admin, machines)
    }

    /// Starts this many pods of the controller.
    pub fn start(&mut self, replicas: u64) {
        for index in 0..replicas {
            let pod = keeper::start(&self.ground, index, &mut self.tasks, &self.trouble.0);
            self.pods.push(pod);
        }
    }

    /// The story begins: from now on faults come, and what happens is told by its time since now.
    pub fn begin(&mut self) {
        let now = Instant::now();
        self.began = Some(now);
        self.ground.net.begin();
        let stage = self.stage();
        let plan: Vec<Fault> = self.ground.net.engine().plan().iter().map(|fired| fired.fault.clone()).collect();
        conduct::conduct(&stage, &plan, &mut self.tasks);
    }

    /// What the world is to a story: a person's hand on the API.
    #[must_use]
    pub fn admin(&self) -> &Hand {
        &self.admin
    }

    /// What a story can do to machines.
    #[must_use]
    pub fn levers(&self) -> &Levers {
        &self.ground.levers
    }

    /// The cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.ground.cluster
    }

    /// The network.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.ground.net
    }

    /// The connections of the process that leads; of any, while none does.
    #[must_use]
    pub fn leader(&self) -> Option<Link> {
        self.stage().leader().and_then(|pod| pod.link())
    }

    /// Whether a process has led without a break for so long.
    #[must_use]
    pub fn is_settled(&self, settle: Duration) -> bool {
        let born = self.leader().and_then(|link| link.alive_since());
        // One that was started after its pod took the Lease does not lead: the one before it did.
        born.is_some_and(|born| lock(&self.reign).has_lasted(settle, born))
    }

    /// The uid and the name of the pod that a story means.
    #[must_use]
    pub fn find(&self, pod: &PodName) -> Option<(String, Name)> {
        lock(&self.record).names().find(pod).map(|(uid, name)| (uid.to_owned(), name.clone()))
    }

    /// Puts a line into the timeline.
    pub fn say(&self, what: impl Into<String>) {
        lock(&self.record).say(what.into());
    }

    /// Hears of every write of the controller to pods and nodes from now on, as soon as it is applied.
    pub fn writes(&self) -> mpsc::UnboundedReceiver<Wrote> {
        lock(&self.record).subscribe()
    }

    fn stage(&self) -> conduct::Stage {
        conduct::Stage { ground: self.ground.clone(), pods: self.pods.clone(), reign: self.reign.clone() }
    }

    /// Judges what is left of `story`, and ends the world.
    #[must_use]
    pub fn end(mut self, story: &Story) -> Report {
        let state = self.ground.cluster.state();
        self.checker.end(&state.store);
        let outcome = lock(&self.record).outcome(story, &state.store);
        drop(state);
        let began = self.began.unwrap_or(self.start);
        let trouble = std::iter::from_fn(|| self.trouble.1.try_recv().ok()).collect();
        let (timeline, hash) = (lock(&self.record).timeline(began), lock(&self.trace).value());
        Report {
            outcome,
            timeline,
            hash,
            violations: self.checker.violations(),
            trouble,
            commits: self.checker.commits(),
            judged: self.checker.judged(),
            fired: self.ground.net.engine().plan().to_vec(),
            tape: self.ground.net.tape().clone(),
            lasted: self.start.elapsed(),
        }
    }
}

/// What must not come out: where messages go, and what stands in a pod's manifest.
fn canaries() -> Vec<Canary> {
    let secrets = KEYS.into_iter().chain([ADDRESSES[1].1]);
    let secrets = secrets.map(|secret| Canary { text: secret.to_owned(), in_manifest: false });
    secrets.chain([Canary { text: PASSWORD.to_owned(), in_manifest: true }]).collect()
}

/// What hears everything that passes through the network.
fn ear(
    cluster: &Cluster,
    checker: &Checker,
    record: &Shared<Record>,
    trace: &Shared<Trace>,
) -> impl Fn(Note) + Send + Sync + 'static {
    let (cluster, checker, record, trace) = (cluster.clone(), checker.clone(), record.clone(), trace.clone());
    move |note| {
        match &note {
            Note::Told(told) => {
                let recovery = cluster.get(&Key::new(RECOVERIES, NAMESPACE, &told.recovery)).ok();
                lock(&record).told(told, recovery.as_deref());
            }
            Note::Sent(sent) => lock(&trace).sent(sent, cluster.now()),
            Note::Began { .. }
            | Note::Ended { .. }
            | Note::Read(_)
            | Note::FaultBegins(_)
            | Note::FaultEnds(_)
            | Note::Output { .. } => {}
        }
        checker.note(&note);
    }
}

/// No code panics while it holds a lock here, and each write leaves a whole state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
