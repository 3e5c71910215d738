//! L2: at the end of a run, every record is over, or says what it waits for, or has time left.

use crate::check::record::Record;
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use jiff::SignedDuration;

/// From a deadline until its effect is stored, and from a record's creation until its first status is.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(crate) struct Ended;

impl Rule for Ended {
    fn end(&mut self, scene: Scene<'_>, found: &mut Found) {
        for kept in scene.book.records.iter().filter(|kept| kept.record.is_known() && !kept.record.is_over()) {
            let record = &kept.record;
            found.judge(may_wait(&scene, record) || has_time(&scene, record), || {
                format!("Recovery {} is still {} ({})", record.name, phase(record), record.reason)
            });
        }
    }
}

fn phase(record: &Record) -> &str {
    if record.phase.is_empty() { "without a status" } else { &record.phase }
}

fn may_wait(scene: &Scene<'_>, record: &Record) -> bool {
    let held = record.hold.as_ref().is_some_and(|(_, reason)| !reason.is_empty());
    match record.phase.as_str() {
        "Held" | "AwaitingApproval" | "Observed" => held,
        // Told once, and watched for as long as it lasts.
        "Running" if record.watches() => true,
        // The node stays cordoned until it is healthy or gone.
        "Verifying" if record.verified => true,
        // Paused in the middle, it keeps its phase and says which switch.
        _ => held && scene.book.calm_since(scene.now).is_none(),
    }
}

fn has_time(scene: &Scene<'_>, record: &Record) -> bool {
    let config = scene.book.configs.current();
    let timeout = SignedDuration::try_from(config.recovery_timeout).unwrap_or(SignedDuration::MAX);
    let from = record.open_attempt().and_then(|attempt| attempt.started);
    let since = from.map(|from| (from, timeout)).or(record.created.map(|created| (created, SignedDuration::ZERO)));
    since.is_some_and(|(from, span)| scene.now.duration_since(from) <= span.saturating_add(SLACK))
}
