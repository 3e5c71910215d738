//! An explanation on a terminal: the answer first, then what it rests on.

use jiff::Timestamp;
use self_healing_api::explanation::{Explanation, Guard, Observer, RecoveryBrief, Signal};
use std::fmt::Write;

/// So many lines of evidence are shown; the Recovery has all of it.
const EVIDENCE: usize = 24;

/// The whole answer.
#[must_use]
pub fn text(found: &Explanation) -> String {
    let mut page = Page { now: found.at.parse().unwrap_or_default(), text: String::new() };
    page.line(0, &found.summary);
    page.unknown(found);
    page.next(found);
    page.object(found);
    page.signals(&found.signals);
    page.decision(found);
    page.guards(&found.guards);
    if let Some(recovery) = &found.recovery {
        page.heading("Recovery");
        page.recovery(recovery);
    }
    if !found.ended.is_empty() {
        page.heading("Recoveries that are over");
        found.ended.iter().for_each(|ended| page.recovery(ended));
    }
    page.observer(&found.observer, &found.at);
    page.text
}

struct Page {
    now: Timestamp,
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, words: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{}", "", words.trim_end());
    }

    fn heading(&mut self, words: &str) {
        self.text.push('\n');
        self.line(0, words);
    }

    fn unknown(&mut self, found: &Explanation) {
        found.unknown_because.iter().for_each(|reason| self.line(2, reason));
        if !found.did_you_mean.is_empty() {
            self.line(2, &format!("did you mean {}?", found.did_you_mean.join(", or ")));
        }
    }

    fn next(&mut self, found: &Explanation) {
        if !found.is_known() {
            return;
        }
        self.heading("What happens next");
        for next in &found.next {
            let when = next.at.as_deref().map(|at| format!("{}: ", self.moment(at))).unwrap_or_default();
            self.line(2, &format!("{when}{}", next.what));
        }
        if let Some(recovery) = found.recovery.as_ref().filter(|recovery| recovery.phase == "AwaitingApproval") {
            let name = &recovery.name;
            self.line(2, &format!("yes: kubectl heal approve {name}    no: kubectl heal cancel {name}"));
        }
    }

    fn object(&mut self, found: &Explanation) {
        if !found.is_known() {
            return;
        }
        self.heading("What is seen");
        found.seen.iter().for_each(|fact| self.line(2, fact));
        if !found.below.is_empty() {
            self.line(2, "in trouble below it:");
            found.below.iter().for_each(|below| self.line(4, below));
        }
    }

    fn signals(&mut self, signals: &[Signal]) {
        if signals.is_empty() {
            return;
        }
        self.heading("Signals");
        let rows = signals.iter().map(|signal| self.signal(signal)).collect::<Vec<_>>();
        self.table(&rows);
    }

    fn signal(&self, signal: &Signal) -> [String; 4] {
        let score = match (signal.threshold_seconds, signal.score_seconds) {
            _ if signal.fired => "fired".to_owned(),
            (threshold, _) if threshold <= 0.0 => "at once".to_owned(),
            (threshold, score) => format!("{} of {}", span(score), span(threshold)),
        };
        let fires = signal.fires_at.as_deref().filter(|_| signal.bad);
        let fires = fires.map(|at| format!("fires {} if it stays bad: ", self.moment(at))).unwrap_or_default();
        let state = if signal.bad { "BAD" } else { "good" };
        [signal.cause.clone(), state.to_owned(), score, format!("{fires}{}", signal.description)]
    }

    fn decision(&mut self, found: &Explanation) {
        if let Some(part) = &found.part_of {
            self.heading("Part of");
            self.line(2, if part.recovery.is_empty() { "a sick node" } else { &part.recovery });
        }
        let Some(decision) = &found.decision else { return };
        let heading = if decision.supposed {
            format!("Decision, if it failed now ({})", decision.cause)
        } else {
            "Decision".to_owned()
        };
        self.heading(&heading);
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        self.line(2, &format!("severity  {}", decision.severity));
        self.line(2, &format!("strategy  {}", or(&decision.strategy, "none is left: a person is called")));
        self.line(2, &format!("policy    {}", or(&decision.policy, "none, the configuration's defaults apply")));
        decision.reasons.iter().for_each(|reason| self.line(2, &format!("because   {reason}")));
    }

    fn guards(&mut self, guards: &[Guard]) {
        if guards.is_empty() {
            return;
        }
        self.heading("Guards");
        let row = |guard: &Guard| {
            let since = guard.since.as_deref().map(|at| format!("since {}", self.moment(at)));
            let until = guard.until.as_deref().map(|at| format!("until {}", self.moment(at)));
            let times: Vec<String> = since.into_iter().chain(until).collect();
            let times = if times.is_empty() { String::new() } else { format!("; {}", times.join(", ")) };
            let result = match guard.result.as_str() {
                "Hold" => "HOLD",
                "Pass" => "pass",
                _ => "-",
            };
            [guard.name.clone(), result.to_owned(), format!("{}{times}", guard.reason)]
        };
        let rows = guards.iter().map(row).collect::<Vec<_>>();
        self.table(&rows);
    }

    fn recovery(&mut self, recovery: &RecoveryBrief) {
        let took = recovery.finished_at.as_deref().map_or_else(
            || format!("detected {}", self.moment(&recovery.detected_at)),
            |at| format!("ended {}", self.moment(at)),
        );
        let target = &recovery.target;
        let slash = if target.namespace.is_empty() { "" } else { "/" };
        let of = format!("{} of {} {}{slash}{}", recovery.cause, target.kind, target.namespace, target.name);
        self.line(2, &format!("{}  {}, {took}", recovery.name, recovery.phase));
        self.line(4, &of);
        // What holds it was said above.
        if !recovery.message.is_empty() && !matches!(recovery.phase.as_str(), "Held" | "AwaitingApproval" | "Observed")
        {
            self.line(4, &recovery.message);
        }
        for attempt in &recovery.attempts {
            let step = if attempt.last_step.is_empty() {
                String::new()
            } else {
                format!(", last step: {}", attempt.last_step)
            };
            let began = self.moment(&attempt.started_at);
            self.line(4, &format!("tried {}: {}, started {began}{step}", attempt.strategy, attempt.result));
        }
        recovery.impact.iter().for_each(|impact| self.line(4, &format!("affects {impact}")));
        // Of one that is over the record has it.
        let shown = if recovery.finished_at.is_none() { recovery.evidence.as_slice() } else { &[] };
        shown.iter().take(EVIDENCE).for_each(|seen| self.line(4, &format!("saw {}: {}", seen.name, seen.value)));
        if let Some(more) = shown.len().checked_sub(EVIDENCE).filter(|more| *more > 0) {
            self.line(4, &format!("and {more} more: kubectl get recovery {} -o yaml", recovery.name));
        }
    }

    fn observer(&mut self, observer: &Observer, at: &str) {
        let who = match (observer.name.is_empty(), observer.leader) {
            (true, _) => "worked out by this command from the API's objects",
            (false, true) => "answered by the leader",
            (false, false) => "answered by a replica that does not lead, so it does nothing of this itself",
        };
        let name = if observer.name.is_empty() { String::new() } else { format!(" {}", observer.name) };
        self.text.push('\n');
        let paused = if observer.paused { ", paused" } else { "" };
        self.line(0, &format!("At {at}, {who}{name}; mode {}{paused}.", observer.mode));
        if !observer.stale_watches.is_empty() {
            self.line(0, &format!("Not current: {}.", observer.stale_watches.join(", ")));
        }
        observer.notes.iter().for_each(|note| self.line(0, note));
    }

    fn table<const N: usize>(&mut self, rows: &[[String; N]]) {
        self.text.push_str(&table(rows));
    }

    fn moment(&self, at: &str) -> String {
        moment(self.now, at)
    }
}

/// Rows with their cells one below the other, indented; the last cell is as long as it likes.
#[must_use]
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N - 1).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        line.push_str(&row[N - 1]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A moment, absolute and as seen from now.
#[must_use]
pub(super) fn moment(now: Timestamp, at: &str) -> String {
    let Ok(time) = at.parse::<Timestamp>() else { return at.to_owned() };
    let seconds = time.duration_since(now).as_secs();
    let distance = span(seconds.unsigned_abs() as f64);
    match seconds {
        0 => format!("{at} (now)"),
        1.. => format!("{at} (in {distance})"),
        _ => format!("{at} ({distance} ago)"),
    }
}

/// Seconds as kubectl shows ages.
#[must_use]
pub fn span(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, 0) => format!("{minutes}m"),
        (0, 0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (0, hours, 0, _) => format!("{hours}h"),
        (0, hours, minutes, _) => format!("{hours}h{minutes}m"),
        (days, hours, ..) => format!("{days}d{hours}h"),
    }
}
