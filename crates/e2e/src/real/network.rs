//! The network of the real nodes: a bridge in a network namespace that nothing else is in.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::sys;

const BRIDGE: &str = "br0";
/// The bridge's own address, which is the control plane's.
pub const CONTROL_PLANE: &str = "172.30.0.1";

/// Moves this thread, and all threads and processes that it starts from now on, into a network of their own, in which there is a loopback
/// and a bridge. To be called before any other thread is there.
///
/// # Errors
/// When the system refuses, for example without root.
pub fn enter() -> Result<()> {
    sys::own_network().context("no network namespace of our own")?;
    ip(&["link", "set", "lo", "up"])?;
    // A bridge takes the lowest address of its ports, so it would change with each node that comes or goes, and others would know the old one.
    ip(&["link", "add", BRIDGE, "address", "02:00:00:00:00:01", "type", "bridge"])?;
    ip(&["addr", "add", &format!("{CONTROL_PLANE}/24"), "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])?;
    std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("cannot forward packets between nodes")
}

/// Where a node is in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) number: u8,
    /// How often it was booted; the interface of a machine that lost its power may still be on its way out.
    pub(super) boot: u32,
}

impl Place {
    pub(super) fn address(self) -> String {
        format!("172.30.0.{}", 10 + u32::from(self.number))
    }

    /// The addresses of its pods.
    pub(super) fn pods(self) -> String {
        format!("10.244.{}.0/24", self.number)
    }

    /// The end of its cable at the bridge.
    fn port(self) -> String {
        format!("node{}-{}", self.number, self.boot)
    }

    /// Plugs a cable into the bridge and into the network namespace of that process.
    pub(super) fn attach(self, pid: u32) -> Result<()> {
        let port = self.port();
        ip(&["link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &pid.to_string()])?;
        ip(&["link", "set", &port, "master", BRIDGE, "up"])?;
        ip(&["route", "replace", &self.pods(), "via", &self.address()])
    }

    /// Cuts the cable, or mends it.
    pub(super) fn plug(self, plugged: bool) -> Result<()> {
        ip(&["link", "set", &self.port(), if plugged { "up" } else { "down" }])
    }

    /// What a node runs to set up its end.
    pub(super) fn script(self) -> String {
        let address = self.address();
        format!(
            "ip link set lo up\nip link set eth0 up\nip addr add {address}/24 dev eth0\nip route add default via {CONTROL_PLANE}\n\
             echo 1 >/proc/sys/net/ipv4/ip_forward\n"
        )
    }
}

fn ip(args: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(args).output().context("cannot run ip (Debian: apt-get install iproute2)")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {} failed: {}", args.join(" "), stderr.trim());
    Ok(())
}
