//! The controller under test: the release binary, with a token of its own ServiceAccount and never as admin.

use anyhow::{Context, Result, bail};
use self_healing_e2e::{Process, Program};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often something without a watch is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// A start that takes longer is a failure.
const START: Duration = Duration::from_secs(40);

/// A running controller.
pub(crate) struct Controller {
    pub(crate) process: Process,
    pub(crate) address: String,
    http: reqwest::Client,
}

/// How to start one.
pub(crate) struct Launch<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) kubeconfig: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) name: &'a str,
    pub(crate) environment: &'a [(&'a str, String)],
}

impl Controller {
    /// Starts it and waits until it answers `/health`.
    pub(crate) async fn start(launch: Launch<'_>) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut program = Program::new(launch.name, launch.binary, launch.log)
            .args(["--kubeconfig", &launch.kubeconfig.display().to_string()])
            .env("POD_NAMESPACE", "self-healing")
            .env("POD_NAME", launch.name)
            .env("LISTEN_ADDRESS", &address)
            .env("LOG_FORMAT", "json");
        for (key, value) in launch.environment {
            program = program.env(*key, value);
        }
        let controller = Self { process: program.start()?, address, http: reqwest::Client::new() };
        eventually("/health to answer", START, async || {
            controller.process.must_run()?;
            Ok(controller.get("/health").await.ok().filter(|(code, _)| *code == 200))
        })
        .await?;
        Ok(controller)
    }

    /// Waits until it is ready and leads.
    pub(crate) async fn leads(&self) -> Result<()> {
        let leads = async || {
            self.process.must_run()?;
            let answer = self.get("/ready").await.ok().filter(|(code, _)| *code == 200);
            Ok(answer.filter(|(_, body)| body["leader"] == true))
        };
        eventually("/ready to say that it leads", START, leads).await.map(drop)
    }

    /// Status code and JSON body (Null when it is no JSON).
    pub(crate) async fn get(&self, path: &str) -> Result<(u16, Value)> {
        let (code, text) = self.text(path).await?;
        Ok((code, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Status code and body.
    pub(crate) async fn text(&self, path: &str) -> Result<(u16, String)> {
        let response =
            self.http.get(format!("http://{}{path}", self.address)).timeout(Duration::from_secs(5)).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Sends SIGTERM and expects exit code 0.
    pub(crate) async fn stop(&self) -> Result<()> {
        let status = self.process.terminate(Duration::from_secs(20)).await?;
        if !status.success() {
            bail!("the controller ended with {status} after SIGTERM\n{}", self.process.log_tail(20));
        }
        Ok(())
    }
}

/// Looks again and again until there is something, for things that cannot be watched.
pub(crate) async fn eventually<T>(
    what: &str,
    deadline: Duration,
    look: impl AsyncFn() -> Result<Option<T>>,
) -> Result<T> {
    let until = Instant::now() + deadline;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Some(found) = look().await.with_context(|| format!("while waiting for {what}"))? {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("waited {deadline:?} for {what}");
        }
    }
}
