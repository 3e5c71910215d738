//! The lines of the section `story`: `12  fail web.1`, `0  kill controller after delete web.1`, `60  end`.

use super::line::Line;
use crate::deed::{Deed, Kubelet, Moment, Object, Ordered, PodName, Reception, Release, Verb, Write};
use crate::error::Error;
use crate::story::{Story, Thing, WorkloadKind};
use std::time::Duration;

/// Every deed's first word.
const DEEDS: [&str; 45] = [
    "fail",
    "crash-loop",
    "waits",
    "unready",
    "heal",
    "oom",
    "finalizer",
    "delete",
    "replace",
    "release",
    "silence",
    "kubelet-down",
    "cut-off",
    "return",
    "not-ready",
    "condition",
    "provider",
    "receiver",
    "remediate",
    "call-off",
    "pause-machine",
    "attach",
    "detach",
    "cordon",
    "uncordon",
    "taint",
    "untaint",
    "exclude",
    "include",
    "set",
    "apply",
    "withdraw",
    "approve",
    "cancel",
    "annotate",
    "select",
    "budget",
    "scale",
    "pause",
    "autoscale",
    "kill",
    "stop",
    "start",
    "freeze",
    "end",
];

/// The channels whose receivers stories have.
const CHANNELS: [&str; 4] = ["slack", "slack-incident", "email", "pagerduty"];

const A_VOLUME: &str = "the name of a volume, as data-1";
const A_TAINT: &str = "the key of a taint, as karpenter.sh/disrupted";

pub(super) fn moment(story: &mut Story, line: &mut Line<'_>) -> Result<(), Error> {
    let at = seconds(line, "a time in seconds")?;
    if story.end > Duration::ZERO {
        return Err(line.wrong(line.text, "nothing after `end`", &[]));
    }
    let last = story.moments.last().map_or(Duration::ZERO, |moment| moment.at);
    if at < last {
        let expected = format!("a time not before {}, that of the line above", last.as_secs_f64());
        return Err(line.wrong(line.text, &expected, &[]));
    }
    if line.ends_it() {
        story.end = at;
        return line.end();
    }
    let deed = deed(story, line)?;
    let after = if line.is_empty() { None } else { Some(write(story, line)?) };
    line.end()?;
    story.moments.push(Moment { line: line.number, at, after, deed });
    Ok(())
}

pub(super) fn deed(story: &Story, line: &mut Line<'_>) -> Result<Deed, Error> {
    let word = line.known("a deed", &DEEDS)?;
    Ok(match word {
        "fail" => Deed::Fail(line.pod(story)?),
        "crash-loop" => Deed::CrashLoop(line.pod(story)?, line.number("how often it restarted")?),
        "waits" => Deed::Waits(line.pod(story)?, line.word("a reason, as ImagePullBackOff")?.to_owned()),
        "unready" => Deed::Unready(line.pod(story)?),
        "heal" => Deed::Heal(line.pod(story)?),
        "oom" => Deed::Oom(line.pod(story)?),
        "finalizer" => Deed::Finalizer(line.pod(story)?, line.word("a finalizer, as example.com/keep")?.to_owned()),
        "delete" => Deed::Delete(line.pod(story)?),
        "replace" => replace(story, line)?,
        "release" => release(story, line)?,
        "silence" => Deed::Silence(line.node(story)?, Kubelet::Silent),
        "kubelet-down" => Deed::Silence(line.node(story)?, Kubelet::Refuses),
        "cut-off" => Deed::Silence(line.node(story)?, Kubelet::Accepts),
        "return" => Deed::Return(line.node(story)?),
        "not-ready" => Deed::NotReady(line.node(story)?),
        "condition" => {
            let (node, kind) = (line.node(story)?, line.word("a condition, as KernelDeadlock")?.to_owned());
            let status = if line.is_empty() { "True" } else { line.known("its status", &["True", "False"])? };
            Deed::Condition(node, kind, status == "True")
        }
        "provider" => {
            let words: Vec<&str> = Ordered::ALL.iter().map(|how| how.as_str()).collect();
            let word = line.known("what it does with orders", &words)?;
            Deed::Provider(Ordered::parse(word).ok_or_else(|| line.wrong(word, "what it does with orders", &words))?)
        }
        "receiver" => receiver(line)?,
        "remediate" => Deed::Remediate(line.node(story)?),
        "call-off" => Deed::CallOff(line.node(story)?),
        "pause-machine" => Deed::PauseMachine(line.node(story)?),
        "attach" => Deed::Attach(line.word(A_VOLUME)?.to_owned(), line.node(story)?),
        "detach" => Deed::Detach(line.word(A_VOLUME)?.to_owned()),
        "cordon" => Deed::Cordon(line.node(story)?),
        "uncordon" => Deed::Uncordon(line.node(story)?),
        "taint" => Deed::Taint(line.node(story)?, line.word(A_TAINT)?.to_owned()),
        "untaint" => Deed::Untaint(line.node(story)?, line.word(A_TAINT)?.to_owned()),
        "exclude" => Deed::Exclude(line.object(story)?),
        "include" => Deed::Include(line.object(story)?),
        "set" => Deed::Set(line.word("a configuration key")?.to_owned(), line.word("a value")?.to_owned()),
        "apply" => apply(story, line)?,
        "withdraw" => Deed::Withdraw(policy(story, line)?),
        "approve" => Deed::Approve(target(story, line)?),
        "cancel" => Deed::Cancel(target(story, line)?),
        "annotate" => {
            let (object, key) = (line.object(story)?, line.word("the key of an annotation")?.to_owned());
            let value = line.word("its value, or `-` to take it away")?;
            Deed::Annotate(object, key, Some(value).filter(|value| *value != "-").map(str::to_owned))
        }
        "select" => Deed::Select(line.service(story)?, line.workload(story)?.1),
        "budget" => budget(story, line)?,
        "scale" => {
            let (kind, name) = line.workload(story)?;
            Deed::Scale(kind, name, line.number("how many pods it wants")?)
        }
        "pause" => Deed::Pause(line.workload(story)?.1),
        "autoscale" => {
            let (kind, name) = line.workload(story)?;
            Deed::Autoscale(kind, name)
        }
        "end" => return Err(line.wrong(word, "a deed", &[])),
        _ => return process(line, word),
    })
}

fn policy(story: &Story, line: &mut Line<'_>) -> Result<String, Error> {
    let known: Vec<&str> = story.policies.iter().map(|policy| policy.name.as_str()).collect();
    line.known("a policy of this story", &known).map(str::to_owned)
}

fn apply(story: &Story, line: &mut Line<'_>) -> Result<Deed, Error> {
    let name = policy(story, line)?;
    let version = line.number("its version")?;
    if story.policy(&name, version).is_none() {
        return Err(line.wrong(&version.to_string(), "a version with a section of its own", &[]));
    }
    Ok(Deed::Apply(name, version))
}

fn process(line: &mut Line<'_>, word: &str) -> Result<Deed, Error> {
    let known: &[&str] = if word == "stop" { &["controller", "apiserver"] } else { &["controller"] };
    let known = if word == "start" { &["apiserver"] } else { known };
    Ok(match (word, line.known("a process", known)?) {
        ("stop", "apiserver") => Deed::StopApiserver,
        ("start", _) => Deed::StartApiserver,
        ("stop", _) => Deed::StopController,
        ("freeze", _) => Deed::FreezeController(seconds(line, "how many seconds")?),
        _ => Deed::KillController,
    })
}

fn replace(story: &Story, line: &mut Line<'_>) -> Result<Deed, Error> {
    match target(story, line)? {
        Object::Node(node) => Ok(Deed::ReplaceNode(node)),
        Object::Pod(pod) if keeps_name(story, &pod) => Ok(Deed::ReplacePod(pod)),
        Object::Pod(pod) => {
            Err(line.wrong(&pod.to_string(), "a pod that keeps its name: of a StatefulSet, or without controller", &[]))
        }
        other => Err(line.wrong(&other.to_string(), "a node or a pod", &[])),
    }
}

fn release(story: &Story, line: &mut Line<'_>) -> Result<Deed, Error> {
    let (kind, name) = line.workload(story)?;
    if !matches!(kind, WorkloadKind::Deployment | WorkloadKind::StatefulSet) {
        return Err(line.wrong(&name.to_string(), "a Deployment or a StatefulSet", &[]));
    }
    let words: Vec<&str> = Release::ALL.iter().map(|how| how.as_str()).collect();
    let word = line.known("how its new pods behave", &words)?;
    let how = Release::parse(word).ok_or_else(|| line.wrong(word, "how its new pods behave", &words))?;
    Ok(Deed::Release(kind, name, how))
}

fn receiver(line: &mut Line<'_>) -> Result<Deed, Error> {
    let channel = line.known("a channel", &CHANNELS)?.to_owned();
    let words: Vec<&str> = Reception::ALL.iter().map(|how| how.as_str()).collect();
    let word = line.known("how it takes messages", &words)?;
    let how = Reception::parse(word).ok_or_else(|| line.wrong(word, "how it takes messages", &words))?;
    Ok(Deed::Receiver(channel, how))
}

fn keeps_name(story: &Story, pod: &PodName) -> bool {
    match pod {
        PodName::Bare(_) => true,
        PodName::Numbered { workload, .. } => {
            matches!(story.object(&workload.to_string()), Some(Object::Workload(WorkloadKind::StatefulSet, _)))
        }
    }
}

/// What a Recovery can be about.
fn target(story: &Story, line: &mut Line<'_>) -> Result<Object, Error> {
    match line.object(story)? {
        found @ (Object::Node(_) | Object::Pod(_) | Object::Workload(..) | Object::Service(_)) => Ok(found),
        other @ Object::Namespace(_) => {
            Err(line.wrong(&other.to_string(), "a node, a pod, a workload or a Service", &[]))
        }
    }
}

fn budget(story: &Story, line: &mut Line<'_>) -> Result<Deed, Error> {
    let (_, name) = line.workload(story)?;
    let known = story.things.iter().any(|thing| matches!(thing, Thing::Budget { name: known, .. } if *known == name));
    if !known {
        return Err(line.wrong(&name.to_string(), "a workload with a `budget` in the section `cluster`", &[]));
    }
    Ok(Deed::Budget(name, line.number("the least number of pods that must be healthy")?))
}

/// `after VERB OBJECT`.
fn write(story: &Story, line: &mut Line<'_>) -> Result<Write, Error> {
    line.known("`after VERB OBJECT` or the end of the line", &["after"])?;
    let words: Vec<&str> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    let word = line.known("a write of the controller", &words)?;
    let verb = Verb::parse(word).ok_or_else(|| line.wrong(word, "a write of the controller", &words))?;
    let object = match verb {
        Verb::Cordon
        | Verb::Uncordon
        | Verb::Taint
        | Verb::Untaint
        | Verb::Replace
        | Verb::EndRemediation
        | Verb::Fence
        | Verb::Unfence => Object::Node(line.node(story)?),
        Verb::Restart | Verb::Scale | Verb::Unscale | Verb::RollBack => {
            let (kind, name) = line.workload(story)?;
            Object::Workload(kind, name)
        }
        Verb::Evict | Verb::Delete | Verb::Create | Verb::Resize => Object::Pod(line.pod(story)?),
        Verb::Switch | Verb::SwitchBack => Object::Service(line.service(story)?),
    };
    Ok(Write { verb, object })
}

fn seconds(line: &mut Line<'_>, expected: &str) -> Result<Duration, Error> {
    let word = line.word(expected)?;
    let seconds = word.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| line.wrong(word, expected, &[]))
}
