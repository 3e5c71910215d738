//! A receiver of JSON on this machine, as Slack and PagerDuty are, that answers as told and remembers what it was sent.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Ok,
    /// 429 with this Retry-After in seconds.
    Busy(u64),
    Broken,
    /// 400: the message is wrong for good.
    Refuses,
    /// Nothing, however long somebody waits.
    Hangs,
    /// Nothing: the connection is closed.
    Closes,
}

/// One message that arrived, and what it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) at: Instant,
    pub(crate) body: Value,
    pub(crate) reply: Reply,
}

/// A receiver; its port closes on drop.
pub(crate) struct Receiver {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    reply: Mutex<Reply>,
    messages: Mutex<Vec<Message>>,
    arrived: Notify,
}

impl Receiver {
    pub(crate) async fn start(reply: Reply) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared { reply: Mutex::new(reply), messages: Mutex::default(), arrived: Notify::new() });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// The webhook, with a secret that must not be seen anywhere.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/services/T0/B0/s3cr3t", self.address)
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.shared.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a message satisfies `good`.
    pub(crate) async fn message(
        &self,
        what: &str,
        deadline: Duration,
        good: impl Fn(&Message) -> bool,
    ) -> Result<Message> {
        let waiting = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if let Some(found) = self.messages().into_iter().find(&good) {
                    return found;
                }
                arrived.await;
            }
        };
        match timeout(deadline, waiting).await {
            Ok(found) => Ok(found),
            Err(_elapsed) => bail!("waited {deadline:?} for {what}; arrived: {:?}", self.messages()),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = take(stream, &shared).await {
                eprintln!("a receiver: {error:#}");
            }
        });
    }
}

/// One request per connection.
async fn take(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    let body = serde_json::from_slice(&read(&mut stream).await?).context("a message that is no JSON")?;
    let reply = *shared.reply.lock().unwrap_or_else(PoisonError::into_inner);
    let message = Message { at: Instant::now(), body, reply };
    shared.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    shared.arrived.notify_waiters();
    let head = match reply {
        Reply::Ok => "200 OK\r\n".to_owned(),
        Reply::Busy(seconds) => format!("429 Too Many Requests\r\nretry-after: {seconds}\r\n"),
        Reply::Broken => "503 Service Unavailable\r\n".to_owned(),
        Reply::Refuses => "400 Bad Request\r\n".to_owned(),
        Reply::Closes => return Ok(()),
        Reply::Hangs => return std::future::pending().await,
    };
    stream.write_all(format!("HTTP/1.1 {head}content-length: 2\r\nconnection: close\r\n\r\nok").as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

async fn read(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.context("a request without content-length")?.trim().parse()?;
            if request.len() >= end + 4 + length {
                return Ok(request[end + 4..end + 4 + length].to_vec());
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            bail!("the request broke off after {} bytes", request.len());
        }
    }
}
