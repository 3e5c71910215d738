//! Real nodes: a real kubelet, containerd, runc, CNI plugins and kube-proxy each, in namespaces and cgroups of their own.
//!
//! The program that uses them enters a network of its own first ([`network::enter`]); the control plane listens there, the nodes are
//! attached to a bridge in it, and all of it is gone with the program's last process.

pub mod cgroup;
mod config;
mod credentials;
pub mod image;
pub mod machine;
pub mod network;
pub mod requirements;

pub use machine::Machine;
