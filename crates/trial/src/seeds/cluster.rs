//! A cluster and a configuration at random, in the words of stories.

use super::dice::Dice;

/// What was drawn.
pub(super) struct Drawing {
    /// The section `cluster`.
    pub(super) lines: Vec<String>,
    /// The section `settings`.
    pub(super) settings: Vec<String>,
    pub(super) nodes: Vec<String>,
    /// Pods as stories name them, of Deployments first.
    pub(super) pods: Vec<String>,
    /// Pods that keep their names.
    pub(super) lasting: Vec<String>,
    pub(super) workloads: Vec<String>,
    /// Workloads with a budget, and their replicas.
    pub(super) budgets: Vec<(String, u64)>,
}

const NAMES: [&str; 6] = ["web", "api", "cart", "mail", "pay", "other/shop"];

pub(super) fn draw(dice: &mut Dice) -> Drawing {
    let mut drawing = Drawing {
        lines: Vec::new(),
        settings: settings(dice),
        nodes: Vec::new(),
        pods: Vec::new(),
        lasting: Vec::new(),
        workloads: Vec::new(),
        budgets: Vec::new(),
    };
    nodes(dice, &mut drawing);
    let count = dice.between(1, 4);
    for index in 0..count {
        let name = NAMES[usize::try_from(index).unwrap_or(0)];
        drawing.workload(dice, "deployment", name, 4);
    }
    if dice.percent(60) {
        drawing.workload(dice, "statefulset", "db", 3);
    }
    if dice.percent(40) {
        drawing.lines.push("daemonset agent".to_owned());
        drawing.pods.push("agent.1".to_owned());
        drawing.workloads.push("agent".to_owned());
    }
    if dice.percent(30) {
        drawing.lines.push("job batch 1".to_owned());
        drawing.pods.push("batch.1".to_owned());
    }
    if dice.percent(20) {
        drawing.workload(dice, "deployment", "kube-system/dns", 2);
    }
    for name in ["solo", "lone"] {
        if dice.percent(40) {
            drawing.lines.push(format!("pod {name}"));
            drawing.pods.push(name.to_owned());
            drawing.lasting.push(name.to_owned());
        }
    }
    drawing
}

fn nodes(dice: &mut Dice, drawing: &mut Drawing) {
    let (count, zoned, planes) = (dice.between(3, 12), dice.percent(50), *dice.pick(&[0, 0, 1, 3]));
    for number in 1..=count {
        let mut line = format!("node n{number}");
        if zoned {
            line.push_str(&format!(" zone {}", ["a", "b", "c"][usize::try_from(number % 3).unwrap_or(0)]));
        }
        if number > count.saturating_sub(planes) {
            line.push_str(" control-plane");
        }
        drawing.lines.push(line);
        drawing.nodes.push(format!("n{number}"));
    }
}

impl Drawing {
    fn workload(&mut self, dice: &mut Dice, kind: &str, name: &str, most: u64) {
        let replicas = dice.between(1, most);
        let place = if dice.percent(50) { format!(" on {}", dice.pick(&self.nodes)) } else { String::new() };
        self.lines.push(format!("{kind} {name} {replicas}{place}"));
        for number in 1..=replicas {
            self.pods.push(format!("{name}.{number}"));
            if kind == "statefulset" {
                self.lasting.push(format!("{name}.{number}"));
            }
        }
        self.workloads.push(name.to_owned());
        if dice.percent(40) {
            self.lines.push(format!("budget {name} {}", dice.below(replicas + 1)));
            self.budgets.push((name.to_owned(), replicas));
        }
    }
}

/// Shorter times than the defaults, so that much happens in little time.
fn settings(dice: &mut Dice) -> Vec<String> {
    let mut lines = Vec::new();
    let mut set = |key: &str, values: &[&str], dice: &mut Dice| lines.push(format!("{key} {}", dice.pick(values)));
    set("health_check_interval", &["1", "2", "5", "10"], dice);
    set("node_failure_threshold", &["1", "2", "3"], dice);
    set("pod_restart_threshold", &["2", "3", "5"], dice);
    set("recovery_timeout", &["30", "60", "120"], dice);
    set("retry_interval", &["2", "5", "30"], dice);
    set("history_window", &["60", "300", "3600"], dice);
    set("workload_backoff", &["0", "5", "10"], dice);
    set("settle_period", &["0", "5", "30"], dice);
    set("max_unhealthy_nodes", &["40%", "2", "100%"], dice);
    set("node_concurrency", &["10%", "1", "2"], dice);
    set("recoveries_per_minute", &["30", "30", "3"], dice);
    set("approval_timeout", &["60"], dice);
    match dice.below(10) {
        0 => set("mode", &["Observe"], dice),
        1 | 2 => set("mode", &["Approve"], dice),
        _ => {}
    }
    lines
}
