//! What the HTTP server serves, with no decision loop behind it.

use self_healing_controller::http::{Broadcast, Desk, Pages, Pulse, Readiness};
use self_healing_controller::metrics::Metrics;
use self_healing_core::time::{Now, Tick};
use std::sync::Arc;
use std::time::Duration;

/// One turn of the loop, which never turns again.
pub(crate) const PERIOD: Duration = Duration::from_secs(30);

/// On a clock that stands still.
pub(crate) fn pages() -> Pages {
    Pages {
        pulse: Arc::new(Pulse::new(Tick(0), PERIOD)),
        readiness: Arc::new(Readiness::default()),
        metrics: Arc::new(Metrics::new()),
        clock: Arc::new(Now::default),
        desk: Desk::default(),
        broadcast: Broadcast::default(),
        name: "controller-0".into(),
        scope: Arc::default(),
    }
}
