//! Both APIs with the shipped definitions and roles, a namespace that is on its way out, and the one of a sequence.

use super::memory::Memory;
use super::object::object;
use super::resource::EVENTS;
use super::side::{Clients, Side};
use crate::chance::Chance;
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
use std::collections::BTreeMap;
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
    /// What it has forgotten.
    known: BTreeMap<String, String>,
    manifests: Vec<Value>,
    mirror: bool,
    namespaces: Cell<u32>,
}

impl Real {
    pub(super) async fn start(mirror: bool) -> Result<Self> {
        let cluster = Cluster::start(Options { api_only: true, ..Options::default() }).await?;
        let admin = cluster.admin();
        let manifests = manifests()?;
        prepare(&admin, &manifests).await?;
        let account = cluster.service_account_client(OWN, ACCOUNT).await?;
        let known = old_pages(&admin).await?;
        cluster.compact().await?;
        let clients = Clients { admin, account };
        Ok(Self { _cluster: cluster, clients, known, manifests, mirror, namespaces: Cell::new(0) })
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
        begin(&self.clients, namespace, &self.known).await
    }

    /// The side that it is compared with.
    pub(super) async fn other_side(&self, namespace: &str) -> Result<Side> {
        if self.mirror { self.side(&self.namespace()).await } else { sim(namespace, &self.manifests).await }
    }
}

/// The embedded side of a sequence: a cluster of its own.
async fn sim(namespace: &str, manifests: &[Value]) -> Result<Side> {
    let cluster = Embedded::new(jiff::Timestamp::now());
    let client = |user| kube::Client::new(ApiService::new(&cluster, user), "default");
    let admin = client(EmbeddedUser::admin("admin"));
    prepare(&admin, manifests).await?;
    let known = old_pages(&admin).await?;
    cluster.state().store.compact();
    let account = client(EmbeddedUser::service_account(OWN, ACCOUNT, ""));
    begin(&Clients { admin, account }, namespace, &known).await
}

/// Makes the namespace of a sequence, and notes the version after it.
async fn begin(clients: &Clients, namespace: &str, known: &BTreeMap<String, String>) -> Result<Side> {
    create(&clients.admin, "/api/v1/namespaces", &json!({ "metadata": { "name": namespace } })).await?;
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    // Pods need it, and nobody else makes it here.
    let made = create(&clients.admin, &accounts, &json!({ "metadata": { "name": "default" } })).await?;
    let version = made["metadata"]["resourceVersion"].as_str().context("no resourceVersion")?.to_owned();
    Ok(Side::new(clients.clone(), Memory::new(namespace, &version, known.clone())))
}

/// The objects of the shipped manifests.
fn manifests() -> Result<Vec<Value>> {
    let parsed = MANIFESTS.iter().map(|manifest| serde_saphyr::from_multiple::<Value>(manifest));
    Ok(parsed.collect::<Result<Vec<_>, _>>()?.concat())
}

/// Reads a page of two Events, and notes its version and its token for the time when they are forgotten.
async fn old_pages(admin: &kube::Client) -> Result<BTreeMap<String, String>> {
    let mut known = BTreeMap::new();
    let (path, of) = (EVENTS.within(OWN), EVENTS.plural);
    for name in ["old-1", "old-2"] {
        let new = object(EVENTS, name, &mut Chance::seeded(1));
        // The words of a sequence mean nothing here.
        let new = serde_json::from_str(&new.to_string().replace("<ns>", OWN))?;
        create(admin, &path, &new).await?;
    }
    let page = call(admin, Method::GET, &format!("{path}?limit=1"), &Value::Null).await?;
    for (word, field) in [("old", "resourceVersion"), ("page", "continue")] {
        let text = page["metadata"][field].as_str().context("the first page of two has no token")?;
        known.insert(format!("{word} {of}"), text.to_owned());
    }
    // Later than it, so that it is forgotten with all before it.
    create(admin, "/api/v1/namespaces", &json!({ "metadata": { "name": "later" } })).await?;
    Ok(known)
}

/// Creates what every sequence finds.
async fn prepare(admin: &kube::Client, manifests: &[Value]) -> Result<()> {
    for object in manifests {
        create(admin, &collection(object)?, object).await?;
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
