//! What this installation may do where that changes a decision: a bare pod is only deleted if it may be created again, and a strategy
//! whose rights were left out is not begun.

use crate::manifests::{Options, Permission, is_cluster_wide, permissions};
use crate::rights::{may, wish};
use self_healing_core::names::Remedy;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Between two tries while the API server does not answer, and after an answer, however many doubts there are.
const AGAIN: Duration = Duration::from_secs(5);
/// While something is missing, because it may be granted at any time.
const LOOK: Duration = Duration::from_secs(60);

/// Asks until there is an answer whether pods may be created everywhere.
pub(super) async fn may_create_pods(client: kube::Client) -> bool {
    loop {
        match may(&client, &wish("create", "", "pods", None, None)).await {
            Ok(allowed) => return allowed,
            Err(error) => tracing::debug!(error, "cannot ask for the right to create pods yet"),
        }
        sleep(AGAIN).await;
    }
}

/// Tells which remedies have no rights whenever that changes. It is asked when there is a `doubt`, because something was refused, and
/// again and again while there are any; nothing is asked where all is granted.
pub(super) fn follow(
    client: kube::Client,
    namespaces: Vec<String>,
    doubt: Arc<Notify>,
) -> (mpsc::Receiver<BTreeSet<Remedy>>, AbortOnDropHandle<()>) {
    let (changes, receiver) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        let mut known = BTreeSet::new();
        loop {
            if known.is_empty() {
                doubt.notified().await;
            } else {
                // Either way it is time to ask.
                let _elapsed = timeout(LOOK, doubt.notified()).await;
            }
            match missing(&client, &namespaces).await {
                Ok(found) if found != known => {
                    say(&known, &found);
                    known = found.clone();
                    if changes.send(found).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(error, "cannot ask for rights"),
            }
            sleep(AGAIN).await;
        }
    });
    (receiver, AbortOnDropHandle::new(task))
}

fn say(before: &BTreeSet<Remedy>, now: &BTreeSet<Remedy>) {
    for remedy in now.difference(before) {
        tracing::warn!(%remedy, "Disabled: this installation has no right for it, and strategies that need it are not begun");
    }
    for remedy in before.difference(now) {
        tracing::info!(%remedy, "enabled: its rights are there again");
    }
}

/// The remedies of which a right is missing in every place where it is wanted.
async fn missing(client: &kube::Client, namespaces: &[String]) -> Result<BTreeSet<Remedy>, String> {
    let mut missing = BTreeSet::new();
    for permission in permissions(&Options::default()) {
        let Some(remedy) = permission.remedy.filter(|remedy| !missing.contains(remedy)) else { continue };
        if !is_given(client, &permission, namespaces).await? {
            missing.insert(remedy);
        }
    }
    Ok(missing)
}

async fn is_given(client: &kube::Client, permission: &Permission, namespaces: &[String]) -> Result<bool, String> {
    let Permission { group, resource, verbs, .. } = *permission;
    let everywhere = namespaces.is_empty() || is_cluster_wide(group, resource);
    let places: Vec<Option<&str>> =
        if everywhere { vec![None] } else { namespaces.iter().map(|namespace| Some(namespace.as_str())).collect() };
    for place in places {
        let mut all = true;
        for verb in verbs {
            all = all && may(client, &wish(verb, group, resource, place, None)).await?;
        }
        if all {
            return Ok(true);
        }
    }
    Ok(false)
}
