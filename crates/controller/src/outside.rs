//! What the controller reaches besides the API server: the wall clock, chance, kubelets and receivers of messages.
//!
//! All of it is handed in at the start, so that a cluster in this process can take the place of the world as a whole.
//! Monotonic time is tokio's everywhere, and needs no place here.

mod chance;
mod kubelets;
mod post;
mod public;
mod wall;
mod webhooks;

pub use chance::Chance;
pub use kubelets::{Kubelets, Tcp};
pub use post::{Answer, NoAnswer, Parcel, Post};
pub use public::{PrivateAddress, PublicOnly};
pub use wall::Wall;
pub use webhooks::{WebhookAnswer, WebhookCall, Webhooks};

use std::sync::Arc;

/// The world outside.
#[derive(Clone)]
pub struct Outside {
    /// What time people's clocks show.
    pub wall: Wall,
    /// The ports of kubelets.
    pub kubelets: Arc<dyn Kubelets>,
    /// Takes every message in place of HTTPS and SMTP; `None` for these.
    pub receiver: Option<Arc<dyn Post>>,
    /// Takes the calls of webhooks of node providers in place of HTTPS; `None` for HTTPS.
    pub webhooks: Option<Arc<dyn Webhooks>>,
    /// Where identities and the spread of waits come from.
    pub chance: Chance,
}

impl Outside {
    /// The real one.
    #[must_use]
    pub fn system() -> Self {
        Self { wall: Wall::system(), kubelets: Arc::new(Tcp), receiver: None, webhooks: None, chance: Chance::system() }
    }
}
