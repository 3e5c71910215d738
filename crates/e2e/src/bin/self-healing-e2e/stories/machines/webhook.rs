//! A node provider's webhook on loopback: it takes signed orders, carries each out once, and says how far it is.

use super::Provider;
use crate::stories::relay::{Teller, Wrote};
use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use self_healing_story::{Name, Ordered, Story, Verb};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What signs the requests, as `NODE_WEBHOOK_SECRET` has it.
pub(in crate::stories) const SECRET: &str = "whsec_bm90IGEgc2VjcmV0";
/// The address that stories name.
const TOLD: &str = "{url: 'https://machines.example.com/orders'}";
/// From an order until it is carried out.
const WORK: Duration = Duration::from_secs(10);

/// Answers until it is dropped.
pub(in crate::stories) struct Hook {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    teller: Teller,
    given: Mutex<BTreeMap<String, Given>>,
}

/// One order.
struct Given {
    node: String,
    at: Instant,
    done: Option<Ordered>,
}

impl Hook {
    pub(in crate::stories) async fn start(teller: Teller) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared { teller, given: Mutex::default() });
        let router = Router::new().route("/orders", post(order)).route("/orders/{key}", get(look));
        let router = router.with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the webhook for machines: {error}");
            }
        });
        Ok(Self { address, shared, task })
    }

    /// The story with its policies at this address.
    pub(in crate::stories) fn readdress(&self, story: &Story) -> Story {
        let here = format!("{{url: 'http://{}/orders', insecure: true}}", self.address);
        let mut story = story.clone();
        story.policies.iter_mut().for_each(|policy| policy.spec = policy.spec.replace(TOLD, &here));
        story
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider<'_> {
    /// Carries out the orders whose time has come.
    pub(super) async fn carry_out_orders(&self, hook: &Hook) -> Result<()> {
        let how = self.told.get().unwrap_or(Ordered::Reboots);
        let is_due = |given: &Given| given.done.is_none() && given.at.elapsed() >= WORK;
        let due = lock(&hook.shared)
            .iter()
            .find(|(_, given)| is_due(given))
            .map(|(id, given)| (id.clone(), given.node.clone()));
        let Some((id, node)) = due else { return Ok(()) };
        self.carry_out(&node, how).await?;
        if let Some(given) = lock(&hook.shared).get_mut(&id) {
            given.done = Some(how);
        }
        Ok(())
    }
}

async fn order(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    if !is_signed(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (id, node) = (text(&body["id"]), text(&body["node"]["name"]));
    if lock(&shared).contains_key(&id) {
        return StatusCode::CONFLICT;
    }
    let asked = Instant::now();
    lock(&shared).insert(id, Given { node: node.clone(), at: asked, done: None });
    shared.teller.tell(&Wrote { verb: Verb::Replace, name: Name::of(&node), uid: String::new(), asked }).await;
    StatusCode::ACCEPTED
}

async fn look(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> (StatusCode, Json<Value>) {
    if !is_signed(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(Value::Null));
    }
    match lock(&shared).get(&id) {
        Some(given) => (StatusCode::OK, Json(said(given.done))),
        None => (StatusCode::NOT_FOUND, Json(Value::Null)),
    }
}

fn is_signed(headers: &HeaderMap) -> bool {
    headers.get("webhook-signature").is_some_and(|value| value.as_bytes().starts_with(b"v1,"))
}

fn said(done: Option<Ordered>) -> Value {
    match done {
        None | Some(Ordered::Stalls) => json!({ "state": "running", "message": "works on it" }),
        Some(Ordered::Fails) => json!({ "state": "failed", "message": "as told" }),
        Some(Ordered::Assumes) => json!({ "state": "succeeded", "machine": "off", "assumed": true }),
        Some(_) => json!({ "state": "succeeded", "machine": "off" }),
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, BTreeMap<String, Given>> {
    shared.given.lock().unwrap_or_else(PoisonError::into_inner)
}
