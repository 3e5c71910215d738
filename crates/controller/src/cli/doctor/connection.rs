//! Whether the API server answers, and in a plain sentence why it does not.

use super::check::{Area, Check, State};
use super::{tls, token};
use crate::cli::{CliError, access};
use crate::client::{self, ClientError, Clients, Credentials, OnCall, TooLate};
use clap::ArgMatches;
use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Connections that are kept.
const IDLE: usize = 8;

/// The API server as it is reached from here.
pub(super) struct Cluster {
    pub(super) clients: Clients,
    /// The controller's namespace.
    pub(super) namespace: String,
    /// Where it is.
    url: String,
    /// Where the credentials come from.
    place: String,
    /// What the token of the credentials says of itself.
    token: Option<token::Claims>,
}

impl Cluster {
    /// Reads the credentials; nothing is sent yet. Having none at all is what is found out, and no mistake of whoever asks.
    ///
    /// # Errors
    /// When credentials are there and cannot be used.
    pub(super) async fn open(args: &ArgMatches) -> Result<Result<Self, Check>, CliError> {
        let credentials = match Credentials::find(&access(args)).await {
            Ok(credentials) => credentials,
            Err(nowhere @ ClientError::Nowhere { .. }) => {
                let check = Check::of(Area::ApiServer, State::Failed, nowhere.to_string());
                return Ok(Err(check.todo("run it in the controller's pod, or give --kubeconfig FILE")));
            }
            Err(error) => return Err(error.into()),
        };
        let env = |key: &str| std::env::var(key).ok();
        let namespace = client::own_namespace(env, Path::new(client::SERVICE_ACCOUNT_NAMESPACE));
        let (url, place) = (credentials.config.cluster_url.to_string(), credentials.place.clone());
        let token = token::claims(&credentials.config.auth_info);
        let uncounted: OnCall = Arc::new(|_| {});
        let clients = Clients::new(&credentials.into(), IDLE, &uncounted)?;
        Ok(Ok(Self { clients, namespace, url, place, token }))
    }
}

/// Asks for its version.
pub(super) async fn check(cluster: &Cluster) -> Result<Check, Check> {
    match cluster.clients.reads.apiserver_version().await {
        Ok(version) => {
            let message = format!("{} answers, version {}", cluster.url, version.git_version);
            Ok(Check::of(Area::ApiServer, State::Ok, message))
        }
        Err(error) => {
            let (message, todo) = trouble(cluster, &error);
            Err(Check::of(Area::ApiServer, State::Failed, message).todo(todo))
        }
    }
}

/// What is wrong, and what to do about it.
fn trouble(cluster: &Cluster, error: &kube::Error) -> (String, String) {
    let Cluster { url, place, .. } = cluster;
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 => token::refused(cluster.token.as_ref(), place),
            _ => (
                format!("{url} answers {}", client::words(error)),
                "look at the API server's own log; is this the address of an API server?".to_owned(),
            ),
        };
    }
    if let Some(error) = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return tls::trouble(error, url, place);
    }
    let kind = |wanted: ErrorKind| {
        chain(error).any(|error| error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == wanted))
    };
    let network = "a NetworkPolicy or firewall between here and there has to let its port through (the shipped one: 443 and 6443)";
    if kind(ErrorKind::ConnectionRefused) {
        let todo = format!("is the API server running, and is the address in {place} right?");
        return (format!("nobody takes connections at {url}"), todo);
    }
    if kind(ErrorKind::TimedOut) || chain(error).any(|error| error.is::<TooLate>()) {
        return (format!("{url} does not answer in time"), network.to_owned());
    }
    (format!("{url} cannot be asked: {}", client::words(error)), format!("is the address in {place} right? {network}"))
}

/// An error and what is below it; one of the system's hides from `source` what it wraps.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
}
