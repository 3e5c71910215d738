//! What the documentation says can be done: links lead somewhere, each cause and guard has its runbook, commands are ones that the
//! program knows, and the YAML is what a cluster would take.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that finds something else has failed")]

mod pages;

use clap::error::ErrorKind;
use pages::{Command, Page, project, root};
use self_healing_controller::{cli, manifests};
use self_healing_core::names::{Cause, GuardName};
use self_healing_sim::api::User;
use self_healing_sim::cluster::Cluster;
use self_healing_sim::hand::Hand;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

const OURS: &str = "self-healing.dev/v1alpha1";

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// `path` seen from the folder of `page`, without `..`.
fn from_page(page: &Path, path: &str) -> PathBuf {
    let mut found = page.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    found
}

/// Links to files that are not there, and to headings and ids that no page has.
fn wrong_links(pages: &[Page]) -> Vec<String> {
    let wrong = |page: &Page, link: &str| {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() { page.path.clone() } else { from_page(&page.path, path) };
        let known = pages.iter().find(|other| other.path == target);
        let there = known.is_some() || root().join(&target).exists();
        let found = anchor.is_empty() || known.is_some_and(|page| page.anchors.contains(anchor));
        (!there || !found).then(|| format!("{}: {link} leads nowhere", page.path.display()))
    };
    let local = |link: &&String| !link.contains("://") && !link.starts_with("mailto:");
    pages.iter().flat_map(|page| page.links.iter().filter(local).filter_map(move |link| wrong(page, link))).collect()
}

/// Command lines that the program or the kubectl plugin would refuse.
fn wrong_commands(pages: &[Page]) -> Vec<String> {
    let refused = |page: &Page, Command { words, in_prose }: Command| {
        let name = OsString::from(&words[0]);
        let error = cli::commands(Some(&name)).try_get_matches_from(&words).err()?;
        let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let named = in_prose && error.kind() == ErrorKind::MissingRequiredArgument;
        (!asked_for && !named).then(|| format!("{}: {}: {error}", page.path.display(), words.join(" ")))
    };
    pages.iter().flat_map(|page| page.commands().into_iter().filter_map(move |one| refused(page, one))).collect()
}

/// A person's hand on an API that knows our kinds.
fn hand() -> Hand {
    let cluster = Cluster::new("2026-01-01T00:00:00Z".parse().unwrap());
    let hand = Hand::new(&cluster, User::admin("a-person"));
    for definition in manifests::crds() {
        let definition = serde_json::to_value(definition).unwrap();
        hand.create("customresourcedefinitions.apiextensions.k8s.io", "", &definition).unwrap();
    }
    hand
}

/// What a cluster says against an object of ours; what shows a part of a policy, its `spec` with `match`, is completed first.
fn refusal(mut object: Value) -> Option<String> {
    if object.get("apiVersion").is_none() && object["spec"].get("match").is_some() {
        object["apiVersion"] = json!(OURS);
        object["kind"] = json!("HealingPolicy");
        object["metadata"] = json!({ "name": "part" });
    }
    let (resource, namespace) = match (object["apiVersion"].as_str(), object["kind"].as_str()) {
        (Some(OURS), Some("HealingPolicy")) => ("healingpolicies.self-healing.dev", ""),
        (Some(OURS), Some("Recovery")) => ("recoveries.self-healing.dev", manifests::NAMESPACE),
        (Some(version), kind) if version.starts_with("self-healing.dev/") => {
            return Some(format!("there is no {kind:?} of {version}"));
        }
        _ => return None,
    };
    match hand().create(resource, namespace, &object) {
        Ok(stored) if stored["spec"] == object["spec"] => None,
        Ok(_) => Some("a field of its spec is not in the schema".to_owned()),
        Err(error) => Some(format!("{error:?}")),
    }
}

/// YAML that does not parse, and objects of ours that a cluster would not take as they stand.
fn wrong_yaml(pages: &[Page]) -> Vec<String> {
    let wrong = |text: &String| match serde_saphyr::from_multiple::<Value>(text) {
        Ok(objects) => objects.into_iter().filter_map(refusal).collect(),
        Err(error) => vec![error.to_string()],
    };
    let told = |page: &Page, text: String| {
        let wrong: Vec<String> = wrong(&text);
        wrong.into_iter().map(|why| format!("{}: {why}\n{text}", page.path.display())).collect::<Vec<_>>()
    };
    pages.iter().flat_map(|page| page.yaml().into_iter().flat_map(move |text| told(page, text))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = project();
    assert!(pages.iter().map(|page| page.links.len()).sum::<usize>() > 100, "no links were found");
    assert_none(&wrong_links(&pages));
}

#[test]
fn every_cause_and_every_guard_has_its_runbook_and_no_other_is_left() {
    let words = Cause::ALL.iter().map(|cause| cause.as_str()).chain(GuardName::ALL.iter().map(|guard| guard.as_str()));
    let wanted: BTreeSet<String> = words.map(str::to_owned).chain(["README".to_owned()]).collect();
    let files = fs::read_dir(root().join("docs/runbooks")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = files.map(|name| name.into_string().unwrap().trim_end_matches(".md").to_owned());
    // Those of alerts are named as their alerts are.
    let found: BTreeSet<String> = names.filter(|name| !name.starts_with("SelfHealing")).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_runbook_is_in_the_index_and_every_cause_has_the_anchor_that_messages_link_to() {
    let pages = project();
    let index = pages.iter().find(|page| page.path == Path::new("docs/runbooks/README.md")).unwrap();
    for cause in Cause::ALL {
        assert!(index.links.contains(&format!("{cause}.md")), "{cause}");
        assert!(index.anchors.contains(&cause.as_str().to_lowercase()), "{cause}");
    }
    for guard in GuardName::ALL {
        assert!(index.links.contains(&format!("{guard}.md")), "{guard}");
    }
}

#[test]
fn every_command_is_one_that_the_program_knows() {
    let pages = project();
    assert!(pages.iter().map(|page| page.commands().len()).sum::<usize>() > 50, "no commands were found");
    assert_none(&wrong_commands(&pages));
}

#[test]
fn every_object_is_one_that_a_cluster_takes() {
    let pages = project();
    assert!(pages.iter().map(|page| page.yaml().len()).sum::<usize>() > 3, "no YAML was found");
    assert_none(&wrong_yaml(&pages));
}

#[test]
fn the_checker_sees_what_it_looks_for() {
    let page = |text: &str| vec![Page::read(PathBuf::from("docs/page.md"), text)];
    let linked = |text: &str| wrong_links(&page(text)).len();
    assert_eq!(
        linked("# A `b`: c\n[x](#a-b-c) [y](../README.md) [z](https://host/none) <a id=\"here\"></a> [h](#here)"),
        0
    );
    assert_eq!(linked("# A\n[x](#b) [y](none.md) [z](../README.md#none)"), 3);

    let refused = |line: &str| wrong_commands(&page(&format!("```sh\n{line}\n```"))).len();
    assert_eq!(
        refused("MODE=Observe self-healing-controller run --paused true | grep x # as -n\nkubectl heal status -o json"),
        0
    );
    assert_eq!(refused("self-healing-controller explan pod/x\nkubectl heal run\ncargo run --release -- demo --onc"), 3);
    assert_eq!(
        wrong_commands(&page("Ask `kubectl heal explain`, not `kubectl heal explain pod/x --no-such`.")).len(),
        1
    );
    assert_eq!(refused("kubectl heal explain"), 1);

    let taken = |text: &str| wrong_yaml(&page(&format!("```yaml\n{text}\n```"))).len();
    assert_eq!(taken("spec: {match: {types: [node_failure]}}"), 0);
    assert_eq!(taken("spec: {match: {types: [node_failure]}, mod: Observe}"), 1);
    assert_eq!(taken("apiVersion: self-healing.dev/v1alpha1\nkind: HealingPolicy\nmetadata: {name: p}\nspec: {}"), 1);
    assert_eq!(taken("apiVersion: self-healing.dev/v1\nkind: HealingPolicy"), 1);
    assert_eq!(taken("a: [b"), 1);
}
