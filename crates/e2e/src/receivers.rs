//! Real receivers of messages on this machine: a mail server with TLS and login, and an Alertmanager.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::certs::Certs;
use crate::process::{Process, Program};
use crate::{Binaries, ports};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How often a receiver is asked for what it got; neither can be watched.
const LOOK: Duration = Duration::from_millis(100);
/// Until a receiver answers after its start.
const START: Duration = Duration::from_secs(30);

/// A mail server that takes mail only over TLS from whoever logs in.
pub struct MailServer {
    process: Process,
    /// Where mail is sent to.
    pub port: u16,
    http: String,
    /// The certificate of the authority that certified it.
    pub authority: PathBuf,
}

/// Who may send mail.
pub const LOGIN: (&str, &str) = ("healing@example.com", "mail-s3cr3t");

impl MailServer {
    /// Starts one whose files are in `dir`.
    ///
    /// # Errors
    /// When it cannot be built or does not answer.
    pub async fn start(dir: &Path) -> Result<Self> {
        let dir = dir.join("mail");
        fs::create_dir_all(&dir)?;
        let certs = Certs::create(&dir)?;
        let identity = certs.server("mail")?;
        let login = format!("{}:{}", LOGIN.0, LOGIN.1);
        for (file, text) in [("mail.crt", &identity.cert), ("mail.key", &identity.key), ("login", &login)] {
            fs::write(dir.join(file), text).with_context(|| format!("cannot write {file}"))?;
        }
        let (program, _) = tokio::task::spawn_blocking(Binaries::receivers).await??;
        let (port, web) = (ports::free()?, ports::free()?);
        let path = |file: &str| dir.join(file).display().to_string();
        let args = [
            "--smtp".to_owned(),
            format!("127.0.0.1:{port}"),
            "--listen".to_owned(),
            format!("127.0.0.1:{web}"),
            "--smtp-tls-cert".to_owned(),
            path("mail.crt"),
            "--smtp-tls-key".to_owned(),
            path("mail.key"),
            "--smtp-auth-file".to_owned(),
            path("login"),
            "--smtp-require-starttls".to_owned(),
            "--disable-version-check".to_owned(),
        ];
        let process = Program::new("mailpit", program, dir.join("mailpit.log")).args(args).start()?;
        let server = Self { process, port, http: format!("http://127.0.0.1:{web}"), authority: dir.join("ca.crt") };
        server.ready().await?;
        Ok(server)
    }

    /// Ends it, so that nobody listens.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn stop(&self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn restart(&self) -> Result<()> {
        self.process.restart().await?;
        self.ready().await
    }

    async fn ready(&self) -> Result<()> {
        let end = Instant::now() + START;
        while self.all().await.is_err() {
            self.process.must_run()?;
            ensure!(Instant::now() < end, "the mail server does not answer: {}", self.process.log_tail(10));
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The mails that came, the first one first, each as its whole text; once they are at least `count`.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn mails(&self, count: usize, within: Duration) -> Result<Vec<String>> {
        let end = Instant::now() + within;
        loop {
            let ids = self.all().await?;
            if ids.len() >= count {
                let mut mails = Vec::new();
                for id in ids {
                    mails.push(reqwest::get(format!("{}/api/v1/message/{id}/raw", self.http)).await?.text().await?);
                }
                return Ok(mails);
            }
            if Instant::now() > end {
                bail!("waited {within:?} for {count} mails, {} came", ids.len());
            }
            sleep(LOOK).await;
        }
    }

    async fn all(&self) -> Result<Vec<String>> {
        let found: Value = get(&format!("{}/api/v1/messages?limit=1000", self.http)).await?;
        let list = found["messages"].as_array().context("no list of messages")?.iter().rev();
        Ok(list.filter_map(|message| message["ID"].as_str().map(str::to_owned)).collect())
    }
}

/// An Alertmanager that tells nobody.
pub struct Alertmanager {
    process: Process,
    /// Its address.
    pub url: String,
}

impl Alertmanager {
    /// Starts one whose files are in `dir`.
    ///
    /// # Errors
    /// When it cannot be built or does not answer.
    pub async fn start(dir: &Path) -> Result<Self> {
        let dir = dir.join("alertmanager");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("config.yml"), "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")?;
        let (_, program) = tokio::task::spawn_blocking(Binaries::receivers).await??;
        let port = ports::free()?;
        let args = [
            format!("--config.file={}", dir.join("config.yml").display()),
            format!("--storage.path={}", dir.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ];
        let process = Program::new("alertmanager", program, dir.join("alertmanager.log")).args(args).start()?;
        let receiver = Self { process, url: format!("http://127.0.0.1:{port}") };
        let end = Instant::now() + START;
        while receiver.alerts().await.is_err() {
            receiver.process.must_run()?;
            ensure!(Instant::now() < end, "Alertmanager does not answer: {}", receiver.process.log_tail(10));
            sleep(LOOK).await;
        }
        Ok(receiver)
    }

    /// Waits until exactly `count` alerts fire; gives them.
    ///
    /// # Errors
    /// When that does not come to pass.
    pub async fn firing(&self, count: usize, within: Duration) -> Result<Vec<Value>> {
        let end = Instant::now() + within;
        loop {
            let alerts = self.alerts().await?;
            if alerts.len() == count {
                return Ok(alerts);
            }
            ensure!(Instant::now() < end, "waited {within:?} for {count} firing alerts; there are {alerts:?}");
            sleep(LOOK).await;
        }
    }

    async fn alerts(&self) -> Result<Vec<Value>> {
        let found: Value = get(&format!("{}/api/v2/alerts?active=true", self.url)).await?;
        Ok(found.as_array().context("no list of alerts")?.clone())
    }
}

async fn get(url: &str) -> Result<Value> {
    let answer = reqwest::get(url).await?.error_for_status()?;
    Ok(serde_json::from_str(&answer.text().await?)?)
}
