//! L5: as long as a process lives and can reach the API server, one leads: at the latest leaseDuration + retryPeriod after the last.

use crate::check::limits::{LEASE, RETRY};
use crate::check::scene::{Rule, Scene};
use crate::check::violation::Found;
use jiff::SignedDuration;

/// For the answers of the API server, and for a start.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

#[derive(Default)]
pub(crate) struct Succession {
    told: bool,
}

impl Rule for Succession {
    fn tick(&mut self, scene: Scene<'_>, found: &mut Found) {
        let book = scene.book;
        let (Some(quiet), Some(alive)) = (book.faults.asks_since(), book.lives.values().min()) else { return };
        if !book.possible(scene.now).all(|config| config.leader_election) {
            return;
        }
        let led = book.leaders.last_renewed().unwrap_or(*alive);
        let gap = scene.now.duration_since(led.max(quiet).max(*alive));
        let allowed = LEASE + RETRY + SLACK;
        if gap <= allowed {
            self.told = false;
            found.judged();
        } else if !std::mem::replace(&mut self.told, true) {
            found.judge(false, || format!("nobody has led for {gap:#}"));
        }
    }
}
