//! Acting as a service account, and who is who of those that act as the same.

use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;

use crate::cluster::Cluster;
use crate::kubeconfig;

/// A token of a service account.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The file that it is in.
    pub kubeconfig: PathBuf,
    /// As the audit log names it, in `user.extra["authentication.kubernetes.io/credential-id"]`.
    pub id: String,
}

impl Cluster {
    /// Writes a kubeconfig that acts as a service account: a token of one hour, and the cluster's CA.
    ///
    /// # Errors
    /// When the account does not exist or the file cannot be written.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let credential = self.service_account_credential(namespace, name, &format!("{namespace}-{name}")).await?;
        Ok(credential.kubeconfig)
    }

    /// The same in a file of this name, with what tells it from other tokens of that account.
    ///
    /// # Errors
    /// When the account does not exist or the file cannot be written.
    pub async fn service_account_credential(&self, namespace: &str, name: &str, file: &str) -> Result<Credential> {
        let accounts = Api::<ServiceAccount>::namespaced(self.admin(), namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec { expiration_seconds: Some(3600), ..Default::default() },
            ..Default::default()
        };
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .with_context(|| format!("no token for the service account {namespace}/{name}"))?;
        let token = answer.status.context("the answer to the token request has no status")?.token;

        let cluster = kubeconfig::current_cluster(&self.kubeconfig)?;
        let path = self.dir.file(&format!("{file}.kubeconfig"));
        kubeconfig::write(&path, &cluster, &kubeconfig::token(&token))?;
        Ok(Credential { kubeconfig: path, id: kubeconfig::credential_id(&token)? })
    }

    /// A client that acts as a service account.
    ///
    /// # Errors
    /// When the account does not exist.
    pub async fn service_account_client(&self, namespace: &str, name: &str) -> Result<kube::Client> {
        kubeconfig::client(&self.service_account_kubeconfig(namespace, name).await?).await
    }
}
