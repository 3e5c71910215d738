//! A large and hostile board, served as the controller serves it.

use crate::served;
use self_healing_api::board::{Head, Rows, rows};
use self_healing_controller::http::{Broadcast, Pages, bind, serve};
use self_healing_core::board::{Board, Card, Spot};
use self_healing_core::explanation::Observer;
use self_healing_core::key::{Key, Kind, Target, Text};
use self_healing_core::names::{Cause, FailureType, Light, Mode, Phase, Severity, Strategy};
use self_healing_core::time::{Now, Stamp, Tick};
use tokio::sync::oneshot;

pub(crate) const NODES: usize = 5000;
pub(crate) const RECOVERIES: usize = 1000;
/// Markup, a text that turns its line around, quotes, and as long a name as there can be.
pub(crate) const HOSTILE: [&str; 4] = [
    "<script>window.hacked=1</script>",
    "\u{202e}txt.exe\u{202d}",
    "\"'><img src=x onerror=window.hacked=1>",
    "a' onclick='hacked=1",
];

const BEGIN: i64 = 1_767_225_600_000;

/// The controller's server with a board that the test moves.
pub(crate) struct Large {
    pub(crate) url: String,
    broadcast: Broadcast,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Large {
    pub(crate) fn start() -> Self {
        let broadcast = Broadcast::new();
        let (stop, stopped) = oneshot::channel::<()>();
        let (told, address) = std::sync::mpsc::channel();
        let pages = Pages { broadcast: broadcast.clone(), ..served::pages() };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, pages, async move { drop(stopped.await) }).await;
            });
        });
        let url = format!("http://{}/", address.recv().unwrap());
        Self { url, broadcast, stop: Some(stop), thread: Some(thread) }
    }

    /// Tells how everything is in the step `step`: each step changes a tenth of all nodes and recoveries.
    pub(crate) fn tell(&self, step: usize) {
        let now = Now { tick: Tick(step as u64 * 100), stamp: Stamp(BEGIN + i64::try_from(step).unwrap() * 100) };
        self.broadcast.tell(now, board(now.stamp, step));
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ended = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

fn board(at: Stamp, step: usize) -> Rows {
    let observer = Observer { leads: true, mode: Mode::Enforce, paused: false, stale: Vec::new() };
    let board = Board {
        at,
        observer,
        nodes: (0..NODES).map(|number| spot(number, step)).collect(),
        troubles: Vec::new(),
        recoveries: (0..RECOVERIES).map(|number| card(number, step)).collect(),
        total: (0, RECOVERIES),
        gauges: Vec::new(),
        watches: Vec::new(),
    };
    rows(&board, |observer| Head {
        observer: observer.clone(),
        cluster: HOSTILE[0].to_owned(),
        namespace: "self-healing".to_owned(),
        version: "0".to_owned(),
    })
}

fn spot(number: usize, step: usize) -> Spot {
    let light = if (number + step).is_multiple_of(10) { Light::Sick } else { Light::Well };
    Spot { name: Text::from(format!("node-{number:04}")), zone: Text::from(["a", "b", "c"][number % 3]), light }
}

fn card(number: usize, step: usize) -> Card {
    let hostile = HOSTILE.get(number).map_or_else(|| format!("web-{number}"), |name| (*name).to_owned());
    let name = if number == HOSTILE.len() { "n".repeat(253) } else { hostile };
    let target = Target { kind: Kind::Pod, key: Key::new("shop", &name), uid: Text::from("uid") };
    let changes = if (number + step).is_multiple_of(10) { step } else { 0 };
    Card {
        name: Text::from(format!("pod-crashloop-{number:04}")),
        failure: FailureType::Pod,
        cause: Some(Cause::CrashLoop),
        severity: Severity::Medium,
        target: target.clone(),
        workload: target,
        phase: Some(Phase::Running),
        message: format!("step {changes} of {name}"),
        strategy: Some(Strategy::Restart),
        detected_at: Stamp(BEGIN - 60_000),
        started_at: Some(Stamp(BEGIN)),
        deadline: Some(Stamp(BEGIN + 300_000)),
        steps: 1,
        held: None,
        next: String::new(),
    }
}
