//! Certificates that do not fit, in plain sentences.

use rustls::{CertificateError, Error};

/// What is wrong, and what to do about it.
pub(super) fn trouble(error: &Error, url: &str, place: &str) -> (String, String) {
    match error {
        Error::InvalidCertificate(certificate) => of_the_server(certificate, url, place),
        Error::AlertReceived(alert) => (
            format!("{url} refuses the client certificate ({alert:?})"),
            format!("renew the client certificate in {place}; it has to be signed by the cluster's own authority"),
        ),
        other => (
            format!("{url} cannot be spoken to securely: {other}"),
            format!("is the address in {place} that of an API server, with its https port?"),
        ),
    }
}

fn of_the_server(error: &CertificateError, url: &str, place: &str) -> (String, String) {
    let authority = "its own authority is in every namespace: \
                     kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}'";
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            format!("the certificate of {url} is not signed by the authority (CA) in {place}"),
            format!("put the cluster's authority there, or correct the address; {authority}"),
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            format!("the certificate of {url} has expired, or this machine's clock is wrong"),
            "compare `date -u` here and there; renew the API server's certificate".to_owned(),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            format!(
                "the certificate of {url} is not valid yet: this machine's clock is behind, or that one's is ahead"
            ),
            "compare `date -u` here and there, and synchronise both".to_owned(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("the certificate of {url} is for other names than this address"),
            format!("use in {place} an address that the certificate names, or set tls-server-name to such a one"),
        ),
        other => (format!("the certificate of {url} cannot be trusted: {other}"), authority.to_owned()),
    }
}
