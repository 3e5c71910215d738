//! Where it was measured.

use super::report::{Section, Table};
use anyhow::Result;
use std::fs;

/// Modules whose versions say what was measured beside what.
const KUBERNETES: &str = include_str!("../../../../control-plane/go.mod");
const CONTROLLER_RUNTIME: &str = include_str!("../../../../../../benches/reference/controller-runtime/go.mod");
const PYTHON: &str = include_str!("../../../../../../benches/reference/polling/requirements.txt");

pub(super) fn run() -> Result<Section> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib: u64 = memory.split_whitespace().nth(1).unwrap_or_default().parse()?;
    let mut table = Table::new(["what", "which"]);
    for (what, which) in [
        ("processor", format!("{cores} cores of {model}, shared by everything that takes part")),
        ("memory", format!("{} GiB", kib >> 20)),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned()),
        ("Kubernetes", version(KUBERNETES, "k8s.io/kubernetes ")),
        ("controller-runtime", version(CONTROLLER_RUNTIME, "sigs.k8s.io/controller-runtime ")),
        ("Python client", version(PYTHON, "kubernetes==")),
        ("this controller", env!("CARGO_PKG_VERSION").to_owned()),
    ] {
        table.row([what.to_owned(), which]);
    }
    let text = "One machine, on which etcd and the API server run as well: times are longer than where they have machines of their own, and \
        what is compared was measured in the same run.";
    Ok(Section { bench: "machine", title: "Machine and versions", text: text.to_owned(), tables: vec![table] })
}

/// What follows `name` in a list of dependencies.
fn version(list: &str, name: &str) -> String {
    let lines =
        list.lines().map(str::trim).filter_map(|line| line.strip_prefix("require ").unwrap_or(line).strip_prefix(name));
    lines.filter_map(|rest| rest.split_whitespace().next()).next().unwrap_or("unknown").to_owned()
}
