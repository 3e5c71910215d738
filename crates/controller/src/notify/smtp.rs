//! One mail over one connection to the mail server, which is resolved and checked each time.

use super::Error;
use crate::outside::{Answer, NoAnswer, Parcel, Post};
use crate::plain::plain;
use futures::future::BoxFuture;
use http::StatusCode;
use lettre::address::Envelope;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::keys::is_public;
use std::net::SocketAddr;
use tokio::net::lookup_host;

/// Where the connection is encrypted from its first byte (RFC 8314).
const IMPLICIT_TLS: u16 = 465;
/// Characters of what a mail server says.
const MESSAGE_LIMIT: usize = 200;

/// One mail server, and who sends to whom through it.
pub(super) struct Smtp {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the connection has to be encrypted; without it, it never is.
    pub(super) tls: bool,
    pub(super) insecure: bool,
    /// Authorities that are trusted beside those of the system.
    pub(super) roots: Vec<Certificate>,
    pub(super) login: (SecretString, SecretString),
    pub(super) envelope: Envelope,
}

/// The certificates of a PEM file.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    if pem.is_empty() {
        Ok(Vec::new())
    } else {
        Certificate::from_pem(pem).map(|one| vec![one]).map_err(|_| Error::CaPem)
    }
}

impl Post for Smtp {
    fn post<'a>(&'a self, _: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        Box::pin(async move {
            let transport = self.transport(self.address().await?)?;
            transport.send_raw(&self.envelope, &parcel.body).await.map_err(|error| self.no_answer(&error))?;
            Ok(Answer { status: StatusCode::OK, retry_after: None, start: Vec::new() })
        })
    }
}

impl Smtp {
    /// The address that is connected to is the one that was checked.
    async fn address(&self) -> Result<SocketAddr, NoAnswer> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found = found.map_err(|_| NoAnswer::Broken("the mail server's name leads nowhere".to_owned()))?;
        let found: Vec<SocketAddr> = found.collect();
        if let Some(private) = found.iter().find(|address| !self.insecure && !is_public(address.ip())) {
            let allow = "notification_insecure=true allows it";
            let words =
                format!("the mail server's name leads to {}, a private or loopback address; {allow}", private.ip());
            return Err(NoAnswer::Forbidden(words));
        }
        found.first().copied().ok_or_else(|| NoAnswer::Broken("the mail server's name leads nowhere".to_owned()))
    }

    fn transport(&self, address: SocketAddr) -> Result<AsyncSmtpTransport<Tokio1Executor>, NoAnswer> {
        let tls = match self.tls {
            true => {
                let parameters = TlsParameters::builder(self.host.clone());
                let parameters =
                    self.roots.iter().cloned().fold(parameters, |all, root| all.add_root_certificate(root));
                let parameters = parameters.build().map_err(|error| self.no_answer(&error))?;
                if self.port == IMPLICIT_TLS { Tls::Wrapper(parameters) } else { Tls::Required(parameters) }
            }
            false => Tls::None,
        };
        let (user, password) = (self.login.0.expose_secret(), self.login.1.expose_secret());
        Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .tls(tls)
            .credentials(Credentials::new(user.to_owned(), password.to_owned()))
            .build())
    }

    /// What the server refuses for good is not sent again; its words are shown unless they repeat a secret.
    fn no_answer(&self, error: &lettre::transport::smtp::Error) -> NoAnswer {
        if error.is_timeout() {
            return NoAnswer::TooLate;
        }
        let mut words = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        let secrets = [&self.login.0, &self.login.1].map(ExposeSecret::expose_secret);
        let shown = if secrets.iter().any(|secret| words.contains(secret)) { "it repeats a secret" } else { &words };
        let message = plain(&format!("mail: {shown}"), MESSAGE_LIMIT);
        if error.is_permanent() { NoAnswer::Forbidden(message) } else { NoAnswer::Broken(message) }
    }
}
