//! Connections to the API server: credentials, three clients with limits of their own, and a count of every request.

mod bounded;
mod count;
mod credentials;
mod gzip;
mod identity;
mod transport;
mod way;

pub use bounded::{Bounds, TooLate, TooLong};
pub use count::{ApiCall, OnCall};
pub use credentials::{Access, Credentials};
pub use identity::{SERVICE_ACCOUNT_NAMESPACE, host_name, own_name, own_namespace};
pub use way::{Embedded, NotSent, Way};

use std::error::Error;
use std::time::Duration;

/// Why there is no connection to an API server; one line each, without secrets.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The kubeconfig, or what it refers to, cannot be used.
    #[error("{place}: {problem}; expected {expected}")]
    Kubeconfig {
        /// Which file, and who named it.
        place: String,
        /// What is wrong with it.
        problem: String,
        /// What would be right.
        expected: &'static str,
    },
    /// There are no credentials anywhere.
    #[error("no credentials: in-cluster: {in_cluster}; {kubeconfig}")]
    Nowhere {
        /// Why not in a cluster.
        in_cluster: String,
        /// Why not by kubeconfig.
        kubeconfig: Box<ClientError>,
    },
}

/// The clients, each with a connection pool of its own, so that none starves another.
///
/// None repeats a request by itself: kube's default sends a POST up to 16 times over minutes, and here each attempt is
/// a decision of its own.
#[derive(Clone)]
pub struct Clients {
    /// Lists, watches and fresh reads: 30 s and 32 MiB per answer, watches without limit once they have begun.
    pub reads: kube::Client,
    /// Everything that changes an object: 10 s from the call to the whole answer, time in the queue included.
    pub writes: kube::Client,
    /// The leader Lease: 5 s, never queued behind other requests.
    pub lease: kube::Client,
}

/// Bytes of one answer; a page of lists that is larger is asked for again in smaller portions.
const ANSWER_BYTES: usize = 32 << 20;

impl Clients {
    /// Clients on this `way`; nothing is sent yet.
    ///
    /// `max_in_flight` is `api_max_in_flight`: how many writes, and how many reads but for watches, are under way at once, and how
    /// many idle connections are kept. `on_call` hears of every request, for `self_healing_api_requests_total`.
    ///
    /// # Errors
    /// If certificates, keys, the proxy or the login of the credentials cannot be used.
    pub fn new(way: &Way, max_in_flight: usize, on_call: &OnCall) -> Result<Self, ClientError> {
        let bounds = |seconds, in_flight| Bounds {
            deadline: Duration::from_secs(seconds),
            bytes: ANSWER_BYTES,
            in_flight,
            idle: max_in_flight,
        };
        Self::bounded(way, [bounds(30, Some(max_in_flight)), bounds(10, Some(max_in_flight)), bounds(5, None)], on_call)
    }

    /// Clients with the given bounds, in the order of the fields.
    ///
    /// # Errors
    /// As for [`Clients::new`].
    pub fn bounded(way: &Way, bounds: [Bounds; 3], on_call: &OnCall) -> Result<Self, ClientError> {
        let transport = transport::Transport::new(way)?;
        let [reads, writes, lease] = bounds;
        Ok(Self {
            reads: transport.client(reads, on_call)?,
            writes: transport.client(writes, on_call)?,
            lease: transport.client(lease, on_call)?,
        })
    }
}

/// Whether the request behind `error` never reached a server: no login, no connection, so nothing was applied.
#[must_use]
pub fn never_sent(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|cause| {
        cause.is::<NotSent>()
            || cause.is::<kube::client::AuthError>()
            || cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect())
            || cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

/// What went wrong, in one line: the server's words, or those of the transport and of what is below it.
#[must_use]
pub fn words(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        return format!("{} {}: {}", status.code, status.reason, status.message).replace('\n', " ");
    }
    let mut text = String::new();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let part = error.to_string();
        // Some errors repeat what is below them.
        if !text.contains(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
        cause = error.source();
    }
    text.replace('\n', " ")
}
