//! What befalls the cluster: every cause that the controller knows, and what people do, in the words of stories.

use super::cluster::Drawing;
use super::dice::Dice;

/// Deeds and their times in seconds, in order, within `span`.
pub(super) fn draw(dice: &mut Dice, cluster: &Drawing, span: u64) -> Vec<(u64, String)> {
    // One failure is certain, so that there is something to do.
    let mut deeds = vec![(dice.below(20), format!("fail {}", cluster.pods[0]))];
    let calm = span - 30;
    for _ in 0..dice.between(2, 14) {
        let at = dice.below(calm);
        for (later, deed) in trouble(dice, cluster) {
            deeds.push(((at + later).min(calm), deed));
        }
    }
    // Most of what hinders the controller or lasts for ever is taken back; the rest has to end some other way.
    let mut back: Vec<String> = vec!["set paused false".into()];
    for (_, deed) in &deeds {
        let taken_back = match deed.split(' ').collect::<Vec<_>>().as_slice() {
            ["silence" | "kubelet-down" | "cut-off" | "not-ready", node] => format!("return {node}"),
            ["condition", node, kind, "True"] => format!("condition {node} {kind} False"),
            ["exclude", object] => format!("include {object}"),
            ["cordon", node] => format!("uncordon {node}"),
            ["unready", pod] => format!("heal {pod}"),
            _ => continue,
        };
        if !back.contains(&taken_back) {
            back.push(taken_back);
        }
    }
    for deed in back {
        if deed.starts_with("set") || dice.percent(70) {
            deeds.push((calm, deed));
        }
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

/// One trouble: deeds, and how much later each follows.
fn trouble(dice: &mut Dice, cluster: &Drawing) -> Vec<(u64, String)> {
    let pod = dice.pick(&cluster.pods).clone();
    let node = dice.pick(&cluster.nodes).clone();
    let later = dice.between(5, 120);
    let once = |deed: String| vec![(0, deed)];
    match dice.below(100) {
        0..14 => once(format!("fail {pod}")),
        14..24 => once(format!("crash-loop {pod} {}", dice.between(1, 9))),
        24..32 => {
            let reason = dice.pick(&["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"]);
            once(format!("waits {pod} {reason}"))
        }
        32..38 => vec![(0, format!("unready {pod}")), (later, format!("heal {pod}"))],
        38..41 => once(format!("oom {pod}")),
        41..45 => vec![(0, format!("finalizer {pod} example.com/keep")), (1, format!("delete {pod}"))],
        45..48 => once(format!("delete {pod}")),
        48..51 if !cluster.lasting.is_empty() => once(format!("replace {}", dice.pick(&cluster.lasting))),
        51..60 => comes_and_goes(dice, &node, "silence"),
        60..65 => comes_and_goes(dice, &node, "kubelet-down"),
        65..69 => comes_and_goes(dice, &node, "cut-off"),
        69..73 => comes_and_goes(dice, &node, "not-ready"),
        73..77 => {
            let kind = dice.pick(&["KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart"]);
            once(format!("condition {node} {kind} True"))
        }
        77..79 => once(format!("replace {node}")),
        79..82 => vec![(0, format!("cordon {node}")), (later, format!("uncordon {node}"))],
        82..86 => exclusion(dice, cluster, &pod, &node),
        86..89 => vec![(0, "set paused true".into()), (later, "set paused false".into())],
        89..91 => once(format!("approve {pod}")),
        91..92 => once(format!("approve {node}")),
        92..94 => once(format!("cancel {}", if dice.percent(50) { pod } else { node })),
        94..96 if !cluster.budgets.is_empty() => {
            let (name, replicas) = dice.pick(&cluster.budgets).clone();
            once(format!("budget {name} {}", dice.below(replicas + 1)))
        }
        96..98 => zone(dice, cluster),
        _ => once(format!("fail {pod}")),
    }
}

fn comes_and_goes(dice: &mut Dice, node: &str, deed: &str) -> Vec<(u64, String)> {
    let mut deeds = vec![(0, format!("{deed} {node}"))];
    if dice.percent(50) {
        deeds.push((dice.between(5, 200), format!("return {node}")));
    }
    deeds
}

fn exclusion(dice: &mut Dice, cluster: &Drawing, pod: &str, node: &str) -> Vec<(u64, String)> {
    let workload = dice.pick(&cluster.workloads).clone();
    let object = dice.pick(&[pod.to_owned(), node.to_owned(), workload, "namespace/shop".to_owned()]).clone();
    let mut deeds = vec![(0, format!("exclude {object}"))];
    if dice.percent(50) {
        deeds.push((dice.between(5, 120), format!("include {object}")));
    }
    deeds
}

/// Many nodes at once have one cause.
fn zone(dice: &mut Dice, cluster: &Drawing) -> Vec<(u64, String)> {
    let until = dice.between(60, 200);
    let some = cluster.nodes.iter().enumerate().filter(|(at, _)| at % 2 == 0).map(|(_, node)| node);
    some.flat_map(|node| [(0, format!("silence {node}")), (until, format!("return {node}"))]).collect()
}
