//! Where the API server is and who we are to it: in a cluster the ServiceAccount, elsewhere a kubeconfig.

use super::ClientError;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError};
use std::path::PathBuf;

/// What the command line says about credentials; either wins over everything else.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `--kubeconfig FILE`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context NAME`.
    pub context: Option<String>,
}

/// The API server's address and our identity.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// kube's view of them.
    pub config: Config,
    /// Where they come from, for messages.
    pub place: String,
}

impl Credentials {
    /// Finds credentials: those of `access`, else the pod's own, else those of `KUBECONFIG` or the default path.
    ///
    /// # Errors
    /// If what was asked for cannot be used, or nothing was found anywhere.
    pub async fn find(access: &Access) -> Result<Self, ClientError> {
        if access.kubeconfig.is_some() || access.context.is_some() {
            return Self::from_file(access).await;
        }
        match Config::incluster() {
            Ok(config) => Ok(Self { config, place: "in-cluster ServiceAccount".to_owned() }),
            Err(error) => Self::from_file(access).await.map_err(|kubeconfig| ClientError::Nowhere {
                in_cluster: error.to_string(),
                kubeconfig: Box::new(kubeconfig),
            }),
        }
    }

    /// Credentials without identity for the API server at `url`, e.g. one on loopback in a test.
    #[must_use]
    pub fn anonymous(url: http::Uri) -> Self {
        Self { place: url.to_string(), config: Config::new(url) }
    }

    async fn from_file(access: &Access) -> Result<Self, ClientError> {
        let (place, read) = match &access.kubeconfig {
            Some(path) => (format!("--kubeconfig {}", path.display()), Kubeconfig::read_from(path)),
            None => (default_place(), Kubeconfig::read()),
        };
        let wrong = |error: KubeconfigError, known: &[String]| wrong(&place, &error, known);
        let file = read.map_err(|error| wrong(error, &[]))?;
        let known: Vec<String> = file.contexts.iter().map(|context| context.name.clone()).collect();
        let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(file, &options).await.map_err(|error| wrong(error, &known))?;
        check(&place, &config)?;
        Ok(Self { config, place })
    }
}

fn default_place() -> String {
    match std::env::var("KUBECONFIG") {
        Ok(path) if !path.is_empty() => format!("kubeconfig {path} (from KUBECONFIG)"),
        _ => "kubeconfig ~/.kube/config (the default)".to_owned(),
    }
}

/// What kube takes without a word, and what would fail at the first request only.
fn check(place: &str, config: &Config) -> Result<(), ClientError> {
    let error = |problem: String, expected| Err(ClientError::Kubeconfig { place: place.to_owned(), problem, expected });
    if !matches!(config.cluster_url.scheme_str(), Some("http" | "https")) {
        return error(format!("server {} has no scheme", config.cluster_url), "https://HOST:PORT");
    }
    if config.root_cert.as_ref().is_some_and(Vec::is_empty) {
        return error("certificate-authority holds no certificate".to_owned(), "PEM with CERTIFICATE blocks");
    }
    Ok(())
}

/// One line for people. The YAML library's own message is left out: it quotes the file, secrets and all.
fn wrong(place: &str, error: &KubeconfigError, known: &[String]) -> ClientError {
    use KubeconfigError as E;
    let (problem, expected) = match error {
        E::CurrentContextNotSet => ("no current-context".to_owned(), "one, or --context NAME"),
        E::LoadContext(name) => {
            (format!("no context {name:?} (there are: {})", known.join(", ")), "the name of a context in it")
        }
        E::LoadClusterOfContext(name) => {
            (format!("no cluster {name:?}, which the context names"), "an entry of that name under clusters")
        }
        E::FindPath => ("no home directory".to_owned(), "HOME, KUBECONFIG or --kubeconfig FILE"),
        E::ReadConfig(error, path) => {
            (format!("cannot read {}: {error}", path.display()), "a readable kubeconfig file")
        }
        E::Parse(error) => {
            let at =
                error.location().map(|l| format!("line {}, column {}: ", l.line(), l.column())).unwrap_or_default();
            (format!("{at}not a kubeconfig"), "YAML with clusters, users and contexts")
        }
        E::MissingClusterUrl => ("the cluster has no server".to_owned(), "server: https://HOST:PORT"),
        E::ParseClusterUrl(error) => (format!("server: {error}"), "https://HOST:PORT"),
        E::ParseProxyUrl(error) => (format!("proxy-url: {error}"), "http://HOST:PORT"),
        E::LoadCertificateAuthority(error) => (loading("certificate-authority", error), "a PEM file, or base64 of one"),
        E::LoadClientCertificate(error) => (loading("client-certificate", error), "a PEM file, or base64 of one"),
        E::LoadClientKey(error) => (loading("client-key", error), "a PEM file, or base64 of one"),
        E::ParseCertificates(_) => ("certificate-authority is not PEM".to_owned(), "PEM with CERTIFICATE blocks"),
        other => (other.to_string(), "a kubeconfig that kubectl accepts"),
    };
    ClientError::Kubeconfig { place: place.to_owned(), problem, expected }
}

fn loading(key: &str, error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => format!("{key}-data is not base64"),
        LoadDataError::ReadFile(error, path) => format!("{key}: cannot read {}: {error}", path.display()),
        LoadDataError::NoBase64DataOrFile => format!("{key} is missing"),
    }
}

/// One line for what kube says about certificates, keys and logins.
pub(super) fn unusable(place: &str, error: &kube::Error) -> ClientError {
    use kube::client::AuthError;
    let (problem, expected) = match error {
        kube::Error::InferKubeconfig(error) => return wrong(place, error, &[]),
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            // Its arguments, its environment and what it printed may be secrets.
            (format!("the user's login command failed with {}", out.status), "a command that prints an ExecCredential")
        }
        kube::Error::Auth(AuthError::AuthExecParse(_)) => (
            "the output of the user's login command does not parse".to_owned(),
            "a command that prints an ExecCredential",
        ),
        kube::Error::Auth(error) => (format!("login: {error}"), "a user that kubectl accepts"),
        kube::Error::RustlsTls(error) => (format!("TLS: {error}"), "certificates and keys in PEM that belong together"),
        other => (other.to_string(), "a kubeconfig that kubectl accepts"),
    };
    let problem = problem.lines().next().unwrap_or_default().to_owned();
    ClientError::Kubeconfig { place: place.to_owned(), problem, expected }
}
