//! What a pod's or a node's status shows: containers, those in trouble first, and conditions that are not as they should be.

use crate::objects::needs::list as items;
use crate::plain::plain;
use serde_json::Value;

/// Characters of a container's own words. Kubernetes keeps at most 4096 bytes of a termination message; how it begins tells what
/// happened, and several containers have to fit into one record.
const MESSAGE: usize = 1024;
/// Characters of other words, as of the messages that rules read.
const WORDS: usize = 256;
/// Characters of a reason or a time.
const WORD: usize = 64;

/// Conditions that are `True` in a healthy object; all others are `False` in one.
const GOOD: [&str; 9] = [
    "Ready",
    "Available",
    "Progressing",
    "Initialized",
    "PodScheduled",
    "PodReadyToStartContainers",
    "ContainersReady",
    "KubeletReady",
    "EtcdIsVoter",
];
/// Conditions that only repeat what the containers' states say.
const REPEATED: [&str; 4] = ["Ready", "ContainersReady", "Initialized", "PodReadyToStartContainers"];

/// One line per container, and one for the pod where it says something about itself; nothing for an object without containers.
pub(super) fn of(object: &Value) -> Vec<String> {
    let status = &object["status"];
    let lists = [
        ("initContainerStatuses", "init container "),
        ("containerStatuses", ""),
        ("ephemeralContainerStatuses", "ephemeral "),
    ];
    let containers = lists.iter().flat_map(|(field, word)| items(&status[*field]).map(move |one| (*word, one)));
    let mut lines: Vec<(bool, String)> = containers.map(|(word, one)| (is_well(one), line(word, one))).collect();
    // Those in trouble first, each group in the pod's own order.
    lines.sort_by_key(|(well, _)| *well);
    let whole = pod(object);
    whole.into_iter().chain(lines.into_iter().map(|(_, line)| line)).collect()
}

fn is_well(container: &Value) -> bool {
    let failed = |state: &Value| state["terminated"].is_object() && state["terminated"]["exitCode"] != 0;
    let done = container["state"]["terminated"]["exitCode"] == 0;
    (container["ready"] == true || done) && !failed(&container["state"]) && !failed(&container["lastState"])
}

/// What the pod says of itself as a whole, such as that it was evicted.
fn pod(object: &Value) -> Option<String> {
    let status = &object["status"];
    let (reason, message) = (text(&status["reason"], WORD), text(&status["message"], WORDS));
    if reason.is_empty() && message.is_empty() {
        return None;
    }
    Some(format!("pod: {}", words(&[&text(&status["phase"], WORD), &reason], &message)))
}

fn line(word: &str, container: &Value) -> String {
    let (name, state) = (text(&container["name"], WORD), state(&container["state"], container["ready"] == true));
    let mut line = format!("{word}{name}: {state}");
    let last = &container["lastState"];
    if last["terminated"].is_object() {
        line += &format!("; before that {}", ended(&last["terminated"]));
    }
    if let Some(restarts) = container["restartCount"].as_u64().filter(|restarts| *restarts > 0) {
        line += &format!("; restarted {restarts} times");
    }
    line + &format!("; image {}", text(&container["image"], WORDS))
}

fn state(state: &Value, ready: bool) -> String {
    if state["waiting"].is_object() {
        let waiting = &state["waiting"];
        return words(&["waiting", &text(&waiting["reason"], WORD)], &text(&waiting["message"], WORDS));
    }
    if state["terminated"].is_object() {
        return ended(&state["terminated"]);
    }
    if state["running"].is_object() {
        let ready = if ready { "ready" } else { "not ready" };
        return format!("running since {}, {ready}", text(&state["running"]["startedAt"], WORD));
    }
    "not started".to_owned()
}

fn ended(ended: &Value) -> String {
    let code = ended["exitCode"].as_i64().unwrap_or_default();
    let signal = ended["signal"].as_i64().filter(|signal| *signal != 0);
    let signal = signal.map(|signal| format!(", signal {signal}")).unwrap_or_default();
    let at = text(&ended["finishedAt"], WORD);
    let at = if at.is_empty() { at } else { format!(" at {at}") };
    let head = format!("ended{at} with exit code {code}{signal}");
    words(&[&head, &text(&ended["reason"], WORD)], &text(&ended["message"], MESSAGE))
}

/// One line per condition that is not as it should be, whether it is ready first.
pub(super) fn conditions(object: &Value) -> Vec<String> {
    let has_containers = object["status"]["containerStatuses"].is_array();
    let is_bad = |condition: &&Value| {
        let kind = condition["type"].as_str().unwrap_or_default();
        let expected = if GOOD.contains(&kind) { "True" } else { "False" };
        condition["status"] != expected && !(has_containers && REPEATED.contains(&kind))
    };
    let line = |condition: &Value| {
        let head = format!("{}={}", text(&condition["type"], WORD), text(&condition["status"], WORD));
        let since = text(&condition["lastTransitionTime"], WORD);
        let since = if since.is_empty() { since } else { format!("since {since}") };
        words(&[&head, &since, &text(&condition["reason"], WORD)], &text(&condition["message"], WORDS))
    };
    let mut bad: Vec<&Value> = items(&object["status"]["conditions"]).filter(is_bad).collect();
    bad.sort_by_key(|condition| condition["type"] != "Ready");
    bad.into_iter().map(line).collect()
}

/// Words one after the other, and what is said after a colon; what is empty is left out.
pub(super) fn words(words: &[&str], said: &str) -> String {
    let head: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    head.join(" ") + &said
}

pub(super) fn text(value: &Value, limit: usize) -> String {
    plain(value.as_str().unwrap_or_default().trim(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn crash_looping() -> Value {
        json!({"status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}, {"type": "DisruptionTarget", "status": "True",
                "reason": "DeletionByTaintManager", "message": "deleting due to NoExecute taint"}],
            "initContainerStatuses": [{"name": "migrate", "ready": true, "restartCount": 0, "image": "shop/migrate:2",
                "state": {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": "2026-01-01T00:00:01Z"}}}],
            "containerStatuses": [
                {"name": "proxy", "ready": true, "restartCount": 0, "image": "mesh:1",
                    "state": {"running": {"startedAt": "2026-01-01T00:00:02Z"}}, "lastState": {}},
                {"name": "web", "ready": false, "restartCount": 7, "image": "shop/web:2",
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting"}},
                    "lastState": {"terminated": {"exitCode": 137, "signal": 9, "reason": "OOMKilled",
                        "message": "\u{1b}[31mheap exhausted\u{1b}[0m\nat main", "finishedAt": "2026-01-01T00:09:00Z"}}},
            ],
        }})
    }

    #[test]
    fn every_container_says_how_it_is_and_how_it_last_ended() {
        let lines = of(&crash_looping());
        assert_eq!(
            lines,
            [
                "web: waiting CrashLoopBackOff: back-off 5m0s restarting; before that ended at 2026-01-01T00:09:00Z with \
                 exit code 137, signal 9 OOMKilled: heap exhausted at main; restarted 7 times; image shop/web:2",
                "init container migrate: ended at 2026-01-01T00:00:01Z with exit code 0 Completed; image shop/migrate:2",
                "proxy: running since 2026-01-01T00:00:02Z, ready; image mesh:1",
            ]
        );
        let conditions = conditions(&crash_looping());
        assert_eq!(conditions, ["DisruptionTarget=True DeletionByTaintManager: deleting due to NoExecute taint"]);
    }

    #[test]
    fn a_pod_that_was_evicted_says_so_first() {
        let pod = json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"}});
        assert_eq!(of(&pod), ["pod: Failed Evicted: The node was low on memory"]);
    }

    #[test]
    fn a_node_shows_what_is_not_as_it_should_be() {
        let node = json!({"status": {"conditions": [
            {"type": "MemoryPressure", "status": "False"},
            {"type": "KernelDeadlock", "status": "True", "reason": "AUFSUmountHung", "lastTransitionTime": "2026-01-01T00:00:00Z"},
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting"},
        ]}});
        assert_eq!(of(&node), Vec::<String>::new());
        assert_eq!(
            conditions(&node),
            [
                "Ready=Unknown NodeStatusUnknown: Kubelet stopped posting",
                "KernelDeadlock=True since 2026-01-01T00:00:00Z AUFSUmountHung"
            ]
        );
    }

    #[test]
    fn odd_statuses_are_told_as_far_as_they_go() {
        for odd in
            [json!(null), json!({"status": null}), json!({"status": {"containerStatuses": "x", "conditions": [1, {}]}})]
        {
            let _ = (of(&odd), conditions(&odd));
        }
        let bare = json!({"status": {"containerStatuses": [{"state": {}, "restartCount": -4}, null]}});
        assert_eq!(of(&bare)[0], ": not started; image ");
    }
}
