//! Kubeconfigs that an API server, or whoever uses them, refuses; each is right but for one thing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, ResourceExt};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use crate::certs::Certs;
use crate::cluster::Cluster;
use crate::kubeconfig;

/// As the API server is started with.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

impl Cluster {
    /// Another kubeconfig with the authority of another cluster.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn with_another_authority(&self, of: &Path) -> Result<PathBuf> {
        let folder = self.dir.file("another-authority");
        fs::create_dir_all(&folder)?;
        let authority = Certs::create(&folder)?.ca;
        let mut config: Value = serde_saphyr::from_str(&fs::read_to_string(of)?)?;
        config["clusters"][0]["cluster"]["certificate-authority-data"] = json!(STANDARD.encode(authority));
        self.save("another-authority.kubeconfig", &config)
    }

    /// A service account with a token that expired an hour ago, signed with the cluster's own key.
    ///
    /// # Errors
    /// When the account does not exist, or the cluster was not started here.
    pub async fn with_expired_token(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        self.plane()?;
        let account = Api::<ServiceAccount>::namespaced(self.admin(), namespace).get(name).await?;
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "iss": ISSUER,
            "aud": [ISSUER],
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "iat": now - 7200,
            "nbf": now - 7200,
            "exp": now - 3600,
            "kubernetes.io": { "namespace": namespace, "serviceaccount": { "name": name, "uid": account.uid() } },
        });
        self.with_token("expired.kubeconfig", &sign(&self.dir.file("sa.key"), &claims)?)
    }

    /// A service account that was deleted after it got its token.
    ///
    /// # Errors
    /// When the account cannot be made or deleted.
    pub async fn with_withdrawn_token(&self, namespace: &str) -> Result<PathBuf> {
        let accounts = Api::<ServiceAccount>::namespaced(self.admin(), namespace);
        let account: ServiceAccount = serde_json::from_value(json!({ "metadata": { "name": "dismissed" } }))?;
        accounts.create(&PostParams::default(), &account).await?;
        let path = self.service_account_kubeconfig(namespace, "dismissed").await?;
        accounts.delete("dismissed", &DeleteParams::default()).await?;
        Ok(path)
    }

    fn with_token(&self, file: &str, token: &str) -> Result<PathBuf> {
        let path = self.dir.file(file);
        kubeconfig::write(&path, &kubeconfig::current_cluster(self.admin_kubeconfig())?, &kubeconfig::token(token))?;
        Ok(path)
    }

    fn save(&self, file: &str, config: &Value) -> Result<PathBuf> {
        let path = self.dir.file(file);
        fs::write(&path, config.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// A JWT as the API server makes them.
fn sign(key: &Path, claims: &Value) -> Result<String> {
    let pem = fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let der = rcgen::KeyPair::from_pem(&pem)?.serialize_der();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
    let pair = pair.map_err(|error| anyhow!("the key of tokens: {error}"))?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
    let signature = pair.sign(&random, text.as_bytes()).map_err(|_| anyhow!("a token cannot be signed"))?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
