//! What all actors have in common: a queue of tasks, one timer per task, and the loop around them.

use crate::failure::Failure;
use crate::hand::Hand;
use crate::store::Key;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// When a task that was refused is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Something of the control plane or of a node that reacts to changes.
pub(super) trait Actor: Send + 'static {
    /// What there can be to do, told by names; what exactly is looked up when it is done.
    type Task: Ord + Clone + Send;

    /// The resources that it follows.
    const WATCHES: &'static [&'static str];

    /// Keeps its indexes and puts tasks on the desk. At the start it sees every object as new.
    fn see(&mut self, key: &Key, old: Option<&Value>, new: Option<&Value>, desk: &mut Desk<Self::Task>);

    /// Does one task, from what is now. Safe to repeat.
    ///
    /// # Errors
    /// What the API refused; the task is tried again unless its object is gone.
    fn work(&mut self, task: &Self::Task, desk: &mut Desk<Self::Task>) -> Result<(), Failure>;
}

/// Where the tasks of one actor wait.
pub(super) struct Desk<T> {
    /// Its way to the API.
    pub(super) hand: Hand,
    queue: VecDeque<T>,
    queued: BTreeSet<T>,
    timers: BTreeSet<(Timestamp, T)>,
    due: BTreeMap<T, Timestamp>,
}

impl<T: Ord + Clone> Desk<T> {
    fn new(hand: Hand) -> Self {
        let (queue, queued) = (VecDeque::new(), BTreeSet::new());
        Self { hand, queue, queued, timers: BTreeSet::new(), due: BTreeMap::new() }
    }

    /// To do now; twice is once.
    pub(super) fn put(&mut self, task: T) {
        if self.queued.insert(task.clone()) {
            self.queue.push_back(task);
        }
    }

    /// All of them to do now.
    pub(super) fn put_all<'a>(&mut self, tasks: impl IntoIterator<Item = &'a T>)
    where
        T: 'a,
    {
        tasks.into_iter().for_each(|task| self.put(task.clone()));
    }

    /// To do at `when`. A task has one timer: the earliest wins, and the task sets the next one.
    pub(super) fn put_at(&mut self, when: Timestamp, task: T) {
        match self.due.get(&task) {
            Some(earlier) if *earlier <= when => return,
            Some(later) => drop(self.timers.remove(&(*later, task.clone()))),
            None => {}
        }
        self.due.insert(task.clone(), when);
        self.timers.insert((when, task));
    }

    /// To do when `wait` is over.
    pub(super) fn put_in(&mut self, wait: Duration, task: T) {
        self.put_at(later(self.hand.now(), wait), task);
    }

    fn take(&mut self) -> Option<T> {
        let now = self.hand.now();
        while self.timers.first().is_some_and(|(when, _)| *when <= now) {
            if let Some((_, task)) = self.timers.pop_first() {
                self.due.remove(&task);
                self.put(task);
            }
        }
        let task = self.queue.pop_front()?;
        self.queued.remove(&task);
        Some(task)
    }

    /// Until the first timer is due.
    fn wait(&self) -> Option<Duration> {
        self.timers.first().map(|(when, _)| until(self.hand.now(), *when))
    }
}

async fn nap(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// `wait` after `time`.
pub(super) fn later(time: Timestamp, wait: Duration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// From `now` to `then`; nothing when that is past. In whole milliseconds, as tokio's clock, and never short of it.
fn until(now: Timestamp, then: Timestamp) -> Duration {
    let nanoseconds = then.as_nanosecond().saturating_sub(now.as_nanosecond()).max(0);
    Duration::from_millis(u64::try_from((nanoseconds + 999_999) / 1_000_000).unwrap_or(u64::MAX))
}

/// Runs an actor for as long as the cluster is there. All changes are seen before each task, and nobody else runs
/// during one, so that a task finds indexes and objects in step.
pub(super) async fn run<A: Actor>(mut actor: A, hand: Hand, mut nudges: mpsc::UnboundedReceiver<A::Task>) {
    let mut changes = hand.watch_all(A::WATCHES);
    let mut desk = Desk::new(hand);
    let all = A::WATCHES == ["*"];
    let resources = if all { desk.hand.resources() } else { A::WATCHES.iter().map(|&name| name.to_owned()).collect() };
    for resource in &resources {
        for object in desk.hand.list(resource, "") {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let key = Key::new(resource, text("/metadata/namespace"), text("/metadata/name"));
            actor.see(&key, None, Some(&object), &mut desk);
        }
    }
    loop {
        while let Some(commit) = changes.next_now() {
            actor.see(&commit.key, commit.old.as_deref(), commit.new.as_deref(), &mut desk);
        }
        while let Ok(task) = nudges.try_recv() {
            desk.put(task);
        }
        if let Some(task) = desk.take() {
            if actor.work(&task, &mut desk).is_err_and(|failure| failure.code != 404) {
                desk.put_in(AGAIN, task);
            }
            continue;
        }
        tokio::select! {
            biased;
            change = changes.next() => match change {
                Some(commit) => actor.see(&commit.key, commit.old.as_deref(), commit.new.as_deref(), &mut desk),
                None => return,
            },
            Some(task) = nudges.recv() => desk.put(task),
            () = nap(desk.wait()) => {}
        }
    }
}
