//! `approve` and `cancel`: a person's word on a Recovery, as annotations on its record with the person's name.

use super::person::{self, Person};
use super::{CliError, say};
use crate::client::words;
use clap::{Arg, ArgAction, ArgMatches, Command};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{Api, Patch, PatchParams, PostParams};
use self_healing_api::marks::{APPROVE, CANCEL, MANAGER};
use self_healing_api::recovery::{Recovery, from_resource};
use serde_json::json;

/// One of the two words.
#[derive(Clone, Copy)]
pub(super) struct Order {
    name: &'static str,
    annotation: &'static str,
    done: &'static str,
}

pub(super) const APPROVAL: Order = Order { name: "approve", annotation: APPROVE, done: "approved" };
pub(super) const VETO: Order = Order { name: "cancel", annotation: CANCEL, done: "cancelled" };

pub(super) fn command(order: Order) -> Command {
    let (about, long) = match order.name {
        "approve" => (
            "Lets Recoveries start that wait for a person (mode Approve)",
            "Lets Recoveries start that wait for a person (mode Approve), by an annotation with your name on each. The \
             guards are still asked: what they hold starts when they let it pass.",
        ),
        _ => (
            "Stops Recoveries; what they changed is taken back",
            "Stops Recoveries, by an annotation with your name on each. Their cordons and taints are taken back, a pod \
             that was deleted is not brought back. The same object is left alone for history_window.",
        ),
    };
    let names = Arg::new("name").value_name("NAME").required(true).num_args(1..);
    let dry = Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue);
    person::flags(Command::new(order.name).about(about).long_about(long))
        .arg(names.help("Names of Recoveries, see status"))
        .arg(dry.help("Asks the API server whether it would take the change, and changes nothing"))
}

pub(super) fn run(args: &ArgMatches, order: Order) -> Result<(), CliError> {
    let names: Vec<&String> = args.get_many::<String>("name").into_iter().flatten().collect();
    person::run(args, |person| async move {
        let who = user(&person).await;
        for name in names {
            let bare = name.rsplit_once('/').map_or(name.as_str(), |(_, name)| name);
            give(&person, order, bare, &who, args.get_flag("dry-run")).await?;
        }
        Ok(())
    })
}

async fn give(person: &Person, order: Order, name: &str, who: &str, dry: bool) -> Result<(), CliError> {
    let namespace = &person.controller.namespace;
    let api = Api::<Recovery>::namespaced(person.clients.writes.clone(), namespace);
    let refused = |error: kube::Error| CliError::Refused(format!("Recovery {namespace}/{name}: {}", words(&error)));
    let stored = api.get(name).await.map_err(refused)?;
    let record = from_resource(&stored).map_err(|error| CliError::Refused(format!("Recovery {name}: {error}")))?;
    if !record.is_active() {
        let phase = record.status.phase.map_or("of an unknown phase", |phase| phase.as_str());
        return Err(CliError::Refused(format!(
            "Recovery {name} is {phase} already: there is nothing to {}",
            order.name
        )));
    }
    let patch = json!({ "metadata": { "annotations": { order.annotation: who } } });
    let params = PatchParams { dry_run: dry, field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
    api.patch(name, &params, &Patch::Merge(&patch)).await.map_err(refused)?;
    say(&format!("recovery.self-healing.dev/{name} {}{}\n", order.done, person::dry_run(dry)))
}

/// Who we are to the API server; where it cannot say, who we are on this machine.
async fn user(person: &Person) -> String {
    let api = Api::<SelfSubjectReview>::all(person.clients.reads.clone());
    let review = api.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok();
    let user = review.and_then(|review| review.status?.user_info?.username).filter(|user| !user.is_empty());
    user.unwrap_or_else(|| {
        let here = std::env::var("USER").ok().filter(|user| !user.is_empty());
        format!("{} (not confirmed by the API server)", here.as_deref().unwrap_or("somebody"))
    })
}
