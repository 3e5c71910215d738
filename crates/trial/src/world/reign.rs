//! Who leads, as the Lease in the store says.

use self_healing_controller::lease::LEASE;
use self_healing_controller::manifests::NAMESPACE;
use self_healing_sim::store::Commit;
use std::time::Duration;
use tokio::time::Instant;

/// A leader that has not renewed for so long is in trouble.
const FRESH: Duration = Duration::from_secs(4);

/// The leadership of now.
#[derive(Default)]
pub(super) struct Reign {
    holder: String,
    since: Option<Instant>,
    renewed: Option<Instant>,
}

impl Reign {
    pub(super) fn commit(&mut self, commit: &Commit) {
        let key = &commit.key;
        if &*key.name != LEASE || &*key.namespace != NAMESPACE || &*key.resource != "leases.coordination.k8s.io" {
            return;
        }
        let spec = commit.new.as_deref().map(|lease| &lease["spec"]);
        let holder = spec.and_then(|spec| spec["holderIdentity"].as_str()).unwrap_or_default();
        let now = Some(Instant::now());
        if self.holder != holder {
            (self.holder, self.since) = (holder.to_owned(), now);
        }
        self.renewed = now;
    }

    /// The pod that leads; the identity is its name with a suffix.
    pub(super) fn pod(&self) -> Option<&str> {
        self.holder.rsplit_once('_').map(|(pod, _)| pod)
    }

    /// Whether the same process has led for so long, and still does; the one that runs was started at `born`.
    pub(super) fn has_lasted(&self, span: Duration, born: Instant) -> bool {
        let is_it = self.since.is_some_and(|since| born <= since);
        let within = |since: Option<Instant>| since.map(|since| since.elapsed());
        let led = within(self.since).filter(|_| !self.holder.is_empty());
        is_it && led.is_some_and(|led| led >= span) && within(self.renewed).is_some_and(|ago| ago <= FRESH)
    }
}
