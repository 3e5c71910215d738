//! From text to story: sections, things, settings, moments; the first word that does not fit is the error.

mod line;
mod moment;

use crate::error::Error;
use crate::story::{Ground, Machines, Name, Policy, Story, Thing, WorkloadKind};
use line::Line;
use std::path::Path;
use std::time::Duration;

/// The kinds of thing, as the section `cluster` spells them.
const THINGS: [&str; 10] =
    ["nodes", "node", "deployment", "statefulset", "daemonset", "job", "pod", "budget", "service", "machines"];
const SECTIONS: [&str; 5] = ["not", "cluster", "policy", "settings", "story"];

pub(crate) fn story(path: &Path, text: &str) -> Result<Story, Error> {
    let file = path.display().to_string();
    let mut lines = line::lines(&file, text);
    let Some(title) = lines.next() else {
        return Err(line::missing(&file, 0, "a first line that says what the story shows"));
    };
    let mut story = Story {
        path: path.to_path_buf(),
        title: title.text.to_owned(),
        not_on: Vec::new(),
        things: Vec::new(),
        machines: None,
        policies: Vec::new(),
        settings: Vec::new(),
        moments: Vec::new(),
        end: Duration::ZERO,
    };
    let mut section = "";
    for mut line in lines {
        if line.indented {
            match section {
                "cluster" => thing(&mut story, &mut line)?,
                "settings" => {
                    story.settings.push((line.word("a configuration key")?.to_owned(), line.rest("a value")?))
                }
                "policy" => {
                    if let Some(policy) = story.policies.last_mut() {
                        policy.spec += &format!("{}\n", line.whole);
                    }
                }
                "story" => moment::moment(&mut story, &mut line)?,
                _ => return Err(line.wrong(line.text, "a section before it", &SECTIONS)),
            }
            continue;
        }
        section = line.known("a section", &SECTIONS)?;
        if section == "not" {
            story.not_on.push(excuse(&mut line)?);
        }
        if section == "policy" {
            let policy = policy(&story, &mut line)?;
            story.policies.push(policy);
        }
        line.end()?;
    }
    daemons(&mut story);
    if story.end == Duration::ZERO {
        return Err(line::missing(&file, text.lines().count(), "the section `story` with a last line `SECONDS end`"));
    }
    Ok(story)
}

/// One deed of `story`, without a time.
pub(crate) fn deed(story: &Story, text: &str) -> Result<crate::deed::Deed, Error> {
    let file = story.file();
    let Some(mut line) = line::lines(&file, text).next() else { return Err(line::missing(&file, 0, "a deed")) };
    let deed = moment::deed(story, &mut line)?;
    line.end()?;
    Ok(deed)
}

/// `policy NAME [VERSION]`; its spec follows.
fn policy(story: &Story, line: &mut Line<'_>) -> Result<Policy, Error> {
    let name = line.word("a name")?.to_owned();
    let version = if line.is_empty() { 1 } else { line.number("a version, from 1")? };
    if story.policy(&name, version).is_some() {
        return Err(line.wrong(line.text, "a version that was not there yet", &[]));
    }
    Ok(Policy { name, version, spec: String::new() })
}

/// `not on real: why`.
fn excuse(line: &mut Line<'_>) -> Result<(Ground, String), Error> {
    line.known("`on`", &["on"])?;
    let words = Ground::ALL.map(Ground::as_str);
    let word = line.word("a ground and a colon")?;
    let name = word.strip_suffix(':').ok_or_else(|| line.wrong(word, "a ground and a colon", &words))?;
    let ground = Ground::ALL.into_iter().find(|ground| ground.as_str() == name);
    let ground = ground.ok_or_else(|| line.wrong(name, "a ground", &words))?;
    Ok((ground, line.rest("the reason")?))
}

fn thing(story: &mut Story, line: &mut Line<'_>) -> Result<(), Error> {
    let word = line.known("a thing", &THINGS)?;
    let thing = match word {
        "nodes" => {
            let mut name = Some(line.word("names of nodes")?);
            while let Some(node) = name {
                add(story, line, node, Thing::Node { name: node.to_owned(), zone: None, control_plane: false })?;
                name = line.next();
            }
            return Ok(());
        }
        "node" => return node(story, line),
        "budget" => return budget(story, line),
        "service" => return service(story, line),
        "machines" => {
            let words: Vec<&str> = Machines::ALL.iter().map(|kind| kind.as_str()).collect();
            story.machines = Machines::parse(line.known("who provides machines", &words)?);
            return line.end();
        }
        "deployment" => Some(WorkloadKind::Deployment),
        "statefulset" => Some(WorkloadKind::StatefulSet),
        "daemonset" => Some(WorkloadKind::DaemonSet),
        "job" => Some(WorkloadKind::Job),
        _ => None,
    };
    let name = line.word("a name")?;
    let thing = match thing {
        Some(WorkloadKind::DaemonSet) => Thing::Workload {
            kind: WorkloadKind::DaemonSet,
            name: Name::of(name),
            replicas: 0,
            on: None,
            best_effort: false,
        },
        Some(kind) => {
            let replicas = line.number("how many pods")?;
            let on = if line.ends_or("besteffort") { None } else { on(story, line)? };
            let best_effort = !line.is_empty();
            if best_effort {
                line.known("`besteffort` or the end of the line", &["besteffort"])?;
            }
            Thing::Workload { kind, name: Name::of(name), replicas, on, best_effort }
        }
        None => Thing::Pod { name: Name::of(name), on: on(story, line)? },
    };
    add(story, line, name, thing)?;
    line.end()
}

fn node(story: &mut Story, line: &mut Line<'_>) -> Result<(), Error> {
    let name = line.word("a name")?;
    let (mut zone, mut control_plane) = (None, false);
    while !line.is_empty() {
        match line.known("a property of a node", &["zone", "control-plane"])? {
            "zone" => zone = Some(line.word("a zone")?.to_owned()),
            _ => control_plane = true,
        }
    }
    add(story, line, name, Thing::Node { name: name.to_owned(), zone, control_plane })
}

fn budget(story: &mut Story, line: &mut Line<'_>) -> Result<(), Error> {
    let (_, name) = line.workload(story)?;
    let min_available = line.number("the least number of pods that must be healthy")?;
    story.things.push(Thing::Budget { name, min_available });
    line.end()
}

/// `service NAME for WORKLOAD`, or `service WORKLOAD`; behind it perhaps `standby WORKLOAD`.
fn service(story: &mut Story, line: &mut Line<'_>) -> Result<(), Error> {
    let mut rest = line.clone();
    let name = rest.word("a name")?;
    let workload = if rest.ends_or("standby") {
        line.workload(story)?.1
    } else {
        *line = rest;
        line.known("`for WORKLOAD`, `standby WORKLOAD` or the end of the line", &["for"])?;
        let (_, workload) = line.workload(story)?;
        if story.object(name).is_some() {
            return Err(line.wrong(name, "a name that nothing else has", &[]));
        }
        workload
    };
    let standby = if line.is_empty() {
        None
    } else {
        line.known("`standby WORKLOAD` or the end of the line", &["standby"])?;
        Some(line.workload(story)?.1)
    };
    let own = Name::of(name);
    if own.namespace != workload.namespace {
        return Err(line.wrong(name, &format!("a name in the namespace of {workload}"), &[]));
    }
    story.things.push(Thing::Service { name: own, workload, standby });
    line.end()
}

/// `on NODE`, if it is there.
fn on(story: &Story, line: &mut Line<'_>) -> Result<Option<String>, Error> {
    if line.is_empty() {
        return Ok(None);
    }
    line.known("`on`", &["on"])?;
    line.node(story).map(Some)
}

/// Names are unique in a story, so that a deed needs no kinds.
fn add(story: &mut Story, line: &Line<'_>, name: &str, thing: Thing) -> Result<(), Error> {
    if story.object(name).is_some() {
        return Err(line.wrong(name, "a name that nothing else has", &[]));
    }
    story.things.push(thing);
    Ok(())
}

fn daemons(story: &mut Story) {
    let nodes = u32::try_from(story.nodes().count()).unwrap_or(u32::MAX);
    for thing in &mut story.things {
        if let Thing::Workload { kind: WorkloadKind::DaemonSet, replicas, .. } = thing {
            *replicas = nodes;
        }
    }
}
