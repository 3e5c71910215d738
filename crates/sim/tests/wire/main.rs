//! The API as clients see it: requests, lists, watches, faults.

#![allow(clippy::unwrap_used)] // outside of #[test] functions too

mod faults;
mod list;
mod requests;
mod rights;
mod view;
mod watch;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use self_healing_sim::service::{ApiService, SimBody};
use serde_json::{Value, json};
use tower_service::Service;

/// A cluster, a hand to change it, and the API that is under test.
struct Ground {
    cluster: Cluster,
    hand: Hand,
    api: ApiService,
}

fn ground() -> Ground {
    let cluster = Cluster::new("2030-01-01T00:00:00Z".parse().unwrap());
    let hand = Hand::new(&cluster, User::admin("person"));
    let api = ApiService::new(&cluster, User::admin("admin"));
    Ground { cluster, hand, api }
}

impl Ground {
    /// A ConfigMap with a label `n`.
    fn map(&self, name: &str, label: &str) -> Value {
        let object = json!({ "metadata": { "name": name, "labels": { "n": label } } });
        let made = self.hand.create("configmaps", "default", &object);
        (*made.or_else(|_| self.hand.patch("configmaps", "default", name, &object)).unwrap()).clone()
    }
}

fn request(method: &str, path: &str, body: &Value) -> Request<Full<Bytes>> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    Request::builder().method(method).uri(path).header("content-type", kind).body(Full::from(body)).unwrap()
}

async fn send(api: &ApiService, method: &str, path: &str, body: Value) -> (u16, Value) {
    read(api.clone().call(request(method, path, &body)).await.unwrap()).await
}

async fn get(api: &ApiService, path: &str) -> (u16, Value) {
    send(api, "GET", path, Value::Null).await
}

async fn read(response: Response<SimBody>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()))
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

/// The events of a watch, in short.
struct Events(SimBody);

impl Events {
    async fn open(api: &ApiService, path: &str) -> Self {
        Self(api.clone().call(request("GET", path, &Value::Null)).await.unwrap().into_body())
    }

    /// The next event; null at the end.
    async fn next(&mut self) -> Value {
        match self.0.frame().await {
            Some(frame) => serde_json::from_slice(&frame.unwrap().into_data().unwrap()).unwrap(),
            None => Value::Null,
        }
    }

    /// `ADDED a`, `BOOKMARK`, `ERROR 410` or `end`.
    async fn short(&mut self) -> String {
        let event = self.next().await;
        let (kind, object) = (event["type"].as_str().unwrap_or("end"), &event["object"]);
        let name = object["metadata"]["name"].as_str().map(str::to_owned);
        let code = object["code"].as_u64().map(|code| code.to_string());
        [Some(kind.to_owned()), name, code].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// So many events in short.
    async fn take(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.short().await);
        }
        events
    }
}
