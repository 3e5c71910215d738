//! Secrets in mounted files change without a restart: they are read again and again.

use crate::config::{Environment, Secrets};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::interval;
use tokio_util::task::AbortOnDropHandle;

/// Between two looks. A kubelet itself takes up to a minute until it shows a changed Secret in a mounted file.
const LOOK: Duration = Duration::from_secs(10);

/// Gives every change; one that cannot be read is said once, and what was known stays.
pub(super) fn follow(environment: Environment, mut known: Secrets) -> (mpsc::Receiver<Secrets>, AbortOnDropHandle<()>) {
    let (changes, receiver) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        let (mut looks, mut said) = (interval(LOOK), String::new());
        loop {
            looks.tick().await;
            match Secrets::read(&environment) {
                Ok(secrets) if secrets.differs_from(&known) => {
                    known = secrets.clone();
                    said.clear();
                    if changes.send(secrets).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let error = error.to_string();
                    if error != said {
                        tracing::error!(error, "a secret cannot be read again, the old one stays");
                        said = error;
                    }
                }
            }
        }
    });
    (receiver, AbortOnDropHandle::new(task))
}

#[cfg(test)]
mod tests;
