//! Watches: the changes since a version, one line each, until the time is up.

mod show;

use super::list;
use super::reply::{self, Reply};
use super::tap::{OnEvent, Seen};
use super::{Context, ServiceError};
use crate::failure::{Cause, Failure};
use crate::select::Selector;
use crate::store::Commit;
use bytes::Bytes;
use serde_json::{Value, json};
use show::frame;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

/// Between two bookmarks, and between the last one and the end.
const BOOKMARK: Duration = Duration::from_secs(60);
const LAST: Duration = Duration::from_secs(2);
/// The end of a watch that asks for more.
const LONGEST: Duration = Duration::from_secs(86_400);
/// The end of a watch that names none; the real server takes half an hour to an hour at random.
const LIFE: Duration = Duration::from_secs(2700);

/// What is told next.
enum Line {
    /// An object as it was when the watch began.
    First(u64, Arc<Value>),
    /// A change.
    Change(Arc<Commit>),
    /// How far the watch has come, and whether that is the end of the first objects.
    Bookmark(u64, bool),
    /// The end.
    Error(Failure),
}

impl Line {
    fn version(&self) -> u64 {
        match self {
            Self::First(version, _) | Self::Bookmark(version, _) => *version,
            Self::Change(commit) => commit.version,
            Self::Error(_) => 0,
        }
    }
}

struct Watch {
    context: Arc<Context>,
    selector: Selector,
    lines: VecDeque<Line>,
    live: UnboundedReceiver<Arc<Commit>>,
    /// Changes up to this version are not for this watch.
    from: u64,
    end: Instant,
    /// When the next bookmark is due; none are sent to clients that do not ask for them.
    bookmark: Option<Instant>,
    over: bool,
}

/// Opens a watch.
pub(super) async fn watch(context: &Arc<Context>) -> Result<Reply, Failure> {
    let query = &context.asked.target.query;
    check(context)?;
    let selector = list::selector(context)?;
    let from = list::version(query)?.unwrap_or(0);
    let seconds = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
    let bookmarks = query.is("allowWatchBookmarks") == Some(true);
    let initial = query.is("sendInitialEvents").unwrap_or(from == 0);
    let late = if initial { list::fresh(context, from).await.err() } else { None };
    let (lines, live) = open(context, from, initial, bookmarks);
    let end = Instant::now() + seconds.map_or(LIFE, |seconds| Duration::from_secs(seconds).min(LONGEST));
    let watch = Watch {
        lines: late.map_or(lines, |failure| VecDeque::from([Line::Error(failure)])),
        context: context.clone(),
        selector,
        live,
        from,
        end,
        bookmark: next_bookmark(end).filter(|_| bookmarks),
        over: false,
    };
    let step = |mut watch: Watch| async { watch.next().await.map(|line| (Ok::<_, ServiceError>(line), watch)) };
    Ok(reply::stream(futures::stream::unfold(watch, step)))
}

/// What there is to tell at once, and what comes after it, without a gap.
fn open(
    context: &Context,
    from: u64,
    initial: bool,
    bookmarks: bool,
) -> (VecDeque<Line>, UnboundedReceiver<Arc<Commit>>) {
    let mut state = context.cluster.state();
    let resource = context.resource.stored_as();
    let live = state.store.watch(&[&resource]);
    let expired = || {
        let words = match resource.as_str() {
            // Events are watched in etcd itself.
            "events" => "The resourceVersion for the provided watch is too old.".to_owned(),
            _ => format!("too old resource version: {from} ({})", state.store.compacted()),
        };
        VecDeque::from([Line::Error(Failure::expired(words))])
    };
    let mut lines = VecDeque::new();
    let mut seen = from;
    if initial {
        let stale = context.view().map(|view| view.version).filter(|stale| from <= *stale);
        let Ok(listed) = list::at(&state, context, stale) else { return (expired(), live) };
        seen = listed.version;
        lines.extend(listed.objects.into_iter().map(|(_, object)| Line::First(seen, object)));
        if bookmarks {
            lines.push_back(Line::Bookmark(seen, true));
        }
    } else if from == 0 {
        return (lines, live);
    }
    let Some(changes) = state.store.since(&resource, seen) else { return (expired(), live) };
    lines.extend(changes.into_iter().map(Line::Change));
    (lines, live)
}

impl Watch {
    /// The next line of text; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let shown = match self.line().await? {
                Line::Error(failure) => return Some(self.fail(&failure)),
                line => self.show(line),
            };
            let Some(shown) = shown else { continue };
            let metadata = &shown.object["metadata"];
            let text = |field: &str| metadata[field].as_str().unwrap_or_default();
            let (kind, version) = (shown.kind, shown.version);
            let seen = Seen { kind, namespace: text("namespace"), name: text("name"), version };
            match self.context.tap.event(&self.context.asked.call, &seen) {
                OnEvent::Pass => {}
                OnEvent::Delay(time) => tokio::time::sleep(time).await,
                OnEvent::Hide => continue,
                OnEvent::Close => {
                    self.close();
                    return None;
                }
                OnEvent::Silence => std::future::pending().await,
                OnEvent::Forget => {
                    let words = format!("too old resource version: {} ({version})", self.from);
                    return Some(self.fail(&Failure::expired(words)));
                }
            }
            return Some(self.text(&shown));
        }
    }

    /// The next thing to tell, when it may be told.
    async fn line(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                let held = self.context.view().filter(|view| line.version() > view.version);
                if let Some(view) = held {
                    sleep_until(view.until.min(self.end)).await;
                }
                if held.is_some_and(|view| view.until >= self.end) {
                    self.close();
                    return None;
                }
                return Some(line);
            }
            if self.over {
                return None;
            }
            let due = self.bookmark.map_or(self.end, |bookmark| bookmark.min(self.end));
            tokio::select! {
                biased;
                change = self.live.recv() => match change {
                    Some(change) if change.version > self.from => self.lines.push_back(Line::Change(change)),
                    Some(_) => {}
                    None => self.over = true,
                },
                () = sleep_until(due) => self.mark(),
            }
        }
    }

    /// The time is up, or it is time to tell how far the watch has come.
    fn mark(&mut self) {
        self.over = Instant::now() >= self.end;
        if self.over {
            return;
        }
        self.bookmark = next_bookmark(self.end);
        let mut version = self.context.cluster.version().max(self.from);
        while let Ok(change) = self.live.try_recv() {
            version = version.max(change.version);
            self.lines.push_back(Line::Change(change));
        }
        self.lines.push_back(Line::Bookmark(version, false));
    }

    fn fail(&mut self, failure: &Failure) -> Bytes {
        self.close();
        frame("ERROR", &failure.status().to_string().into())
    }

    fn close(&mut self) {
        self.over = true;
        self.lines.clear();
        self.live.close();
    }
}

/// Once a minute, and shortly before the end.
fn next_bookmark(end: Instant) -> Option<Instant> {
    let now = Instant::now();
    [Some(now + BOOKMARK), end.checked_sub(LAST)].into_iter().flatten().filter(|time| *time > now).min()
}

/// Which options go together.
fn check(context: &Context) -> Result<(), Failure> {
    let query = &context.asked.target.query;
    let (wanted, initial) = (query.get("resourceVersionMatch"), query.is("sendInitialEvents"));
    let mut causes = Vec::new();
    if initial.is_some() && wanted != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(Cause::forbidden("resourceVersionMatch", why));
    }
    if !wanted.is_empty() && initial.is_none() {
        let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        causes.push(Cause::forbidden("resourceVersionMatch", why));
    }
    if !wanted.is_empty() && wanted != "NotOlderThan" {
        causes.push(Cause::unsupported("resourceVersionMatch", &wanted.into(), &[json!("NotOlderThan")]));
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid("ListOptions.meta.k8s.io", "", &causes)) }
}
