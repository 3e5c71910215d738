//! `pause` and `resume`: the kill switch, which is the key `paused` of the ConfigMap.

use super::person::{self, Person};
use super::{CliError, say};
use crate::client::words;
use crate::manifests::{CONFIG_MAP, NAME};
use clap::{Arg, ArgAction, ArgMatches, Command};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Container};
use kube::api::{Api, Patch, PatchParams, PostParams};
use self_healing_api::marks::MANAGER;
use serde_json::json;

const KEY: &str = "paused";

pub(super) fn command(paused: bool) -> Command {
    let (name, about) = if paused {
        ("pause", "Stops everything: nothing new starts, and what is under way stops before its next write")
    } else {
        ("resume", "Lets the controller act again")
    };
    let dry = Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue);
    person::flags(Command::new(name).about(about))
        .arg(dry.help("Asks the API server whether it would take the change, and changes nothing"))
}

pub(super) fn run(args: &ArgMatches, paused: bool) -> Result<(), CliError> {
    person::run(args, |person| async move {
        let dry = args.get_flag("dry-run");
        set(&person, paused, dry).await?;
        let namespace = &person.controller.namespace;
        let done = if paused { "paused" } else { "resumed" };
        say(&format!("configmap/{CONFIG_MAP} in namespace {namespace}: {done}{}\n", person::dry_run(dry)))?;
        if let Some(by) = shadow(&person).await {
            eprintln!("warning: it has no effect: {by} sets {KEY}, which wins over the ConfigMap");
        }
        Ok(())
    })
}

async fn set(person: &Person, paused: bool, dry: bool) -> Result<(), CliError> {
    let namespace = &person.controller.namespace;
    let api = Api::<ConfigMap>::namespaced(person.clients.writes.clone(), namespace);
    let refused =
        |error: kube::Error| CliError::Refused(format!("ConfigMap {namespace}/{CONFIG_MAP}: {}", words(&error)));
    let manager = Some(MANAGER.to_owned());
    if api.get_opt(CONFIG_MAP).await.map_err(refused)?.is_none() {
        let new = json!({ "metadata": { "name": CONFIG_MAP }, "data": { KEY: paused.to_string() } });
        let new = serde_json::from_value(new).map_err(|error| CliError::Refused(error.to_string()))?;
        let params = PostParams { dry_run: dry, field_manager: manager };
        return api.create(&params, &new).await.map(drop).map_err(refused);
    }
    let patch = json!({ "data": { KEY: paused.to_string() } });
    let params = PatchParams { dry_run: dry, field_manager: manager, ..PatchParams::default() };
    api.patch(CONFIG_MAP, &params, &Patch::Merge(&patch)).await.map(drop).map_err(refused)
}

/// What of the Deployment wins over the ConfigMap, as far as it can be read.
async fn shadow(person: &Person) -> Option<String> {
    let api = Api::<Deployment>::namespaced(person.clients.reads.clone(), &person.controller.namespace);
    let deployment = api.get_opt(NAME).await.ok()??;
    deployment.spec?.template.spec?.containers.iter().find_map(shadow_in)
}

fn shadow_in(container: &Container) -> Option<String> {
    let variable = KEY.to_ascii_uppercase();
    if container.env.iter().flatten().any(|env| env.name == variable) {
        return Some(format!("the environment variable {variable} of container {}", container.name));
    }
    let words = || container.args.iter().chain(&container.command).flatten();
    let sets = |word: &String| word.starts_with("--paused") || word.trim_start_matches("--set=").starts_with("paused=");
    words().find(|word| sets(word)).map(|word| format!("the argument {word} of container {}", container.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wins_over_the_config_map_is_named() {
        let container = |spec| serde_json::from_value::<Container>(spec).unwrap();
        let by = |spec| shadow_in(&container(spec));
        assert_eq!(by(json!({ "name": "c", "args": ["run"] })), None);
        let env = by(json!({ "name": "c", "env": [{ "name": "PAUSED", "value": "true" }] }));
        assert_eq!(env.as_deref(), Some("the environment variable PAUSED of container c"));
        for argument in ["--paused=true", "--set=paused=true"] {
            let flag = by(json!({ "name": "c", "args": ["run", argument] }));
            assert_eq!(flag, Some(format!("the argument {argument} of container c")));
        }
        let flag = by(json!({ "name": "c", "args": ["--set", "paused=false"] }));
        assert_eq!(flag.as_deref(), Some("the argument paused=false of container c"));
    }
}
