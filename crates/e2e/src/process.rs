//! A child process that a test owns: started with a log file, killed, paused, restarted, and always ended with its owner.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use crate::sys;

const POLL: Duration = Duration::from_millis(20);
const KILL_DEADLINE: Duration = Duration::from_secs(10);

/// What to start: a program, its arguments and environment, and the file that takes its output.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    path: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    log: PathBuf,
}

impl Program {
    /// A program without arguments; `name` is for messages, `log` takes stdout and stderr and is appended to over restarts.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), path: path.into(), args: Vec::new(), env: Vec::new(), log: log.into() }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets one environment variable besides the inherited ones.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the program or its log file cannot be opened.
    pub fn start(self) -> Result<Process> {
        let child = self.spawn()?;
        Ok(Process { program: self, child: Mutex::new(child) })
    }

    fn spawn(&self) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot open {} for the output of {}", self.log.display(), self.name))?;
        let mut command = Command::new(&self.path);
        command.args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        sys::spawn(command).with_context(|| format!("cannot start {} from {}", self.name, self.path.display()))
    }
}

/// A running (or ended) child process. Dropping it kills it and its process group.
#[derive(Debug)]
pub struct Process {
    program: Program,
    child: Mutex<Child>,
}

impl Process {
    /// The process id; it changes with [`Process::restart`].
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// The exit status if the process has ended.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn exited(&self) -> Result<Option<ExitStatus>> {
        self.child().try_wait().with_context(|| format!("cannot look after {}", self.program.name))
    }

    /// Waits until the process has ended by itself.
    ///
    /// # Errors
    /// When it still runs after `deadline`; the message carries the end of its log.
    pub async fn wait(&self, deadline: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + deadline;
        loop {
            if let Some(status) = self.exited()? {
                return Ok(status);
            }
            if Instant::now() >= end {
                bail!("{} still runs after {deadline:?}; its log ends with:\n{}", self.program.name, self.log_tail(20));
            }
            sleep(POLL).await;
        }
    }

    /// Kills the process at once (SIGKILL) and waits until it is gone. Killing an ended process is fine.
    ///
    /// # Errors
    /// When the signal cannot be sent or the process is still there ten seconds later.
    pub async fn kill(&self) -> Result<()> {
        self.signal_if_running(libc::SIGKILL)?;
        self.wait(KILL_DEADLINE).await.map(drop)
    }

    /// Asks the process to end (SIGTERM) and waits for it.
    ///
    /// # Errors
    /// When it still runs after `deadline`.
    pub async fn terminate(&self, deadline: Duration) -> Result<ExitStatus> {
        self.signal_if_running(libc::SIGTERM)?;
        self.wait(deadline).await
    }

    /// Stops the process where it is (SIGSTOP): its sockets stay open and nothing answers.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn pause(&self) -> Result<()> {
        self.signal(libc::SIGSTOP)
    }

    /// Lets a paused process go on (SIGCONT).
    ///
    /// # Errors
    /// When the process has ended.
    pub fn resume(&self) -> Result<()> {
        self.signal(libc::SIGCONT)
    }

    /// Starts the same program again with the same arguments; kills it first if it still runs.
    ///
    /// # Errors
    /// When the old process cannot be ended or the new one cannot be started.
    pub async fn restart(&self) -> Result<()> {
        self.kill().await?;
        *self.child() = self.program.spawn()?;
        Ok(())
    }

    /// The file with everything the process has written.
    pub fn log(&self) -> &Path {
        &self.program.log
    }

    /// The last `lines` lines of the log, or why it cannot be read.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.program.log, lines)
    }

    /// Fails with the end of the log if the process has ended although it should run.
    ///
    /// # Errors
    /// When it has ended.
    pub fn must_run(&self) -> Result<()> {
        match self.exited()? {
            None => Ok(()),
            Some(status) => {
                bail!("{} has ended ({status}); its log ends with:\n{}", self.program.name, self.log_tail(20))
            }
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: i32) -> Result<()> {
        self.must_run()?;
        self.signal_if_running(signal)
    }

    /// The lock is held over both steps: a child that is not waited for keeps its pid, so the signal cannot hit a stranger.
    fn signal_if_running(&self, signal: i32) -> Result<()> {
        let mut child = self.child();
        if child.try_wait()?.is_none() {
            sys::signal_group(child.id(), signal)
                .with_context(|| format!("cannot send signal {signal} to {}", self.program.name))?;
        }
        Ok(())
    }
}

/// The last `lines` lines of a file, or why it cannot be read.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let all: Vec<&str> = text.lines().collect();
            all[all.len().saturating_sub(lines)..].join("\n")
        }
        Err(error) => format!("(cannot read {}: {error})", path.display()),
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.signal_if_running(libc::SIGKILL);
        let _ = self.child().wait();
    }
}
