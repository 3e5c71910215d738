//! etcd by its JSON gateway: reads, and writes of many at once.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

/// Writes that are under way at once.
const AT_ONCE: usize = 16;

/// The etcd on a port of this machine.
#[derive(Debug)]
pub(super) struct Etcd {
    url: String,
    http: reqwest::Client,
}

impl Etcd {
    pub(super) fn at(port: u16) -> Result<Self> {
        // Traffic on this machine, which no proxy of the environment could reach.
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { url: format!("http://127.0.0.1:{port}/v3/kv"), http })
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let answer = self.post("range", &json!({ "key": STANDARD.encode(key) })).await?;
        let value = answer["kvs"][0]["value"].as_str();
        value.map(|value| STANDARD.decode(value).context("etcd's answer is no Base64")).transpose()
    }

    pub(super) async fn put(&self, pairs: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()> {
        let put = |(key, value): (Vec<u8>, Vec<u8>)| json!({ "requestPut": { "key": STANDARD.encode(key), "value": STANDARD.encode(value) } });
        let puts: Vec<Value> = pairs.map(put).collect();
        self.post("txn", &json!({ "success": puts })).await.map(drop)
    }

    /// One after the other in etcd's order, each a version of its own as in a cluster.
    pub(super) async fn put_each(&self, pairs: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<()> {
        let puts = pairs.map(|(key, value)| async move {
            let put = json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value) });
            self.post("put", &put).await.map(drop)
        });
        futures::stream::iter(puts).map(Ok).try_buffer_unordered(AT_ONCE).try_collect().await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        self.post("deleterange", &json!({ "key": STANDARD.encode(key) })).await.map(drop)
    }

    async fn post(&self, what: &str, body: &Value) -> Result<Value> {
        let send = || self.http.post(format!("{}/{what}", self.url)).json(body).send();
        let answer = match send().await {
            // A kept connection that etcd has just closed. What is asked can be asked twice.
            Err(error) if error.is_request() => send().await?,
            answer => answer?,
        };
        let (status, text) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success(), "etcd refuses a {what}: {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
