//! What the person in front of the demo sees while it runs: a live view on a terminal, else one line per happening.

use super::Options;
use super::plant::Plant;
use super::screen::{Screen, write_out};
use super::stage::Stage;
use super::town::CONFIG;
use super::view::{frame, happening};
use crate::manifests::{CONFIG_MAP, NAMESPACE, SHIPPED};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// Frames come no faster than this, whatever the speed of the demo.
const REDRAW: Duration = Duration::from_millis(50);

/// Keys of the shipped ConfigMap that say how fast failures are found and healed.
const HEALING: [&str; 4] =
    ["health_check_interval", "node_failure_threshold", "pod_restart_threshold", "recovery_timeout"];

/// One of two ways to show it.
pub(super) enum Show {
    /// On a terminal.
    Live {
        screen: Screen,
        /// About the demo itself.
        title: String,
        drawn: Option<Instant>,
    },
    /// For a pipe or a file.
    Lines,
}

impl Show {
    /// Says what the demo is, and goes on in the way that suits standard output.
    ///
    /// # Errors
    /// When nobody reads standard output.
    pub(super) fn start(options: &Options, plant: &Plant) -> io::Result<Self> {
        let title = format!("seed {}, {}", options.seed, options.speed);
        write_out(&format!("Self-healing demo: {title}\n{}\n", about(options, plant)))?;
        if io::stdout().is_terminal() {
            return Ok(Self::Live { screen: Screen::start(), title, drawn: None });
        }
        Ok(Self::Lines)
    }

    /// Shows what is new.
    ///
    /// # Errors
    /// When nobody reads standard output.
    pub(super) fn refresh(&mut self, stage: &Stage, last: bool) -> io::Result<()> {
        let fresh = stage.news.borrow_mut().take_fresh();
        match self {
            Self::Lines => {
                let lines: String =
                    fresh.iter().map(|line| format!("{}\n", happening(line).render(usize::MAX, false))).collect();
                if lines.is_empty() { Ok(()) } else { write_out(&lines) }
            }
            Self::Live { screen, title, drawn } => {
                if !last && drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
                    return Ok(());
                }
                *drawn = Some(Instant::now());
                screen.draw(&frame(stage, title, Screen::size().1))
            }
        }
    }
}

/// Where to look, and how the controller is configured.
fn about(options: &Options, plant: &Plant) -> String {
    let mut text =
        format!("  page        http://{0}/\n  controller  http://{0}/metrics, /health, /ready\n", plant.pages);
    if let Some(path) = &options.kubeconfig_out {
        let path = path.display();
        text += &format!("  cluster     kubectl --kubeconfig {path} get nodes,pods,recoveries -A\n");
    }
    let keys = SHIPPED.iter().filter(|(key, _)| HEALING.contains(key)).chain(CONFIG);
    let keys: Vec<String> = keys.map(|(key, value)| format!("{key}={value}")).collect();
    text + &format!("  ConfigMap   {NAMESPACE}/{CONFIG_MAP}: {}, as shipped but for the last\n", keys.join(", "))
}
