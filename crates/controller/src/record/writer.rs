//! The writer: a thread of its own, gzip, and files that begin with everything known, so that each can be read by itself.

use super::line::{Line, VERSION, What};
use flate2::Compression;
use flate2::write::GzEncoder;
use self_healing_core::effect::{Answer, Effect, EffectId, Outcome, Verb};
use self_healing_core::event::Event;
use self_healing_core::key::Text;
use self_healing_core::time::Now;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Lines that may wait for the writer; more are left out.
const WAITING: usize = 8192;
/// What is written reaches the disk at the latest after this.
const FLUSH: Duration = Duration::from_secs(5);
/// Only its owner may read it: names of workloads and messages of containers are in it.
const MODE: u32 = 0o600;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file, compressed.
    pub bytes: u64,
    /// Full files that are kept beside the one that is being written.
    pub files: u32,
}

/// What happens when the disk is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The loop goes on, and what cannot be written is left out.
    LeaveOut,
    /// The loop waits, which only one in virtual time may.
    Wait,
}

/// What goes to the writer.
enum Item {
    Line(Line),
    /// Everything known: a new file begins with it when the old one is full.
    Whole(Vec<Line>),
}

/// The loop's end of a recording.
#[derive(Debug)]
pub struct Recorder {
    queue: Option<SyncSender<Item>>,
    writer: Option<JoinHandle<io::Result<()>>>,
    /// Set by the writer when its file is full, and at the beginning.
    wants_whole: Arc<AtomicBool>,
    pace: Pace,
    namespace: String,
    last: Option<Now>,
    left_out: u64,
    /// Nodes that are being looked at, whose outcomes are noted.
    looks: BTreeMap<EffectId, Text>,
}

impl Recorder {
    /// Begins a recording in `path`; what is there is overwritten.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(path: &Path, limits: Limits, pace: Pace, namespace: &str) -> io::Result<Self> {
        let wants_whole = Arc::new(AtomicBool::new(true));
        let (queue, items) = sync_channel(WAITING);
        let mut book = Book::open(path, limits, wants_whole.clone())?;
        let writer = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || book.write_all(&items))?;
        Ok(Self {
            queue: Some(queue),
            writer: Some(writer),
            wants_whole,
            pace,
            namespace: namespace.to_owned(),
            last: None,
            left_out: 0,
            looks: BTreeMap::new(),
        })
    }

    /// Notes what enters the loop.
    pub fn events(&mut self, now: Now, events: &[Event]) {
        for event in events {
            if let Event::Outcome(id, outcome) = event {
                self.outcome(now, *id, outcome);
            } else if let Some(what) = What::of(event, &self.namespace) {
                self.line(now, what);
            }
        }
    }

    /// Notes the configuration that applies from now on.
    pub fn config(&mut self, now: Now, config: BTreeMap<String, String>) {
        self.line(now, What::Config(config));
    }

    /// Remembers what an outcome will be about.
    pub fn effect(&mut self, effect: &Effect) {
        let about = match &effect.verb {
            Verb::LookAtKubelet { node, .. } | Verb::PlanDrain { node } => node,
            Verb::LookAtWorkload(target) => &target.uid,
            _ => return,
        };
        self.looks.insert(effect.id, about.clone());
    }

    fn outcome(&mut self, now: Now, id: EffectId, outcome: &Outcome) {
        let Some(about) = self.looks.remove(&id) else { return };
        match outcome {
            Outcome::Done(Answer::Kubelet(look)) => self.line(now, What::Look(about, *look)),
            Outcome::Done(Answer::Drain(view)) => self.line(now, What::Drain(about, view.clone())),
            Outcome::Done(Answer::Workload(view)) => self.line(now, What::View(about, view.clone())),
            _ => {}
        }
    }

    /// Whether everything that is known is due, because a file begins.
    #[must_use]
    pub fn wants_whole(&self) -> bool {
        self.wants_whole.load(Ordering::Relaxed)
    }

    /// Gives it: how the process is called, its configuration, and every fact as an event.
    pub fn whole(
        &mut self,
        now: Now,
        own: (&str, &str),
        may_create_pods: bool,
        config: BTreeMap<String, String>,
        facts: &[Event],
    ) {
        let own = (own.0.to_owned(), own.1.to_owned());
        let begin = What::Begin { version: VERSION, stamp: now.stamp.0, own, may_create_pods };
        let facts = facts.iter().filter_map(|event| What::of(event, &self.namespace));
        let all = [begin, What::Config(config)].into_iter().chain(facts);
        let lines = all.map(|what| Line { after: 0, jump: 0, what }).collect();
        self.last = Some(now);
        self.wants_whole.store(false, Ordering::Relaxed);
        if self.send(Item::Whole(lines)) {
            // Nothing is missing any more.
            self.left_out = 0;
        } else {
            self.wants_whole.store(true, Ordering::Relaxed);
        }
    }

    fn line(&mut self, now: Now, what: What) {
        // Before the first whole nothing can be understood.
        let Some(last) = self.last else { return };
        if self.left_out > 0 {
            let gap = Line { after: 0, jump: 0, what: What::Gap(self.left_out) };
            if !self.send(Item::Line(gap)) {
                self.left_out += 1;
                return;
            }
            self.left_out = 0;
            // What was left out is made up for by everything that is known.
            self.wants_whole.store(true, Ordering::Relaxed);
        }
        let after = u64::try_from(now.tick.since(last.tick).as_millis()).unwrap_or(u64::MAX);
        let jump = (now.stamp.0 - last.stamp.0).saturating_sub_unsigned(after);
        if self.send(Item::Line(Line { after, jump, what })) {
            self.last = Some(now);
        } else {
            self.left_out += 1;
            tracing::warn!("the recording cannot keep up: events are left out");
        }
    }

    fn send(&self, item: Item) -> bool {
        let Some(queue) = &self.queue else { return true };
        match self.pace {
            Pace::Wait => {
                // A writer that ended has said why.
                let _ended = queue.send(item);
                true
            }
            Pace::LeaveOut => !matches!(queue.try_send(item), Err(TrySendError::Full(_))),
        }
    }
}

impl Drop for Recorder {
    /// Writes what still waits.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(Err(error)) = self.writer.take().and_then(|writer| writer.join().ok()) {
            tracing::error!(%error, "the recording could not be finished");
        }
    }
}

/// The files.
struct Book {
    path: PathBuf,
    limits: Limits,
    wants_whole: Arc<AtomicBool>,
    page: Option<GzEncoder<Counted>>,
    begun: bool,
}

impl Book {
    fn open(path: &Path, limits: Limits, wants_whole: Arc<AtomicBool>) -> io::Result<Self> {
        let page = Some(new_page(path)?);
        Ok(Self { path: path.to_owned(), limits, wants_whole, page, begun: false })
    }

    fn write_all(&mut self, items: &Receiver<Item>) -> io::Result<()> {
        let result = self.follow(items);
        if let Err(error) = &result {
            tracing::error!(%error, path = %self.path.display(), "the recording ended");
        }
        result
    }

    fn follow(&mut self, items: &Receiver<Item>) -> io::Result<()> {
        loop {
            match items.recv_timeout(FLUSH) {
                Ok(Item::Line(line)) => self.put(&line)?,
                Ok(Item::Whole(lines)) => {
                    if self.is_full() && self.begun {
                        self.turn_page()?;
                    }
                    self.begun = true;
                    lines.iter().try_for_each(|line| self.put(line))?;
                }
                Err(RecvTimeoutError::Timeout) => self.page.as_mut().map_or(Ok(()), Write::flush)?,
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
            if self.is_full() && !self.wants_whole.load(Ordering::Relaxed) {
                self.wants_whole.store(true, Ordering::Relaxed);
            }
        }
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        let Some(page) = self.page.as_mut() else { return Ok(()) };
        serde_json::to_writer(&mut *page, line)?;
        page.write_all(b"\n")
    }

    fn is_full(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.get_ref().written >= self.limits.bytes)
    }

    /// The full file becomes the first of the older ones, and the oldest of those goes.
    fn turn_page(&mut self) -> io::Result<()> {
        self.close()?;
        for number in (1..self.limits.files).rev() {
            let (from, to) = (older(&self.path, number), older(&self.path, number + 1));
            if from.exists() {
                std::fs::rename(from, to)?;
            }
        }
        if self.limits.files > 0 {
            std::fs::rename(&self.path, older(&self.path, 1))?;
        }
        self.page = Some(new_page(&self.path)?);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(page) = self.page.take() else { return Ok(()) };
        page.finish()?.file.sync_all()
    }
}

/// The name of an older file: `FILE.1` is the newest of them.
pub(super) fn older(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn new_page(path: &Path) -> io::Result<GzEncoder<Counted>> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
    Ok(GzEncoder::new(Counted { file, written: 0 }, Compression::fast()))
}

/// A file that knows how long it is.
struct Counted {
    file: File,
    written: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
