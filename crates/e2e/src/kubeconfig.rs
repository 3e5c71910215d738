//! Kubeconfig files. They are written as JSON, which is YAML too.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::certs::Identity;

/// The `user` of a kubeconfig that proves itself with a client certificate.
pub(crate) fn certificate(identity: &Identity) -> Value {
    json!({
        "client-certificate-data": STANDARD.encode(&identity.cert),
        "client-key-data": STANDARD.encode(&identity.key),
    })
}

/// The `user` of a kubeconfig that carries a bearer token.
pub(crate) fn token(token: &str) -> Value {
    json!({ "token": token })
}

/// How the audit log names a bearer token, in `user.extra["authentication.kubernetes.io/credential-id"]`.
pub(crate) fn credential_id(token: &str) -> Result<String> {
    let claims = token.split('.').nth(1).context("the token is no JWT")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    Ok(format!("JTI={}", claims["jti"].as_str().context("the token has no id")?))
}

/// Writes a kubeconfig with one cluster and one user.
pub(crate) fn write(path: &Path, cluster: &Value, user: &Value) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "e2e", "cluster": cluster }],
        "users": [{ "name": "e2e", "user": user }],
        "contexts": [{ "name": "e2e", "context": { "cluster": "e2e", "user": "e2e" } }],
        "current-context": "e2e",
    });
    fs::write(path, config.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

/// The `cluster` of a kubeconfig for an API server on this machine.
pub(crate) fn cluster(port: u16, ca: &str) -> Value {
    cluster_at("127.0.0.1", port, ca)
}

/// The same, as a node of ours reaches it.
pub(crate) fn cluster_at(address: &str, port: u16, ca: &str) -> Value {
    json!({ "server": format!("https://{address}:{port}"), "certificate-authority-data": STANDARD.encode(ca) })
}

/// Writes another kubeconfig anew, with the server at `address`.
pub(crate) fn write_through(path: &Path, of: &Path, address: SocketAddr) -> Result<()> {
    let text = fs::read_to_string(of).with_context(|| format!("cannot read {}", of.display()))?;
    let mut config: Value = serde_saphyr::from_str(&text)?;
    config["clusters"][0]["cluster"]["server"] = json!(format!("https://{address}"));
    fs::write(path, config.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

/// A client for a control plane on this machine; a proxy of the environment could not reach it.
pub(crate) async fn client(path: &Path) -> Result<kube::Client> {
    let mut config = current(path).await?;
    config.proxy_url = None;
    Ok(kube::Client::try_from(config)?)
}

/// A client for the current context of a kubeconfig, wherever that cluster is.
pub(crate) async fn distant_client(path: &Path) -> Result<kube::Client> {
    Ok(kube::Client::try_from(current(path).await?)?)
}

/// The current context. Each request is sent once: what a test sees is what happened.
async fn current(path: &Path) -> Result<kube::Config> {
    let kubeconfig = Kubeconfig::read_from(path)?;
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Ok(config)
}

/// The `cluster` of the current context.
pub(crate) fn current_cluster(path: &Path) -> Result<Value> {
    let kubeconfig = Kubeconfig::read_from(path)?;
    let name = kubeconfig.current_context.context("the kubeconfig has no current-context")?;
    let context = kubeconfig.contexts.into_iter().find(|context| context.name == name);
    let context = context.and_then(|context| context.context).with_context(|| format!("no context {name:?}"))?;
    let cluster = kubeconfig.clusters.into_iter().find(|cluster| cluster.name == context.cluster);
    let cluster = cluster.and_then(|cluster| cluster.cluster);
    Ok(serde_json::to_value(cluster.with_context(|| format!("no cluster {:?}", context.cluster))?)?)
}
