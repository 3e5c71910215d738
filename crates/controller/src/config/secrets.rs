//! The secrets: read from the environment or from files, and of a type that cannot be printed.

use super::Environment;
use secrecy::{ExposeSecret, SecretString};
use self_healing_api::keys::{AllowedHosts, BadHost, BadReceiver, receiver};
use std::path::{Path, PathBuf};

/// Bytes of one secret; the longest, certificates of a few authorities, have some thousand.
const MAX_BYTES: usize = 64 * 1024;
/// Those that have several lines.
const NOTIFICATION_CA: &str = "NOTIFICATION_CA";
const NOTIFICATION_TEMPLATE: &str = "NOTIFICATION_TEMPLATE";
const RUNBOOK_URL: &str = "RUNBOOK_URL";
/// Characters of it, so that a link with an anchor has room in every message.
const RUNBOOK_LIMIT: usize = 1000;
const ALLOWED_HOSTS: &str = "NOTIFICATION_ALLOWED_HOSTS";

/// Every secret there is; `None` where it is not set or empty.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// `SLACK_WEBHOOK_URL`.
    pub slack_webhook_url: Option<SecretString>,
    /// `SLACK_INCIDENT_WEBHOOK_URL`.
    pub slack_incident_webhook_url: Option<SecretString>,
    /// `EMAIL_USERNAME`.
    pub email_username: Option<SecretString>,
    /// `EMAIL_PASSWORD`.
    pub email_password: Option<SecretString>,
    /// `PAGERDUTY_ROUTING_KEY`.
    pub pagerduty_routing_key: Option<SecretString>,
    /// `WEBHOOK_URL`.
    pub webhook_url: Option<SecretString>,
    /// `WEBHOOK_SECRET`.
    pub webhook_secret: Option<SecretString>,
    /// `TEAMS_WEBHOOK_URL`.
    pub teams_webhook_url: Option<SecretString>,
    /// `ALERTMANAGER_URL`.
    pub alertmanager_url: Option<SecretString>,
    /// `NOTIFICATION_CA`.
    pub notification_ca: Option<SecretString>,
    /// `NOTIFICATION_TEMPLATE`.
    pub notification_template: Option<SecretString>,
    /// `NOTIFICATION_ALLOWED_HOSTS`.
    pub allowed_hosts: AllowedHosts,
    /// `RUNBOOK_URL`.
    pub runbook_url: Option<SecretString>,
    /// `NODE_WEBHOOK_SECRET`.
    pub node_webhook_secret: Option<SecretString>,
}

/// Why a secret cannot be read. Nothing of its content is repeated.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file that `…_FILE` names cannot be read.
    #[error(
        "environment: {variable}_FILE: {path}: cannot be read: {source}; expected the path of a readable file with the secret"
    )]
    Unreadable {
        /// The secret's variable.
        variable: &'static str,
        /// What `…_FILE` says.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds nothing.
    #[error("environment: {variable}_FILE: {path}: is empty: expected a file with the secret")]
    Empty {
        /// The secret's variable.
        variable: &'static str,
        /// What `…_FILE` says.
        path: PathBuf,
    },
    /// Not a line of text.
    #[error("environment: {variable}: expected one line of UTF-8 text of at most 64 KiB")]
    NotText {
        /// The secret's variable.
        variable: &'static str,
    },
    /// An address that is wrong whatever `notification_insecure` says; what depends on that switches only the channel off.
    #[error("environment: {variable}: {problem}")]
    NotAReceiver {
        /// The secret's variable.
        variable: &'static str,
        /// What is expected.
        problem: BadReceiver,
    },
    /// No list of hosts.
    #[error("environment: {ALLOWED_HOSTS}: {0}")]
    NotHosts(#[from] BadHost),
    /// No address that people can be sent to.
    #[error(
        "environment: {RUNBOOK_URL}: expected a URL that starts with https://, without user name and password, of at most {RUNBOOK_LIMIT} characters"
    )]
    NotARunbook,
    /// Given twice.
    #[error("environment: {variable}: is set, and so is {variable}_FILE: expected only one of them")]
    Twice {
        /// The secret's variable.
        variable: &'static str,
    },
}

impl Secrets {
    /// Reads all secrets, each from its variable or from the file that its variable with `_FILE` names.
    ///
    /// # Errors
    /// When a file cannot be read or is empty, a secret is not one line of text, or is given in both ways; when an address or a list
    /// of hosts is none.
    pub fn read(environment: &Environment) -> Result<Self, SecretError> {
        let secret = |variable| secret(environment, variable);
        let address = |variable| secret(variable).and_then(|url| url.map(|url| is_address(variable, url)).transpose());
        Ok(Self {
            slack_webhook_url: address("SLACK_WEBHOOK_URL")?,
            slack_incident_webhook_url: address("SLACK_INCIDENT_WEBHOOK_URL")?,
            email_username: secret("EMAIL_USERNAME")?,
            email_password: secret("EMAIL_PASSWORD")?,
            pagerduty_routing_key: secret("PAGERDUTY_ROUTING_KEY")?,
            webhook_url: address("WEBHOOK_URL")?,
            webhook_secret: secret("WEBHOOK_SECRET")?,
            teams_webhook_url: address("TEAMS_WEBHOOK_URL")?,
            alertmanager_url: address("ALERTMANAGER_URL")?,
            notification_ca: secret(NOTIFICATION_CA)?,
            notification_template: secret(NOTIFICATION_TEMPLATE)?,
            allowed_hosts: secret(ALLOWED_HOSTS)?
                .map_or_else(|| Ok(AllowedHosts::default()), |list| AllowedHosts::read(list.expose_secret()))?,
            runbook_url: secret(RUNBOOK_URL)?.map(is_runbook).transpose()?,
            node_webhook_secret: secret("NODE_WEBHOOK_SECRET")?,
        })
    }
}

impl Secrets {
    /// Whether any is another one.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        let texts = self.all().iter().zip(other.all()).any(|(one, other)| *one != other);
        texts || self.allowed_hosts != other.allowed_hosts
    }

    fn all(&self) -> [Option<&str>; 13] {
        [
            &self.slack_webhook_url,
            &self.slack_incident_webhook_url,
            &self.email_username,
            &self.email_password,
            &self.pagerduty_routing_key,
            &self.webhook_url,
            &self.webhook_secret,
            &self.teams_webhook_url,
            &self.alertmanager_url,
            &self.notification_ca,
            &self.notification_template,
            &self.runbook_url,
            &self.node_webhook_secret,
        ]
        .map(|secret| secret.as_ref().map(ExposeSecret::expose_secret))
    }
}

fn is_address(variable: &'static str, url: SecretString) -> Result<SecretString, SecretError> {
    match receiver(url.expose_secret(), true) {
        Ok(_) => Ok(url),
        Err(problem) => Err(SecretError::NotAReceiver { variable, problem }),
    }
}

/// Nobody but people's browsers asks for it, so it may be inside.
fn is_runbook(url: SecretString) -> Result<SecretString, SecretError> {
    let text = url.expose_secret();
    let good = text.len() <= RUNBOOK_LIMIT && receiver(text, true).is_ok_and(|url| url.scheme() == "https");
    if good { Ok(url) } else { Err(SecretError::NotARunbook) }
}

/// An empty variable counts as none: that is how an optional Secret looks in some installations.
fn secret(environment: &Environment, variable: &'static str) -> Result<Option<SecretString>, SecretError> {
    let plain = environment.get(variable).filter(|value| !value.is_empty());
    let file = environment.get(&format!("{variable}_FILE")).filter(|path| !path.is_empty());
    match (plain, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(SecretError::Twice { variable }),
        (Some(value), None) => text(variable, value.as_encoded_bytes()),
        (None, Some(path)) => from_file(variable, Path::new(path)).map(Some),
    }
}

fn from_file(variable: &'static str, path: &Path) -> Result<SecretString, SecretError> {
    let unreadable = |source| SecretError::Unreadable { variable, path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    text(variable, &bytes)?.ok_or_else(|| SecretError::Empty { variable, path: path.to_owned() })
}

/// The text in `bytes`, which is a line, without the white space that editors and `echo` put around it.
fn text(variable: &'static str, bytes: &[u8]) -> Result<Option<SecretString>, SecretError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SecretError::NotText { variable })?.trim();
    let lines = [NOTIFICATION_CA, NOTIFICATION_TEMPLATE, ALLOWED_HOSTS].contains(&variable);
    if text.len() > MAX_BYTES || text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
        return Err(SecretError::NotText { variable });
    }
    Ok((!text.is_empty()).then(|| SecretString::from(text)))
}
