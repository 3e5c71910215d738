//! Answers to "why", for people and programs: asked of the running leader where that is possible, else worked out from the API.

mod ask;
mod installation;
mod lists;
mod name;
mod overview;
mod past;
mod text;

pub use ask::{path, usage};
pub use installation::Installation;
pub use lists::{Lists, read};
pub use name::{BadName, question, split};
pub use overview::{overview, overview_text};
pub use past::relive;
pub use text::{span, table, text};

use crate::client::Clients;
use crate::watch::Scope;
use self_healing_api::explanation::Explanation;
use self_healing_core::explanation::Question;
use self_healing_core::key::Text;
use self_healing_core::settings::Settings;
use self_healing_core::time::Stamp;

/// The answer of the leader, else this process's own.
pub async fn answer(clients: &Clients, installation: &Installation, question: &Question, now: Stamp) -> Explanation {
    match ask::leader(&clients.reads, installation, question).await {
        Ok(answer) => answer,
        Err(why) => {
            let mut answer = own(clients, installation, question, now).await;
            answer.observer.notes.insert(0, format!("Not asked of the running controller: {why}."));
            answer
        }
    }
}

/// What the same core thinks of the API's objects as they are now.
pub async fn own(clients: &Clients, installation: &Installation, question: &Question, now: Stamp) -> Explanation {
    let config = installation.layers.config();
    let scope = Scope {
        namespaces: config.watch_namespaces.iter().cloned().collect(),
        pod_label_selector: config.pod_label_selector.clone(),
        pod_field_selector: config.pod_field_selector.clone(),
        node_label_selector: config.node_label_selector.clone(),
        own_namespace: installation.namespace.clone(),
    };
    let lists = read(&clients.reads, &scope).await;
    let own_pod = (Text::from(installation.namespace.as_str()), Text::from(installation.leader()));
    let settings = Settings { own_pod, ..config.settings((&installation.namespace, installation.leader())) };
    let (healer, present) = relive(&settings, lists.facts, now);
    let mut answer = Explanation::from(&healer.explain(present, question));
    let notes = &mut answer.observer.notes;
    notes.push("Scores are counted from the times that the objects carry; kubelets are not looked at.".to_owned());
    notes.extend(installation.notes.iter().cloned());
    if !lists.missing.is_empty() {
        let missing: Vec<&str> = lists.missing.iter().map(|kind| kind.as_str()).collect();
        notes.push(format!("Could not be listed with your rights, and so is not known: {}.", missing.join(", ")));
    }
    limits(&mut answer, &scope);
    answer
}

/// What an object may be missing for because less than the whole cluster is watched.
pub fn limits(answer: &mut Explanation, scope: &Scope) {
    if answer.is_known() {
        return;
    }
    let namespace = answer.object.namespace.clone();
    let reasons = &mut answer.unknown_because;
    if !scope.namespaces.is_empty() && !namespace.is_empty() && !scope.namespaces.contains(&namespace) {
        reasons.insert(
            0,
            format!(
                "namespace {namespace} is not watched (configuration key watch_namespaces: {})",
                scope.namespaces.join(",")
            ),
        );
    }
    let selectors = [
        ("Pod", "pod_label_selector", &scope.pod_label_selector),
        ("Pod", "pod_field_selector", &scope.pod_field_selector),
        ("Node", "node_label_selector", &scope.node_label_selector),
    ];
    for (kind, key, selector) in selectors {
        if answer.object.kind == kind && !selector.is_empty() {
            reasons.push(format!("only some are watched (configuration key {key}: {selector})"));
        }
    }
}
