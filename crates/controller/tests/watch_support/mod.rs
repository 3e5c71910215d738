//! An API server on loopback that answers as a test says and remembers what it was asked.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of it")]

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::StreamExt;
use futures::stream::BoxStream;
use self_healing_controller::client::{ApiCall, Clients, Credentials, OnCall, Way};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub user_agent: String,
}

impl Asked {
    pub fn watches(&self) -> bool {
        self.query.contains_key("watch")
    }

    pub fn query(&self, key: &str) -> Option<&str> {
        self.query.get(key).map(String::as_str)
    }
}

/// How the server answers.
pub enum Reply {
    /// A whole answer.
    Json(u16, Value),
    /// Lines as they come; the connection ends with the stream.
    Lines(BoxStream<'static, String>),
    /// A head, and then nothing.
    Stalled,
    /// Nothing, for as long as the test runs.
    Never,
}

impl Reply {
    /// A list without more pages.
    pub fn list(version: &str, items: Vec<Value>) -> Self {
        Self::page(version, items, "")
    }

    /// A page; `token` leads to the next one.
    pub fn page(version: &str, items: Vec<Value>, token: &str) -> Self {
        Self::Json(200, json!({"metadata": {"resourceVersion": version, "continue": token}, "items": items}))
    }

    pub fn status(code: u16, reason: &str) -> Self {
        let status = json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": "no"});
        Self::Json(code, status)
    }

    /// These lines, and the end.
    pub fn lines(lines: Vec<Value>) -> Self {
        Self::Lines(futures::stream::iter(lines.into_iter().map(|line| format!("{line}\n"))).boxed())
    }

    /// These lines, and then silence on an open connection.
    pub fn lines_then_silence(lines: Vec<Value>) -> Self {
        let lines = futures::stream::iter(lines.into_iter().map(|line| format!("{line}\n")));
        Self::Lines(lines.chain(futures::stream::pending()).boxed())
    }

    /// An empty list, or a watch in which nothing happens.
    pub fn nothing(asked: &Asked) -> Self {
        if asked.watches() { Self::lines_then_silence(Vec::new()) } else { Self::list("1", Vec::new()) }
    }
}

type Answer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// The server.
#[derive(Clone)]
pub struct Api {
    pub url: http::Uri,
    asked: Arc<Mutex<Vec<Asked>>>,
    calls: Arc<Mutex<Vec<ApiCall>>>,
    answer: Answer,
}

impl Api {
    /// Starts it; it ends with the test's runtime.
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let api = Self { url, asked: Arc::default(), calls: Arc::default(), answer: Arc::new(answer) };
        let router = axum::Router::new().fallback(serve).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        api
    }

    pub fn way(&self) -> Way {
        Credentials::anonymous(self.url.clone()).into()
    }

    pub fn clients(&self) -> Clients {
        Clients::new(&self.way(), 4, &self.on_call()).unwrap()
    }

    pub fn on_call(&self) -> OnCall {
        let calls = self.calls.clone();
        Arc::new(move |call| calls.lock().unwrap().push(call.clone()))
    }

    /// What the clients counted.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.calls.lock().unwrap().clone()
    }

    /// What was asked about `path`.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Waits until something has been asked.
    pub async fn wait(&self, path: &str, what: impl Fn(&[Asked]) -> bool) -> Vec<Asked> {
        let ask = async {
            loop {
                let asked = self.asked(path);
                if what(&asked) {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, ask).await.unwrap_or_else(|_| panic!("asked only {:?}", self.asked(path)))
    }
}

async fn serve(State(api): State<Api>, request: Request) -> Response {
    let uri = request.uri();
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let agent = request.headers().get("user-agent").map(|value| value.to_str().unwrap().to_owned());
    let asked = Asked {
        method: request.method().to_string(),
        path: uri.path().to_owned(),
        query: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        user_agent: agent.unwrap_or_default(),
    };
    api.asked.lock().unwrap().push(asked.clone());
    let (code, body) = match (api.answer)(&asked) {
        Reply::Json(code, value) => (code, Body::from(value.to_string())),
        Reply::Lines(lines) => (200, Body::from_stream(lines.map(|line| Ok::<_, std::io::Error>(Bytes::from(line))))),
        Reply::Stalled => (200, Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>())),
        Reply::Never => std::future::pending().await,
    };
    Response::builder().status(code).header("content-type", "application/json").body(body).unwrap()
}

/// Receives with a deadline.
pub async fn receive<T>(receiver: &mut mpsc::Receiver<T>) -> T {
    tokio::time::timeout(DEADLINE, receiver.recv()).await.expect("nothing came").expect("the sender is gone")
}
