//! The times within which things have to happen; written down here on their own, so that a wrong one in the controller shows.

use jiff::SignedDuration;

/// How old the read before a destructive write may be (F).
pub(crate) const FRESH: SignedDuration = SignedDuration::from_secs(5);
/// How long others leave an unchanged leader's Lease alone (leaseDuration).
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How long after its last renewal a leader may write (renewDeadline).
pub(crate) const RENEW: SignedDuration = SignedDuration::from_secs(7);
/// Longest wait between two tries for the Lease (retryPeriod).
pub(crate) const RETRY: SignedDuration = SignedDuration::from_secs(2);
/// What a watch without faults brings is known after this.
pub(crate) const LATENCY: SignedDuration = SignedDuration::from_secs(2);
/// The longest wait before a list or watch that failed is asked for again.
pub(crate) const BACK_OFF: SignedDuration = SignedDuration::from_secs(30);
/// After the end of a fault of its views, the controller may still be catching up for so long: it notices silence after 60 s
/// and waits up to 30 s before it lists again.
pub(crate) const CATCHING_UP: SignedDuration = SignedDuration::from_secs(95);
/// Silence of a watch after which nothing is done on its view.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_secs(65);
/// How long a mark may outlive its Recovery while nothing is in the way (T_cleanup).
pub(crate) const CLEANUP: SignedDuration = SignedDuration::from_secs(120);
/// How long it may take until a hold is told while nothing is in the way (T_tell).
pub(crate) const TELL: SignedDuration = SignedDuration::from_secs(30);
/// How long the same words about the same object are not repeated.
pub(crate) const QUIET: SignedDuration = SignedDuration::from_secs(300);
