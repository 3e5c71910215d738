//! Runs the stories of real nodes: the controller with its shipped rights, against kubelets that nobody of us wrote.
//!
//! Three clusters side by side: one whose pods fail, one whose nodes fail, and one without our controller, that shows what stock
//! Kubernetes does about the same power cut.

mod ground;
mod inside;
mod interrupted;
mod nodes;
mod pods;
mod pressure;
mod stock;
mod workload;

use anyhow::{Context, Result, bail, ensure};
use futures::future::join_all;
use ground::RealGround;
use self_healing_e2e::Binaries;
use self_healing_e2e::real::{cgroup, network, requirements};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A story that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(420);

type Run = for<'a> fn(&'a RealGround) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One story.
pub(crate) struct RealStory {
    name: &'static str,
    run: Run,
}

macro_rules! stories {
    ($($name:literal => $run:path;)+) => { &[$(RealStory { name: $name, run: |ground| Box::pin($run(ground)) },)+] };
}

/// Told at the same time, on nodes that are well.
const OF_PODS: &[RealStory] = stories! {
    "crash loop with the real back-off" => pods::crash_loop;
    "loop of exits with 0" => pods::exit_zero;
    "init container fails" => pods::init_container;
    "killed for memory" => pods::out_of_memory;
    "image that cannot be pulled, and then can" => pods::image;
    "readiness fails" => pods::readiness;
    "liveness fails, and the kubelet helps itself" => pods::liveness;
    "SIGTERM is ignored, the kubelet ends it" => pods::ignores_term;
    "a finalizer keeps a pod" => pods::finalizer;
    "static pod is left alone" => pods::static_pod;
};

/// Told one after the other.
const OF_NODES: &[RealStory] = stories! {
    "drain with real grace periods" => nodes::drain;
    "kubelet killed, and back at once" => nodes::kubelet_back;
    "kubelet killed" => nodes::kubelet_killed;
    "kubelet hangs" => nodes::kubelet_hangs;
    "container runtime killed" => nodes::runtime_killed;
    "network cut; a StatefulSet's pod is not doubled" => nodes::network_cut;
    "power cut, and a reboot" => nodes::power_cut;
    "evicted for memory" => pressure::memory;
    "evicted for disk" => pressure::disk;
    "the leader's own node is lost" => inside::leader_lost;
};

/// Runs the stories whose names contain a filter, all without one. On a host that cannot run real nodes it says why; that counts as skipped.
pub(crate) async fn run(binary: &Path, filters: &[&str]) -> Result<()> {
    let missing = requirements::missing();
    if !missing.is_empty() {
        println!("skipped: real nodes need\n  {}", missing.join("\n  "));
        return Ok(());
    }
    let asked = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter));
    let pods: Vec<&RealStory> = OF_PODS.iter().filter(|story| asked(story.name)).collect();
    let nodes: Vec<&RealStory> = OF_NODES.iter().filter(|story| asked(story.name)).collect();
    if pods.is_empty() && nodes.is_empty() && !asked(INTERRUPTED) {
        bail!("no story of real nodes matches {filters:?}");
    }
    requirements::programs()?;
    // What has to be built is fetched from outside, which the network below has no way to.
    Binaries::ready()?;
    Binaries::node()?;
    cgroup::sweep()?;
    network::enter()?;
    let compared: Vec<&str> = COMPARED.into_iter().filter(|(story, _)| asked(story)).map(|(_, what)| what).collect();
    let begin = Instant::now();
    let told = Told::default();
    let lanes = async {
        tokio::join!(told.pods(binary, &pods), told.nodes(binary, &nodes), stock::elsewhere(binary, &compared))
    };
    // What is dropped is switched off.
    let lanes = tokio::select! {
        lanes = lanes => lanes,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; all nodes are switched off"),
    };
    for (name, lane) in [("the cluster whose pods fail", lanes.0), ("the cluster whose nodes fail", lanes.1)] {
        if lane.is_err() {
            told.note(name, lane);
        }
    }
    told.compare(lanes.2);
    let left = cgroup::of_program(std::process::id())?;
    if !left.is_empty() {
        bail!("cgroups were left behind: {left:?}");
    }
    if asked(INTERRUPTED) {
        told.one_more(INTERRUPTED, interrupted::leaves_nothing()).await;
    }
    told.end(begin)
}

/// What the run tells of itself at the end.
const INTERRUPTED: &str = "a run that is interrupted leaves nothing";
/// The stories that stock Kubernetes is measured beside, each with what befalls the node in it.
const COMPARED: [(&str, &str); 2] =
    [("power cut, and a reboot", nodes::POWER_CUT), (nodes::RUNTIME_KILLED, nodes::RUNTIME_KILLED)];

#[derive(Default)]
struct Told {
    passed: RefCell<usize>,
    failed: RefCell<Vec<String>>,
    /// How long it took until pods were ready elsewhere, after what befell their node.
    elsewhere: RefCell<BTreeMap<&'static str, Duration>>,
}

impl Told {
    async fn pods(&self, binary: &Path, stories: &[&RealStory]) -> Result<()> {
        if stories.is_empty() {
            return Ok(());
        }
        let ground = RealGround::start(binary, 1, 3).await?;
        let controller = ground.ground.controller(pods::SETTINGS).await?;
        join_all(stories.iter().map(|story| self.one(&ground, story))).await;
        controller.stop().await?;
        ground.end().await
    }

    async fn nodes(&self, binary: &Path, stories: &[&RealStory]) -> Result<()> {
        if stories.is_empty() {
            return Ok(());
        }
        let ground = RealGround::start(binary, 11, 3).await?;
        for story in stories {
            self.one(&ground, story).await;
        }
        self.elsewhere.borrow_mut().append(&mut ground.elsewhere.borrow_mut());
        ground.end().await
    }

    async fn one(&self, ground: &RealGround, story: &RealStory) {
        self.one_more(story.name, (story.run)(ground)).await;
    }

    async fn one_more(&self, name: &str, story: impl Future<Output = Result<()>>) {
        let begin = Instant::now();
        let result = timeout(DEADLINE, story).await;
        let result = result.unwrap_or_else(|_elapsed| bail!("not done after {DEADLINE:?}"));
        let seconds = begin.elapsed().as_secs_f32();
        println!("{} {:<60} {seconds:>6.1} s", if result.is_ok() { "ok     " } else { "FAILED " }, name);
        self.note(name, result);
    }

    fn note(&self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => *self.passed.borrow_mut() += 1,
            Err(error) => {
                println!("        {name}: {error:#}");
                self.failed.borrow_mut().push(name.to_owned());
            }
        }
    }

    /// Ready elsewhere in at most a third of what stock Kubernetes needs, where that was measured.
    fn compare(&self, stock: Result<BTreeMap<&'static str, Duration>>) {
        let stock = match stock {
            Ok(stock) => stock,
            Err(error) => return self.note("the cluster without the controller", Err(error)),
        };
        let ours = self.elsewhere.borrow();
        println!("{:<40} {:>8} {:>18}", "pods ready elsewhere after", "seconds", "stock Kubernetes");
        for (what, ours) in ours.iter() {
            let stock = stock.get(what).map_or_else(|| "-".to_owned(), |stock| format!("{:.1}", stock.as_secs_f32()));
            println!("{what:<40} {:>8.1} {stock:>18}", ours.as_secs_f32());
        }
        for (what, stock) in stock {
            let name = format!("{what}: a third of what stock Kubernetes needs");
            self.note(&name, is_a_third(ours.get(what).copied(), stock));
        }
    }

    fn end(self, begin: Instant) -> Result<()> {
        let (passed, failed) = (self.passed.into_inner(), self.failed.into_inner());
        println!("\nreal nodes: {passed} passed, {} failed in {:.0} s", failed.len(), begin.elapsed().as_secs_f32());
        if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(" · ")) }
    }
}

fn is_a_third(ours: Option<Duration>, stock: Duration) -> Result<()> {
    let ours = ours.context("its story was not told to its end, so there is nothing to compare")?;
    ensure!(ours * 3 <= stock, "{ours:.1?} is more than a third of {stock:.1?}");
    Ok(())
}
