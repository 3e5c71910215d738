//! Where questions to the decision loop wait for it: few at a time, and never for long.

use self_healing_api::board::Rows;
use self_healing_api::history::{History, Told};
use self_healing_core::explanation::{Explanation, Overview, Question};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

/// Questions that may wait; who asks more is told to come again.
const WAITING: usize = 16;
/// A loop that is busy for longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// One question, and where its answer goes.
#[derive(Debug)]
pub enum Asked {
    /// Why an object is treated as it is.
    Explain(Question, oneshot::Sender<Explanation>),
    /// How the controller as a whole is doing.
    Overview(oneshot::Sender<Overview>),
    /// Everything at a glance, as rows, and when that was (RFC 3339).
    Board(oneshot::Sender<(String, Rows)>),
    /// The Recoveries that are kept.
    History(oneshot::Sender<History>),
    /// One Recovery by name.
    Record(String, oneshot::Sender<Option<Box<Told>>>),
}

/// The decision loop gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decision loop is busy; ask again")]
pub struct Busy;

/// The desk; all clones are the same.
#[derive(Clone, Debug)]
pub struct Desk {
    ask: mpsc::Sender<Asked>,
    asked: Arc<Mutex<mpsc::Receiver<Asked>>>,
}

impl Default for Desk {
    fn default() -> Self {
        let (ask, asked) = mpsc::channel(WAITING);
        Self { ask, asked: Arc::new(Mutex::new(asked)) }
    }
}

impl Desk {
    /// Asks why an object is treated as it is.
    ///
    /// # Errors
    /// When the loop does not answer in 2 s, or too many others wait.
    pub async fn explain(&self, question: Question) -> Result<Explanation, Busy> {
        self.put(|answer| Asked::Explain(question, answer)).await
    }

    /// Asks how the controller as a whole is doing.
    ///
    /// # Errors
    /// When the loop does not answer in 2 s, or too many others wait.
    pub async fn overview(&self) -> Result<Overview, Busy> {
        self.put(Asked::Overview).await
    }

    /// Asks for everything at a glance.
    ///
    /// # Errors
    /// When the loop does not answer in 2 s, or too many others wait.
    pub async fn board(&self) -> Result<(String, Rows), Busy> {
        self.put(Asked::Board).await
    }

    /// Asks for the Recoveries that are kept.
    ///
    /// # Errors
    /// When the loop does not answer in 2 s, or too many others wait.
    pub async fn history(&self) -> Result<History, Busy> {
        self.put(Asked::History).await
    }

    /// Asks for one Recovery by name, with all that belongs to it.
    ///
    /// # Errors
    /// When the loop does not answer in 2 s, or too many others wait.
    pub async fn record(&self, name: String) -> Result<Option<Box<Told>>, Busy> {
        self.put(|answer| Asked::Record(name, answer)).await
    }

    async fn put<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Asked) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        self.ask.try_send(ask(answer)).map_err(|_| Busy)?;
        timeout(PATIENCE, answered).await.map_err(|_| Busy)?.map_err(|_| Busy)
    }

    /// The next question; for the decision loop.
    pub async fn next(&self) -> Asked {
        match self.asked.lock().await.recv().await {
            Some(asked) => asked,
            // It never closes: the desk itself can ask.
            None => std::future::pending().await,
        }
    }
}
