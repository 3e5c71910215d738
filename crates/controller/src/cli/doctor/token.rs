//! What a bearer token says of itself, to tell people why it is refused. It is not trusted, and never shown.

use crate::outside::Wall;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kube::config::AuthInfo;
use secrecy::ExposeSecret;
use serde::Deserialize;

/// The claims of a JWT.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "sub", default)]
    subject: String,
    /// Seconds since 1970.
    #[serde(rename = "exp")]
    expires: Option<i64>,
}

/// Of the token in the credentials; `None` without one, and of one that is no JWT.
pub(super) fn claims(login: &AuthInfo) -> Option<Claims> {
    let given = login.token.as_ref().map(|token| token.expose_secret().to_owned());
    let token = given.or_else(|| std::fs::read_to_string(login.token_file.as_ref()?).ok())?;
    let payload = URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Why the API server refuses it, and what to do about that.
pub(super) fn refused(claims: Option<&Claims>, place: &str) -> (String, String) {
    let anew = "log in again; for the controller's own account: \
                kubectl create token self-healing-sa -n self-healing. In a pod the kubelet renews it: restart the pod";
    let Some(claims) = claims else {
        let message = format!("the API server does not accept the login in {place} (401)");
        return (message, format!("it may be of another cluster, or withdrawn: {anew}"));
    };
    let whose = if claims.subject.is_empty() { String::new() } else { format!(" of {}", claims.subject) };
    let expired = claims.expires.and_then(|seconds| Timestamp::from_second(seconds).ok());
    match expired.filter(|expired| *expired < Wall::system().now()) {
        Some(at) => (
            format!("the token{whose} in {place} expired at {at}, and the API server does not accept it (401)"),
            anew.to_owned(),
        ),
        None => (
            format!("the API server does not accept the token{whose} in {place} (401), which has not expired yet"),
            format!("its ServiceAccount or pod was deleted, or it is of another cluster: {anew}"),
        ),
    }
}
