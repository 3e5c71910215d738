//! `explain KIND/NAME`: what the controller thinks of an object now, and why.

use super::person::{self, Person};
use super::{CliError, say};
use crate::explain::{answer, question, split, text};
use clap::{Arg, ArgMatches, Command};

pub(super) fn command() -> Command {
    let object = Arg::new("object").value_name("KIND/NAME").required(true).num_args(1..=2);
    let command = Command::new("explain")
        .about("Says what the controller thinks of an object now: why it acts on it, or why not, and what happens next")
        .long_about(
            "Says what the controller thinks of an object now: every signal with its score, severity and strategy and why, \
             every guard, the Recovery under way, and what happens next and when. Nothing is changed.\n\n\
             The running leader is asked through the API server (which takes the right to get pods/proxy in its \
             namespace); else the same code is run on the API's objects, with your rights, and says so.\n\n\
             Kinds: node, pod, deployment, replicaset, statefulset, daemonset, job, recovery, and kubectl's short names. \
             Exit status: 0 with an answer, 1 when the object is not known, 2 for a wrong command.",
        )
        .arg(object.help("An object, e.g. pod/web-1 or node worker-2"))
        .arg(Arg::new("namespace").short('n').long("namespace").value_name("NAMESPACE").help(
            "Namespace of the object [default: that of the kubeconfig's context]",
        ));
    person::output(person::flags(command))
}

pub(super) fn run(args: &ArgMatches) -> Result<(), CliError> {
    let words: Vec<&String> = args.get_many::<String>("object").into_iter().flatten().collect();
    let (kind, name) = match words.as_slice() {
        [kind, name] => (kind.as_str(), name.as_str()),
        [one] => split(one).map_err(|error| CliError::Usage(error.to_string()))?,
        _ => return Err(CliError::Usage("an object is missing, e.g. explain pod/web-1".to_owned())),
    };
    let namespace = args.get_one::<String>("namespace").cloned();
    person::run(args, |person| async move {
        let namespace = namespace.unwrap_or_else(|| person.namespace.clone());
        let question = question(kind, name, &namespace);
        let found = answer(&person.clients, &person.controller, &question, Person::now()).await;
        if person::wants_json(args) {
            say(&json(&found)?)?;
        } else {
            say(&text(&found))?;
        }
        if found.is_known() { Ok(()) } else { Err(CliError::Unknown) }
    })
}

/// `value` as a page of JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, CliError> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| CliError::System { what: "JSON", source: error.into() })?;
    Ok(format!("{text}\n"))
}
