//! Both APIs with the shipped definitions and roles, a namespace that is on its way out, and the one of a sequence.

use super::memory::Memory;
use super::side::{Clients, Side};
use anyhow::{Context, Result, bail};
use http::Method;
use http_body_util::BodyExt;
use kube::client::Body;
use self_healing_e2e::{Cluster, Options};
use self_healing_sim::api::User as EmbeddedUser;
use self_healing_sim::cluster::Cluster as Embedded;
use self_healing_sim::service::ApiService;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::sleep;

/// The shipped manifests that the API itself needs.
const MANIFESTS: [&str; 2] = [
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing/crds.yaml")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../kubernetes/self-healing/rbac.yaml")),
];
/// Namespace and ServiceAccount of the shipped roles.
const OWN: &str = "self-healing";
const ACCOUNT: &str = "self-healing-sa";
/// Looks for the definition to take effect.
const TRIES: u32 = 200;
const POLL: Duration = Duration::from_millis(50);

/// The real API server, started for this run.
pub(super) struct Real {
    /// Ends with this.
    _cluster: Cluster,
    clients: Clients,
    mirror: bool,
    namespaces: Cell<u32>,
}

impl Real {
    pub(super) async fn start(mirror: bool) -> Result<Self> {
        let cluster = Cluster::start(Options { api_only: true, ..Options::default() }).await?;
        let admin = cluster.admin();
        prepare(&admin).await?;
        let account = cluster.service_account_client(OWN, ACCOUNT).await?;
        cluster.compact().await?;
        Ok(Self { _cluster: cluster, clients: Clients { admin, account }, mirror, namespaces: Cell::new(0) })
    }

    /// A name that was not used before.
    pub(super) fn namespace(&self) -> String {
        let number = self.namespaces.get() + 1;
        self.namespaces.set(number);
        // Of one length, so that none is the beginning of another.
        format!("seq-{number:05}")
    }

    /// The real side of a sequence.
    pub(super) async fn side(&self, namespace: &str) -> Result<Side> {
        begin(&self.clients, namespace).await
    }

    /// The side that it is compared with.
    pub(super) async fn other_side(&self, namespace: &str) -> Result<Side> {
        if self.mirror { self.side(&self.namespace()).await } else { sim(namespace).await }
    }
}

/// The embedded side of a sequence: a cluster of its own.
async fn sim(namespace: &str) -> Result<Side> {
    let cluster = Embedded::new(jiff::Timestamp::now());
    let client = |user| kube::Client::new(ApiService::new(&cluster, user), "default");
    let admin = client(EmbeddedUser::admin("admin"));
    prepare(&admin).await?;
    cluster.state().store.compact();
    let account = client(EmbeddedUser::service_account(OWN, ACCOUNT, ""));
    begin(&Clients { admin, account }, namespace).await
}

/// Makes the namespace of a sequence, and notes the version after it.
async fn begin(clients: &Clients, namespace: &str) -> Result<Side> {
    create(&clients.admin, "/api/v1/namespaces", &json!({ "metadata": { "name": namespace } })).await?;
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    // Pods need it, and nobody else makes it here.
    let made = create(&clients.admin, &accounts, &json!({ "metadata": { "name": "default" } })).await?;
    let version = made["metadata"]["resourceVersion"].as_str().context("no resourceVersion")?.to_owned();
    Ok(Side::new(clients.clone(), Memory::new(namespace, &version)))
}

/// Creates what every sequence finds.
async fn prepare(admin: &kube::Client) -> Result<()> {
    for manifest in MANIFESTS {
        for object in serde_saphyr::from_multiple::<Value>(manifest)? {
            create(admin, &collection(&object)?, &object).await?;
        }
    }
    let config = json!({ "metadata": { "name": "self-healing-config" }, "data": { "mode": "Enforce" } });
    create(admin, "/api/v1/namespaces/self-healing/configmaps", &config).await?;
    create(admin, "/api/v1/namespaces", &json!({ "metadata": { "name": "ending" } })).await?;
    call(admin, Method::DELETE, "/api/v1/namespaces/ending", &Value::Null).await?;
    // A definition takes effect a moment after it was created.
    for _ in 0..TRIES {
        let list = call(admin, Method::GET, "/apis/self-healing.dev/v1alpha1/recoveries", &Value::Null).await;
        if list.is_ok() {
            return Ok(());
        }
        sleep(POLL).await;
    }
    bail!("the Recovery is not served {:?} after its definition", POLL * TRIES)
}

/// Where objects like this one are created.
fn collection(object: &Value) -> Result<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let version = text(&object["apiVersion"]).context("no apiVersion")?;
    let kind = text(&object["kind"]).context("no kind")?;
    let group = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    let plural = format!("{}s", kind.to_lowercase());
    Ok(match text(&object["metadata"]["namespace"]) {
        Some(namespace) => format!("{group}/namespaces/{namespace}/{plural}"),
        None => format!("{group}/{plural}"),
    })
}

async fn create(client: &kube::Client, path: &str, object: &Value) -> Result<Value> {
    call(client, Method::POST, path, object).await
}

/// A request that must succeed.
async fn call(client: &kube::Client, method: Method, path: &str, body: &Value) -> Result<Value> {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let request = http::Request::builder().method(&method).uri(path).header("content-type", "application/json");
    let (parts, body) = client.send(request.body(Body::from(text.into_bytes()))?).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    if !parts.status.is_success() {
        bail!("{method} {path}: {} {}", parts.status, String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
