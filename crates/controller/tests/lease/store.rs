//! An API server that knows one Lease: GET, POST and PUT with resourceVersion conflicts, and one fault per client.

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::{BoxError, service_fn};

/// What goes wrong for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Fine,
    /// Requests do not arrive.
    Cut,
    /// Requests arrive, answers do not.
    Mute,
    /// Requests arrive so much later.
    Slow(Duration),
    /// Every request is answered with this code, and not applied.
    Answers(u16),
    /// Only writes are answered with this code, and not applied.
    RefusesWrites(u16),
}

#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Mutex<Lease>>);

#[derive(Default)]
struct Lease {
    object: Option<Value>,
    version: u64,
    requests: usize,
}

/// Switches the fault of one client.
#[derive(Clone)]
pub(crate) struct Line(Arc<Mutex<Fault>>);

impl Line {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = fault;
    }

    fn get(&self) -> Fault {
        *self.0.lock().unwrap()
    }
}

impl Store {
    pub(crate) fn spec(&self) -> Value {
        self.0.lock().unwrap().object.as_ref().map_or(Value::Null, |object| object["spec"].clone())
    }

    pub(crate) fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    /// Puts a Lease there, as another program would.
    pub(crate) fn write(&self, spec: Value) {
        let mut lease = self.0.lock().unwrap();
        lease.store(json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "self-healing-controller", "namespace": "healing"}, "spec": spec}));
    }

    /// Removes the Lease, as another program would.
    pub(crate) fn delete(&self) {
        self.0.lock().unwrap().object = None;
    }

    /// A client whose line to the store can be disturbed.
    pub(crate) fn client(&self) -> (Client, Line) {
        let (store, line) = (self.clone(), Line(Arc::new(Mutex::new(Fault::Fine))));
        let disturbed = line.clone();
        let service = service_fn(move |request: Request<Body>| {
            let (store, fault) = (store.clone(), disturbed.get());
            async move { Ok::<_, BoxError>(store.answer(request, fault).await) }
        });
        (Client::new(service, "healing"), line)
    }

    async fn answer(&self, request: Request<Body>, fault: Fault) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.unwrap();
        let read = parts.method == Method::GET;
        match fault {
            Fault::Cut => std::future::pending().await,
            Fault::Slow(by) => tokio::time::sleep(by).await,
            Fault::Answers(code) => return status(code),
            Fault::RefusesWrites(code) if !read => return status(code),
            Fault::Fine | Fault::Mute | Fault::RefusesWrites(_) => {}
        }
        let answer = {
            let mut lease = self.0.lock().unwrap();
            lease.requests += 1;
            let sent = || serde_json::from_slice::<Value>(&body).unwrap();
            match parts.method {
                Method::GET => lease.object.clone().map_or_else(|| status(404), |object| found(&object)),
                Method::POST if lease.object.is_some() => status(409),
                Method::POST => found(&lease.store(sent())),
                Method::PUT => lease.replace(sent()),
                _ => status(405),
            }
        };
        if fault == Fault::Mute { std::future::pending().await } else { answer }
    }
}

impl Lease {
    fn store(&mut self, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.object = Some(object.clone());
        object
    }

    fn replace(&mut self, object: Value) -> Response<Body> {
        let Some(stored) = &self.object else { return status(404) };
        if object["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"] {
            return status(409);
        }
        found(&self.store(object))
    }
}

fn found(object: &Value) -> Response<Body> {
    Response::new(Body::from(object.to_string().into_bytes()))
}

fn status(code: u16) -> Response<Body> {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
        "message": format!("the store says {code}")});
    Response::builder().status(code).body(Body::from(body.to_string().into_bytes())).unwrap()
}
