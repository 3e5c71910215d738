//! The smallest world that a controller can run on, in memory: an API server that stores what it is sent, a receiver of
//! messages, and a wall clock that goes with tokio's.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use jiff::Timestamp;
use kube::client::Body;
use secrecy::SecretString;
use self_healing_controller::client::{Embedded, NotSent};
use self_healing_controller::config::{Environment, Layers, Secrets};
use self_healing_controller::outside::{Answer, Chance, Kubelets, NoAnswer, Outside, Parcel, Post, Wall};
use self_healing_controller::run::Launch;
use self_healing_core::effect::KubeletLook;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tower::{BoxError, service_fn};

pub(crate) const POD: &str = "/api/v1/namespaces/shop/pods/web-1";
pub(crate) const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/healing/leases/self-healing-controller";

/// When the wall clock starts.
const START: &str = "2026-01-01T00:00:00Z";

type Whole = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// All clones are the same world.
#[derive(Clone)]
pub(crate) struct World {
    start: Instant,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    version: u64,
    asked: Vec<String>,
    told: Vec<Value>,
    /// No connection can be made.
    cut: bool,
}

impl World {
    /// A node, and a pod of a Deployment that failed.
    pub(crate) fn with_a_failed_pod() -> Self {
        let world = Self { start: Instant::now(), state: Arc::default() };
        let owner = json!([{"kind": "ReplicaSet", "name": "web", "uid": "u-web", "controller": true}]);
        let metadata = |name: &str| json!({"name": name, "uid": format!("u-{name}"), "creationTimestamp": START});
        let with = |mut object: Value, extra: Value| {
            object.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            object
        };
        let put = |path: &str, object: Value| drop(world.state.lock().unwrap().store(path, object));
        put(
            "/api/v1/nodes/n1",
            json!({"metadata": metadata("n1"), "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
        );
        let lease = with(metadata("n1"), json!({"namespace": "kube-node-lease"}));
        put("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1", json!({"metadata": lease}));
        put("/api/v1/namespaces/shop", json!({"metadata": metadata("shop")}));
        let set = with(metadata("web"), json!({"namespace": "shop"}));
        put("/apis/apps/v1/namespaces/shop/replicasets/web", json!({"metadata": set, "spec": {"replicas": 1}}));
        let pod = with(metadata("web-1"), json!({"namespace": "shop", "ownerReferences": owner}));
        put(POD, json!({"metadata": pod, "spec": {"nodeName": "n1"}, "status": {"phase": "Failed"}}));
        world
    }

    /// A controller named `name` that knows nothing but this world.
    pub(crate) fn launch(&self, name: &str, seed: u64) -> Launch {
        let flags = [("listen_address".to_owned(), "127.0.0.1:0".to_owned())];
        let layers = Layers::new(None, &Environment::default(), &flags).unwrap();
        let (world, start) = (self.clone(), self.start);
        let epoch: Timestamp = START.parse().unwrap();
        let outside = Outside {
            wall: Wall::new(move || epoch + start.elapsed()),
            kubelets: Arc::new(Dead),
            receiver: Some(Arc::new(self.clone())),
            webhooks: None,
            chance: Chance::seeded(seed),
        };
        let service = Embedded::new(service_fn(move |request| world.clone().answer(request)));
        let mut launch = Launch::embedded(service, layers, "healing", name, outside);
        let webhook = SecretString::from("https://receiver.example/webhook");
        launch.secrets = Secrets { slack_webhook_url: Some(webhook), ..Secrets::default() };
        launch
    }

    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    /// Every request so far: when, what, and its body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Every message so far.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.state.lock().unwrap().told.clone()
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.state.lock().unwrap().cut = cut;
    }

    async fn answer(self, request: Request<Body>) -> Result<Whole, BoxError> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let path = head.uri.path().to_owned();
        let query = head.uri.query().unwrap_or_default().to_owned();
        {
            let mut state = self.state.lock().unwrap();
            let (at, text) = (self.start.elapsed().as_millis(), String::from_utf8_lossy(&body));
            state.asked.push(format!("{at} {} {path}?{query} {text}", head.method));
            if state.cut {
                return Err(NotSent.into());
            }
        }
        // A real server takes its time, and lets others go first.
        sleep(Duration::from_millis(3)).await;
        if query.contains("sendInitialEvents") {
            // A server that streams no lists.
            let refusal = json!({ "kind": "Status", "code": 422, "reason": "Invalid", "message": "no" }).to_string();
            let body = Full::new(Bytes::from(refusal)).map_err(|never| match never {}).boxed_unsync();
            return Ok(Response::builder().status(422).header("content-type", "application/json").body(body)?);
        }
        let seconds = query.split('&').find_map(|pair| pair.strip_prefix("timeoutSeconds="));
        if let Some(seconds) = seconds {
            return Ok(silence(Duration::from_secs(seconds.parse()?)));
        }
        let sent = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let (code, answer) = self.state.lock().unwrap().answer(&head.method, &path, sent);
        let body = Full::new(Bytes::from(answer.to_string())).map_err(|never| match never {}).boxed_unsync();
        Ok(Response::builder().status(code).header("content-type", "application/json").body(body)?)
    }
}

/// A watch in which nothing happens until it is over.
fn silence(open: Duration) -> Whole {
    let end = futures::stream::once(async move {
        sleep(open).await;
        Ok(http_body::Frame::data(Bytes::new()))
    });
    Response::new(StreamBody::new(end).boxed_unsync())
}

impl State {
    fn answer(&mut self, method: &Method, path: &str, sent: Value) -> (u16, Value) {
        let object = path.trim_end_matches("/status");
        match *method {
            Method::GET if self.objects.contains_key(path) => (200, self.objects[path].clone()),
            Method::GET if path.ends_with('s') => (200, self.list(path)),
            Method::POST if path.ends_with("selfsubjectaccessreviews") => (201, json!({"status": {"allowed": true}})),
            Method::POST => {
                let mut new = sent;
                let path = format!("{path}/{}", new["metadata"]["name"].as_str().unwrap());
                new["metadata"]["uid"] = format!("u{}", self.version).into();
                (201, self.store(&path, new))
            }
            Method::PUT if self.objects.contains_key(object) => {
                let mut merged = self.objects[object].clone();
                merged.as_object_mut().unwrap().extend(sent.as_object().unwrap().clone());
                (200, self.store(object, merged))
            }
            Method::DELETE if self.objects.remove(path).is_some() => (200, json!({"kind": "Status", "code": 200})),
            _ => {
                let name = path.rsplit('/').next();
                (404, json!({"kind": "Status", "code": 404, "reason": "NotFound", "details": {"name": name}}))
            }
        }
    }

    /// Everything in a collection, or in those of all namespaces.
    fn list(&self, path: &str) -> Value {
        let (group, plural) = path.rsplit_once('/').unwrap();
        let inside = |key: &str| {
            let collection = key.rsplit_once('/').map(|(collection, _)| collection).unwrap_or_default();
            let everywhere = collection.starts_with(&format!("{group}/namespaces/"));
            collection == path || (everywhere && collection.ends_with(&format!("/{plural}")))
        };
        let items: Vec<_> = self.objects.iter().filter(|(key, _)| inside(key)).map(|(_, object)| object).collect();
        json!({"metadata": {"resourceVersion": self.version.to_string()}, "items": items})
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.objects.insert(path.to_owned(), object.clone());
        object
    }
}

impl Post for World {
    fn post<'a>(&'a self, _url: &'a str, parcel: &'a Parcel) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        self.state.lock().unwrap().told.push(serde_json::from_slice(&parcel.body).unwrap());
        Box::pin(async { Ok(Answer { status: StatusCode::OK, retry_after: None, start: b"ok".to_vec() }) })
    }
}

/// No kubelet answers.
struct Dead;

impl Kubelets for Dead {
    fn look(&self, _kubelet: SocketAddr) -> BoxFuture<'_, io::Result<KubeletLook>> {
        Box::pin(std::future::pending())
    }
}
