//! The real control plane for tests: kube-apiserver, etcd, kube-controller-manager, kube-scheduler and kwok as fake kubelets.
//!
//! A [`Cluster`] is started per test in a directory and on ports of its own, and ends when it is dropped. Its binaries are built once from
//! published Go modules and kept in a cache ([`Binaries`]).
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use self_healing_e2e::{Answer, Cluster, NodeSpec, Options, Program, pods::deployment};
//!
//! let cluster = Cluster::start(Options::default()).await?;
//! cluster.add_node(NodeSpec::named("n1").zone("a")).await?;
//! let web = deployment("default", "web", 2)?;
//! kube::Api::namespaced(cluster.admin(), "default").create(&Default::default(), &web).await?;
//! cluster.deployment_ready("default", "web", Duration::from_secs(30)).await?;
//!
//! let kubeconfig = cluster.service_account_kubeconfig("default", "default").await?;
//! let controller = Program::new("controller", "path/of/the/program", cluster.dir().join("controller.log"))
//!     .env("KUBECONFIG", kubeconfig.display().to_string())
//!     .start()?;
//! cluster.silence("n1", Answer::Nothing).await?;
//! cluster.node_becomes("n1", "Ready", "Unknown", Duration::from_secs(70)).await?;
//! controller.terminate(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```

pub mod accounts;
pub mod audit;
pub mod binaries;
mod certs;
pub mod cluster;
mod dir;
mod kubeconfig;
pub mod kubelet;
mod lease;
pub mod load;
pub mod nodes;
pub mod packages;
mod plane;
pub mod pods;
mod ports;
pub mod process;
mod quota;
pub mod real;
pub mod receivers;
pub mod shelf;
mod sys;
pub mod usage;
pub mod wait;
pub mod wire;
mod wrong;

pub use accounts::Credential;
pub use binaries::Binaries;
pub use cluster::{Cluster, Options};
pub use kubelet::{Answer, FakeKubelet};
pub use nodes::NodeSpec;
pub use process::{Process, Program};
pub use quota::Quota;
pub use wire::Wire;
