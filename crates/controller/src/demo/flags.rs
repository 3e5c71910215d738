//! The flags of `demo`, and what they say.

use super::pace::Speed;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What a demonstration is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Chooses what is broken, in which order and when.
    pub seed: u64,
    /// How fast the demo's clock goes.
    pub speed: Speed,
    /// Plays the script once, then prints the table and ends.
    pub once: bool,
    /// Where to write a kubeconfig for the embedded cluster.
    pub kubeconfig_out: Option<PathBuf>,
    /// Where the controller serves its page, health and metrics; `None` for a free port on the loopback address.
    pub listen: Option<SocketAddr>,
    /// Where to write a recording of what enters the controller's decisions.
    pub record: Option<PathBuf>,
}

/// The subcommand.
pub(crate) fn command() -> Command {
    let flag =
        |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value).allow_hyphen_values(true);
    let seed = flag("seed", "N").value_parser(value_parser!(u64)).default_value("1");
    let speed = flag("speed", "X").value_parser(|text: &str| text.parse::<Speed>()).default_value(Speed::DEFAULT);
    let kubeconfig = flag("kubeconfig-out", "FILE").value_parser(value_parser!(PathBuf));
    let record = flag("record", "FILE").value_parser(value_parser!(PathBuf));
    let listen = flag("listen", "ADDRESS:PORT").value_parser(value_parser!(SocketAddr));
    Command::new("demo")
        .about("Breaks an embedded cluster by a script and heals it; needs no Kubernetes and no network")
        .long_about(
            "Runs a cluster in this process, the unmodified controller on it, and a script that breaks pods, a rollout, \
             nodes and a zone. Time is the demo's own: the same seed gives the same course to the millisecond, whatever \
             the speed. It goes on breaking things until Ctrl-C. Nothing outside of this process is touched.",
        )
        .arg(seed.help("Chooses what is broken, in which order and when"))
        .arg(speed.help("Seconds of the demo per second of your time, or max"))
        .arg(Arg::new("once").long("once").action(ArgAction::SetTrue).help(
            "Plays the script once, prints what failed and what became of it, and ends: exit 0 only if every recovery \
             was verified and left nothing behind",
        ))
        .arg(kubeconfig.help(
            "Serves the embedded cluster on a loopback port and writes a kubeconfig for kubectl to this file; it works \
             as long as the demo runs, so with --once until the table is printed",
        ))
        .arg(record.help("Writes what enters the controller's decisions to this file, for replay; it is overwritten"))
        .arg(listen.help("Where the controller serves its page, /health, /ready and /metrics [default: a free loopback port]"))
}

impl Options {
    /// What was parsed.
    pub(crate) fn of(args: &ArgMatches) -> Self {
        Self {
            seed: args.get_one("seed").copied().unwrap_or(1),
            speed: args.get_one("speed").copied().unwrap_or(Speed::Max),
            once: args.get_flag("once"),
            kubeconfig_out: args.get_one("kubeconfig-out").cloned(),
            listen: args.get_one("listen").copied(),
            record: args.get_one("record").cloned(),
        }
    }

    /// Where the controller will listen: as asked, or a port that is free now.
    ///
    /// # Errors
    /// When the system has no free port.
    pub(super) fn address(&self) -> std::io::Result<SocketAddr> {
        match self.listen.filter(|address| address.port() != 0) {
            Some(address) => Ok(address),
            // The controller binds it itself a moment later; a demo may lose that race once in a lifetime.
            None => {
                let ip = self.listen.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip());
                std::net::TcpListener::bind((ip, 0))?.local_addr()
            }
        }
    }
}
